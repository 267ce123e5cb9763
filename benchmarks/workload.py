"""What is measured on the kernel and the agents, and the logs that replay is measured on."""

import math
from datetime import date
from pathlib import Path

from benchmarks.peers import toy
from workbench.population.load import load_assumptions, load_population
from workbench.population.spec import Lognormal, ParetoNbd, Population, Redeemers, scaled
from workbench.program.load import load_program
from workbench.scenario import Scenario

__all__ = ["AS_OF", "PROGRAM", "orders", "scenario", "toy_scenario"]

PROGRAM = "mitsui_outlet"
"""Four tiers, double-point days, points that lapse at the end of the next year, money off."""
PURCHASES_PER_YEAR = 8
ORDERS_A_MEMBER = 20
AS_OF = date(2024, 12, 31)
"""The last day of the logs."""


def scenario(members: int) -> Scenario:
    """`loyalty run mitsui_outlet --purchases-per-year 8`, as the command line builds it."""
    program = load_program(PROGRAM)
    population = scaled(load_population(program.population), purchases_per_year=PURCHASES_PER_YEAR)
    return Scenario(
        program,
        population,
        load_assumptions("central"),
        members=members,
        names={
            "program": PROGRAM,
            "baseline": "none",
            "population": program.population,
            "assumptions": "central",
            "purchases_per_year": str(float(PURCHASES_PER_YEAR)),
        },
    )


def toy_scenario(members: int) -> Scenario:
    """The peers' toy, lived twice: both worlds have the program, so that time per purchase and world is that of the toy."""
    program = load_program(Path(toy.__file__).with_name("toy.yaml"))
    people = Population(
        schema=1,
        title="The toy's customers",
        currency=program.currency,
        source="benchmarks/peers/toy.py",
        as_of=program.provenance.as_of,
        purchases=ParetoNbd(
            model="pareto_nbd",
            unit="year",
            r=toy.RATE_SHAPE,
            alpha=toy.RATE_SCALE,
            s=toy.DEATH_SHAPE,
            beta=toy.DEATH_SCALE,
        ),
        basket=Lognormal(model="lognormal", mean=toy.MEAN_BASKET, sd_within=toy.BASKET_SD, sd_between=0),
        price_step=1,
        redeemers=Redeemers(never=0, threshold=0, choice=1),
    )
    nothing = load_assumptions("none")
    # With the weights of balance and expiry at 0 the chance to redeem is 1 / (1 + exp(hassle)).
    hassle = math.log(1 / toy.CHANCE - 1)
    choice = nothing.redemption.model_copy(update={"balance": 0.0, "expiry": 0.0, "hassle": hassle})
    return Scenario(
        program, people, nothing.model_copy(update={"redemption": choice}), baseline=program, members=members
    )


def orders(path: Path, count: int) -> Path:
    """Write a log of ``count`` orders over the three years to ``AS_OF``, 20 a member, an order id on each."""
    members = max(1, count // ORDERS_A_MEMBER)
    first = date(2022, 1, 1).toordinal()
    days = AS_OF.toordinal() - first + 1
    with path.open("w", encoding="utf-8") as file:
        file.write("member_id,date,event,amount,order_id\n")
        for k in range(count):
            day = date.fromordinal(first + k * days // count)
            file.write(f"m{k * 7919 % members},{day},purchase,{(k * 104729) % 90000 / 100:.2f},o{k}\n")
    return path
