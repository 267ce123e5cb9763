"""The pages of the app: a module each. What a page is: ``apps/session.py``."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

__all__ = ["PAGES", "first_page", "page_class", "shown_pages"]


def N_(text: str) -> str:
    """Marks a text for the catalogue."""
    return text


PAGES: dict[str, tuple[str, str, str]] = {
    "start": (N_("Start"), "apps.pages.start", "StartPage"),
    "design": (N_("Design"), "apps.pages.design", "DesignPage"),
    "compare": (N_("Compare"), "apps.pages.compare", "ComparePage"),
    "liability": (N_("Liability"), "apps.pages.liability", "LiabilityPage"),
    "members": (N_("Members and lift"), "apps.pages.members", "MembersPage"),
    "assumptions": (N_("Assumptions"), "apps.pages.assumptions", "AssumptionsPage"),
    "explore": (N_("Explore"), "apps.pages.explore", "ExplorePage"),
    "story": (N_("Story"), "apps.pages.story", "StoryPage"),
    "runs": (N_("Runs"), "apps.pages.runs", "RunsPage"),
}
"""By slug, in the order of the navigation: title (for the catalogue), module, class. A page whose module is not there is not listed."""


@cache
def shown_pages() -> dict[str, str]:
    """Titles of the pages there are, by slug."""
    return {slug: title for slug, (title, module, _) in PAGES.items() if find_spec(module) is not None}


def first_page(asked: str) -> str:
    """The page that was asked for, or the first there is."""
    return asked if asked in shown_pages() else next(iter(shown_pages()))


def page_class(slug: str) -> Callable[[Any], Any]:
    """The class of a page; imports its module."""
    _, module, name = PAGES[slug]
    found: Callable[[Any], Any] = getattr(import_module(module), name)
    return found
