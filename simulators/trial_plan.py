"""The plan of a test as one document: how large, how long, what it would find, and whether the test as planned keeps its promise."""

import math
from typing import Any, NamedTuple

import numpy as np

from simulators.simulate import Progress
from simulators.trial import (
    Effect,
    Lives,
    Outcome,
    assigned,
    effect_after,
    rejections,
    settling,
    spread_after,
)
from workbench.experiment.power import Arms, least_effect, members_needed, power_of
from workbench.population.calibration.summary import iso

__all__ = ["LARGEST_ARM", "Wanted", "example_test", "plan_document"]

DURATIONS = (2, 4, 8, 13, 26, 39, 52, 78, 104)
"""Weeks of the tests that are planned."""
LARGEST_ARM = 4_000
"""Members in either arm of the tests that are run over and over; beyond, a smaller one is run, and compared with the formula of its own size."""


MOST = 10**9
"""No test has more members."""
NEARLY = 1.25
"""A longer test is worth its time where it takes fewer members by more than this factor."""


class Wanted(NamedTuple):
    """What the user asks of the test."""

    outcome: Outcome = "sales"
    power: float = 0.8
    alpha: float = 0.05
    share_b: float = 0.5
    available: int | None = None
    """Members who could take part; None: as many as it takes."""
    tests: int = 1_000


class Size(NamedTuple):
    """A test of some length."""

    weeks: int
    effect: Effect
    arms: Arms
    rho: float | None
    plain: int | None
    """Members of both arms; None where there is no effect to see."""
    adjusted: int | None

    @property
    def least(self) -> tuple[int, Arms, str] | None:
        """The smaller of the two, with its spread and its name."""
        if self.plain is None:
            return None
        if self.adjusted is None or self.rho is None:
            return self.plain, self.arms, "plain"
        return self.adjusted, self.arms.adjusted(self.rho), "adjusted"


def plan_document(
    lives: Lives, wanted: Wanted, names: tuple[str, str], progress: Progress | None = None
) -> dict[str, Any]:
    """The document of ``loyalty experiment plan``: projections under the scenario's assumptions. ``names``: of arms A and B."""
    sizes = _sizes(lives, wanted)
    chosen = _chosen(sizes, wanted)
    over_time = settling(lives, wanted.outcome)
    document: dict[str, Any] = {
        "kind": "projection",
        "arms": {"a": names[0], "b": names[1]},
        "outcome": wanted.outcome,
        "unit": {"sales": lives.scenario.population.currency, "purchases": "purchases", "buyers": "share of members"}[wanted.outcome],
        "on": "newcomers" if lives.before is None else "members",
        "starts": iso(lives.start),
        "alpha": wanted.alpha,
        "power": wanted.power,
        "share_b": wanted.share_b,
        "available": wanted.available,
        "customers": lives.customers,
        "taking_part": len(lives.number),
        "assumptions": lives.scenario.names.get("assumptions"),
        "seed": lives.scenario.seed,
        "durations": [_size(each, wanted) for each in sizes],
        "over_time": {
            "weeks": [_block(first, each) for first, each in over_time.blocks],
            "late_from_week": over_time.late_from + 1,
            "late_relative_pct": _pct(over_time.late),
            "settled_after_weeks": over_time.settled_after,
        },
        "by_tier": _by_tier(lives, wanted.outcome),
        "recommended": None,
        "simulated": None,
        "warnings": _warnings(sizes, lives),
    }  # fmt: skip
    if chosen is not None:
        document["recommended"] = _recommended(chosen, over_time.late, wanted)
        document["simulated"] = _simulated(lives, chosen, wanted, progress)
        after = over_time.settled_after
        if after is None or after > 0:
            takes = f"takes {after} weeks to settle" if after else f"does not settle within {lives.weeks} weeks"
            document["warnings"].append(
                f"the effect {takes}: a test of {chosen.weeks} weeks sees {_pct(chosen.effect) or 0:+.2f} %, in the last quarter it is "
                f"{_pct(over_time.late) or 0:+.2f} %"
            )
    else:
        document["warnings"].append(_why_none(sizes, wanted))
    return document


def _sizes(lives: Lives, wanted: Wanted) -> list[Size]:
    found = []
    for weeks in sorted({*(each for each in DURATIONS if each <= lives.weeks), lives.weeks}):
        effect = effect_after(lives, wanted.outcome, weeks)
        arms, rho = spread_after(lives, wanted.outcome, weeks, wanted.share_b)
        plain = members_needed(effect.effect, arms, wanted.power, wanted.alpha)
        adjusted = (
            None if rho is None else members_needed(effect.effect, arms.adjusted(rho), wanted.power, wanted.alpha)
        )
        found.append(Size(weeks, effect, arms, rho, plain, adjusted))
    return found


def _told(effect: Effect) -> bool:
    """Whether the simulation tells it from none."""
    return effect.ci95[0] > 0 or effect.ci95[1] < 0


def _chosen(sizes: list[Size], wanted: Wanted) -> Size | None:
    """With members given, the shortest test that they suffice for; else the shortest that takes at most a quarter more than the smallest."""
    able = [
        (each.least[0], each)
        for each in sizes
        if each.least is not None and each.least[0] <= MOST and _told(each.effect)
    ]
    if wanted.available is not None:
        return next((each for needed, each in able if needed <= wanted.available), None)
    fewest = min((needed for needed, _ in able), default=0)
    return next((each for needed, each in able if needed <= NEARLY * fewest), None)


def _why_none(sizes: list[Size], wanted: Wanted) -> str:
    if not any(_told(each.effect) for each in sizes):
        return "the simulation tells no effect from none at any length: more --members, or programs that differ more"
    if wanted.available is None:
        return f"an effect this small takes more than {MOST:,} members"
    longest = sizes[-1]
    if longest.least is None:
        return f"there is no effect to see after {longest.weeks} weeks"
    shows = least_effect(longest.least[1], wanted.available, wanted.power, wanted.alpha)
    of_a = 100 * shows / longest.effect.of_a if longest.effect.of_a else math.nan
    return (
        f"{wanted.available:,} members are too few at any length up to {longest.weeks} weeks: they show effects from {of_a:.2f} % on in so many weeks, "
        f"and {abs(_pct(longest.effect) or 0):.2f} % is expected"
    )


def _split(members: int, share_b: float) -> tuple[int, int]:
    b = max(2, math.ceil(members * share_b))
    return max(2, math.ceil(members * (1 - share_b))), b


def _recommended(size: Size, late: Effect, wanted: Wanted) -> dict[str, Any]:
    assert size.least is not None
    needed, _, method = size.least
    a, b = _split(needed, wanted.share_b)
    return {
        "weeks": size.weeks,
        "members": a + b,
        "members_a": a,
        "members_b": b,
        "analysis": method,
        "effect_pct": _pct(size.effect),
        "late_effect_pct": _pct(late),
    }


def _simulated(lives: Lives, size: Size, wanted: Wanted, progress: Progress | None) -> dict[str, Any]:
    """The test as planned (or a smaller one), many times over."""
    assert size.least is not None
    a, b = _split(size.least[0], wanted.share_b)
    smaller = min(1.0, LARGEST_ARM / max(a, b))
    a, b = max(2, round(a * smaller)), max(2, round(b * smaller))
    both = 2 * wanted.tests

    def told(offset: int) -> Progress | None:
        return None if progress is None else lambda done, _: progress(offset + done, both)

    none = rejections(lives, wanted.outcome, size.weeks, a, b, wanted.tests, True, told(0))
    some = rejections(lives, wanted.outcome, size.weeks, a, b, wanted.tests, False, told(wanted.tests))
    found: dict[str, Any] = {
        "tests": wanted.tests,
        "members_a": a,
        "members_b": b,
        "as_planned": smaller == 1.0,
        "drawn": "each member once" if a + b <= len(lives.number) else "with replacement",
        "level": 0.05,
        "plain": _promise(none.plain, some.plain, power_of(size.effect.effect, size.arms, a + b), wanted.tests),
        "adjusted": None,
    }
    if size.rho is not None and none.adjusted is not None and some.adjusted is not None:
        promised = power_of(size.effect.effect, size.arms.adjusted(size.rho), a + b)
        found["adjusted"] = _promise(none.adjusted, some.adjusted, promised, wanted.tests) | {
            "width_ratio": none.width_ratio,
            "expected_width_ratio": math.sqrt(1 - size.rho**2),
        }
    return found


def _promise(none: float, some: float, promised: float, tests: int) -> dict[str, float | None]:
    """Rejections with nothing to find and with the effect, each with its error, beside what is promised. Per cent."""
    return {
        "rejected_without_effect_pct": 100 * none,
        "error_without_effect_pct": 100 * math.sqrt(0.05 * 0.95 / tests),
        "rejected_with_effect_pct": 100 * some,
        "error_with_effect_pct": 100 * math.sqrt(max(promised * (1 - promised), 1e-9) / tests),
        "promised_power_pct": 100 * promised,
    }


def _pct(effect: Effect) -> float | None:
    return None if effect.relative is None else 100 * effect.relative


def _effect(effect: Effect) -> dict[str, Any]:
    low, high = effect.ci95
    return {
        "effect": effect.effect,
        "ci95": [low, high],
        "mean_a": effect.of_a,
        "relative_pct": _pct(effect),
        "relative_pct_ci95": [100 * low / effect.of_a, 100 * high / effect.of_a] if effect.of_a else None,
    }


def _size(size: Size, wanted: Wanted) -> dict[str, Any]:
    low, high = (members_needed(edge, size.arms, wanted.power, wanted.alpha) for edge in size.effect.ci95)
    return {
        "weeks": size.weeks,
        **_effect(size.effect),
        "sd_a": size.arms.sd_a,
        "sd_b": size.arms.sd_b,
        "rho": size.rho,
        "members_plain": size.plain,
        "members_plain_range": sorted((low, high)) if _told(size.effect) and low and high else None,
        "members_adjusted": size.adjusted,
        "power_of_available_pct": None
        if wanted.available is None or size.least is None
        else 100 * power_of(size.effect.effect, size.least[1], wanted.available, wanted.alpha),
    }


def _block(first: int, effect: Effect) -> dict[str, Any]:
    return {"from_week": first + 1, "to_week": first + 4, **_effect(effect)}


def _by_tier(lives: Lives, outcome: Outcome) -> list[dict[str, Any]]:
    """The effect over all weeks, by the tier held under program A when the test begins."""
    found: list[dict[str, Any]] = []
    if lives.before is None or not lives.tier_names:
        return found
    for place, name in enumerate(lives.tier_names):
        inside = lives.tier == place
        number = int(inside.sum())
        row: dict[str, Any] = {"tier": name, "members": number, "share_pct": 100 * number / len(inside)}
        found.append(row | (_effect(effect_after(lives, outcome, lives.weeks, inside)) if number > 1 else {}))
    return found


def _warnings(sizes: list[Size], lives: Lives) -> list[str]:
    untold = [each.weeks for each in sizes if not _told(each.effect)]
    warnings = []
    if untold and len(untold) < len(sizes):
        warnings.append(
            f"after {', '.join(map(str, untold))} weeks the simulation tells no effect from none: what follows from these rows is chance"
        )
    if lives.before is not None and lives.scenario.program.versions == ():
        warnings.append("both arms have the same rules: there is nothing to find")
    return warnings


def example_test(lives: Lives, wanted: Wanted, weeks: int, members: int) -> dict[str, list[Any]]:
    """A finished test as columns of a table: a row a member, drawn by the keyed draws of test 0; no more of them than there are."""
    a, b = _split(min(members, len(lives.number) - 1), wanted.share_b)
    in_a, in_b = assigned(lives, 0, a, min(b, len(lives.number) - a))
    own, other = lives.outcomes(wanted.outcome, 0, weeks)
    places = np.concatenate([in_a, in_b])
    order = np.argsort(lives.number[places])
    outcome = np.concatenate([own[in_a], other[in_b]])[order]
    columns: dict[str, list[Any]] = {
        "member_id": lives.number[places][order].tolist(),
        "arm": np.where(np.arange(len(places)) < len(in_a), "control", "test")[order].tolist(),
        "outcome": np.round(outcome, 2).tolist(),
    }
    known = lives.covariate(wanted.outcome)
    if known is not None:
        columns["pre"] = np.round(known[places][order], 2).tolist()
    return columns
