"""Loyalty Workbench: loyalty programs as data, lived by whole populations, exact to the point."""

__version__ = "0.1.0"
