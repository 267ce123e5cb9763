"""Populations, members and candidates against theory; worlds against each other; files against their mistakes."""

import math
from pathlib import Path

import numpy as np
import pytest
from numba import config, njit
from scipy.special import betainc

from workbench.errors import BadInput
from workbench.population import strips
from workbench.population.behaviour import behaviour_terms, wants_to_redeem
from workbench.population.death import death_time
from workbench.population.load import (
    load_assumptions,
    load_population,
    read_population,
    shipped_assumptions,
    shipped_populations,
)
from workbench.population.spec import Population, Seasonality, scaled
from workbench.population.strips import (
    accepts,
    candidate_key,
    candidates,
    draw_members,
    gap,
    mark,
    strip_key,
)
from workbench.population.terms import basket, calendar_time, population_terms, season_weights
from workbench.units import to_date, to_day

START = 20089  # 2025-01-01
YEAR = 365.25
MANY = 3_000 if config.DISABLE_JIT else 200_000
ACCEPT, BASKET, REDEEM = strips.ACCEPT, strips.BASKET, strips.REDEEM


def population(purchases: dict, **rest) -> Population:
    data = {
        "schema": 1, "title": "test", "currency": "TWD", "source": "test", "as_of": "2025-01-01", "purchases": purchases,
        "basket": {"model": "lognormal", "mean": 100},
    }  # fmt: skip
    return read_population({**data, **rest})


def nbd(r: float, alpha: float, **rest) -> Population:
    return population({"model": "nbd", "unit": "year", "r": r, "alpha": alpha}, **rest)


def world(people: Population, days: float, count: int = MANY, seed: int = 1, first: int = 0):
    terms = population_terms(people, START, START + math.ceil(days))
    return terms, draw_members(people, terms, seed, first, count)


@njit
def purchases(terms, members, strip_cap, modifier, length):
    """Per member: repeat purchases within so many days of arrival, and the time of the last purchase (-inf: never arrived)."""
    count = np.zeros(len(members.key), dtype=np.int64)
    last = members.arrival.copy()
    for i in range(len(members.key)):
        if not members.arrival[i] < terms.end_day:
            last[i] = -math.inf
            continue
        end = death_time(members.arrival[i], members.death_rate[i], members.death_budget[i])
        end = min(end, members.arrival[i] + length)
        for strip in range(strip_cap):
            root = strip_key(members.key[i], strip)
            season = members.season[i]
            index = 0
            while True:
                key = candidate_key(root, index)
                season += gap(key, members.rate[i])
                time = calendar_time(terms, season)
                if not time < end:
                    break
                if accepts(strip, mark(key, ACCEPT), modifier):
                    count[i] += 1
                    last[i] = max(last[i], time)
                index += 1
    return count, last


def agrees(sample: np.ndarray, expected: float, ses: float = 4) -> bool:
    """Whether a mean is within so many of its own standard errors of theory."""
    return abs(sample.mean() - expected) < ses * sample.std(ddof=1) / math.sqrt(len(sample))


# --- theory --------------------------------------------------------------------------------------------------------
def test_tier_by_count_of_purchases_is_the_negative_binomial_tail():
    """P(X >= k) in a year for rates Gamma(2, .5): I_{t/(alpha+t)}(k, r)."""
    terms, members = world(nbd(2, 0.5), 366)
    count, _ = purchases(terms, members, 1, 1.0, YEAR)
    for k, worked in ((6, 0.26337), (12, 0.03854)):
        assert betainc(k, 2, 1 / 1.5) == pytest.approx(worked, abs=5e-6)
        assert agrees(count >= k, worked)
    assert agrees(count, 4.0)


def test_cdnow_expected_repeats_in_39_weeks():
    terms, members = world(load_population("cdnow"), 39 * 7)
    count, _ = purchases(terms, members, 1, 1.0, 39 * 7)
    assert agrees(count, 1.2134)


def test_snack_shop_reproduces_its_document():
    """Shares of members by number of purchases, and of those seen within the last year, three years on."""
    terms, members = world(load_population("snack_shop"), 3 * YEAR)
    count, last = purchases(terms, members, 1, 1.0, math.inf)
    here = np.isfinite(last)
    assert here.mean() > 0.999
    count, last = count[here], last[here]
    for sample, worked in (
        (count == 0, 0.6631), (count >= 1, 0.3369), (count >= 2, 0.1698), (count >= 4, 0.0596),
        (last > START + 2 * YEAR, 0.4994),
    ):  # fmt: skip
        assert agrees(sample, worked)


@pytest.mark.slow
def test_snack_shop_at_200_000_members_is_within_half_a_point_of_its_document():
    """The shares that the design names, of ten blocks of members of one seed, each half a point off at the most."""
    found, members_in_all = np.zeros(5), 0
    for block in range(10):
        terms, members = world(load_population("snack_shop"), 3 * YEAR, 20_000, first=20_000 * block)
        count, last = purchases(terms, members, 1, 1.0, math.inf)
        here = np.isfinite(last)
        count, last = count[here], last[here]
        members_in_all += here.sum()
        found += [(count == 0).sum(), *((count >= k).sum() for k in (1, 2, 4)), (last > START + 2 * YEAR).sum()]
    assert members_in_all > 199_800
    off = 100 * found / members_in_all - np.array([66.31, 33.69, 16.98, 5.96, 49.94])
    assert (np.abs(off) < 0.5).all(), off


def test_equal_customers_buy_as_a_poisson_process():
    terms, members = world(nbd(1e8, 0.25e8), YEAR)
    count, _ = purchases(terms, members, 1, 1.0, YEAR)
    assert np.allclose(members.rate * YEAR, 4, rtol=1e-3)
    assert agrees(count, 4.0)
    assert agrees((count - 4.0) ** 2, 4.0)


@pytest.mark.parametrize("r, worked", [(0.5, 0.650), (1, 0.522), (2, 0.424)])
def test_concentration_of_rates(r, worked):
    blocks = [world(nbd(r, 1), 10, 20_000, first=20_000 * k)[1].rate for k in range(20)]
    shares = np.array([np.sort(rate)[-len(rate) // 5 :].sum() / rate.sum() for rate in blocks])
    assert (
        abs(shares.mean() - worked) < 4 * shares.std(ddof=1) / math.sqrt(20) + 0.0005
    )  # the worked figure has three digits


def test_death_is_exponential_in_the_members_own_rate():
    _, members = world(load_population("cdnow"), 365)
    weeks = members.death_budget / members.death_rate / 7
    assert agrees(weeks > 52, (11.668 / (11.668 + 52)) ** 0.6062)


def test_measured_arrivals_come_in_their_spans_and_evenly_within():
    """Half in the first quarter of two years, none in the second, the rest evenly in the others; no seasons, so that time is the calendar's."""
    shares = (0.5, 0.0, 0.25, 0.25)
    people = nbd(1, 1, arrivals={"model": "measured", "years": 2, "shares": shares})
    _, members = world(people, 2 * YEAR + 1)
    place = (members.arrival - START) / (2 * YEAR) * 4
    for span, share in enumerate(shares):
        inside = (place >= span) & (place < span + 1)
        assert agrees(inside, share) if share else not inside.any()
        if share:
            assert agrees(place[inside] - span, 0.5)
    with pytest.raises(BadInput, match=r"shares add up to 0.9, not 1"):
        nbd(1, 1, arrivals={"model": "measured", "years": 2, "shares": (0.5, 0.4)})


def test_even_measured_arrivals_are_uniform_ones():
    even = nbd(1, 1, arrivals={"model": "measured", "years": 3, "shares": (0.25,) * 4})
    uniform = nbd(1, 1, arrivals={"model": "uniform", "years": 3})
    assert np.allclose(world(even, 1200, 500)[1].season, world(uniform, 1200, 500)[1].season)


# --- baskets -------------------------------------------------------------------------------------------------------
@njit
def joining_baskets(terms, members):
    return np.array([
        basket(terms, members.mean_basket[i], mark(candidate_key(strip_key(members.key[i], -1), 0), BASKET))
        for i in range(len(members.key))
    ])  # fmt: skip


def test_mean_basket_of_gamma_gamma():
    terms, members = world(load_population("cdnow"), 10)
    assert load_population("cdnow").basket.mean_basket == pytest.approx(35.17, abs=0.005)
    assert agrees(joining_baskets(terms, members) / 100, 35.167)


def test_lognormal_baskets_have_their_mean_and_spread():
    people = nbd(1, 1, basket={"model": "lognormal", "mean": 500, "sd_within": 0.7, "sd_between": 0.5})
    terms, members = world(people, 10)
    amounts = joining_baskets(terms, members) / 100
    assert agrees(amounts, 500)
    logs = np.log(amounts)
    assert agrees((logs - logs.mean()) ** 2, 0.7**2 + 0.5**2)


@pytest.mark.parametrize("name", ["cdnow", "department_store_twd"])
def test_tabulated_shape_has_mean_one(name):
    terms = population_terms(load_population(name), START, START + 10)
    u = (np.arange(50_000) + 0.5) / 50_000
    mean = np.mean([basket(terms, 1e9, x) for x in u]) / 1e9
    assert mean == pytest.approx(1, abs=2e-4)


def test_baskets_are_positive_multiples_of_the_price_step():
    terms, members = world(load_population("snack_shop"), 400, 300)
    amounts = np.concatenate([candidates(terms, members, i).basket for i in range(300)])
    assert amounts.min() >= 100
    assert (amounts % 100 == 0).all()
    assert basket(terms, 1e-3, 0.5) == 100
    assert 0 < basket(terms, 1e30, 0.5) <= 10**12


# --- worlds --------------------------------------------------------------------------------------------------------
def accepted(found, modifier: float) -> set[tuple[int, int]]:
    return {
        (int(s), int(k)) for s, k, v in zip(found.strip, found.index, found.v, strict=True) if accepts(s, v, modifier)
    }


def test_no_effect_is_the_baseline_and_more_is_a_superset():
    terms, members = world(nbd(2, 0.3), 500, 60)
    for i in range(60):
        found = candidates(terms, members, i)
        baseline = {(int(s), int(k)) for s, k in zip(found.strip, found.index, strict=True) if s <= 0}
        assert accepted(found, 1.0) == baseline
        assert accepted(found, 0.7) <= baseline <= accepted(found, 1.2) <= accepted(found, 2.5)
        assert (-1, 0) in accepted(found, 0.2)


@pytest.mark.parametrize("modifier", [0.5, 1.3, 2.4])
def test_constant_modifier_lifts_by_itself(modifier):
    terms, members = world(load_population("department_store_twd"), 2 * YEAR)
    base, _ = purchases(terms, members, 1, 1.0, math.inf)
    lifted, _ = purchases(terms, members, 3, modifier, math.inf)
    assert agrees(lifted - modifier * base, 0.0)
    assert ((lifted >= base) if modifier > 1 else (lifted <= base)).all()


def test_raising_the_cap_or_the_horizon_changes_no_candidate():
    people = load_population("department_store_twd")
    terms, members = world(people, 900, 40)
    short, early = world(people, 400, 40)
    for i in range(40):
        full = list(zip(*candidates(terms, members, i), strict=True))
        for cap in (1, 2):
            assert list(zip(*candidates(terms, members, i, cap), strict=True)) == [row for row in full if row[2] < cap]
        below = list(zip(*candidates(terms, members, i, 3, 1.25), strict=True))
        assert below == [row for row in full if accepts(row[2], row[4], 1.25)]
        begun = list(zip(*candidates(short, early, i), strict=True))
        assert begun == [row for row in full if row[0] < short.end_day]


def test_members_do_not_depend_on_their_block():
    people = load_population("snack_shop")
    terms, whole = world(people, 1000, 101)
    for first, count in ((0, 1), (1, 7), (8, 93)):
        part = draw_members(people, terms, 1, first, count)
        for a, b in zip(whole, part, strict=True):
            assert (a[first : first + count] == b).all()
    row = candidates(terms, draw_members(people, terms, 1, 50, 1), 0)
    assert all((a == b).all() for a, b in zip(row, candidates(terms, whole, 50), strict=True))
    assert (draw_members(people, terms, 2, 0, 101).u_rate != whole.u_rate).all()


def test_members_keep_their_rank_when_parameters_move():
    _, slow = world(load_population("cdnow"), 100, 500)
    _, fast = world(scaled(load_population("cdnow"), purchases_per_year=8, mean_basket=800), 100, 500)
    assert (slow.u_rate == fast.u_rate).all()
    assert np.allclose(fast.rate / slow.rate, 8 / (0.5533 / 10.578 * YEAR / 7))
    assert np.allclose(fast.mean_basket / slow.mean_basket, 800 / (6.249 * 15.448 / 2.745))
    assert (np.argsort(slow.rate) == np.argsort(slow.u_rate)).all()
    assert (np.argsort(slow.mean_basket) == np.argsort(slow.u_basket)).all()


def test_compiled_candidates_are_those_of_python():
    terms, members = world(load_population("department_store_twd"), 500, 30)
    count, last = purchases(terms, members, 3, 3.0, math.inf)
    for i in range(30):
        found = candidates(terms, members, i)
        end = death_time(members.arrival[i], members.death_rate[i], members.death_budget[i])
        alive = found.time[(found.time < end) & (found.strip >= 0)]
        assert len(alive) == count[i]
        assert (alive.max() if len(alive) else found.time[0] if len(found.time) else -math.inf) == last[i]
    first = [candidates(terms, members, i) for i in range(30)]
    joined = joining_baskets(terms, members)
    assert all(f.basket[0] == joined[i] and f.strip[0] == -1 for i, f in enumerate(first) if len(f.time))


def test_candidates_are_ordered_and_inside_the_horizon():
    terms, members = world(load_population("quick_service_twd"), 300, 50)
    for i in range(50):
        found = candidates(terms, members, i)
        assert (np.diff(found.time) >= 0).all()
        assert (found.day == np.floor(found.time)).all()
        assert ((found.day >= START) & (found.day < terms.end_day)).all()


# --- calendar ------------------------------------------------------------------------------------------------------
def test_seasons_have_mean_one_over_the_calendar():
    seasons = load_population("department_store_twd").seasonality
    assert season_weights(seasons, START, START + 146097).mean() == pytest.approx(1, abs=1e-12)
    weights = season_weights(seasons, START, START + 7)  # 2025-01-01 was a Wednesday
    assert np.argmax(weights) == 3
    assert weights[3] / weights[0] == pytest.approx(1.4 / 0.8)


def test_candidates_follow_the_seasons():
    weekday = (0.0, 0.5, 1.0, 1.0, 1.0, 1.5, 2.0)
    people = nbd(1e6, 5e3, seasonality={"weekday": weekday})
    terms, members = world(people, 7 * 52, 60)
    days = np.concatenate([candidates(terms, members, i, 1).day[1:] for i in range(60)])
    counts = np.bincount((days + 3) % 7, minlength=7)
    expected = len(days) * np.array(weekday) / 7
    assert counts[0] == 0
    assert (((counts - expected)[1:] ** 2 / expected[1:]).sum()) < 27  # chi-square, 5 degrees: p below 1e-4


def test_a_shock_thins_the_purchases_of_its_days_alone():
    """Days 60-119 at half the rate, of them 90-99 at none: 50 days at 1/2 beside 300 days at 1."""
    shocks = {"sales": [
        {"first": to_date(START + 60), "last": to_date(START + 119), "factor": 0.5},
        {"first": to_date(START + 90), "last": to_date(START + 99), "factor": 0},
    ]}  # fmt: skip
    terms, members = world(nbd(1e6, 5e3, shocks=shocks), 360, 60)
    days = np.concatenate([candidates(terms, members, i, 1).day[1:] for i in range(60)]) - START
    within = (days >= 60) & (days < 120)
    assert not ((days >= 90) & (days < 100)).any()
    rate, halved = (~within).sum() / 300, within.sum() / 50
    assert abs(halved / rate - 0.5) < 4 * 0.5 * math.sqrt(1 / within.sum() + 1 / (~within).sum())


def test_a_shock_changes_nothing_before_it():
    shocks = {"sales": [{"first": to_date(START + 60), "last": to_date(START + 119), "factor": 0.5}]}
    plain, members = world(nbd(2, 0.1), 360, 20)
    shocked, others = world(nbd(2, 0.1, shocks=shocks), 360, 20)
    for i in range(20):
        before, after = candidates(plain, members, i, 1), candidates(shocked, others, i, 1)
        early = before.time < START + 60
        assert (after.time[: early.sum()] == before.time[early]).all()
        assert (after.basket[: early.sum()] == before.basket[early]).all()


def test_baskets_grow_with_prices():
    """At 100 % a year a basket doubles in 365.25 days, at the same draw; prices have steps of one cent."""
    plain, members = world(nbd(30, 1), 732, 10)
    grown, _ = world(nbd(30, 1, shocks={"basket_inflation": 1.0}), 732, 10)
    for i in range(10):
        before, after = candidates(plain, members, i, 1), candidates(grown, members, i, 1)
        level = 2.0 ** ((before.day - START) / 365.25)
        assert after.basket == pytest.approx(before.basket * level, abs=level.max() + 1)


def test_a_shock_that_ends_before_it_begins_is_refused():
    with pytest.raises(BadInput, match="expected 2025-03-01 or later"):
        nbd(1, 1, shocks={"sales": [{"first": "2025-03-01", "last": "2025-02-01", "factor": 0.5}]})


def test_calendar_time_inverts_the_table_of_days():
    seasons = Seasonality(weekday=(0, 1, 1, 1, 1, 1, 2))
    terms = population_terms(nbd(1, 1).model_copy(update={"seasonality": seasons}), START, START + 30)
    total = terms.season_total
    for season in np.linspace(0, total[-1], 997)[:-1]:
        time = calendar_time(terms, season)
        day = math.floor(time) - START
        assert total[day] + (time - START - day) * (total[day + 1] - total[day]) == pytest.approx(season, abs=1e-9)
        assert to_date(math.floor(time)).weekday() != 0
    assert calendar_time(terms, total[-1]) == math.inf


def test_birthdays_are_uniform_and_some_are_unknown():
    _, members = world(nbd(1, 1), 10, 400_000)
    known = members.birth_month > 0
    assert agrees(known, 0.8)
    assert ((members.birth_dom > 0) == known).all()
    month, dom = members.birth_month[known], members.birth_dom[known]
    for k, days in enumerate((31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1):
        assert agrees(month == k, days / YEAR)
    assert agrees((month == 2) & (dom == 29), 1 / 1461)
    assert agrees((month == 12) & (dom == 31), 4 / 1461)


def test_shares_of_classes_and_channels():
    people = load_population("restaurant_cny")
    terms, members = world(people, 300, 2000)
    for code, share in enumerate((0.25, 0.20, 0.55)):
        assert agrees(members.redeemer == code, share)
    channel = np.concatenate([candidates(terms, members, i, 1).channel for i in range(2000)])
    assert agrees(channel == 1, 0.15)


# --- redemption ----------------------------------------------------------------------------------------------------
@njit
def breakage(terms, behaviour, members, price):
    """Share of points never redeemed: one point per minor unit, lapsing at the end of the next year, two years of earning."""
    earned, redeemed = 0, 0
    for i in range(len(members.key)):
        end = death_time(members.arrival[i], members.death_rate[i], members.death_budget[i])
        root, season, older, newer, year, index = strip_key(members.key[i], 0), members.season[i], 0, 0, 0, 0
        while True:
            key = candidate_key(root, index)
            season += gap(key, members.rate[i])
            time = calendar_time(terms, season)
            if not time < end:
                break
            now = int((time - terms.start_day) / 365.25)
            while year < now:
                older, newer, year = newer, 0, year + 1
            days = int((year + (1 if older > 0 else 2)) * 365.25 - (time - terms.start_day))
            balance = older + newer
            if wants_to_redeem(behaviour, members.redeemer[i], mark(key, REDEEM), balance, price, days, 0):
                used = balance // price * price
                redeemed += used
                newer -= max(0, used - older)
                older -= min(older, used)
            if year < 2:
                newer += basket(terms, members.mean_basket[i], mark(key, BASKET))
                earned += basket(terms, members.mean_basket[i], mark(key, BASKET))
            index += 1
    return 1 - redeemed / earned


@pytest.mark.parametrize("name", ["quick_service_twd", "department_store_twd"])
@pytest.mark.parametrize("baskets", [0.5, 1.0])
def test_breakage_is_plausible_where_rewards_are_in_reach(name, baskets):
    terms, members = world(load_population(name), 5 * YEAR, 500 if config.DISABLE_JIT else 20_000)
    price = int(baskets * load_population(name).basket.mean_basket * 100)
    share = breakage(terms, behaviour_terms(load_assumptions("central")), members, price)
    assert 0.15 < share < (0.42 if config.DISABLE_JIT else 0.35)


# --- files ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", shipped_populations())
def test_shipped_populations_load_and_draw(name):
    people = load_population(name)
    terms, members = world(people, 200, 20)
    assert all(len(candidates(terms, members, i)) == 13 for i in range(20))
    assert read_population(people.model_dump(by_alias=True)) == people


def test_shipped_names():
    assert set(shipped_assumptions()) == {"none", "cautious", "central", "responsive"}
    assert {
        "airline_twd", "airline_usd", "beauty_cny", "beauty_usd", "cdnow", "coffee_usd", "department_store_twd", "fashion_cny", "grocer_gbp",
        "hotel_cny", "hotel_usd", "mail_order_twd", "quick_service_twd", "restaurant_cny", "snack_cny", "snack_shop", "tea_cny", "travel_cny",
        "warehouse_usd",
    } == set(shipped_populations())  # fmt: skip
    assert load_population("snack_shop").currency == "TWD"


def test_every_assumption_has_range_and_source():
    for schema in Population.model_json_schema()["$defs"].values():
        for name, field in schema["properties"].items():
            if field.get("type") in ("number", "integer"):
                assert {"range", "source", "basis"} <= set(field), name
                low, high = field["range"]
                assert low <= field.get("default", low) <= high


def test_scaled_keeps_the_rest_and_says_so():
    people = scaled(load_population("department_store_twd"), purchases_per_year=9, mean_basket=100, currency="USD")
    assert people.purchases.purchases_per_year == pytest.approx(9)
    assert people.basket.mean_basket == pytest.approx(100)
    assert people.currency == "USD"
    assert "Scaled to 9 purchases a year." in people.notes
    with pytest.raises(ValueError, match="mean basket"):
        scaled(people, purchases_per_year=9, currency="EUR")
    with pytest.raises(ValueError, match="above 0"):
        scaled(people, mean_basket=0)


MISTAKES = """
schema: 2
title: t
currency: twd
source: s
as_of: 2025-13-01
purchases: {model: pareto-nbd, r: 1}
basket: {model: gamma_gamma, p: 1, q: .5, gama: 3}
seasonality: {month: [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]}
redeemers: {never: .5}
chanels: {store: 1}
"""


def test_all_mistakes_are_named_at_once(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text(MISTAKES)
    with pytest.raises(BadInput) as caught:
        load_population(path)
    problems = {p.path: p for p in caught.value.problems}
    assert set(problems) == {
        "schema", "currency", "as_of", "purchases.model", "basket.q", "basket.gamma", "basket.gama", "seasonality.month",
        "redeemers.choice", "chanels",
    }  # fmt: skip
    assert problems["purchases.model"].suggestion == "pareto_nbd"
    assert problems["basket.gama"].suggestion == "gamma"
    assert problems["chanels"].suggestion == "channels"
    assert problems["redeemers.choice"].message == "never, threshold and choice add up to 1.25, not 1"
    assert problems["seasonality.month"].message.endswith("their mean is 2")


@pytest.mark.parametrize("text, message", [
    ("title: [", "line 1, .*expected YAML"), ("title: a\ntitle: b", "title .line 2.: expected each key once"),
    ("- 1", "expected a mapping"), ("", "expected a mapping"), ("a: &x [1, *x]", "line 1: .*may not contain itself"),
    ("[" * 50 + "]" * 50, "at most 32 collections"), ("? [1]\n: 2", "single word"), ("a: 1", "schema .line 1.: missing"),
    ("\x00", "expected text, found a zero byte"),
])  # fmt: skip
def test_files_that_are_no_population(tmp_path, text, message):
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(BadInput, match=message):
        load_population(path)


def test_unknown_names_get_the_nearest():
    with pytest.raises(BadInput, match="did you mean 'snack_shop'"):
        load_population("snak_shop")
    for path in ("nowhere/snack_shop.yaml", "nowhere.yaml", Path("snack_shop")):
        with pytest.raises(BadInput, match="no such file"):
            load_population(path)
    with pytest.raises(BadInput, match="did you mean 'central'"):
        load_assumptions("centrel")


def test_impossible_rates_and_horizons_are_refused():
    with pytest.raises(BadInput, match="purchases a day"):
        nbd(1e6, 1)
    with pytest.raises(ValueError, match="horizon"):
        population_terms(nbd(1, 1), START, START)
    assert to_day(to_date(START)) == START
