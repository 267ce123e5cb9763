"""A test of two programs, lived before it is run: the same members in both arms, week by week, so that what a test would have to find is known.

Each member lives twice, under program A all along and under A until the test begins and then B, with the same chances (the paired counterfactual): the
difference is the true effect, exact but for the number of members. From it and from the spread among members follow the size and length of the test
as it could really be run, where each member is in one arm only. That test is then run many times over, members drawn and assigned by keyed draws,
with and without an effect, to see whether it rejects as often as promised.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import norm
from scipy.stats import t as student

from simulators.simulate import Progress, simulate
from workbench.errors import BadInput, Problem
from workbench.experiment.power import Arms
from workbench.ledger import PURCHASE, TIER
from workbench.ledger_table import Ints, LedgerTable
from workbench.population.random import derive, derive_many, open_unit_many, seed_key
from workbench.program.switch import switched
from workbench.scenario import NO_PROGRAM, Run, Scenario
from workbench.units import NEVER, add_months, to_date

__all__ = [
    "OUTCOMES", "Effect", "Lives", "Outcome", "Rejections", "Settling", "assigned", "effect_after", "live_trial", "rejections", "settling", "spread_after",
]  # fmt: skip

Floats = npt.NDArray[np.float64]
Outcome = Literal["sales", "purchases", "buyers"]
OUTCOMES: tuple[Outcome, ...] = ("sales", "purchases", "buyers")
TESTS = 0x7E57
"""The branch of keys under the seed from which members are assigned."""


@dataclass(frozen=True)
class Lives:
    """What members did in both arms, by week from the start of the test (of newcomers: from the day after their own first purchase)."""

    scenario: Scenario
    start: int
    """First day of the test."""
    number: Ints
    """int64[n]: the members' numbers in the run."""
    sales: tuple[Floats, Floats]
    """float64[n, weeks] each: major units, arms A and B; of purchases, before refunds."""
    purchases: tuple[Floats, Floats]
    before: tuple[Floats, Floats] | None
    """float64[n] each: sales and purchases in the weeks before the test; None of newcomers, who have none."""
    tier: Ints
    """int64[n]: tier held under program A when the test begins; -1: none."""
    tier_names: tuple[str, ...]
    customers: int
    """Lived in all."""

    @property
    def weeks(self) -> int:
        """Weeks watched."""
        return int(self.sales[0].shape[1])

    def outcomes(self, outcome: Outcome, first: int, last: int) -> tuple[Floats, Floats]:
        """float64[n] each: the outcome over the weeks from ``first`` to before ``last``, arms A and B."""
        table = self.sales if outcome == "sales" else self.purchases
        a, b = (each[:, first:last].sum(axis=1) for each in table)
        return (a, b) if outcome != "buyers" else ((a > 0).astype(np.float64), (b > 0).astype(np.float64))

    def covariate(self, outcome: Outcome) -> Floats | None:
        """float64[n]: what is known from before the test."""
        if self.before is None:
            return None
        return self.before[0] if outcome == "sales" else self.before[1]


def live_trial(
    scenario: Scenario, months: int, weeks: int, before: int, newcomers: bool, progress: Progress | None = None,
    notify: Callable[[str], None] = lambda _: None,
) -> Lives:  # fmt: skip
    """Live a test of the scenario's baseline (arm A) against its program (arm B) that begins ``months`` after the scenario's first day.

    Members: those who have joined by then and bought in the ``before`` weeks before it; arm B changes over to the program on that day.
    ``newcomers``: those who first buy before that day, each under their arm's program from the first day on, watched from the day after their own first
    purchase. Raises BadInput where the rules cannot follow one another, or nobody is left to test.
    """
    start = add_months(scenario.start_day, months)
    years = math.ceil((months + math.ceil(weeks * 7 / 30.4375)) / 12)
    a, b = scenario.baseline, scenario.program
    if not newcomers:
        day = to_date(start)
        assert day is not None
        b = switched(a, b, day)
    lived = replace(scenario, program=b, baseline=a, years=years)
    run = simulate(lived, progress, keep=True, notify=notify)
    assert run.ledgers is not None
    arm_b, arm_a = run.ledgers
    origin = _first_purchases(arm_a, arm_b) + 1 if newcomers else np.full(scenario.members, start, dtype=np.int64)
    pre = None if newcomers else _by_week(arm_a, origin, -before, 0)
    if pre is None:
        inside = origin <= start
    else:
        joined = arm_a.joined if a is not NO_PROGRAM else arm_b.joined
        inside = (joined < start) & (pre[1].sum(axis=1) > 0)
    kept = np.flatnonzero(inside)
    if len(kept) < 100:
        message = f"expected 100 members or more to test on, found {len(kept)} of {scenario.members:,}; more members, or a longer time before the test"
        raise BadInput(Problem("--members", message, scenario.members))
    test = [_by_week(each, origin, 0, weeks) for each in (arm_a, arm_b)]
    return Lives(
        scenario=lived,
        start=start,
        number=kept.astype(np.int64),
        sales=(test[0][0][kept], test[1][0][kept]),
        purchases=(test[0][1][kept], test[1][1][kept]),
        before=None if pre is None else (pre[0][kept].sum(axis=1), pre[1][kept].sum(axis=1)),
        tier=_tiers_on(run, arm_a, origin)[kept],
        tier_names=arm_a.tier_names,
        customers=scenario.members,
    )


def _first_purchases(*ledgers: LedgerTable) -> Ints:
    found = np.full(ledgers[0].customers, NEVER, dtype=np.int64)
    for ledger in ledgers:
        bought = ledger.column("kind") == PURCHASE
        np.minimum.at(found, ledger.column("member")[bought], ledger.column("day")[bought])
    return found


def _by_week(ledger: LedgerTable, origin: Ints, first: int, last: int) -> tuple[Floats, Floats]:
    """Sales (major units) and purchases by member and week, the weeks from ``first`` to before ``last`` counted from each one's origin."""
    member, width = ledger.column("member"), last - first
    week = (ledger.column("day") - origin[member]) // 7 - first
    inside = (ledger.column("kind") == PURCHASE) & (week >= 0) & (week < width)
    place = member[inside] * width + week[inside]
    size = len(origin) * width
    sales = np.bincount(place, weights=ledger.column("money")[inside], minlength=size) / 100
    return sales.reshape(-1, width), np.bincount(place, minlength=size).astype(np.float64).reshape(-1, width)


def _tiers_on(run: Run, ledger: LedgerTable, origin: Ints) -> Ints:
    """The tier that each member holds in arm A when the test begins: that of the last entry about tiers before it; the lowest of who has joined
    and has none; -1 without tiers."""
    found = np.full(len(origin), -1, dtype=np.int64)
    if not ledger.tier_names:
        return found
    found[ledger.joined < origin] = 0
    rows = (ledger.column("kind") == TIER) & (ledger.column("day") < origin[ledger.column("member")])
    frame = run.baseline.frame
    tier_of = run.baseline.cells[frame.tier_of : frame.tier_of + len(ledger.rules)]
    found[ledger.column("member")[rows]] = tier_of[ledger.column("rule")[rows]]  # in order of days: the last one stays
    return found


# --- the truth ---------------------------------------------------------------------------------------------------------
class Effect(NamedTuple):
    """Arm B less arm A, per member, of the same members."""

    effect: float
    ci95: tuple[float, float]
    of_a: float
    """Arm A's mean."""

    @property
    def relative(self) -> float | None:
        """Of arm A's mean."""
        return self.effect / self.of_a if self.of_a else None


def _paired(a: Floats, b: Floats) -> Effect:
    apart = b - a
    half = (
        float(student.isf(0.025, max(len(apart) - 1, 1)) * apart.std(ddof=1) / math.sqrt(len(apart)))
        if len(apart) > 1
        else math.inf
    )
    mean = float(apart.mean())
    return Effect(mean, (mean - half, mean + half), float(a.mean()))


def effect_after(lives: Lives, outcome: Outcome, weeks: int, members: np.ndarray | None = None) -> Effect:
    """The effect on the outcome of the first so many weeks; ``members``: bool[n], of some only."""
    a, b = lives.outcomes(outcome, 0, weeks)
    return _paired(a, b) if members is None else _paired(a[members], b[members])


class Settling(NamedTuple):
    """How the effect comes and goes, in shares of arm A's outcome of the same weeks."""

    blocks: list[tuple[int, Effect]]
    """By blocks of weeks: the weeks before each, and its effect; a rest is left out."""
    late: Effect
    """Over the last quarter of the weeks."""
    late_from: int
    settled_after: int | None
    """Weeks after which no block differs from the late effect; None where the last one still does, or there is no late effect to compare with."""


def settling(lives: Lives, outcome: Outcome, weeks: int = 4, least: float = 0.1) -> Settling:
    """The effect over time. A block differs where its relative effect is off the late one's by more than ``least`` of it, and by more than chance: beyond
    the paired interval of the difference (95 % over all blocks together, Bonferroni)."""
    late_from = lives.weeks - max(lives.weeks // 4, 1)
    a, b = lives.outcomes(outcome, late_from, lives.weeks)
    late = _paired(a, b)
    starts = list(range(0, lives.weeks - weeks + 1, weeks))
    blocks = [(first, _paired(*lives.outcomes(outcome, first, first + weeks))) for first in starts]
    if not late.relative:
        return Settling(blocks, late, late_from, None)
    of_late, times, settled = (b - a) / late.of_a, float(norm.isf(0.025 / len(starts))), 0
    for first, effect in blocks:
        if not effect.of_a:
            continue
        one, other = lives.outcomes(outcome, first, first + weeks)
        apart = (other - one) / effect.of_a - of_late
        off = abs(float(apart.mean()))
        if off > least * abs(late.relative) and off > times * float(apart.std(ddof=1)) / math.sqrt(len(apart)):
            settled = first + weeks
    return Settling(blocks, late, late_from, settled if settled + weeks <= lives.weeks else None)


def spread_after(lives: Lives, outcome: Outcome, weeks: int, share_b: float) -> tuple[Arms, float | None]:
    """The arms' spread over the first so many weeks, and the correlation of the outcome with what is known from before (within the arms)."""
    a, b = lives.outcomes(outcome, 0, weeks)
    arms = Arms(float(a.std(ddof=1)), float(b.std(ddof=1)), share_b)
    known = lives.covariate(outcome)
    if known is None or known.std() == 0 or arms.sd_a == 0:
        return arms, None
    return arms, float(np.corrcoef(a, known)[0, 1])


# --- the test as it would be run -------------------------------------------------------------------------------------
class Rejections(NamedTuple):
    """How often tests rejected at 5 %."""

    tests: int
    plain: float
    adjusted: float | None
    """With the covariate; None where there is none."""
    width_ratio: float | None
    """Mean width of the adjusted interval over that of the plain one."""


def assigned(lives: Lives, test: int, members_a: int, members_b: int) -> tuple[Ints, Ints]:
    """Places of the members of arms A and B in one test, by keyed draws. While there are enough, each is drawn once; beyond, with replacement."""
    key = derive(derive(seed_key(lives.scenario.seed), TESTS), test)
    pool, wanted = len(lives.number), members_a + members_b
    if wanted <= pool:
        order = np.argsort(derive_many(key, lives.number), kind="stable")[:wanted]
    else:
        order = (open_unit_many(derive_many(key, np.arange(wanted))) * pool).astype(np.int64)
    return order[:members_a], order[members_a:]


def rejections(
    lives: Lives, outcome: Outcome, weeks: int, members_a: int, members_b: int, tests: int, null: bool,
    progress: Progress | None = None,
) -> Rejections:  # fmt: skip
    """Run the test so many times; ``null``: members of arm B live under program A too, so that there is nothing to find."""
    a, b = lives.outcomes(outcome, 0, weeks)
    known = lives.covariate(outcome)
    plain = adjusted = 0
    widths = []
    for k, (in_a, in_b) in _assignments(lives, members_a, members_b, tests):
        y = a[in_a], (a if null else b)[in_b]
        rejects, error, _ = _welch(*y)
        plain += rejects
        if known is not None:
            x = known[in_a], known[in_b]
            rejects, less, _ = _welch(*_cuped(y, x))
            adjusted += rejects
            widths.append(less / error if error else 1.0)
        if progress is not None and k % 50 == 0:
            progress(k, tests)
    none = known is None
    return Rejections(
        tests, plain / tests, None if none else adjusted / tests, None if none else float(np.mean(widths))
    )


def _assignments(lives: Lives, members_a: int, members_b: int, tests: int) -> Iterator[tuple[int, tuple[Ints, Ints]]]:
    for k in range(tests):
        yield k, assigned(lives, k, members_a, members_b)


def _welch(a: Floats, b: Floats) -> tuple[bool, float, float]:
    """Whether Welch's test rejects at 5 %, the standard error, and the difference; as ``workbench.experiment.analysis``, without the rest."""
    var_a, var_b = float(a.var(ddof=1)) / len(a), float(b.var(ddof=1)) / len(b)
    variance, apart = var_a + var_b, float(b.mean() - a.mean())
    if variance == 0:
        return apart != 0, 0.0, apart
    freedom = variance**2 / (var_a**2 / (len(a) - 1) + var_b**2 / (len(b) - 1))
    return bool(abs(apart) > student.isf(0.025, freedom) * math.sqrt(variance)), math.sqrt(variance), apart


def _cuped(y: tuple[Floats, Floats], x: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Outcomes less theta times the covariate less its mean, theta from within the arms."""
    inside = [each - each.mean() for each in x]
    below = sum(float(each @ each) for each in inside)
    if below == 0:
        return y
    theta = sum(float(one @ each) for one, each in zip(inside, y, strict=True)) / below
    centre = (float(x[0].sum()) + float(x[1].sum())) / (len(x[0]) + len(x[1]))
    return y[0] - theta * (x[0] - centre), y[1] - theta * (x[1] - centre)
