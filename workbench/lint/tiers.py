"""Tiers: out of reach, out of order, without a benefit of their own, or left and entered again for ever."""

from collections.abc import Iterator

from workbench.lint.finding import ERROR, NOTE, WARNING, Finding, amount, percent
from workbench.lint.reach import Reacher, keeps
from workbench.lint.subject import NOBODY, Subject

__all__ = ["CODES", "findings"]

CODES = (
    "tier-reach", "tier-unreachable", "tiers-out-of-order", "tier-without-benefit", "tier-worse-than-below",
    "retain-harder-than-enter", "tier-cycles",
)  # fmt: skip
EQUAL = 1e-9


def findings(subject: Subject) -> Iterator[Finding]:
    """Everything this family has to say."""
    if subject.program.tiers is None:
        return
    reacher = Reacher(subject, subject.program.tiers)
    yield from reached(subject, reacher)
    yield from out_of_order(subject, reacher)
    yield from benefits(subject)
    yield from cycles(subject, reacher)


def reached(subject: Subject, reacher: Reacher) -> Iterator[Finding]:
    """The share of members who reach each tier in its window."""
    people, span = subject.people, reacher.span
    for k, level in enumerate(reacher.tiers.levels):
        if level.enter is None:
            continue
        path, reach = f"tiers.levels[{k}].enter", reacher.enter(k)
        numbers: dict[str, float | int | None] = {"reach_pct": 100 * reach.share, "window_months": 12 * span.years}
        known = (
            ""
            if reach.sure
            else " by purchases alone; nights and actions, of which the population says nothing, come on top"
        )
        months = amount(12 * span.years)
        message = f"{percent(reach.share)} of members reach {level.name} within {months} months of joining{known}"
        yield Finding("tier-reach", NOTE, path, message, numbers)
        if level.invitation is not None or not reach.sure or reach.share >= NOBODY:
            continue
        if not reach.possible:
            message = (
                f"nobody can reach {level.name}: its threshold is beyond what days and limits of {months} months allow"
            )
            yield Finding("tier-unreachable", ERROR, path, message, numbers)
            continue
        largest = people.largest_spend(span.years, span.season)
        numbers["largest_plausible_spend"] = largest
        message = (
            f"{percent(reach.share)} of members reach {level.name} within {months} months: one member in ten thousand spends "
            f"{subject.program.currency} {amount(largest)} in that time"
        )
        yield Finding("tier-unreachable", WARNING, path, message, numbers)


def out_of_order(subject: Subject, reacher: Reacher) -> Iterator[Finding]:
    """Tiers that are no harder to reach than the one below, which then nobody stays in."""
    before: tuple[str, float] | None = None
    for k, level in enumerate(reacher.tiers.levels):
        if level.enter is None:
            continue
        reach = reacher.enter(k)
        if not reach.sure or level.invitation is not None:
            before = None
            continue
        if before is not None and before[1] > 0 and reach.share >= before[1] * (1 - EQUAL):
            numbers = {"reach_pct": 100 * reach.share, "reach_below_pct": 100 * before[1]}
            as_easy = "as easy" if reach.share <= before[1] * (1 + EQUAL) else "easier"
            message = (
                f"{level.name} is {as_easy} to reach {'as' if as_easy == 'as easy' else 'than'} the tier below it, {before[0]}: "
                f"{percent(reach.share)} of members reach it, {percent(before[1])} that; hardly anybody stays in {before[0]}"
            )
            yield Finding("tiers-out-of-order", WARNING, f"tiers.levels[{k}].enter", message, numbers)
        before = (level.name, reach.share)


def benefits(subject: Subject) -> Iterator[Finding]:
    """A tier that gives what the one below gives, or less."""
    names = subject.program.tier_names
    for k in range(1, len(names)):
        rate, below = subject.rate(k), subject.rate(k - 1)
        numbers = {"points_per_100": 100 * rate.typical, "points_per_100_below": 100 * below.typical}
        path = f"tiers.levels[{k}]"
        if rate.typical < below.typical * (1 - EQUAL):
            message = (
                f"{names[k]} earns {amount(100 * rate.typical)} points for 100 spent, the tier below it, {names[k - 1]}, "
                f"{amount(100 * below.typical)}"
            )
            yield Finding("tier-worse-than-below", WARNING, path, message, numbers)
        elif _gives(subject, k) == _gives(subject, k - 1):
            message = (
                f"{names[k]} gives what the tier below it, {names[k - 1]}, gives: {amount(100 * rate.typical)} points for 100 spent, "
                "the same multipliers, the same expiry, the same prices and coupons"
            )
            yield Finding("tier-without-benefit", WARNING, path, message, numbers)


def _gives(subject: Subject, tier: int) -> tuple[object, ...]:
    """What a tier gives, in a form that compares: rate, multipliers, expiry, member prices and coupons of its own."""
    terms, program = subject.till.terms, subject.program
    name = program.tier_names[tier]
    named = [each.tiers for each in program.prices] + [each.tiers for each in program.coupons]
    entered = [each for each in program.coupons if each.trigger.on in ("tier_entry", "tier_renewal") and not each.tiers]
    return (
        subject.till.rate(tier),
        tuple(mask[tier] for mask in terms.earn.factor_tiers),
        terms.expiry.of_tier[tier],
        terms.expiry.protected[tier],
        tuple(name in each for each in named if each),
        tier if entered else 0,
    )


def cycles(subject: Subject, reacher: Reacher) -> Iterator[Finding]:
    """Keeping a tier is harder than entering it, or entering it again is easier than keeping it: members fall and rise by turns."""
    if reacher.tiers.downgrade == "none" or reacher.tiers.validity.until == "lifetime":
        return
    for k, level in enumerate(reacher.tiers.levels):
        needed = keeps(level)
        if level.enter is None or needed is None:
            continue
        enter, retain, again = (reacher.share(need, k) for need in (level.enter, needed, level.reenter or level.enter))
        if not (enter.sure and retain.sure and again.sure):
            continue
        if level.retain is not None and retain.share < enter.share * (1 - EQUAL):
            numbers = {"enter_pct": 100 * enter.share, "retain_pct": 100 * retain.share}
            message = (
                f"{level.name} is harder to keep than to enter: {percent(enter.share)} of members meet what enters it, "
                f"{percent(retain.share)} what keeps it"
            )
            yield Finding("retain-harder-than-enter", WARNING, f"tiers.levels[{k}].retain", message, numbers)
        if level.reenter is not None and again.share > retain.share * (1 + EQUAL):
            numbers = {"reenter_pct": 100 * again.share, "retain_pct": 100 * retain.share}
            numbers["between_pct"] = 100 * (again.share - retain.share)
            message = (
                f"{percent(again.share)} of members meet what enters {level.name} again, {percent(retain.share)} what keeps it: the "
                f"{percent(again.share - retain.share)} between fall at each review and rise again in the next window"
            )
            yield Finding("tier-cycles", WARNING, f"tiers.levels[{k}].reenter", message, numbers)
