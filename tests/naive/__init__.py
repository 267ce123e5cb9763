"""A second, slow re-telling of the rulebook: it shares no rule code with ``workbench`` and exists to disagree with it."""

from tests.naive.model import Outcome, naive_replay

__all__ = ["Outcome", "naive_replay"]
