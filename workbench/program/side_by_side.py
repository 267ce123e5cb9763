"""Terms of several versions of a program, each told of the others: until when it holds, and what becomes of what members hold."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from workbench.program.spec import Program
from workbench.program.version_spec import Version
from workbench.rules.bounds import VERSIONS
from workbench.rules.earn_terms import LARGEST
from workbench.rules.expiry import ExpiryTerms
from workbench.rules.terms import Terms
from workbench.rules.versions import PARTS, ChangeTerms
from workbench.spec import SpecError
from workbench.units import to_day

__all__ = ["side_by_side"]

LARGEST_RATIO = 1000
"""Points may be multiplied by at most so much over all changes, so that balances stay within 63 bits."""


def side_by_side(
    programs: Sequence[Program],
    written: Sequence[Program],
    versions: Sequence[Version],
    terms: Sequence[Terms],
    ranks: Sequence[list[int]],
    bonuses: Mapping[str, int],
    why: int,
) -> list[Terms]:
    """The terms of each version; ``written``: its program without the coupons and plans of the others. ``ranks``: places of their tiers among
    all; ``bonuses``: numbers of all bonuses; ``why``: code of ``versions`` in the ledger. Raises SpecError where points could leave 63
    bits."""
    units = [_carry_unit(program, each) for program, each in zip(programs, terms, strict=True)]
    numbers = {unit: code for code, unit in enumerate(dict.fromkeys(unit for unit in units if unit is not None))}
    codes = [-1 if unit is None else numbers[unit] for unit in units]
    one_row = all(each.tiers.merged and each.tiers.window == terms[0].tiers.window for each in terms)
    offered = [{plan.name for plan in each.plans} for each in written]
    found = []
    for k, each in enumerate(terms):
        since = [*_ratios_since(versions, k), *[Fraction(1)] * (VERSIONS - len(terms))]
        later = terms[k + 1 :]
        change = each.change if k == 0 else _change(programs, written, versions[k - 1], terms, k, bonuses)
        found.append(
            each._replace(
                tier_rank=ranks[k],
                until=each.until if k == len(versions) else to_day(versions[k].effective) - 1,
                change=change._replace(carry_cleared=int(change.carry_cleared or (k > 0 and codes[k] != codes[k - 1]))),
                since_num=[ratio.numerator for ratio in since],
                since_den=[ratio.denominator for ratio in since],
                carry_unit=codes[k],
                why_version=why,
                watches=max(one.watches for one in terms),
                tiers=each.tiers._replace(merged=int(one_row), keeps_days=int(_looks_elsewhere(each, later))),
                expiry=_with_activity(each, later),
                plans=each.plans._replace(closed=[int(plan.name not in offered[k]) for plan in programs[k].plans]),
                segments=each.segments._replace(noted=max(one.segments.window for one in [each, *later])),
            )
        )
    return found


def _carry_unit(program: Program, terms: Terms) -> tuple[int, ...] | None:
    """What a kept remainder is counted in: money, or a fraction of a point; each by the integer that stands for a factor of 1."""
    earn = terms.earn
    if not earn.keeps:
        return None
    one = 1 if earn.after else earn.one
    return (1, one, *earn.rate_den[:1]) if program.earn.rounding.mode == "none" else (0, one)


def _ratios_since(versions: Sequence[Version], k: int) -> list[Fraction]:
    """By version up to k, the product of the ratios of the changes after it; 1 for the others."""
    found = []
    for first in range(len(versions) + 1):
        ratio = Fraction(1)
        for version in versions[first:k]:
            ratio *= Fraction(version.transition.points_ratio)
        if ratio > LARGEST_RATIO or max(ratio.numerator, ratio.denominator) >= LARGEST:
            path = ("versions", k - 1, "transition", "points_ratio")
            message = f"together with the ratios before it these points leave 63-bit integers: {LARGEST_RATIO} at the most, and rounder"
            raise SpecError(path, message, str(versions[k - 1].transition.points_ratio))
        found.append(ratio)
    return found


def _looks_elsewhere(terms: Terms, later: Sequence[Terms]) -> bool:
    """Whether a later version looks at days of the qualifying ledger that this one would forget."""
    own = (terms.tiers.window, terms.tiers.window_months) if terms.tiers.count else None
    return any(each.tiers.count and (each.tiers.window, each.tiers.window_months) != own for each in later)


def _with_activity(terms: Terms, later: Sequence[Terms]) -> ExpiryTerms:
    """A version's expiry, with what counts as activity: by its own rules, or else by those of the next version that asks for it."""
    for each in [terms, *later]:
        asks = each.expiry
        if asks.active_on_purchase or asks.active_on_redeem or asks.active_on_action:
            return terms.expiry._replace(
                active_on_purchase=asks.active_on_purchase,
                active_on_redeem=asks.active_on_redeem,
                active_on_action=asks.active_on_action,
            )
    return terms.expiry


def _change(
    programs: Sequence[Program],
    written: Sequence[Program],
    version: Version,
    terms: Sequence[Terms],
    k: int,
    bonuses: Mapping[str, int],
) -> ChangeTerms:
    """What becomes of what members hold when version k takes effect."""
    old, new, transition = programs[k - 1], programs[k], version.transition
    names, others = old.tier_names, new.tier_names
    to = [_lands(names, others, transition.rename, tier) for tier in range(len(names))]
    told = [int(others[to[tier]] != name) for tier, name in enumerate(names)]
    coupons, plans = ({each.name for each in held} for held in (written[k].coupons, written[k].plans))
    ratio = Fraction(transition.points_ratio)
    lot_rule = [-1] * PARTS
    for bonus, rule in zip(new.earn.bonuses, terms[k].earn.bonus_expiry, strict=True):
        lot_rule[bonuses[bonus.name] + 1] = rule
    return ChangeTerms(
        lots=("keep_expiry", "new_expiry", "earlier", "later").index(transition.lots),
        ratio_num=ratio.numerator,
        ratio_den=ratio.denominator,
        lot_rule=lot_rule,
        rejudged=int(transition.tiers == "rejudged"),
        tier_to=to,
        tier_told=told,
        tier_same=[int(others[to[tier]] == transition.rename.get(name, name)) for tier, name in enumerate(names)],
        tiers_changed=int(old.tiers != new.tiers),
        reset=int(transition.counters == "reset"),
        coupons_cancelled=int(transition.coupons == "cancelled"),
        coupon_gone=[int(each.name not in coupons) for each in new.coupons],
        plan_gone=[int(each.name not in plans) for each in new.plans],
        bonus_forfeited=int(transition.stored_bonus == "forfeited"),
        carry_cleared=int(transition.carry == "cleared"),
    )


def _lands(old: Sequence[str], new: Sequence[str], rename: Mapping[str, str], tier: int) -> int:
    """Place of the new version's tier that a tier becomes: its own, or the highest below it that there is still, or the lowest."""
    for lower in range(tier, -1, -1):
        name = rename.get(old[lower], old[lower])
        if name in new:
            return new.index(name)
    return 0
