"""What is measured on the kernel and the agents, and the logs that replay is measured on."""

import math
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.peers import toy
from simulators.ledger_file import LedgerWriter
from workbench.finance.triangle import Events
from workbench.ledger import EARN, EXPIRE, REDEEM
from workbench.population.load import load_assumptions, load_population
from workbench.population.spec import Lognormal, ParetoNbd, Population, Redeemers, scaled
from workbench.program.load import find_program, load_program
from workbench.scenario import Run, Scenario
from workbench.study.read import Question, question_of
from workbench.study.spec import Study
from workbench.yaml_file import read_mapping

__all__ = [
    "AS_OF",
    "DESIGN_MEMBERS",
    "LIFE",
    "PROGRAM",
    "RUN_ENDS",
    "entries",
    "ledger_file",
    "orders",
    "scenario",
    "study",
    "toy_scenario",
]

PROGRAM = "mitsui_outlet"
"""Four tiers, double-point days, points that lapse at the end of the next year, money off."""
PURCHASES_PER_YEAR = 8
DESIGN_MEMBERS = 20_000
"""Members of a sweep."""
ORDERS_A_MEMBER = 20
AS_OF = date(2024, 12, 31)
"""The last day of the logs."""
RUN_ENDS = date(2027, 12, 31)
"""The last day of ``scenario``."""

LIFE = 24
"""Months in which the points of ``entries`` may be used."""


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


def ledger_file(run: Run, path: Path) -> Path:
    """Write the ledger of a run that kept it."""
    assert run.ledgers is not None
    ledger = run.ledgers[0]
    rows = {name: ledger.column(name) for name in ("kind", "points", "money", "lot_earned_on", "expires_on")}
    with LedgerWriter(path) as writer:
        writer.write({
            **rows, "seq": np.arange(len(ledger.rows)) + 1, "date": ledger.column("day"),
            "member_id": [str(each) for each in ledger.column("member")],
            "order_id": [str(each) if each else "" for each in ledger.column("order")],
            "rule": [ledger.rules[code] for code in ledger.column("rule")],
        })  # fmt: skip
    return path


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


def study(designs: int, members: int) -> Question:
    """A study of Mitsui Outlet: so many designs by the worth of a point and the way to the first tier, in three years."""
    asked = Study.model_validate(
        {
            "schema": 1, "title": "Speed", "question": "How long?", "program": PROGRAM,
            "plan": {"kind": "latin_hypercube", "designs": designs},
            "vary": [
                {"field": "program.redemption.money_off.points", "low": 1, "high": 5},
                {"field": "program.tiers.levels[silver].enter.spend", "low": 20_000, "high": 140_000},
                {"field": "program.earn.rate.per", "low": 100, "high": 400},
            ],
            "outcomes": ["incremental_margin", "liability", "lift_sales", "reward_rate", "worse_off"],
        }
    )  # fmt: skip
    return question_of(asked, scenario(members), read_mapping(find_program(PROGRAM))[0])


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


def entries(members: int, months: int) -> Events:
    """A ledger from January 1970 on: each member earns in two months of five, and redeems all points held in one month of so many as are
    their own; points lapse after ``LIFE`` months. The same for the same numbers."""
    draws = np.random.default_rng(1)
    chance = np.where(draws.random(members) < 0.3, 0.0, draws.beta(0.8, 6, members))
    days = np.arange(months + LIFE + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    held = np.zeros((members, months), dtype=np.int64)
    rows = []

    def write(kind: int, points: np.ndarray, month: int) -> None:
        """An entry for each member and month of issue with points."""
        who, issue = np.nonzero(points)
        sign = 1 if kind == EARN else -1
        rows.append(
            (np.full(len(who), kind), sign * points[who, issue], np.full(len(who), days[month]), days[issue], who)
        )

    for month in range(months):
        earned = np.zeros_like(held)
        earned[:, month] = draws.poisson(20, members) * (draws.random(members) < 0.4)
        write(EARN, earned, month)
        held += earned
        redeemed = held * (draws.random(members) < chance)[:, None]
        write(REDEEM, redeemed, month)
        held -= redeemed
        lapsed = np.zeros_like(held)
        lapsed[:, : max(month - LIFE, 0)] = held[:, : max(month - LIFE, 0)]
        write(EXPIRE, lapsed, month)
        held -= lapsed
    kind, points, day, earned_on, member = (np.concatenate(column) for column in zip(*rows, strict=True))
    issue = np.searchsorted(days, earned_on)
    return Events(kind, points, day, earned_on, days[issue + LIFE], member)
