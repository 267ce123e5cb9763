"""Logs drawn from the models themselves, by their definition: what is fitted has the parameters that were put in, and errors that are honest."""

import numpy as np
import pytest

from workbench.population.behaviour import behaviour_terms, wants_to_redeem
from workbench.population.calibration.calibrate import Wanted, calibrate
from workbench.population.calibration.fit import MODELS, fit
from workbench.population.calibration.log import PURCHASE, REDEEM, Log
from workbench.population.calibration.orders import occasions
from workbench.population.calibration.redemption import fit_redemption
from workbench.population.calibration.spend import fit_gamma_gamma, fit_lognormal, repeat_baskets
from workbench.population.calibration.summary import Summaries
from workbench.population.death import death_time
from workbench.population.load import load_assumptions, load_population
from workbench.population.strips import candidates, draw_members
from workbench.population.terms import BY_CHOICE, population_terms

TRUTH = {
    "pareto-nbd": (0.6, 6.0, 0.7, 15.0),
    "bg-nbd": (0.5, 5.0, 0.8, 2.5),
    "mbg-nbd": (0.8, 6.0, 0.6, 2.5),
    "nbd": (0.7, 8.0),
}


def lived(name: str, seed: int, size: int) -> Summaries:
    """Customers watched for 26 to 78 weeks: waits are exponential at the customer's own rate, until death or the coin ends them."""
    rng = np.random.default_rng(seed)
    r, alpha, *rest = TRUTH[name]
    watched = rng.uniform(26, 78, size)
    rate = rng.gamma(r, 1 / alpha, size)
    death, coin = np.full(size, np.inf), np.zeros(size)
    if name == "pareto-nbd":
        death = rng.exponential(1 / np.maximum(rng.gamma(rest[0], 1 / rest[1], size), 1e-300))
    elif name != "nbd":
        coin = rng.beta(rest[0], rest[1], size)
    x, tx, at = np.zeros(size), np.zeros(size), np.zeros(size)
    living = rng.uniform(size=size) >= coin if name == "mbg-nbd" else np.ones(size, dtype=bool)
    while living.any():
        at[living] += rng.exponential(1 / np.maximum(rate[living], 1e-300))
        living &= at < np.minimum(watched, death)
        x[living] += 1
        tx[living] = at[living]
        living &= rng.uniform(size=size) >= coin
    return Summaries(x, tx, watched, np.ones(size))


@pytest.mark.slow
@pytest.mark.parametrize("name", TRUTH)
def test_intervals_hold_the_truth_as_often_as_they_say(name: str) -> None:
    """The 95 % intervals of 120 drawn logs hold 90 to 99 % of the true parameters, of each by itself too, and the estimates scatter about them."""
    truth = np.array(TRUTH[name])
    held, estimates = [], []
    for seed in range(120):
        found = fit(MODELS[name], lived(name, seed, 1200))
        if None in found.errors:
            held.append(np.zeros(len(truth), dtype=bool))
            continue
        off = np.log(found.theta / truth)
        held.append(np.abs(off) < 1.96 * np.array(found.errors, dtype=float))
        estimates.append(off)
    assert len(estimates) >= 118
    assert 0.90 <= np.mean(held) <= 0.99
    each = np.mean(held, axis=0)
    assert (each >= 0.90).all() and (each <= 0.99).all(), each
    middle = np.median(estimates, axis=0)
    assert (np.abs(middle) < 0.15).all()


@pytest.mark.parametrize("name", TRUTH)
def test_a_large_log_gives_its_parameters_back(name: str) -> None:
    found = fit(MODELS[name], lived(name, 1, 8000))
    assert None not in found.errors
    off = np.log(found.theta / np.array(TRUTH[name]))
    assert (np.abs(off) < 3.5 * np.array(found.errors, dtype=float)).all()


def test_what_is_expected_comes() -> None:
    """Of customers drawn and followed for another 26 weeks (their whole lives being known): P(alive) and the purchases to come."""
    rng = np.random.default_rng(8)
    size, T, later = 40_000, 52.0, 26.0
    r, alpha, s, beta = TRUTH["pareto-nbd"]
    rate = rng.gamma(r, 1 / alpha, size)
    death = rng.exponential(1 / np.maximum(rng.gamma(s, 1 / beta, size), 1e-300))
    x, tx, came, at = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size)
    living = np.ones(size, dtype=bool)
    while living.any():
        at[living] += rng.exponential(1 / np.maximum(rate[living], 1e-300))
        living &= at < np.minimum(T + later, death)
        x[living & (at < T)] += 1
        tx = np.where(living & (at < T), at, tx)
        came[living & (at >= T)] += 1
    model, theta = MODELS["pareto-nbd"], np.array(TRUTH["pareto-nbd"])
    watched = np.full(size, T)
    expected = model.conditional(theta, x, tx, watched, np.array([later]))[0]
    alive = model.alive(theta, x, tx, watched)
    for group in (x == 0, (x > 0) & (tx < 20), (x > 3) & (tx > 40)):
        for told, true in ((alive, death > T), (expected, came)):
            off = true[group] - told[group]
            assert abs(off.mean()) < 4 * off.std() / np.sqrt(group.sum())


# --- spend -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("law", ["gamma-gamma", "lognormal"])
def test_baskets_give_their_parameters_back_and_tell_which_law_they_follow(law: str) -> None:
    rng = np.random.default_rng(4)
    customer = np.repeat(np.arange(3000), rng.integers(1, 12, 3000))
    if law == "gamma-gamma":
        amount = rng.gamma(2.0, 1 / rng.gamma(4.0, 1 / 600.0, 3000)[customer])
    else:
        amount = np.exp(6 + 0.4 * rng.standard_normal(3000)[customer] + 0.8 * rng.standard_normal(len(customer)))
    baskets = repeat_baskets(customer, np.maximum(np.round(amount * 100), 1).astype(np.int64), first=True)
    gamma_gamma, lognormal = fit_gamma_gamma(baskets), fit_lognormal(baskets)
    assert bool(gamma_gamma.of_baskets > lognormal.of_baskets) == (law == "gamma-gamma")
    if law == "gamma-gamma":
        off = np.log(np.array([gamma_gamma.p, gamma_gamma.q, gamma_gamma.gamma]) / (2.0, 4.0, 600.0))
        assert (np.abs(off) < 3.5 * np.array(gamma_gamma.errors, dtype=float)).all()
    else:
        assert lognormal.sd_within == pytest.approx(0.8, abs=0.02)
        assert lognormal.sd_between == pytest.approx(0.4, abs=0.03)
        assert lognormal.mean == pytest.approx(np.exp(6 + 0.4), rel=0.03)


# --- redemption ------------------------------------------------------------------------------------------------------
def test_who_never_redeems_is_told_from_who_has_not_yet() -> None:
    """A third never redeem, the others with chance .15 at each purchase: 58 % have not redeemed, but a third never will."""
    rng = np.random.default_rng(6)
    rows: list[tuple[int, int, int]] = []
    for member in range(3000):
        never, day = rng.uniform() < 1 / 3, 0
        for visit in range(int(rng.integers(1, 12))):
            if visit and not never and rng.uniform() < 0.15:
                rows.append((member, day, REDEEM))
            rows.append((member, day, PURCHASE))
            day += int(rng.integers(1, 30))
    rows.sort(key=lambda row: row[1])
    member, day, event = (np.array(column) for column in zip(*rows, strict=True))
    none = np.full(len(rows), -1)
    log = Log(member, day, event, np.full(len(rows), 1000), none, none, 3000)
    found = fit_redemption(log, occasions(log))
    assert found is not None and found.never_error is not None and found.per_purchase_error is not None
    assert abs(found.never - 1 / 3) < 3.5 * found.never_error < 0.3
    assert abs(found.per_purchase - 0.15) < 3.5 * found.per_purchase_error < 0.1
    assert 1 - found.redeemed / found.members > 0.45
    behaviour = behaviour_terms(load_assumptions("central"))._replace(
        choice_balance=0.0, choice_expiry=0.0, choice_hassle=found.hassle
    )
    for u, redeems in ((found.per_purchase - 1e-9, True), (found.per_purchase + 1e-9, False)):
        assert wants_to_redeem(behaviour, BY_CHOICE, u, 900, 100, 3, 0) == redeems, "the assumption that lives by it"
    bought = log.where(log.event == PURCHASE)
    assert fit_redemption(bought, occasions(bought)) is None


# --- there and back --------------------------------------------------------------------------------------------------
def test_a_population_comes_back_from_the_log_of_its_lives() -> None:
    """Members of a shipped population live three years with no program; what is calibrated on their purchases is that population."""
    people = load_population("department_store_twd")
    first = int(np.datetime64("2022-01-01").astype(np.int64))
    terms = population_terms(people, first, first + 1096)
    members = draw_members(people, terms, 3, 0, 3000)
    rows: list[tuple[int, int, int]] = []
    for i in range(3000):
        found = candidates(terms, members, i, 1)
        lives = found.time < death_time(members.arrival[i], members.death_rate[i], members.death_budget[i])
        rows += zip(found.day[lives].tolist(), [i] * int(lives.sum()), found.basket[lives].tolist(), strict=True)
    day, customer, amount = (np.array(column) for column in zip(*sorted(rows), strict=True))
    none = np.full(len(rows), -1)
    back = calibrate(Log(customer, day, np.full(len(rows), PURCHASE), amount, none, none, 3000), Wanted(unit="year"))
    truth = people.purchases
    assert truth.model == "pareto_nbd" and back.enters.model.name == "pareto-nbd"
    for (name, value), error in zip(back.enters.parameters.items(), back.enters.errors, strict=True):
        assert error is not None
        assert abs(np.log(value / getattr(truth, name))) < 4 * error < 2
    for name, weights in (("weekday", back.core.weekday), ("month", back.core.month)):
        assert weights is not None
        assert (np.abs(weights.weight - getattr(people.seasonality, name)) < 4 * weights.error).all()
        assert weights.error.max() < 0.06
    assert people.basket.model == "lognormal"
    assert abs(back.spend.mean - people.basket.mean) < 4 * back.spend.mean_error
    assert back.spend.chosen == "lognormal"
    assert back.spend.lognormal.sd_within == pytest.approx(people.basket.sd_within, abs=0.02)
    assert back.spend.lognormal.sd_between == pytest.approx(people.basket.sd_between, abs=0.04)
    assert back.arriving.years == pytest.approx(2, abs=0.05)
    assert max(back.arriving.shares) < 1.4 / len(back.arriving.shares)
    assert back.holdout is not None
    assert abs(back.holdout.document()["error_pct"]) < 12
