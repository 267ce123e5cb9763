"""Messages: to whom they are sent, and how often."""

from workbench.units import rule

__all__ = ["send"]


@rule
def send(terms, account, day, message):
    """Send a message that its trigger has set off (its place among the automations). Whether it was sent, or held out."""
    return False
