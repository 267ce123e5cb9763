"""Floor 3: what a program's points are worth to a member, and what they cost the brand. Finance is given these numbers; it reads no rules."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from workbench.program.spec import Program
from workbench.program.versions import in_versions
from workbench.rules.expiry import Anniversary, BonusExpiry, ByTier, Expiry
from workbench.units import LAST_DAY, NEVER, to_minor

__all__ = ["cost_by_rule", "cost_over_worth", "face_value_per_point", "given_without_sale", "last_ages"]

SALES = ("purchase", "first_purchase")


def face_value_per_point(program: Program) -> Fraction | None:
    """Minor units a point is worth: as money off, or else as the best reward of the catalogue, or else redeemed automatically.

    None where points buy nothing.
    """
    redemption = program.redemption
    if redemption is None:
        return None
    if redemption.money_off is not None:
        return Fraction(to_minor(redemption.money_off.worth), redemption.money_off.points)
    if redemption.catalogue:
        return max(Fraction(to_minor(item.face_value), item.points) for item in redemption.catalogue)
    assert redemption.automatic is not None
    return Fraction(to_minor(redemption.automatic.worth), redemption.automatic.at)


def cost_by_rule(program: Program) -> dict[str, Fraction]:
    """Minor units a redeemed point costs the brand, by the ledger's rule. Unnamed catalogue redemptions cost the dearest reward's. Of a
    program in versions: by the first that has the rule."""
    found: dict[str, Fraction] = {}
    for each in in_versions(program):
        found = _cost_by_rule(each) | found
    return found


def _cost_by_rule(program: Program) -> dict[str, Fraction]:
    redemption = program.redemption
    found: dict[str, Fraction] = {}
    if redemption is None:
        return found
    if redemption.money_off is not None:
        off = redemption.money_off
        found["redemption.money_off"] = Fraction(
            to_minor(off.worth if off.unit_cost is None else off.unit_cost), off.points
        )
    for item in redemption.catalogue:
        found[f"redemption.catalogue.{item.name}"] = Fraction(to_minor(item.unit_cost), item.points)
    if redemption.catalogue:
        found["redemption.catalogue"] = max(found[f"redemption.catalogue.{item.name}"] for item in redemption.catalogue)
    if redemption.automatic is not None:
        cost = redemption.automatic.worth if redemption.automatic.unit_cost is None else redemption.automatic.unit_cost
        found["redemption.automatic"] = Fraction(to_minor(cost), redemption.automatic.at)
    return found


def cost_over_worth(program: Program) -> dict[str, Fraction]:
    """What a reward costs the brand over what it is worth to the member, by the ledger's rule, as the first version that has it says; rewards worth
    nothing are left out."""
    found: dict[str, Fraction] = {}
    for each in in_versions(program):
        redemption = each.redemption
        if redemption is None:
            continue
        pairs = [(f"catalogue.{item.name}", item.face_value, item.unit_cost) for item in redemption.catalogue]
        for name, part in (("money_off", redemption.money_off), ("automatic", redemption.automatic)):
            if part is not None:
                pairs.append((name, part.worth, part.worth if part.unit_cost is None else part.unit_cost))
        for name, worth, cost in pairs:
            if worth:
                found.setdefault(f"redemption.{name}", Fraction(cost) / Fraction(worth))
    return found


def given_without_sale(program: Program) -> frozenset[str]:
    """The ledger's rules by which points are given that no purchase of the member's own brought: for joining, birthdays, actions, and for
    bringing others."""
    found = {f"earn.bonuses.{bonus.name}" for bonus in program.earn.bonuses if bonus.event not in SALES}
    if program.referral is not None:
        found.add("referral.referrer")
        if program.referral.qualifies == "join":
            found.add("referral.referee")
    return frozenset(found)


def last_ages(program: Program, first_month: int, months: int) -> npt.NDArray[np.int64]:
    """int64[months]: for each month of issue (since January 1970), the last age in months at which points of it may be used; NEVER where
    they do not lapse by the calendar (no expiry, inactivity, decay, or moved on by activity)."""
    own = [bonus.expiry for bonus in program.earn.bonuses if bonus.expiry is not None]
    found = np.zeros(months, dtype=np.int64)
    for place in range(months):
        month = first_month + place
        days = range(_first_day(month), min(_first_day(month + 1), LAST_DAY))
        ends = [_last_month(each, day) for each in (program.expiry, *own) for day in days]
        found[place] = max(end if end >= NEVER else end - month for end in ends)
    return found


def _last_month(expiry: Expiry | BonusExpiry, day: int) -> int:
    """The month in which a lot of a day lapses at the latest; NEVER where the calendar does not say."""
    if isinstance(expiry, ByTier):
        rules = [*expiry.tiers.values(), expiry.otherwise]
        return NEVER if expiry.protected else max(_last_month(each, day) for each in rules)
    if isinstance(expiry, Anniversary):
        return _month(day) + 12
    last = getattr(expiry, "last_day", None)
    end = NEVER if last is None else int(last(day))
    return NEVER if end >= NEVER else _month(max(end, day))


def _month(day: int) -> int:
    return int(np.datetime64(day, "D").astype("datetime64[M]").astype(np.int64))


def _first_day(month: int) -> int:
    return int(np.datetime64(month, "M").astype("datetime64[D]").astype(np.int64))
