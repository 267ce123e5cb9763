"""Answers that grow: the same members first, then more of them, in the compiled kernel. No Panel here."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

import numpy as np

from apps.estimates import Comparison
from apps.question import Question
from apps.store import Blocks, LeftOut, Outcome, Panel, closing_points
from simulators.growing import Growing
from simulators.simulate import Progress, check_sums
from workbench.cost_statement import cost_of
from workbench.errors import BadInput
from workbench.finance.accounting.policy import Policy, load_policy
from workbench.finance.lift import lift
from workbench.finance.world import CUSTOMERS
from workbench.run_document import run_document
from workbench.run_liability import liability_figures
from workbench.scenario import Run
from workbench.units import CENTS

__all__ = ["Growths"]

PER = 1000
FIRST = 50_000
"""From so many members on groups are left out in turn, for intervals of the liability; before, it would take as long as the run."""


class Growths:
    """Answers and what they grew from, the least recently used dropped. For several threads: who asks for what is under way waits for it."""

    def __init__(self, answers: int = 200, under_way: int = 4) -> None:
        self._most, self._most_growing = answers, under_way
        self._answers: OrderedDict[Hashable, Comparison] = OrderedDict()
        self._ghosts: OrderedDict[Hashable, Outcome] = OrderedDict()
        self._growing: OrderedDict[Hashable, Growing] = OrderedDict()
        self._busy: set[Hashable] = set()
        self._changed = threading.Condition()

    def answer(self, question: Question, progress: Progress, give_way: Callable[[], None] | None = None) -> Comparison:
        """The program and its baseline lived by the question's members. Raises TooLarge, SpecError, and what ``progress`` raises. ``give_way``: is
        called often while members are lived, and may wait."""
        whole = question.key()
        seed = replace(question, members=1).key()
        with self._changed:
            while whole not in self._answers and seed in self._busy:
                self._changed.wait(0.1)
                progress(0, question.members)  # so that somebody who waits for another's run can leave
            found = self._answers.get(whole)
            if found is not None:
                self._answers.move_to_end(whole)
                return found
            self._busy.add(seed)
            growing = self._growing.pop(seed, None)
        try:
            found = self._grown(question, growing, progress, seed, give_way)
        finally:
            with self._changed:
                self._busy.discard(seed)
                self._changed.notify_all()
        with self._changed:
            _keep(self._answers, whole, found, self._most)
        return found

    def __len__(self) -> int:
        return len(self._answers)

    def known(self, question: Question) -> Comparison | None:
        """The answer, if it was given before."""
        with self._changed:
            return self._answers.get(question.key())

    def _grown(
        self,
        question: Question,
        growing: Growing | None,
        progress: Progress,
        seed: Hashable,
        give_way: Callable[[], None] | None,
    ) -> Comparison:
        scenario = question.scenario()
        check_sums(scenario)
        programs = [question.shipped, *([question.program] if question.is_changed else [])]
        if growing is None or growing.members > question.members:
            growing = Growing(scenario, programs)
        growing.give_way = give_way
        growing.grow(question.members, progress)
        policy = question.policy or load_policy("default")
        compared = growing.comparison()
        ghost = self._ghost(question, growing, compared.runs[0], policy)
        with self._changed:
            _keep(self._growing, seed, growing, self._most_growing)
        if not question.is_changed:
            return Comparison(ghost, ghost, None)
        now = _outcome(growing, 1, compared.runs[1], policy)
        return Comparison(now, ghost, _head(compared.against_first[0], now))

    def _ghost(self, question: Question, growing: Growing, run: Run, policy: Policy) -> Outcome:
        """The baseline's outcome, which many changes have in common."""
        key = replace(question, program=question.shipped, names={**question.names, "program": ""}).key()
        with self._changed:
            found = self._ghosts.get(key)
        if found is None:
            names = {**run.scenario.names, "program": question.names["shipped"]}
            found = _outcome(growing, 0, replace(run, scenario=replace(run.scenario, names=names)), policy)
            with self._changed:
                _keep(self._ghosts, key, found, self._most)
        return found


def _keep(kept: OrderedDict[Hashable, Any], key: Hashable, value: Any, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)


def _outcome(growing: Growing, place: int, run: Run, policy: Policy) -> Outcome:
    months, closing = closing_points(run)
    sums = growing.sums(place)
    cost = cost_of(run.program, run.scenario.program, run.rules)
    _, _, _, points, _, other, _, _ = sums.given.T
    each = float(cost.points) / points.sum() if points.sum() else 0.0
    blocks = Blocks(
        members=sums.members,
        outstanding=sums.outstanding,
        joined=sums.joined,
        upgraded=sums.upgraded,
        cost=each * points + other,
        sales=sums.sales,
        gain=float(run.scenario.population.gross_margin) * (sums.given[:, 1] - sums.given[:, 0])
        + sums.given[:, 7]
        - sums.given[:, 6],
    )
    document = run_document(run, policy)
    left_out = None
    if growing.members >= FIRST and document["liability"]["contract"] is not None:
        left_out = _left_out(growing, place, run, policy)
    return Outcome(growing.members, document, Panel(months, closing, blocks, left_out))


def _left_out(growing: Growing, place: int, run: Run, policy: Policy) -> LeftOut | None:
    """Liability and breakage with each group left out; None where some group's absence leaves nothing to estimate them from."""
    liability, breakage = [], []
    for panel in growing.without(place):
        if growing.give_way is not None:
            growing.give_way()
        try:
            found = liability_figures(panel, run.rules, run.scenario.program, policy)
        except BadInput:
            return None
        if found.rate is None:
            return None
        liability.append(PER * found.contract / CENTS / int(panel.counts[CUSTOMERS]))
        breakage.append(100 * (1 - found.rate))
    return LeftOut(np.array(liability), np.array(breakage))


def _head(run: Run, now: Outcome) -> Outcome:
    """Head to head only lift is asked for."""
    found = lift(run.pairs)
    ratios = {
        name: {"baseline": ratio.baseline, "program": ratio.program, "delta_pct": ratio.delta_pct, "ci95": ratio.ci95}
        for name, ratio in (("repurchase_rate", found.repurchase_rate), ("purchases", found.purchases))
    }
    return Outcome(now.members, {"lift": ratios}, now.panel)
