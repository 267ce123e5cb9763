"""Members as SimPy processes: one process per member and world over a shared environment.

A process sleeps until the next thing that can happen to its member: the start of a day that is due, a refund, or a candidate
purchase. At a candidate it computes its modifier from its own past, accepts or rejects by the candidate's mark, and brings an
accepted one to the desk. Both worlds read the same candidates, so what differs between them is the program's doing.
"""

import gc
import math
from array import array
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
import simpy

from simulators.acting import action_terms, acts_of, follows
from simulators.audience import draw_audience, hear, note_replies
from simulators.choices import NOTHING, RewardTerms, days_to_lapse, factor_at, in_play, reward_terms, topped_up
from simulators.desk import Basket, Desk, Paying, Redeeming
from simulators.purse import load, plan_wanted, renewals
from simulators.referring import Circle, comes_how, refers
from simulators.rushes import rushes
from simulators.versions import versions
from simulators.wallet import COUPON, claim_coupons, points_that_fit, use_coupons, wish
from workbench.cost_statement import face_millionths, offer_rates
from workbench.digest import combine, ledger_sum
from workbench.finance import panel as fold
from workbench.finance.pairs import PairPanel, blank_pairs, fold_pair, segment_of
from workbench.ledger import KINDS, Account, Order, blank_order
from workbench.ledger_table import LEDGER_COLUMNS, LOT_COLUMNS, Ints, LedgerTable
from workbench.population.behaviour import (
    BehaviourTerms,
    behaviour_terms,
    death_after_fall,
    largest_modifier,
    strips_needed,
    takes_place,
    wants_to_redeem,
    with_rushes,
)
from workbench.population.death import death_time, death_when_joined
from workbench.population.past import Past, note_joined, note_redemption, note_tier
from workbench.population.responses import Responses, add_past, blank_responses
from workbench.population.strips import Candidates, Members, accepts, candidate_key, candidates, draw_members, strip_key
from workbench.population.terms import PopulationTerms, joins, population_terms, return_day
from workbench.program.spec import Program
from workbench.program.versions import longest_pending
from workbench.rules.redemption import UNNAMED
from workbench.rules.stored_value import ALL
from workbench.rules.terms import Terms
from workbench.rules.versions import lowest_tier, rank_of
from workbench.scenario import NO_PROGRAM, Run, Scenario
from workbench.units import NEVER

__all__ = ["BLOCK", "Life", "World", "is_shared", "run_agents", "run_block", "worlds_of"]

BLOCK = 2000
"""Members to an environment: SimPy's event queue slows down with its length, and independent members share nothing. Where members bring
others, all live in one."""

TRANSACTIONS = 2**40
"""Beyond every member's number: transactions of an instant are after all its starts of days."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class View:
    """A version of a program, as members see it while it is in force."""

    terms: Terms
    behaviour: BehaviourTerms
    """Without the effects that it can never set off."""
    rewards: RewardTerms
    items: list[str]
    plans: list[str]
    coupons: list[str]
    """Names by code."""


class World:
    """One program and everything its members write."""

    def __init__(
        self, program: Program, scenario: Scenario, behaviour: BehaviourTerms, desk: type[Desk] = Desk
    ) -> None:
        first, last = scenario.start_day, scenario.last_day + 1 + longest_pending(program)
        self.program = program
        self.desk = desk(program, first, last)
        self.guests = self.desk if program is NO_PROGRAM else Desk(NO_PROGRAM, first, last)
        behaviour = with_rushes(behaviour, rushes(scenario, program))
        self.views = [
            View(
                each.terms,
                in_play(behaviour, each.aligned),
                reward_terms(each.aligned),
                list(each.codes.items),
                [plan.name for plan in each.aligned.plans],
                [coupon.name for coupon in each.aligned.coupons],
            )
            for each in self.desk.lowered.versions
        ]
        self.responses = blank_responses()
        self.is_program = program is not NO_PROGRAM
        self.acts = action_terms(program, scenario.assumptions, self.desk.lowered.codes.actions)
        self.refers = refers(program, scenario.assumptions)
        self.circle: Circle[Life] = Circle()
        self.last_day = scenario.last_day
        self.panel = fold.blank_world(
            scenario.start_day,
            scenario.last_day,
            len(KINDS),
            len(self.desk.lowered.rules),
            len(self.desk.lowered.tier_names),
            self.desk.lowered.tier_of,
            offer_rates(program, self.desk.lowered.rules),
            face_millionths(program, scenario.end),
            len(self.desk.lowered.messages),
            scenario.change_day(program),
        )
        self.rows = array("q")
        self.lots = array("q")
        self.joined = np.full(scenario.members, NEVER, dtype=np.int64)
        self.tier = np.full(scenario.members, -1, dtype=np.int64)
        names = scenario.population
        self.categories = names.category_names
        self.channels = list(names.channels)

    def write(self, desk: Desk, member: int, place: int, story: fold.Story) -> int:
        """Take the desk's entries over into the world's ledger and panel; returns the member's next place."""
        for entry in desk.drain():
            fold.note_entry(self.panel, story, entry)
            self.rows.extend((
                member, place, entry.day, entry.kind, entry.points, entry.money, entry.lot_earned_on, entry.expires_on,
                entry.order, entry.rule,
            ))  # fmt: skip
            place += 1
        return place

    def close(self, member: int, account: Account | None, story: fold.Story) -> None:
        """Record how a customer stands at the end."""
        if account is not None:
            self.tier[member] = rank_of(self.desk.terms_of(account), account.own.tier)
            for lot in account.lots[: account.own.lots]:
                self.lots.extend((member, lot.earned_on, lot.expires_on, lot.points, lot.pending))
                fold.note_lot(self.panel, story, lot.expires_on, lot.points, lot.pending)
        fold.end_member(self.panel, story, int(self.tier[member]))

    def ledger(self) -> LedgerTable:
        """The ledger as arrays."""
        rows, lots = _by_member(self.rows, len(LEDGER_COLUMNS)), _by_member(self.lots, len(LOT_COLUMNS))
        return LedgerTable(rows, lots, self.desk.lowered.rules, self.joined, self.tier, self.desk.lowered.tier_names)


def _by_member(flat: "array[int]", columns: int) -> Ints:
    """A flat array as rows in order of their first column, the member."""
    rows = np.frombuffer(flat, dtype=np.int64).reshape(-1, columns)
    return rows[np.argsort(rows[:, 0], kind="stable")]


class Turn(simpy.Event):
    """The time has come for a member. At one instant starts of days are before transactions, and of each the lower number is first, so
    that who gets the last of what members share is settled by the run and not by how it was computed."""

    def __init__(self, env: simpy.Environment, time: float, place: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None  # as of simpy.Timeout: it has happened as soon as its time has come
        env.schedule(self, priority=simpy.events.NORMAL + place, delay=max(0.0, time - env.now))  # type: ignore[arg-type]


class Life:
    """One member in one world."""

    def __init__(self, world: World, terms: PopulationTerms, members: Members, i: int, found: Candidates) -> None:
        self.world, self.terms, self.found = world, terms, found
        self.number = int(members.number[i])
        self.key = int(members.key[i])
        self.redeemer = int(members.redeemer[i])
        self.u_aware = float(members.u_aware[i])
        self.mean_basket = float(members.mean_basket[i])
        self.u_loads, self.u_plan, self.u_renews = (
            float(each[i]) for each in (members.u_loads, members.u_plan, members.u_renews)
        )
        self.birth = (int(members.birth_month[i]), int(members.birth_dom[i]))
        self.rate, self.u_rate = float(members.rate[i]), float(members.u_rate[i])
        self.death = death_time(float(members.arrival[i]), float(members.death_rate[i]), float(members.death_budget[i]))
        self.past = Past()
        self.story = fold.Story()
        fold.begin_member(world.panel, self.story)
        self.bought = [-1] * len(found.time)
        self.account: Account | None = None
        self.guest: Account | None = None
        self.place = 0
        self.orders = 0
        self.refunds: list[tuple[int, int, Order, int]] = []
        self.arrival = float(members.arrival[i])
        self.brought = False
        """Whether they come through a referral."""
        self.only_so = False
        """Whether they do not come without."""
        self.by: Life | None = None
        """Who brought them."""
        self.nudge: simpy.Event | None = None

    def process(self, env: simpy.Environment) -> Generator[simpy.Event, None, None]:
        """The member's life, from arrival to the end of the run."""
        end = self.world.last_day + 1
        acts = acts_of(self.world.acts, self.key, self.arrival, end) if self.world.acts.count else []
        acts.reverse()
        for k in range(len(self.found.time)):
            time = float(self.found.time[k])
            yield from self.act_until(env, acts, time)
            yield from self.wait(env, int(self.found.day[k]), time)
            if time >= self.death:
                break
            self.candidate(k)
        yield from self.act_until(env, acts, end)
        last = self.world.last_day
        yield from self.wait(env, last, end if self.world.refers else 0)
        add_past(self.world.responses, self.past)
        if self.account is not None:
            day = self.found.day.tolist()
            terms = self.view.terms
            note_replies(self.world.panel, terms, self.account, last, len(day), day, self.bought)
        self.world.close(self.number, self.account, self.story)

    def act_until(
        self, env: simpy.Environment, acts: list[tuple[float, int]], end: float
    ) -> Generator[simpy.Event, None, None]:
        """The member's actions before a time (``acts``: all that are left, the next one last), while they are a member and not lost."""
        while acts and acts[-1][0] < end:
            time, place = acts.pop()
            if time >= self.death:
                continue
            yield from self.wait(env, math.floor(time), time)
            if self.account is not None and time < self.death:
                self.act(self.world.acts.codes[place], math.floor(time))

    def act(self, code: int, day: int) -> None:
        """The member does something besides buying."""
        account, desk = self.account, self.world.desk
        assert account is not None
        account.own.opened = max(account.own.opened, day)
        tier = self.rank()
        desk.act_code(account, day, code)
        self.mind_tier(tier, day)
        self.write(desk)

    def wait(self, env: simpy.Environment, day: int, time: float) -> Generator[simpy.Event, None, None]:
        """Sleep up to a time of a day (not beyond death), and through every day that is due before."""
        yield from self.sleep(env, day)
        while (self.world.refers or time < self.death) and env.now < time:
            yield self.pause(env, time, self.number + TRANSACTIONS)
            yield from self.sleep(env, day)

    def pause(self, env: simpy.Environment, time: float, turn: int) -> simpy.Event:
        """A time, or before it the moment at which another member's doing changes what is due."""
        until = Turn(env, time, turn)
        if not self.world.refers:
            return until
        self.nudge = env.event()
        return until | self.nudge

    def sleep(self, env: simpy.Environment, until: int) -> Generator[simpy.Event, None, None]:
        """Wake at the start of every day that is due, up to and including a day, and for every refund."""
        while True:
            due = NEVER if self.account is None else self.world.desk.next_due(self.account)
            refund = self.refunds[0][0] if self.refunds else NEVER
            day = min(due, refund)
            if day > until:
                return
            yield self.pause(env, day, self.number + (0 if due <= day else TRANSACTIONS))
            if self.nudge is not None and self.nudge.triggered:
                self.nudge = None
            elif due <= day:
                self.start_of_day(day)
            else:
                self.give_back()
            self.write(self.world.desk)

    def start_of_day(self, day: int) -> None:
        """A day that is due begins for the member; the validity of their tier may have ended."""
        assert self.account is not None
        world, own = self.world, self.account.own
        before = self.rank()
        version = own.version
        world.desk.begin(self.account, day)
        if own.version > version and self.view.terms.messages.count > 0:
            draw_audience(self.view.behaviour, self.view.terms, own, self.key)
        tier, ended = self.rank(), own.tier > 0 and own.tier_until < day
        if own.plan > 0 and day >= self.death:
            own.plan_renewals = 0
        world.desk.advance(self.account, day)
        if own.plan_owed > 0:
            world.desk.take_fee(self.account, day, "", ALL)
        if ended:
            fold.note_review(world.panel, self.story, day, tier, self.rank(), own.in_grace)
        self.mind_tier(before, day)

    @property
    def view(self) -> View:
        """The version of the program that the member lives under."""
        assert self.account is not None
        return self.world.views[self.account.own.version]

    def rank(self) -> int:
        """Place of the tier held among those of all versions; -1 for none."""
        assert self.account is not None
        return int(rank_of(self.view.terms, self.account.own.tier))

    def write(self, desk: Desk) -> None:
        """Hand the desk's entries over to the world; the member gets the messages among them."""
        if self.account is not None and desk is self.world.desk and self.view.terms.messages.count > 0:
            hear(self.view.behaviour, self.view.terms, self.account, self.past, self.key, 0)
        self.place = self.world.write(desk, self.number, self.place, self.story)

    def candidate(self, k: int) -> None:
        """One candidate: rejected, or a purchase (and the moment of joining, for those not yet members)."""
        found, world = self.found, self.world
        day = int(found.day[k])
        strip = int(found.strip[k])
        if not accepts(strip, float(found.v[k]), self.modifier(day)):
            return
        amount = int(found.basket[k])
        if self.account is not None:
            view = self.view
            if not takes_place(view.behaviour, self.past, strip, float(found.u_displace[k])):
                return
            amount = topped_up(view.behaviour, view.rewards, self.account, self.past, amount, float(found.u_top_up[k]))
        elif world.is_program:
            time = float(found.time[k])
            if k == 0 and self.brought and world.refers:
                self.by = world.circle.who_brings(self.key, time)
            if self.only_so and self.by is None:
                self.death = time  # there was nobody to bring them
                return
            if self.by is not None or joins(self.terms, float(found.u_join[k])):
                self.join(day, time)  # unless membership needs a plan that they do not take
        basket = Basket(
            amount,
            category=world.categories[found.category[k]],
            channel=world.channels[found.channel[k]],
        )
        self.purchase(k, day, basket)

    def modifier(self, day: int) -> float:
        """The world's factor on the member's rate, from their past only; 1 without a program or membership."""
        if self.account is None:
            return 1.0
        view = self.view
        return factor_at(
            view.behaviour, view.terms, view.rewards, self.account, self.past, day, self.rate, self.u_aware
        )

    def join(self, day: int, time: float) -> None:
        """The member joins the program, unless it needs a plan that they do not take; from here on the death rate is a member's."""
        world = self.world
        view = world.views[world.desk.version_on(day)]
        terms = view.terms
        code = plan_wanted(view.behaviour, terms, self.u_plan, self.rate, self.mean_basket)
        if code < 0 <= terms.plans.required:
            return
        plan = view.plans[code] if code >= 0 else ""
        self.account = world.desk.open_account()
        if terms.messages.count > 0:
            draw_audience(view.behaviour, terms, self.account.own, self.key)
        world.desk.join(self.account, day, day, *self.birth, plan=plan)
        fold.note_joined(world.panel, self.story, day, lowest_tier(terms))
        if plan:
            world.desk.take_fee(self.account, day, plan, ALL)
            self.account.own.plan_renewals = renewals(view.behaviour, self.u_renews)
        self.write(world.desk)
        world.joined[self.number] = day
        note_joined(self.past, day)
        self.death = death_when_joined(self.death, time, view.behaviour.death_factor)
        if world.refers:
            world.circle.add(self)
        if self.by is not None and terms.referral.on:
            order = blank_order()
            world.desk.refer(self.account, order, day, day, self.by.number)
            self.write(world.desk)
            self.reward(order, day)

    def reward(self, order: Order, day: int) -> None:
        """What an order, or the referral itself, brings the one who brought this member."""
        if self.by is not None and (order.own.qualifies or order.own.referrer > 0):
            assert self.account is not None
            account = self.by.called_on(day)
            tier = self.by.rank()
            self.world.desk.reward_referrer(account, self.account, order, day)
            self.by.mind_tier(tier, day)
            self.by.write(self.world.desk)

    def called_on(self, day: int) -> Account:
        """Another member's doing reaches this one: their days that are due are lived up to a day, and they wake to see what is due now."""
        assert self.account is not None
        while (due := self.world.desk.next_due(self.account)) <= day:
            self.start_of_day(due)
            self.write(self.world.desk)
        self.account.own.opened = max(self.account.own.opened, day)
        if self.nudge is not None and not self.nudge.triggered:
            self.nudge.succeed()
        return self.account

    def mind_tier(self, before: int, day: int) -> None:
        """The member may have fallen from the tier held before; if so, they remember, and may leave sooner."""
        assert self.account is not None
        if note_tier(self.past, before, self.rank(), day):
            self.death = death_after_fall(self.view.behaviour, self.past, self.death)

    def purchase(self, k: int, day: int, basket: Basket) -> None:
        """A purchase, with what the member redeems at it."""
        world = self.world
        desk, account = (world.desk, self.account) if self.account is not None else (world.guests, self._as_guest(day))
        self.orders += 1
        order = blank_order()
        if self.account is not None:
            self.buy(k, day, basket, order)
        else:
            desk.checkout(account, order, self.orders, day, day, [basket], [])
        self.write(desk)
        if self.account is not None:
            self.reward(order, day)
            self.follow_up(k, day)
        self.bought[k] = basket.amount
        back = return_day(self.terms, day, float(self.found.u_return[k]))
        if back <= world.last_day:
            heappush(self.refunds, (back, self.orders, order, int(account is self.account)))

    def buy(self, k: int, day: int, basket: Basket, order: Order) -> None:
        """A member's purchase: what they pay in before it, the coupons they use, what they redeem and pay with stored value."""
        world, account, number = self.world, self.account, self.orders
        assert account is not None
        desk = world.desk
        desk.advance(account, day)
        behaviour, terms = self.view.behaviour, self.view.terms
        self.top_up(day, basket.amount)
        if account.own.coupons > 0:
            claim_coupons(behaviour, terms, account, desk.scratch(account), day, self.key)
        tier = self.rank()
        item, points = self.redemption(float(self.found.u_redeem[k]), day, basket.amount)
        count = desk.begin_checkout(account, order, number, day, day, [basket])
        if account.own.coupons > 0:
            use_coupons(behaviour, terms, account, order, count, day, self.key)
        desk.close_uses(account, order, count, day)
        pays = account.own.principal + account.own.bonus_value > 0
        if pays and terms.value.pays_first:
            desk.at_checkout(account, order, day, Paying(ALL), count)
        redeemed = item > NOTHING and self.redeem(order, count, day, item, points)
        if pays and not terms.value.pays_first:
            desk.at_checkout(account, order, day, Paying(ALL), count)
        desk.end_checkout(account, order, count, day, day)
        if item <= COUPON:
            redeemed = not desk.issue(account, day, self.view.coupons[COUPON - item])
        self.mind_tier(tier, day)
        if redeemed:
            note_redemption(self.past, day)

    def redeem(self, order: Order, count: int, day: int, item: int, points: int) -> bool:
        """A redemption at a purchase; whether it was made."""
        world, account = self.world, self.account
        assert account is not None
        if item == UNNAMED:
            points = points_that_fit(self.view.terms, self.view.rewards, order, points)
        name = self.view.items[item] if item >= 0 else ""
        return not world.desk.at_checkout(account, order, day, Redeeming(points, name), count)

    def top_up(self, day: int, basket: int) -> None:
        """What the member pays in before a purchase."""
        account, world = self.account, self.world
        assert account is not None
        view = self.view
        amount = load(view.behaviour, view.terms, account.own, self.u_loads, self.rate, self.mean_basket, basket)
        if amount > 0:
            world.desk.top_up(account, day, day, amount)

    def follow_up(self, k: int, day: int) -> None:
        """What the member does after a purchase."""
        acts = self.world.acts
        for place in range(acts.following):
            key = candidate_key(strip_key(self.key, int(self.found.strip[k])), int(self.found.index[k]))
            if follows(acts, key, place):
                self.act(acts.following_codes[place], day)

    def redemption(self, u: float, day: int, basket: int) -> tuple[int, int]:
        """What the member asks for at a purchase, before it: (item, points) of ``wish``."""
        account, view = self.account, self.view
        assert account is not None
        balance = account.own.balance - account.own.debt
        near = days_to_lapse(account, day)
        if not wants_to_redeem(view.behaviour, self.redeemer, u, balance, view.rewards.cheapest, near, day):
            return NOTHING, 0
        return wish(view.terms, view.rewards, account, day, basket)

    def give_back(self) -> None:
        """A purchase is refunded in full."""
        day, _, order, in_program = heappop(self.refunds)
        account, desk = (self.account, self.world.desk) if in_program else (self.guest, self.world.guests)
        assert account is not None
        account.own.opened = max(account.own.opened, day)
        tier = self.rank() if in_program else -1
        desk.refund(account, order, day, order.own.amount)
        if in_program:
            self.mind_tier(tier, day)
        if desk is not self.world.desk or order.own.referrer > 0:
            self.write(desk)
        if self.by is not None and in_program and order.own.referrer > 0 and self.view.terms.referral.clawback:
            desk.claw_back(self.by.called_on(day), order, day)
            self.by.write(desk)

    def _as_guest(self, day: int) -> Account:
        """The account that records the purchases of somebody who is not a member."""
        if self.guest is None:
            self.guest = self.world.guests.open_account()
            self.world.guests.join(self.guest, day, day)
        return self.guest


@contextmanager
def _collector_off() -> Iterator[None]:
    """The garbage collector visits every live process again and again, and finds nothing: two thirds of a large run's time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def run_agents(scenario: Scenario, progress: Progress | None = None) -> Run:
    """Live a scenario with SimPy agents. ``progress`` is told (members done, members in all) after each block."""
    terms = population_terms(scenario.population, scenario.start_day, scenario.last_day + 1)
    worlds = worlds_of(scenario)
    pairs = blank_pairs(
        scenario.last_day,
        len(worlds[0].desk.lowered.tier_names),
        scenario.change_day(scenario.program),
        scenario.spend_band,
    )
    shared = any(map(is_shared, worlds))  # then every member is of one environment
    block = scenario.members if shared else BLOCK
    for first in range(0, scenario.members, block):
        count = min(block, scenario.members - first)
        with _collector_off():
            for program, baseline in run_block(scenario, terms, worlds, first, count):
                _fold(pairs, program, baseline)
        if progress is not None:
            progress(first + count, scenario.members)
    ledgers = worlds[0].ledger(), worlds[1].ledger()
    digest = combine([ledger_sum(each.rows) for each in ledgers], sum(len(each.rows) for each in ledgers))
    return Run(
        scenario=scenario,
        engine="agents",
        digest=digest,
        program=worlds[0].panel,
        baseline=worlds[1].panel,
        pairs=pairs,
        rules=ledgers[0].rules,
        baseline_rules=ledgers[1].rules,
        versions=versions(),
        responses=Responses(worlds[0].responses),
        ledgers=ledgers,
    )


def _fold(pairs: PairPanel, program: Life, baseline: Life) -> None:
    """A customer's two lives are over."""
    found, joined = program.found, int(program.world.joined[program.number])
    day, segment = found.day.tolist(), segment_of(program.u_rate)
    fold_pair(
        pairs,
        len(day),
        day,
        baseline.bought,
        program.bought,
        joined,
        program.story.highest,
        segment,
        baseline.story,
        program.story,
    )


def is_shared(world: World) -> bool:
    """Whether what one member may have depends on others."""
    return bool(world.desk.pools or world.refers)


def worlds_of(scenario: Scenario, desk: type[Desk] = Desk) -> list[World]:
    """The worlds of a scenario: the program's, whose desk is of the class given, and the baseline's."""
    behaviour = behaviour_terms(scenario.assumptions)
    return [World(scenario.program, scenario, behaviour, desk), World(scenario.baseline, scenario, behaviour)]


def run_block(
    scenario: Scenario,
    terms: PopulationTerms,
    worlds: list[World],
    first: int,
    count: int,
    begin: Callable[[World, PopulationTerms, Members, int, Candidates], Life] = Life,
) -> list[list[Life]]:
    """Live a block of members; returns each one's lives, in the order of the worlds. ``begin`` makes a life."""
    acts = [view.behaviour for world in worlds for view in world.views]
    strips, largest = max(map(strips_needed, acts)), max(map(largest_modifier, acts))
    members = draw_members(scenario.population, terms, scenario.seed, first, count)
    env = simpy.Environment(initial_time=scenario.start_day)
    lives = []
    for i in range(count):
        found = candidates(terms, members, i, strips, largest)
        lives.append([begin(world, terms, members, i, found) for world in worlds])
        if any(world.refers for world in worlds):
            brought, only_so = comes_how(scenario.assumptions, int(members.key[i]))
            for life in lives[-1]:
                life.brought, life.only_so = brought, only_so
                if only_so and not life.world.refers:
                    life.death = -math.inf  # never a customer there
        for life in lives[-1]:
            env.process(life.process(env))
    env.run()
    return lives
