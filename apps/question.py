"""What is asked of the engines: a program, its baseline, the world both live in. No Panel here."""

from dataclasses import dataclass, replace
from datetime import date

from workbench.digest import document_digest
from workbench.finance.accounting.policy import Policy
from workbench.population.behaviour import Assumptions
from workbench.population.spec import Population
from workbench.program.spec import Program
from workbench.scenario import Scenario

__all__ = ["Question"]


@dataclass(frozen=True)
class Question:
    """A program, the same as shipped, and the world both live in."""

    program: Program
    shipped: Program
    population: Population
    assumptions: Assumptions
    names: dict[str, str]
    """Of program, population and assumptions, as a command line would name them; the shipped program's under ``shipped``."""
    members: int
    years: int
    start: date
    seed: int
    policy: Policy | None = None
    """How points are valued; None: by the shipped default."""

    @property
    def days(self) -> tuple[int, int]:
        """First and last day."""
        mine = self.ghost()
        return mine.start_day, mine.last_day

    @property
    def is_changed(self) -> bool:
        """Whether the program differs from the shipped one."""
        return self.program != self.shipped

    def scenario(self) -> Scenario:
        """The program against no program."""
        names = {key: self.names[key] for key in ("program", "population", "assumptions")} | {"baseline": "none"}
        return Scenario(
            self.program, self.population, self.assumptions,
            members=self.members, years=self.years, start=self.start, seed=self.seed, names=names,
        )  # fmt: skip

    def ghost(self) -> Scenario:
        """The shipped program against no program."""
        mine = self.scenario()
        return replace(mine, program=self.shipped, names=mine.names | {"program": self.names["shipped"]})

    def key(self) -> str:
        """Digest of all that decides the answer, and of how things were named."""
        policy = None if self.policy is None else self.policy.model_dump(mode="json", by_alias=True)
        return document_digest([self.head_to_head().digest(), policy, sorted(self.names.items())])

    def head_to_head(self) -> Scenario:
        """The program against the shipped one."""
        mine = self.scenario()
        return replace(mine, baseline=self.shipped, names=mine.names | {"baseline": self.names["shipped"]})
