"""The toy in NumPy, day by day: all who buy on a day at once. The honest competitor.

Given how many purchases a customer makes in a life, their times are uniform over it (a Poisson process), so that all of them are
drawn before the first day. Who buys a second time on a day waits for a second turn, or the two would overwrite each other.
"""

import numpy as np

from benchmarks.peers.toy import (
    BASKET_SD,
    CHANCE,
    DOLLARS,
    GOLD,
    HORIZON,
    MEAN_BASKET,
    MONTH_ENDS,
    REWARD,
    YEAR,
    Result,
    customers,
)

__all__ = ["simulate"]


def purchases_by_turn(count: int, rng: np.random.Generator, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Buyers, int64[purchases], by day, turn and customer; the start of each turn, int64[turns + 1]; its day, int64[turns]."""
    who = customers(count, seed)
    everybody = np.arange(count)
    buyer = np.repeat(everybody, rng.poisson(who.rate * who.life))
    day = (rng.random(len(buyer)) * who.life[buyer]).astype(np.int64)
    place = np.sort(np.append(day * count + buyer, everybody))  # the first day's purchase of everybody
    new = np.append(True, place[1:] != place[:-1])[: len(place)]
    turn = np.arange(len(place)) - np.flatnonzero(new)[np.cumsum(new) - 1]
    turns = int(turn.max(initial=0)) + 1
    key = place // count * turns + turn
    order = np.argsort(key, kind="stable")
    keys, start = np.unique(key[order], return_index=True)
    return place[order] % count, np.append(start, len(place)), keys // turns


def simulate(count: int, seed: int = 1) -> Result:
    """Live ``count`` customers for three years."""
    rng = np.random.default_rng([seed, 1])
    buyer, start, day_of = purchases_by_turn(count, rng, seed)
    baskets = rng.lognormal(np.log(MEAN_BASKET) - BASKET_SD**2 / 2, BASKET_SD, len(buyer))
    amount = np.maximum(np.rint(baskets), 1).astype(np.int64)
    points = amount // DOLLARS
    inclined = rng.random(len(buyer)) < CHANCE
    old, new, year_spend = (np.zeros(count, dtype=np.int64) for _ in range(3))
    gold = np.zeros(count, dtype=bool)
    redeemed = lapsed = turn = 0
    months = []
    for day in range(HORIZON):
        while turn < len(day_of) and day_of[turn] == day:
            here = slice(start[turn], start[turn + 1])
            who = buyer[here]
            redeeming = who[inclined[here] & (old[who] + new[who] >= REWARD)]
            from_old = np.minimum(old[redeeming], REWARD)
            old[redeeming] -= from_old
            new[redeeming] -= REWARD - from_old
            redeemed += REWARD * len(redeeming)
            new[who] += points[here]
            year_spend[who] += amount[here]
            turn += 1
        if day + 1 in MONTH_ENDS:
            months.append((int(old.sum() + new.sum()), int(gold.sum())))
        if (day + 1) % YEAR == 0 and day + 1 < HORIZON:
            lapsed += int(old.sum())
            old, new = new, np.zeros_like(new)
            gold = year_spend >= GOLD
            year_spend[:] = 0
    return Result(
        purchases=len(buyer),
        spent=int(amount.sum()),
        earned=int(points.sum()),
        redeemed=redeemed,
        lapsed=lapsed,
        outstanding=int(old.sum() + new.sum()),
        months=months,
    )
