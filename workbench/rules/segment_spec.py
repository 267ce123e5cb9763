"""RFM segments: how members are scored by recency, frequency and monetary value. The code stands in ``segments.py``."""

from typing import Annotated, Literal

from pydantic import Field

from workbench.spec import PositiveMoney, Spec

__all__ = ["SEGMENTS", "SEGMENTS_ZH", "SegmentName", "Segments"]

SEGMENTS = (
    "general_win_back", "general_develop", "general_keep", "general_value",
    "important_win_back", "important_develop", "important_keep", "important_value",
)  # fmt: skip
"""The eight segments by code: 1 for high recency (develop), 2 for high frequency (keep), both (value), 4 for high monetary value (important)."""
SEGMENTS_ZH = ("一般挽留", "一般發展", "一般保持", "一般價值", "重要挽留", "重要發展", "重要保持", "重要價值")
"""Their names in Traditional Chinese."""
SegmentName = Literal[
    "general_win_back", "general_develop", "general_keep", "general_value",
    "important_win_back", "important_develop", "important_keep", "important_value",
]  # fmt: skip


class Segments(Spec):
    """RFM scoring by fixed cuts. Members are scored at the start of the first day of each month, after joining: purchases of the
    ``window_months`` calendar months before it count, refunds (dated by their own posting day) are taken off the monetary value."""

    window_months: Annotated[int, Field(ge=1, le=36)] = 12
    """Calendar months that count."""
    recency_days: Annotated[int, Field(ge=1, le=3650)]
    """Recency is high where the last purchase's posting day (of any time) is at most so many days before the scoring day."""
    frequency: Annotated[int, Field(ge=1, le=1000)]
    """Frequency is high from so many purchases in the window."""
    monetary: PositiveMoney
    """Monetary value is high from this amount (sum of ``amount``) in the window."""
