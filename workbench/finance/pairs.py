"""The same customers in two worlds, folded customer by customer: all that paired differences and their errors need.

``fold_pair`` is called once for each customer, when both of their lives are over. All tables are sums of integers: the squares of
sales too (``add_product``), so that neither the order of customers nor the way they are split changes a digit; ``merge_pairs`` adds.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from workbench.finance.cells import Ints, Shape, add_product, carry, lay_out, table
from workbench.finance.panel import Story
from workbench.units import NEVER, rule

__all__ = [
    "ACTIVE_DAYS", "ACTIVE_LATE", "BANDS", "EXISTING", "EXISTING_GAINED", "EXISTING_LOSERS", "EXISTING_LOST", "EXISTING_SALES",
    "EXISTING_SPENT", "EXISTING_WINNERS", "HELD", "AGAIN", "BASELINE", "BASELINE_ONLY", "BOTH", "CAME", "CAME_BASELINE", "CAME_PROGRAM", "CUSTOMERS",
    "GAINED", "LATER", "LOSERS", "LOST", "WINNERS", "PROGRAM", "PROGRAM_ONLY",
    "PURCHASES", "REPURCHASE_DAYS", "SEGMENTS",
    "PairFrame", "PairPanel", "blank_pairs", "fold_pair", "merge_pairs", "segment_of", "tier_row",
]  # fmt: skip

ACTIVE_DAYS = 365
"""A customer who bought in so many last days of the run is active."""
REPURCHASE_DAYS = 365
"""Days after the first purchase in the window within which a further one counts; the repurchase curve ends here."""
SEGMENTS = 5
"""Fifths of the customers by their own purchase rate, the lightest buyers first."""

BANDS = 7
"""Bands of what a customer spent in the year before a change: nothing, up to one unit, two, four, eight, sixteen, more."""
SPENT_DAYS = 365

BASELINE, PROGRAM, LATER = range(3)
CUSTOMERS, CAME, CAME_BASELINE, CAME_PROGRAM = range(4)
"""Of a group: all, those who bought in either world, in the baseline, in the program's world."""
WINNERS, LOSERS, GAINED, LOST = range(4)
"""Customers who get more of the program than of the baseline, or less, and how much (``Story.worth``); the others get the same."""
EXISTING, EXISTING_WINNERS, EXISTING_LOSERS, EXISTING_GAINED, EXISTING_LOST, HELD, EXISTING_SPENT, EXISTING_SALES = (
    range(8)
)
"""Of those who were members when the program changed: their number; winners, losers, gained and lost as above; points held then; what they had
spent in the year before, in the baseline; their sales over the run in the baseline, and in the last place in the program's world."""
EXISTING_CELLS = 9
PURCHASES, ACTIVE_LATE, AGAIN = range(3)
"""Figures of a customer whose squares fit an integer: number of purchases, active at the end (0, 1), bought again in time (0, 1)."""
BASELINE_ONLY, BOTH, PROGRAM_ONLY = range(3)
"""Purchases by the world they were made in."""


class PairFrame(NamedTuple):
    """What a pair's cells stand for: the same in every part of a run. The second half: the first cell of each table."""

    active_from: int
    """First day of those on which a purchase makes a customer active."""
    rows: int
    """Groups: the five segments, then those who held no tier, then the tiers by the highest one held in the program's world."""
    change_day: int
    """The day on which the program last changes within the run; ``NEVER`` where it does not."""
    change_rows: int
    """Groups of those who were members then: by what they had spent, then those without a tier, then the tiers by the one held; 0 without a change."""
    band: int
    """The unit of the bands of spend, minor units."""
    counts: int
    groups: int
    figures: int
    sales: int
    sales_products: int
    waits: int
    gaps: int
    gap_products: int
    given: int
    given_products: int
    naive: int
    worth: int
    change: int


class PairPanel(NamedTuple):
    """A program's world beside its baseline: sums over customers. Each customer is in one segment, and in one group by tier.

    Of two figures a (baseline) and b (program's world) the sums are those of a, b, a*a, a*b, b*b.
    """

    frame: PairFrame
    cells: Ints
    """int64[cells]: all tables, one after the other."""

    def _table(self, name: str) -> Ints:
        return table(self.cells, getattr(self.frame, name), _shapes(self.frame.rows, self.frame.change_rows)[name])

    @property
    def counts(self) -> Ints:
        """int64[3]: purchases in the baseline only, in both, in the program's world only."""
        return self._table("counts")

    @property
    def groups(self) -> Ints:
        """int64[groups, 4]: customers, and those who bought in either world, in the baseline, in the program's world."""
        return self._table("groups")

    @property
    def figures(self) -> Ints:
        """int64[groups, 3, 5]: the sums of purchases, active at the end, bought again in time."""
        return self._table("figures")

    @property
    def sales(self) -> Ints:
        """int64[groups, 2]: sales in the baseline and in the program's world, minor units."""
        return self._table("sales")

    @property
    def sales_products(self) -> Ints:
        """int64[groups, 3, 3]: their products a*a, a*b, b*b, each as three limbs (``wide``)."""
        return self._table("sales_products")

    @property
    def waits(self) -> Ints:
        """int64[3, 367]: customers who bought in either world by the days from their first purchase to the second, in the baseline, in the
        program's world, and the longer of the two; the last place: no second one within 365 days."""
        return self._table("waits")

    @property
    def gaps(self) -> Ints:
        """int64[4]: days from first to last purchase and number of gaps between purchases, baseline and then program."""
        return self._table("gaps")

    @property
    def gap_products(self) -> Ints:
        """int64[10]: the products of these four in pairs (0*0, 0*1, ..., 3*3)."""
        return self._table("gap_products")

    @property
    def given(self) -> Ints:
        """int64[10]: sales, points redeemed (net of points given back), what vouchers and offers cost, fees (minor units), purchases, each baseline
        and then program."""
        return self._table("given")

    @property
    def given_products(self) -> Ints:
        """int64[55, 3]: the products of these ten in pairs, as limbs."""
        return self._table("given_products")

    @property
    def worth(self) -> Ints:
        """int64[groups, 4]: customers who get more, and less, than in the baseline; what the first gain, and the others lose, minor units."""
        return self._table("worth")

    @property
    def change(self) -> Ints:
        """int64[groups, 9]: of those who were members when the program changed (``EXISTING`` and the following)."""
        return self._table("change")

    @property
    def naive(self) -> Ints:
        """int64[2, 3]: customers, purchases and sales in the program's world, of those who did not join and of those who did."""
        return self._table("naive")


def _shapes(rows: int, change_rows: int) -> dict[str, Shape]:
    """The shape of each table, in their order."""
    return {
        "counts": (3,), "groups": (rows, 4), "figures": (rows, 3, 5), "sales": (rows, 2), "sales_products": (rows, 3, 3),
        "waits": (3, REPURCHASE_DAYS + 2), "gaps": (4,), "gap_products": (10,), "given": (10,), "given_products": (55, 3), "naive": (2, 3), "worth": (rows, 4),
        "change": (change_rows, EXISTING_CELLS),
    }  # fmt: skip


def blank_pairs(last_day: int, tiers: int, change_day: int = NEVER, band: int = 1) -> PairPanel:
    """An empty panel of a run that ends on ``last_day``, for a program of so many tiers (0: none) that changes on ``change_day``. ``band``: the
    unit of the bands of spend before that, minor units."""
    rows = SEGMENTS + 1 + tiers
    change_rows = BANDS + 1 + tiers if change_day <= last_day else 0
    places, size = lay_out(_shapes(rows, change_rows))
    frame = PairFrame(last_day + 1 - ACTIVE_DAYS, rows, change_day, change_rows, band, **places)
    return PairPanel(frame, np.zeros(size, dtype=np.int64))


def merge_pairs(into: PairPanel, other: PairPanel) -> PairPanel:
    """Add another part of the same pair of worlds; returns ``into``. Raises ValueError where it is not of the same run."""
    if into.frame != other.frame:
        raise ValueError(f"pairs of different runs: {into.frame} and {other.frame}")
    into.cells[:] += other.cells
    carry(into.sales_products)
    carry(into.given_products)
    return into


# --- rules ---------------------------------------------------------------------------------------------------------
@rule
def segment_of(u_rate: float) -> int:
    """The fifth of the customers that one belongs to, by the rank of their purchase rate in (0, 1)."""
    return min(int(u_rate * SEGMENTS), SEGMENTS - 1)


@rule
def tier_row(tier: int) -> int:
    """The group of those whose highest tier is ``tier`` (-1: none)."""
    return SEGMENTS + 1 + tier


@rule
def fold_pair(
    pair: PairPanel, count: int, day: Sequence[int], baseline: Sequence[int], program: Sequence[int], joined: int, tier: int,
    segment: int, story_0: Story, story_1: Story,
) -> None:  # fmt: skip
    """One customer's two lives. ``day[k]``: day of candidate k, in time order; ``baseline[k]``, ``program[k]``: amount bought in that world
    in minor units, -1 where nothing was. ``joined``: day of joining the program, ``NEVER`` if never; ``tier``: highest tier held in
    the program's world, -1 for none (``story_1.highest``); ``segment``: 0-4, lightest to heaviest buyers (``segment_of``);
    ``story_0``, ``story_1``: the customer's stories in the baseline and in the program's world, at their end."""
    frame, cells = pair.frame, pair.cells
    bought_0, sales_0, first_0, last_0, wait_0 = life_of(count, day, baseline)
    bought_1, sales_1, first_1, last_1, wait_1 = life_of(count, day, program)
    both = 0
    for k in range(count):
        if baseline[k] >= 0 and program[k] >= 0:
            both += 1
    cells[frame.counts + BOTH] += both
    cells[frame.counts + BASELINE_ONLY] += bought_0 - both
    cells[frame.counts + PROGRAM_ONLY] += bought_1 - both
    came = 1 if bought_0 + bought_1 > 0 else 0
    again_0 = 1 if 0 <= wait_0 <= REPURCHASE_DAYS else 0
    again_1 = 1 if 0 <= wait_1 <= REPURCHASE_DAYS else 0
    active_0 = 1 if bought_0 > 0 and last_0 >= frame.active_from else 0
    active_1 = 1 if bought_1 > 0 and last_1 >= frame.active_from else 0
    more = story_1.worth - story_0.worth
    for group in (segment, tier_row(tier)):
        cells[frame.groups + 4 * group + CUSTOMERS] += 1
        cells[frame.groups + 4 * group + CAME] += came
        cells[frame.groups + 4 * group + CAME_BASELINE] += 1 if bought_0 > 0 else 0
        cells[frame.groups + 4 * group + CAME_PROGRAM] += 1 if bought_1 > 0 else 0
        at = frame.worth + 4 * group
        if more > 0:
            cells[at + WINNERS] += 1
            cells[at + GAINED] += more
        elif more < 0:
            cells[at + LOSERS] += 1
            cells[at + LOST] -= more
        at = frame.figures + 15 * group
        add_figure(cells, at + 5 * PURCHASES, bought_0, bought_1)
        add_figure(cells, at + 5 * ACTIVE_LATE, active_0, active_1)
        add_figure(cells, at + 5 * AGAIN, again_0, again_1)
        cells[frame.sales + 2 * group + BASELINE] += sales_0
        cells[frame.sales + 2 * group + PROGRAM] += sales_1
        at = frame.sales_products + 9 * group
        add_product(cells, at, sales_0, sales_0)
        add_product(cells, at + 3, sales_0, sales_1)
        add_product(cells, at + 6, sales_1, sales_1)
    if came:
        late_0 = wait_0 if again_0 else REPURCHASE_DAYS + 1
        late_1 = wait_1 if again_1 else REPURCHASE_DAYS + 1
        width = REPURCHASE_DAYS + 2
        cells[frame.waits + width * BASELINE + late_0] += 1
        cells[frame.waits + width * PROGRAM + late_1] += 1
        cells[frame.waits + width * LATER + max(late_0, late_1)] += 1
    add_gaps(frame, cells, (last_0 - first_0, max(bought_0 - 1, 0), last_1 - first_1, max(bought_1 - 1, 0)))
    cost_0, cost_1 = story_0.vouchers + story_0.offers, story_1.vouchers + story_1.offers
    add_given(
        frame,
        cells,
        (
            sales_0,
            sales_1,
            story_0.redeemed,
            story_1.redeemed,
            cost_0,
            cost_1,
            story_0.fees,
            story_1.fees,
            bought_0,
            bought_1,
        ),
    )
    if frame.change_rows and joined < frame.change_day:
        spent = spent_before(count, day, baseline, frame.change_day)
        for group in (band_of(spent, frame.band), BANDS + 1 + story_1.then_tier):
            at = frame.change + EXISTING_CELLS * group
            cells[at + EXISTING] += 1
            if more > 0:
                cells[at + EXISTING_WINNERS] += 1
                cells[at + EXISTING_GAINED] += more
            elif more < 0:
                cells[at + EXISTING_LOSERS] += 1
                cells[at + EXISTING_LOST] -= more
            cells[at + HELD] += story_1.then_points
            cells[at + EXISTING_SPENT] += spent
            cells[at + EXISTING_SALES] += sales_0
            cells[at + EXISTING_SALES + 1] += sales_1
    at = frame.naive + (3 if joined < NEVER else 0)
    cells[at] += 1
    cells[at + 1] += bought_1
    cells[at + 2] += sales_1


@rule
def life_of(count: int, day: Sequence[int], bought: Sequence[int]) -> tuple[int, int, int, int, int]:
    """Purchases, sales, first day, last day (both 0 without a purchase), and days from the first purchase to the second (-1: no second)
    of one life."""
    number, sales, first, last, wait = 0, 0, 0, 0, -1
    for k in range(count):
        if bought[k] < 0:
            continue
        last = day[k]
        if number == 0:
            first = last
        elif number == 1:
            wait = last - first
        number += 1
        sales += bought[k]
    return number, sales, first, last, wait


@rule
def spent_before(count: int, day: Sequence[int], bought: Sequence[int], until: int) -> int:
    """What was bought in the 365 days before a day, minor units."""
    spent = 0
    for k in range(count):
        if bought[k] >= 0 and until - SPENT_DAYS <= day[k] < until:
            spent += bought[k]
    return spent


@rule
def band_of(spent: int, unit: int) -> int:
    """The band of an amount: 0 for nothing, 1 up to one unit, then each up to twice the one before; the last has no end."""
    band = 0
    while band < BANDS - 1 and spent > (0 if band == 0 else unit << (band - 1)):
        band += 1
    return band


@rule
def add_figure(cells: Ints, at: int, a: int, b: int) -> None:
    """Add one customer's figure in both worlds."""
    cells[at] += a
    cells[at + 1] += b
    cells[at + 2] += a * a
    cells[at + 3] += a * b
    cells[at + 4] += b * b


@rule
def add_gaps(frame: PairFrame, cells: Ints, gaps: tuple[int, int, int, int]) -> None:
    """Add one customer's gaps and their products."""
    at = frame.gap_products
    for i in range(4):
        cells[frame.gaps + i] += gaps[i]
        for j in range(i, 4):
            cells[at] += gaps[i] * gaps[j]
            at += 1


@rule
def add_given(frame: PairFrame, cells: Ints, given: tuple[int, int, int, int, int, int, int, int, int, int]) -> None:
    """Add one customer's sales, points redeemed, cost of vouchers and offers, fees and purchases, and their products."""
    at = frame.given_products
    for i in range(10):
        cells[frame.given + i] += given[i]
        for j in range(i, 10):
            add_product(cells, at, given[i], given[j])
            at += 3
