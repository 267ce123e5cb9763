"""How many of everything a program file may hold. Specs refuse more by name, and compiled terms have room for exactly so much."""

from typing import Annotated

__all__ = [
    "CAMPAIGNS", "CAP_DAYS", "CHANNEL_STEPS", "COUPONS", "MESSAGES", "MESSAGE_CHANNELS", "PLANS", "PRICES", "STEPS", "VERSIONS",
    "BONUSES", "BRACKETS", "CAPS", "CATEGORIES", "CHANNELS", "DAYS", "ITEMS", "LOT_RULES", "MULTIPLIERS", "NEEDS", "RATES", "STATEMENTS",
    "TIERS", "WINDOWS",
    "Bonuses", "Brackets", "Campaigns", "Caps", "Coupons", "Items", "Multipliers", "PerTier", "Prices", "Rates", "Statements", "Windows",
]  # fmt: skip

TIERS, BRACKETS, MULTIPLIERS, BONUSES, CAPS = 20, 50, 60, 60, 20
COUPONS, PRICES, STEPS, PLANS = 60, 40, 12, 4
MESSAGES, MESSAGE_CHANNELS, CHANNEL_STEPS = 40, 8, 8
CAMPAIGNS = COUPONS + MESSAGES
"""Coupons and messages: what triggers set off."""
CAP_DAYS = 31
"""Days that a limit on messages may look back on."""
VERSIONS = 6
"""Versions of a program, the first included."""
ITEMS, WINDOWS, STATEMENTS = 200, 24, 12
CATEGORIES, CHANNELS = 500, 100
"""Names a program may mention, its default included."""
RATES = max(TIERS, BRACKETS)
LOT_RULES = TIERS + BONUSES + 2
NEEDS = 6
"""Numbers of a tier's requirement: five thresholds, and how many of them must be met."""
DAYS = 2**14
"""Days that compiled tables cover (44 years); longer runs are for the engines in plain Python."""

# Lists of terms by what they have an entry for. The number is the room they take in a compiled record.
PerTier = Annotated[list[int], TIERS]
Rates = Annotated[list[int], RATES]
Brackets = Annotated[list[int], BRACKETS]
Multipliers = Annotated[list[int], MULTIPLIERS]
Caps = Annotated[list[int], CAPS]
Bonuses = Annotated[list[int], BONUSES]
Items = Annotated[list[int], ITEMS]
Windows = Annotated[list[int], WINDOWS]
Statements = Annotated[list[int], STATEMENTS]
Campaigns = Annotated[list[int], CAMPAIGNS]
Coupons = Annotated[list[int], COUPONS]
Prices = Annotated[list[int], PRICES]
