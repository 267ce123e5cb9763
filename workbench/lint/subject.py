"""What is looked at: a program among its population, and the figures that more than one family of findings needs."""

import math
from functools import cached_property
from typing import NamedTuple

import numpy as np

from workbench.lint.people import People
from workbench.lint.rewards import Reward, in_reach, rewards_of
from workbench.lint.till import CYCLE, Till, first_day
from workbench.population.spec import DAYS_PER_YEAR, Population
from workbench.program.spec import Program
from workbench.rules.earn_spec import Bonus, EarnRate
from workbench.rules.expiry import DECAYING, EXTENSION, INACTIVITY
from workbench.units import CENTS, NEVER, to_day, to_minor

__all__ = ["A_LIFETIME", "DAYS_PER_MONTH", "NOBODY", "Life", "Rate", "Subject"]

NOBODY = 1e-4
"""A share of members (or orders) too small to count: one in ten thousand. The largest plausible member is at its edge."""
A_LIFETIME = 10.0
"""Years that "ever" stands for, where neither window nor expiry ends."""
DAYS_PER_MONTH = DAYS_PER_YEAR / 12
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Orders that stand for small to large ones."""


class Rate(NamedTuple):
    """Points for each major unit of money spent."""

    worst: float
    """Least factor, and the least favourable of five orders (the 10 %, 25 %, 50 %, 75 % and 90 % quantiles)."""
    typical: float
    """Over all orders of the population and the factors that apply to them, repeated bonuses included."""
    best: float
    """Largest factor, and the most favourable order between the 10 % and the 99.99 % quantile, its bonuses included."""


class Life(NamedTuple):
    """Days from the earning of a lot to its last usable day, over all earning days; inf where it does not lapse."""

    shortest: float
    longest: float
    mean: float


def _as_seen_by(program: Program, population: Population) -> Population:
    """The population with its purchases of no particular category in the program's default one."""
    shares: dict[str, float] = {}
    for name, share in zip(population.category_names, population.categories.values(), strict=True):
        known = name or program.default_category
        shares[known] = shares.get(known, 0.0) + share
    return population.model_copy(update={"categories": shares})


class Subject:
    """A program among a population of the same currency. Money in major units unless said otherwise."""

    def __init__(self, program: Program, population: Population) -> None:
        """Raises SpecError where the program cannot be lowered to integers."""
        self.program, self.population = program, _as_seen_by(program, population)
        self.people = People(self.population)
        self.till = Till(program, self.people)
        self.first = first_day(program)
        self.every_reward = rewards_of(program)
        self._rates: dict[int, Rate] = {}
        self._yearly: dict[int, float] = {}

    # --- names ---------------------------------------------------------------------------------------------------
    @property
    def tiers(self) -> range:
        """Places of the tiers; one stands for all members where the program has none."""
        return range(max(1, len(self.program.tier_names)))

    def named(self, tier: int) -> str:
        """A tier's name for a message."""
        return self.program.tier_names[tier] if self.program.tier_names else "every member"

    def place(self, tier: int) -> str:
        """Where a tier stands in the file; earning itself where the program has none."""
        return f"tiers.levels[{tier}]" if self.program.tier_names else "earn"

    # --- rewards -------------------------------------------------------------------------------------------------
    @cached_property
    def rewards(self) -> list[Reward]:
        """Rewards that members can come to."""
        return in_reach(self.program, self.every_reward)

    @cached_property
    def nearest_reward(self) -> Reward | None:
        """The one that takes the fewest points to hold; of several, the one worth most."""
        return min(self.rewards, key=lambda each: (each.balance, -each.worth), default=None)

    def worth(self, points: float) -> float:
        """Money that points are worth as the nearest reward gives it."""
        nearest = self.nearest_reward
        return 0.0 if nearest is None else points * float(nearest.worth) / CENTS

    # --- points --------------------------------------------------------------------------------------------------
    @cached_property
    def uncapped(self) -> Till:
        """The till without limits."""
        earn = self.program.earn.model_copy(update={"caps": ()})
        return Till(self.program.model_copy(update={"earn": earn}), self.people)

    @cached_property
    def every_rate(self) -> list[EarnRate]:
        """Every rate of the file."""
        earn = self.program.earn
        steps = () if earn.brackets is None else earn.brackets.steps
        found = [earn.rate, *earn.rate_by_tier.values(), *(step.rate for step in steps)]
        return [each for each in found if each is not None]

    @cached_property
    def balances(self) -> list[int]:
        """Balances at which the rate may differ."""
        brackets = self.program.earn.brackets
        return [0] if brackets is None or brackets.on == "order" else [int(step.from_) for step in brackets.steps]

    @cached_property
    def welcome(self) -> int:
        """Points given once for joining and the first purchase (of a typical order)."""
        typical = self.people.typical_order
        return sum(
            each.points or 0
            for each in self.program.earn.bonuses
            if each.event in ("join", "first_purchase")
            and not self.never(each)
            and to_minor(each.minimum_spend) <= typical
        )

    def never(self, bonus: Bonus) -> bool:
        """Whether a bonus's dates all lie before the day the program is looked at from."""
        return bool(bonus.dates) and all(to_day(span.last) < self.first for span in bonus.dates)

    def times_an_order(self, bonus: Bonus) -> float:
        """How often a purchase bonus is given, for each order of a living member on average."""
        if bonus.event != "purchase":
            return 0.0
        population, earning = self.population, self.program.earn.eligible
        days = np.arange(self.first, self.first + CYCLE)
        spans = [(days >= to_day(span.first)) & (days <= to_day(span.last)) for span in bonus.dates]
        share = float(np.any(spans, axis=0).mean()) if spans else 1.0
        names = [name for name in population.categories if not bonus.categories or name in bonus.categories]
        if bonus.minimum_spend:
            names = [name for name in names if name not in earning.excluded_categories]
        share *= sum(population.categories[name] for name in names)
        share *= self.people.orders_from(float(bonus.minimum_spend))
        periods = {"month": 12.0, "year": 1.0, "lifetime": 0.0}.get(bonus.once)
        a_year = self.people.rate * share
        return share if periods is None or a_year <= periods else share * periods / a_year

    def yearly(self, tier: int) -> float:
        """Points that a living member with the mean purchase rate earns in a year of one tier, welcome apart."""
        if tier not in self._yearly:
            people, earn = self.people, self.program.earn
            base = people.rate * self.till.mean_points(tier)
            for cap in earn.caps:
                periods = {"year": 1, "month": 12, "day": 366}.get(cap.per)
                if periods is not None and cap.stage == "after_multiplier":
                    base = min(base, cap.points * periods)
            bonuses = sum((each.points or 0) * self.times_an_order(each) for each in earn.bonuses) * people.rate
            birthdays = sum(
                each.points or 0 for each in earn.bonuses if each.event == "birthday" and not self.never(each)
            )
            self._yearly[tier] = base + bonuses + birthdays * self.population.birthdays.known
        return self._yearly[tier]

    def rate(self, tier: int) -> Rate:
        """Points for each major unit of money."""
        if tier not in self._rates:
            spend = self.people.rate * self.people.mean_order
            worst, best = self._extremes(tier)
            self._rates[tier] = Rate(worst, self.yearly(tier) / spend, best)
        return self._rates[tier]

    def _extremes(self, tier: int) -> tuple[float, float]:
        people, till = self.people, self.till
        factors = till.factors(tier)
        common = [people.priced(people.order(share)) for share in QUANTILES]
        worst = min(till.points(x, tier, factors.least, held) / x for x in common for held in self.balances)
        best = max(
            (till.points(x, tier, factors.most, held) + self._bonuses_of(x)) / x
            for x in self._orders_worth_a_look(common)
            for held in self.balances
        )
        return worst * CENTS, best * CENTS

    def _orders_worth_a_look(self, common: list[int]) -> list[int]:
        """Common orders, and those at which something begins: a block, a step, a least order, a bonus; none below the common ones."""
        earn, people = self.program.earn, self.people
        typical = people.typical_order
        steps = () if earn.brackets is None or earn.brackets.on == "balance" else earn.brackets.steps
        begins = [earn.minimum_order, *(step.from_ for step in steps), *(each.minimum_spend for each in earn.bonuses)]
        blocks = [to_minor(rate.per) for rate in self.every_rate]
        found = [to_minor(each) for each in begins] + [-(-typical // block) * block for block in blocks]
        largest = people.priced(people.order(1 - NOBODY))
        return common + [x for x in found if common[0] <= x <= largest]

    def _bonuses_of(self, x: int) -> int:
        """Points of the bonuses that every order of so much can bring."""
        return sum(
            each.points or 0
            for each in self.program.earn.bonuses
            if each.event == "purchase"
            and each.once in ("event", "day")
            and not self.never(each)
            and x >= to_minor(each.minimum_spend)
        )

    # --- time ----------------------------------------------------------------------------------------------------
    def life(self, tier: int) -> Life:
        """Life of the lots that purchases earn in a tier, by the date alone."""
        return self.life_of(self.till.terms.expiry.of_tier[tier])

    def life_of(self, lot_rule: int, waits: int = 0) -> Life:
        """Life of lots of one rule of expiry; ``waits``: days between the earning day and the day the rule counts from."""
        days = self.usable_to(lot_rule, waits) - np.arange(self.first, self.first + CYCLE)
        return Life(float(days.min()), float(days.max()), float(days.mean()))

    def usable_to(self, lot_rule: int, waits: int = 0) -> np.ndarray:
        """Last usable day of lots earned on each of the days looked at, float64; inf for never. Of an anniversary: of members who
        join on the first of them."""
        expiry = self.till.terms.expiry
        if expiry.anniversary[lot_rule]:
            years = np.ceil(np.arange(1, CYCLE + 1) / DAYS_PER_YEAR)
            return np.floor(self.first + years * DAYS_PER_YEAR)
        last = np.array(expiry.tables[lot_rule][waits : waits + CYCLE], dtype=float)
        return np.where(last >= NEVER, math.inf, last)

    @cached_property
    def gap_months(self) -> float:
        """Months between two purchases of a member with the mean rate."""
        return 12.0 / self.people.rate

    @cached_property
    def months_to_gather(self) -> float:
        """The longest time over which a typical member's points add up before they lapse, in months; inf where they need not lapse."""
        expiry = self.till.terms.expiry
        if expiry.mode in (INACTIVITY, EXTENSION) or (expiry.mode == DECAYING and expiry.share == 1000):
            return math.inf if self.gap_months <= expiry.months else float(expiry.months)
        if expiry.mode == DECAYING:
            return math.inf
        pending = self.program.earn.pending
        waits = 0 if pending is None or pending.expiry_clock == "activation" else pending.days
        return max(0.0, self.life(0).longest - waits) / DAYS_PER_MONTH
