"""Floor 5: the lint: mistakes in a program's design, named before anything is run.

Every finding is computed from the program, the population it names and that population's gross margin; nothing is matched by name. It
judges designs, not files: a program with findings is valid, and runs.

    finding.py      one finding; reasons that a program records
    subject.py      a program among its population: rates, lives of lots, rewards
    people.py       the population in closed form       reach.py     who reaches a tier
    till.py         what the rulebook gives for one order
    rewards.py      what points buy
    savings.py      what coupons and member prices take off
    rates.py tiers.py earning.py rounding.py expiry.py redemption.py refunds.py     the findings on points and tiers, family by family
    prices.py coupons.py stored_value.py plans.py referrals.py campaigns.py         those on offers and what sets them off

A new family is a module with ``CODES`` and ``findings(subject)``, added to ``FAMILIES``; each code has a paragraph in ``docs/lint.md``.
"""

from workbench.errors import BadInput, dotted
from workbench.lint import (
    campaigns,
    coupons,
    earning,
    expiry,
    plans,
    prices,
    rates,
    redemption,
    referrals,
    refunds,
    rounding,
    stored_value,
    tiers,
)
from workbench.lint.finding import ERROR, NOTE, Finding, settled
from workbench.lint.subject import Subject
from workbench.population.load import load_population
from workbench.population.spec import Population
from workbench.program.spec import Program
from workbench.spec import SpecError

__all__ = ["CODES", "Finding", "lint", "lint_own"]

FAMILIES = (
    rates, tiers, earning, rounding, expiry, redemption, refunds, prices, coupons, stored_value, plans, referrals, campaigns,
)  # fmt: skip
CODES = (
    *(code for family in FAMILIES for code in family.CODES),
    "accepted-not-found", "cannot-be-lowered", "population-currency", "population-not-found",
)  # fmt: skip
"""Every code there is."""


def lint(program: Program, population: Population) -> list[Finding]:
    """Everything there is to say of a program among a population: errors first, then warnings, then notes.

    A population in another currency says nothing of the program: that is the only finding then.
    """
    if population.currency != program.currency:
        message = (
            f"the program's amounts are in {program.currency}, those of the population ({population.title}) in {population.currency}: "
            "nothing can be computed; name a population in the program's currency"
        )
        return [Finding("population-currency", NOTE, "population", message)]
    try:
        subject = Subject(program, population)
        found = [finding for family in FAMILIES for finding in family.findings(subject)]
    except SpecError as error:
        return [Finding("cannot-be-lowered", ERROR, dotted(error.path), f"no run is possible: {error.message}")]
    return settled(found, program.accepted, CODES)


def lint_own(program: Program) -> list[Finding]:
    """The same among the population that the program itself names; that there is none such is a finding too."""
    try:
        population = load_population(program.population)
    except BadInput as error:
        return [Finding("population-not-found", ERROR, "population", "; ".join(str(each) for each in error.problems))]
    return lint(program, population)
