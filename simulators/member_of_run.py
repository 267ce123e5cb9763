"""One member of a simulation, lived again by the agents from the run's scenario: what they did, and what made them do it."""

from typing import Any

from simulators.agents import Life, World, is_shared, run_block, worlds_of
from simulators.desk import Desk
from simulators.watching import Diary, WatchingDesk, standing
from workbench.errors import BadInput, Problem
from workbench.ledger import PURCHASE
from workbench.population.past import EFFECTS
from workbench.population.spec import DAYS_PER_YEAR
from workbench.population.strips import Candidates, Members
from workbench.population.terms import AT_THRESHOLD, BY_CHOICE, NEVER_REDEEMS, PopulationTerms, population_terms
from workbench.program.expiry_words import expiry_words
from workbench.scenario import Scenario
from workbench.units import NEVER, to_date, to_major

__all__ = ["MOST", "member_of_run"]

MOST = 20_000
"""Members who are lived again, all of them, where what one may have depends on the others."""
REDEEMERS = {NEVER_REDEEMS: "never", AT_THRESHOLD: "as soon as they can", BY_CHOICE: "by choice"}


class _Watched(Life):
    """A life whose moments are written down, and its candidates with them."""

    def __init__(self, world: World, terms: PopulationTerms, members: Members, i: int, found: Candidates) -> None:
        super().__init__(world, terms, members, i, found)
        assert isinstance(world.desk, WatchingDesk)
        self.diary = Diary(world.desk)
        self.at: dict[str, Any] = {}
        """The candidate at hand."""
        self.looked_at = self.before = 0

    def modifier(self, day: int) -> float:
        """As of every life; what the factor was made of is kept."""
        before = self.past.as_tuple()
        factor = super().modifier(day)
        change = {
            name: after - was
            for name, was, after in zip(self.past.__slots__, before, self.past.as_tuple(), strict=True)
        }
        self.at["factor"] = factor
        self.at["effects"] = {name: round(1 + change[name] / 1e6, 6) for name in EFFECTS if change[name]}
        self.at["clipped"] = bool(change["clip_low"] or change["clip_high"])
        return factor

    def candidate(self, k: int) -> None:
        """As of every life."""
        found = self.found
        self.looked_at += 1
        self.at = {"candidate": k, "strip": int(found.strip[k]), "mark": float(found.v[k])}
        self.at["basket"] = to_major(int(found.basket[k]))
        super().candidate(k)
        if self.account is None and self.bought[k] >= 0:
            self.before += 1

    def write(self, desk: Desk) -> None:
        """As of every life; what is written is explained first."""
        if self.account is not None and desk is self.world.desk:
            book = desk.book
            bought = any(row.kind == PURCHASE for row in book.rows[: book.cursor.entries])
            self.diary.note(self.account, more={"candidate": self.at} if bought else {})
        super().write(desk)


def member_of_run(scenario: Scenario, number: int, name: str = "") -> dict[str, Any]:
    """The life of a run's member, counted from 0, as a document. Raises BadInput: no such member, or too many on whom their life depends."""
    if not 0 <= number < scenario.members:
        message = f"expected the number of a member, 0 to {scenario.members - 1:,}"
        raise BadInput(Problem("--member", message, number))
    worlds = worlds_of(scenario, WatchingDesk)
    terms = population_terms(scenario.population, scenario.start_day, scenario.last_day + 1)
    first, count = number, 1
    if any(map(is_shared, worlds)):
        first, count = 0, scenario.members
        if count > MOST:
            message = (
                f"expected at most {MOST:,} members where what one may have depends on the others: all are lived again"
            )
            raise BadInput(Problem("RUN_DIR", message, count))

    def begin(world: World, terms: PopulationTerms, members: Members, i: int, found: Candidates) -> Life:
        watched = world is worlds[0] and int(members.number[i]) == number
        return _Watched(world, terms, members, i, found) if watched else Life(world, terms, members, i, found)

    program, baseline = run_block(scenario, terms, worlds, first, count, begin)[number - first]
    assert isinstance(program, _Watched)
    return _document(scenario, program, baseline, name)


def _document(scenario: Scenario, life: _Watched, baseline: Life, name: str) -> dict[str, Any]:
    timeline = [each.document() for each in life.diary.moments]
    for each in timeline:
        if "candidate" in each:
            each["candidate"]["in_baseline"] = baseline.bought[each["candidate"]["candidate"]] >= 0
    joined = to_date(int(life.world.joined[life.number]))
    return {
        "program": name or scenario.program.title,
        "member": life.number,
        "as_of": scenario.end.isoformat(),
        "joined": None if joined is None else joined.isoformat(),
        "expiry": expiry_words(scenario.program.expiry),
        "customer": _customer(life, baseline),
        "state": _state(life),
        "refused": [],
        "timeline": timeline,
    }


def _customer(life: _Watched, baseline: Life) -> dict[str, Any]:
    """Who the member is in the population, and what became of their candidates."""
    arrival = _day(life.arrival)
    death = _day(life.death) if life.death < life.world.last_day + 1 else None
    return {
        "first_purchase": arrival,
        "lost_on": death,
        "purchases_per_year": life.rate * DAYS_PER_YEAR,
        "mean_basket": life.mean_basket / 100,
        "redeems": REDEEMERS[life.redeemer],
        "candidates": life.looked_at,
        "purchases": sum(each >= 0 for each in life.bought),
        "purchases_before_joining": life.before,
        "purchases_in_baseline": sum(each >= 0 for each in baseline.bought),
    }


def _day(time: float) -> str | None:
    found = to_date(int(time)) if time < NEVER else None
    return None if found is None else found.isoformat()


def _state(life: _Watched) -> dict[str, Any] | None:
    """How the member stands at the end; None for one who never joined."""
    if life.account is None:
        return None
    found = standing(life.world.desk.version_of(life.account), life.account, life.world.last_day)
    lots: dict[tuple[int, int], int] = {}
    for lot in life.account.lots[: life.account.own.lots]:
        key = (lot.earned_on, lot.expires_on)
        lots[key] = lots.get(key, 0) + lot.points
    found["carry"] = life.world.desk.carry(life.account.own)
    found["lots"] = [
        {"earned_on": _day(earned), "expires_on": _day(last), "points": points}
        for (earned, last), points in sorted(lots.items())
    ]
    return found
