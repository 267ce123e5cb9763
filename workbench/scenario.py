"""Floor 5: what is simulated, and what came out."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from workbench.digest import document_digest
from workbench.finance.pairs import PairPanel
from workbench.finance.world import WorldPanel
from workbench.ledger_table import LedgerTable
from workbench.population.behaviour import Assumptions
from workbench.population.responses import Responses
from workbench.population.spec import Population
from workbench.program.spec import Program, Provenance
from workbench.units import CENTS, NEVER, add_months, to_date, to_day

__all__ = ["NO_PROGRAM", "Comparison", "Run", "Scenario", "cost_factor"]

NO_PROGRAM = Program(
    schema=1,
    title="No program",
    title_zh="沒有方案",
    currency="XXX",
    provenance=Provenance(source="The same customers without a program", as_of=date(1970, 1, 1), confidence="high"),
)
"""The baseline world: customers buy, nothing is earned."""


def cost_factor(changes: Iterable[tuple[date, float]], when: date) -> Fraction:
    """The factor on the cost of redemptions that holds on a day: the last one that has begun; 1 before the first."""
    found = [factor for first, factor in sorted(changes) if first <= when]
    return Fraction(str(found[-1])) if found else Fraction(1)


@dataclass(frozen=True)
class Scenario:
    """A program, the world it is compared with, and the members who live in both."""

    program: Program
    population: Population
    assumptions: Assumptions
    baseline: Program = NO_PROGRAM
    members: int = 10_000
    years: int = 3
    start: date = date(2025, 1, 1)
    seed: int = 1
    cost_of_points: tuple[tuple[date, float], ...] = ()
    """From a day on (the first of a month), what is redeemed costs so many times as much as the programs say; the last one holds. It moves no entry
    of any ledger."""
    names: dict[str, str] = field(default_factory=dict)
    """How the user named each part (program, baseline, population, assumptions), for the record."""

    @property
    def start_day(self) -> int:
        """First day."""
        return to_day(self.start)

    @property
    def last_day(self) -> int:
        """Last day."""
        return add_months(self.start_day, 12 * self.years) - 1

    @property
    def end(self) -> date:
        """Last day as a date."""
        end = to_date(self.last_day)
        assert end is not None
        return end

    def change_day(self, program: Program) -> int:
        """The day of the last change of a program after the first day of the run and within it; ``NEVER`` where there is none."""
        days = [to_day(each.effective) for each in program.versions]
        return max((day for day in days if self.start_day < day <= self.last_day), default=NEVER)

    @property
    def spend_band(self) -> int:
        """The unit of the bands of spend: the mean basket to one digit, minor units."""
        return max(1, int(float(f"{self.population.basket.mean_basket * CENTS:.0e}")))

    def cost_factor(self, when: date) -> Fraction:
        """How many times as much as the programs say a redemption costs on a day."""
        return cost_factor(self.cost_of_points, when)

    @property
    def cost_factors(self) -> list[Fraction]:
        """``cost_factor`` of each month of the run."""
        first = 12 * self.start.year + self.start.month - 1
        last = 12 * self.end.year + self.end.month - 1
        return [self.cost_factor(date(month // 12, month % 12 + 1, 1)) for month in range(first, last + 1)]

    def beside(self, program: Program, baseline: Program) -> "Scenario":
        """The same with another program or baseline. Names are those of this scenario's own programs; another goes by its title."""
        names = dict(self.names)
        for part, given in (("program", program), ("baseline", baseline)):
            if given is not getattr(self, part):
                names[part] = next(
                    (names[own] for own in ("program", "baseline") if given is getattr(self, own) and own in names),
                    given.title,
                )
        return replace(self, program=program, baseline=baseline, names=names)

    def digest(self) -> str:
        """Identifies everything that decides the result."""
        costs = [[first.isoformat(), factor] for first, factor in self.cost_of_points]
        return document_digest(
            ({"cost_of_points": costs} if costs else {})
            | {
                "program": self.program.model_dump(mode="json", by_alias=True),
                "baseline": self.baseline.model_dump(mode="json", by_alias=True),
                "population": self.population.model_dump(mode="json", by_alias=True),
                "assumptions": self.assumptions.model_dump(mode="json", by_alias=True),
                "members": self.members,
                "years": self.years,
                "start": self.start.isoformat(),
                "seed": self.seed,
            }
        )


@dataclass(frozen=True)
class Run:
    """A scenario lived: both worlds as panels, the pairs of lives in them, and the digest of their ledgers."""

    scenario: Scenario
    engine: str
    digest: str
    program: WorldPanel
    baseline: WorldPanel
    pairs: PairPanel
    rules: tuple[str, ...]
    """Names of the codes in ``program``'s table by rule."""
    baseline_rules: tuple[str, ...]
    """Names of those in ``baseline``'s."""
    versions: dict[str, str]
    responses: Responses
    """How members responded in the program's world."""
    ledgers: tuple[LedgerTable, LedgerTable] | None = None
    """Every entry of the program's world and of the baseline, where the engine kept them."""


@dataclass(frozen=True)
class Comparison:
    """Several programs lived by the same members."""

    runs: list[Run]
    """Each program beside the scenario's baseline."""
    against_first: list[Run]
    """Each program but the first beside the first."""
