"""A second, slow re-telling of the rulebook: it shares no rule code with ``workbench`` and exists to disagree with it."""

from tests.naive.model import naive_replay
from tests.naive.records import Outcome

__all__ = ["Outcome", "naive_replay"]
