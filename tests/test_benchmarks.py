"""The benchmarks measure what they say: the peers live the same toy, the floor draws the kernel's candidates, ratios are paired.

Speed itself is never asserted.
"""

import csv
import json
import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import lognorm

from benchmarks.__main__ import main
from benchmarks.comparisons import NAMES, check_digests
from benchmarks.comparisons import PEERS as PEER_NAMES
from benchmarks.peers import numpy_days, plain_loop, plain_simpy, toy
from benchmarks.peers.floor import Drawn, Floor
from benchmarks.peers.toy import Result
from benchmarks.runner import Job, Measured, Spread, interleaved, middle, ratio
from benchmarks.workload import orders, scenario, toy_scenario
from simulators.agents import run_agents
from simulators.kernel import run_kernel
from workbench.population.load import load_population
from workbench.run_document import run_document
from workbench.scenario import Scenario

ROOT = Path(__file__).resolve().parents[1]
Simulate = Callable[[int, int], Result]
PEERS: dict[str, Simulate] = {
    "plain_simpy": plain_simpy.simulate,
    "plain_loop": plain_loop.simulate,
    "numpy_days": numpy_days.simulate,
}
CUSTOMERS, SEEDS = 250, range(1, 13)


@pytest.fixture(scope="module")
def lives() -> dict[str, list[Result]]:
    """Each peer's run for each seed."""
    return {name: [simulate(CUSTOMERS, seed) for seed in SEEDS] for name, simulate in PEERS.items()}


# --- the peers -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_conserves_points(peer: str, lives: dict[str, list[Result]]) -> None:
    for result in lives[peer]:
        assert result.earned == result.redeemed + result.lapsed + result.outstanding
        assert min(result.purchases, result.redeemed, result.lapsed, result.outstanding) > 0
        assert result.redeemed % 200 == 0
        assert len(result.months) == 36
        assert result.months[-1][0] == result.outstanding


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_buys_as_often_as_its_customers_should(peer: str, lives: dict[str, list[Result]]) -> None:
    """Given rates and lives of the customers, purchases after the first day's are Poisson with mean sum(rate x life)."""
    drawn = [toy.customers(CUSTOMERS, seed) for seed in SEEDS]
    expected = sum(float(np.sum(each.rate * each.life)) for each in drawn)
    later = sum(each.purchases - CUSTOMERS for each in lives[peer])
    assert abs(later - expected) <= 4 * math.sqrt(expected)


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_earns_what_its_baskets_should(peer: str, lives: dict[str, list[Result]]) -> None:
    """Of a basket rounded to whole dollars: E floor(X / 50) = sum over k of P(X >= 50 k - 1/2), and its square's mean is the sum of
    (2 k - 1) as much."""
    steps = np.arange(1, 20_000)
    beyond = lognorm.sf(50.0 * steps - 0.5, s=0.8, scale=1000 * math.exp(-(0.8**2) / 2))
    mean, square = float(beyond.sum()), float(((2 * steps - 1) * beyond).sum())
    purchases = sum(each.purchases for each in lives[peer])
    earned = sum(each.earned for each in lives[peer])
    assert abs(earned / purchases - mean) <= 4 * math.sqrt((square - mean**2) / purchases)


FIGURES: dict[str, Callable[[Result], float]] = {
    "purchases a customer": lambda result: result.purchases / CUSTOMERS,
    "points redeemed": lambda result: result.redeemed,
    "points lapsed": lambda result: result.lapsed,
    "points outstanding after a year": lambda result: result.months[11][0],
    "points outstanding after 17 months": lambda result: result.months[16][0],
    "gold in the second year": lambda result: result.months[12][1],
    "gold at the end": lambda result: result.months[35][1],
}


@pytest.mark.parametrize("figure", FIGURES)
def test_the_peers_agree(figure: str, lives: dict[str, list[Result]]) -> None:
    """Paired by seed, as peers share their customers: the mean difference is within 4 standard errors of 0."""
    values = {peer: np.array([FIGURES[figure](each) for each in results]) for peer, results in lives.items()}
    for one, other in (*pairwise(PEERS), ("plain_simpy", "numpy_days")):
        difference = values[one] - values[other]
        error = difference.std(ddof=1) / math.sqrt(len(difference))
        assert error > 0
        assert abs(difference.mean()) <= 4 * error, f"{figure}: {one} against {other}"


# --- the floor -------------------------------------------------------------------------------------------------------
def drawn(made: Scenario) -> Drawn:
    floor = Floor(made)
    return floor.draw(floor.members())


@pytest.mark.parametrize("population", ["department_store_twd", "mail_order_twd", "airline_twd"])
def test_the_floor_draws_the_candidates_of_the_engines(population: str) -> None:
    """What the baseline world buys, to the last purchase and cent."""
    made = replace(scenario(60), population=load_population(population))
    lift = run_document(run_agents(made))["lift"]
    found = drawn(made)
    assert found.purchases == lift["purchases"]["baseline"]
    assert found.sales == round(lift["sales"]["baseline"] * 100)
    assert found.candidates > found.purchases


def test_the_floor_buys_as_often_as_the_toy() -> None:
    """Purchases a customer have the mean and variance of Pareto/NBD, besides the one on arrival."""
    count = 4000
    found = drawn(toy_scenario(count))
    # S(t) = 4 / (4 + t) of lives in years, cut at the horizon: E T = 4 log(1 + h / 4), E T^2 = 8 (h - E T).
    horizon, beta, mean, variance = 1095 / 365.25, 4.0, 8.0, 0.9 / 0.1125**2
    life = beta * math.log(1 + horizon / beta)
    life_square = 2 * beta * (horizon - life)
    expected = mean * life
    error = math.sqrt((expected + (variance + mean**2) * life_square - expected**2) / count)
    assert abs(found.purchases / count - 1 - expected) <= 4 * error
    who = toy.customers(count, 1)
    assert abs(float(np.mean(who.rate * who.life)) - expected) <= 4 * error


@pytest.mark.slow
def test_the_kernel_lives_the_toy_as_the_peers_do() -> None:
    """By its program file, on other draws: means over eight seeds agree within 4 standard errors."""
    count, seeds = 2000, range(1, 9)
    documents = [run_document(run_kernel(replace(toy_scenario(count), seed=seed))) for seed in seeds]
    peers = [numpy_days.simulate(count, seed) for seed in seeds]
    figures = {
        "purchases": ([each["lift"]["purchases"]["program"] for each in documents], [each.purchases for each in peers]),
        "sales": ([each["lift"]["sales"]["program"] for each in documents], [each.spent for each in peers]),
        "earned": ([each["points"]["earned"] for each in documents], [each.earned for each in peers]),
        "redeemed": ([each["points"]["redeemed"] for each in documents], [each.redeemed for each in peers]),
        "expired": ([each["points"]["expired"] for each in documents], [each.lapsed for each in peers]),
        "outstanding": ([each["points"]["outstanding"] for each in documents], [each.outstanding for each in peers]),
        "gold": ([each["tiers"]["members"]["gold"] for each in documents], [each.months[-1][1] for each in peers]),
    }
    for name, (kernel, peer) in figures.items():
        error = math.sqrt((np.var(kernel, ddof=1) + np.var(peer, ddof=1)) / len(seeds))
        assert 0 < abs(np.mean(kernel) - np.mean(peer)) <= 4 * error, name


# --- measuring -------------------------------------------------------------------------------------------------------
def measured(wall: float, items: int = 1, digest: str = "") -> Measured:
    return Measured(wall, cpu=2 * wall, process=3 * wall, items=items, digest=digest, before_mb=1, peak_mb=2, runs=1)


def test_ratios_are_taken_within_a_turn() -> None:
    """2 / 1, 30 / 10, 4 / 4: the median of 2, 3, 1 is 2, while the ratio of the medians is 1."""
    upper, lower = [measured(2), measured(30), measured(4)], [measured(1), measured(10), measured(4)]
    assert ratio(upper, lower, "wall") == Spread(2, 1, 3, (2, 3, 1))
    assert middle(upper, "wall").median == middle(lower, "wall").median == 4
    assert (middle(upper, "cpu").median, middle(upper, "process").median) == (8, 12)


def test_ratios_per_item_divide_by_what_each_did() -> None:
    """6 s for 3 purchases are 2 s each; 10 s for 20 are half a second each: 4 times."""
    upper, lower = [measured(6, items=3)], [measured(10, items=20)]
    assert middle(upper, "wall", per_item=True).median == 2
    assert ratio(upper, lower, "wall", per_item=True).median == 4


def test_jobs_are_measured_in_turn_in_processes_of_their_own() -> None:
    jobs = [Job("plain_loop", 100), Job("numpy_days", 100, start="first")]
    told: list[Job] = []
    found = interleaved(jobs, 2, told.append)
    assert told == jobs * 2
    for job, simulate in zip(jobs, (plain_loop.simulate, numpy_days.simulate), strict=True):
        assert [each.items for each in found[job]] == [simulate(100, 1).purchases] * 2
        assert all(0 < each.wall < each.process for each in found[job])
    assert all(each.runs > 1 for each in found[jobs[0]])
    assert all(each.runs == 1 for each in found[jobs[1]])


def test_a_job_that_fails_stops_the_program() -> None:
    with pytest.raises(SystemExit, match=r"invalid choice: 'nobody'(.|\n)*failed: python -m benchmarks.child nobody 5"):
        interleaved([Job("nobody", 5)], 1, lambda _: None)


def test_engines_that_differ_stop_the_program() -> None:
    kernel, agents, other = Job("kernel", 50), Job("agents", 50), Job("kernel", 60)
    found = {kernel: [measured(1, digest="a")] * 2, agents: [measured(1, digest="a")], other: [measured(1, digest="b")]}
    plain, compiled = Job("replay_mos_burger", 50), Job("replay_mos_burger_compiled", 50)
    found |= {plain: [measured(1, digest="r")], compiled: [measured(1, digest="r")]}
    assert check_digests(found) == {("kernel", 50): "a", ("kernel", 60): "b", ("replay_mos_burger", 50): "r"}
    found[agents].append(measured(1, digest="c"))
    with pytest.raises(SystemExit, match=r"size 50: agents on 1 thread\(s\) gave c, kernel on 1 thread\(s\) gave a"):
        check_digests(found)


def test_a_log_to_replay(tmp_path: Path) -> None:
    with orders(tmp_path / "orders.csv", 1000).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len({row["order_id"] for row in rows}) == len(rows) == 1000
    assert [row["date"] for row in rows] == sorted(row["date"] for row in rows)
    assert (rows[0]["date"], rows[-1]["date"]) == ("2022-01-01", "2024-12-30")
    assert set(Counter(row["member_id"] for row in rows).values()) == {20}


# --- the command -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "words, said",
    [
        (["--only", "peer"], "invalid choice: 'peer' (choose from"),
        (["--turns", "0"], "--turns: expected a whole number from 1, got 0"),
        (["--orders", "-5"], "--orders: expected"),
        (["--out", "speed.txt"], "--out: expected a name ending in .json, got speed.txt"),
        (["--out", "nowhere/speed.json"], "--out: expected a folder that exists, got nowhere"),
    ],
)
def test_a_mistake_is_told_before_anything_is_measured(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


def run(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "NO_COLOR": "1", "COLUMNS": "160"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_everything_runs(tmp_path: Path) -> None:
    shown = run("--quick", "--orders", "500", "1000", "--out", str(tmp_path / "speed.json"))
    assert "Agents and kernel gave the same digest for 2,000 members" in shown
    document = json.loads((tmp_path / "speed.json").read_text("utf-8"))
    assert tuple(document["benchmarks"]) == NAMES
    assert document["machine"]["Python"] == ".".join(str(part) for part in sys.version_info[:3])
    for benchmark in document["benchmarks"].values():
        assert benchmark["title"] in shown
    rows = {row["what"]: row for row in document["benchmarks"]["peers"]["rows"]}
    kernel, floor = rows[PEER_NAMES["kernel"]], rows[PEER_NAMES["floor"]]
    loop, kernel_toy = rows[PEER_NAMES["plain_loop"]], rows[PEER_NAMES["kernel_toy"]]
    assert kernel["to_kernel"]["median"] == kernel_toy["to_kernel_toy"]["median"] == floor["to_floor"]["median"] == 1
    assert kernel["to_floor"]["median"] == pytest.approx(kernel["each"]["median"] / floor["each"]["median"])
    assert loop["to_kernel_toy"]["median"] == pytest.approx(loop["each"]["median"] / kernel_toy["each"]["median"])
    assert loop["to_floor"] is None
    replays = document["benchmarks"]["replay"]["rows"]
    assert [row["orders"] for row in replays] == [500, 1000] * 4
    plain, compiled = replays[1], replays[3]
    assert plain["to_python"]["median"] == 1
    assert compiled["to_python"]["median"] == pytest.approx(plain["seconds"]["median"] / compiled["seconds"]["median"])
