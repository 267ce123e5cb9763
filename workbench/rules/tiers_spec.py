"""What a program file may say about tiers. The code that judges them stands in ``tiers.py``."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from workbench.rules.bounds import TIERS
from workbench.spec import Money, Name, Spec, SpecError

__all__ = ["METRICS", "Level", "Requirement", "Tiers", "Validity", "Window"]


METRICS = ("spend", "points", "orders", "visits", "nights")
"""What a requirement may look at."""


class Requirement(Spec):
    """Thresholds of qualifying metrics over the window; a metric meets its threshold when it is >= it."""

    spend: Money | None = None
    """Qualifying spend in major units (the eligible spend of purchases, less refunds)."""
    points: Annotated[int, Field(ge=0)] | None = None
    """Qualifying points: points purchases earned (multipliers and caps included) and qualifying bonuses, less reversals. Redeeming never lowers it."""
    orders: Annotated[int, Field(ge=0)] | None = None
    """Purchases (checkouts), less fully refunded ones."""
    visits: Annotated[int, Field(ge=0)] | None = None
    """Days with at least one purchase or a ``visit`` action."""
    nights: Annotated[int, Field(ge=0)] | None = None
    """``night`` actions (the row's ``points`` say how many; 1 where empty)."""
    at_least: Annotated[int, Field(ge=1, le=5)] | None = None
    """How many of the thresholds given must be met; left out: all of them. 1 is "or"."""

    @model_validator(mode="after")
    def _some_threshold(self) -> "Requirement":
        given = sum(getattr(self, metric) is not None for metric in METRICS)
        if given == 0:
            raise SpecError((), "give at least one metric: " + ", ".join(METRICS))
        if self.at_least is not None and self.at_least > given:
            raise SpecError(("at_least",), f"only {given} thresholds are given", self.at_least)
        return self


class Level(Spec):
    """One tier. The first tier of a program has no ``enter``: every member starts in it."""

    name: Name
    """Name shown to members."""
    enter: Requirement | None = None
    """What reaches the tier."""
    retain: Requirement | None = None
    """What keeps it when its validity ends; left out: the same as ``enter``."""
    reenter: Requirement | None = None
    """What reaches it again for a member who once held it (or a higher one) and fell below it; left out: the same as ``enter``."""
    invitation: Name | None = None
    """An action of this name puts the member in the tier at once, whatever the metrics (by invitation, by a paid fee). With
    ``enter`` left out, only so."""


class Window(Spec):
    """The days over which qualifying metrics are added up; always ends with the day of the judgement."""

    kind: Literal["lifetime", "year", "half", "quarter", "month", "rolling", "anniversary", "since_tier_change"]
    """Calendar periods, ``rolling`` months, the membership year from the joining day's anniversary, or since the last change of
    tier (entries made before the change, the crossing order included, no longer count; an order that changes no tier adds up)."""
    months: Annotated[int, Field(ge=1, le=120)] | None = None
    """For ``rolling``: on day d the window begins the day after (d less so many months)."""

    @model_validator(mode="after")
    def _months(self) -> "Window":
        if (self.kind == "rolling") != (self.months is not None):
            raise SpecError(("months",), "belongs to kind: rolling, and only to it", self.months)
        return self

    @property
    def has_periods(self) -> bool:
        """Whether the window falls into periods with an end."""
        return self.kind in ("year", "half", "quarter", "month", "anniversary")


class Validity(Spec):
    """How long a tier is held after it is reached."""

    until: Literal["period_end", "next_period_end", "months", "lifetime"] = "next_period_end"
    """``period_end``: to the end of the window's period in which it is reached; the next period starts afresh (judged on the
    new period's empty metrics). ``next_period_end``: to the end of the period after. ``months``: the same day so many months on,
    included. ``lifetime``: for ever. Periods are those of a year, half, quarter, month or anniversary window."""
    months: Annotated[int, Field(ge=1, le=600)] | None = None
    """For ``months``."""
    rehit_rebases: bool = False
    """Meeting the tier's own ``enter`` again while holding it (checked after every purchase or qualifying event) sets the end date anew, if that is later."""

    @model_validator(mode="after")
    def _months(self) -> "Validity":
        if (self.until == "months") != (self.months is not None):
            raise SpecError(("months",), "belongs to until: months, and only to it", self.months)
        return self


class Tiers(Spec):
    """Tiers and how they are reached, held and lost."""

    levels: Annotated[tuple[Level, ...], Field(min_length=2, max_length=TIERS)]
    """From the lowest to the highest."""
    window: Window = Window(kind="year")
    """Over which days the metrics are added up."""
    upgrade: Literal["immediate", "next_day", "next_period"] = "immediate"
    """When a tier that is reached begins: after the checkout; at the start of the next day (on metrics through yesterday); at the
    start of the next period of the window (on the period that ended yesterday)."""
    skip_levels: bool = True
    """Whether an upgrade may skip tiers; false: one tier at each check."""
    validity: Validity = Validity()
    """How long a tier is held."""
    counter: Literal["kept", "reset_lost", "reset_surplus_kept"] = "kept"
    """What an upgrade by metrics (or a re-hit that moves the end date) does to the metrics: nothing; all to zero; or each metric of the requirement keeps
    what exceeds its threshold (not below 0), all others go to zero."""
    downgrade: Literal["none", "one_level", "to_earned"] = "to_earned"
    """At a review that is not met: stay; fall one tier; fall to the highest lower tier whose ``enter`` (or ``reenter``) the metrics meet."""
    grace_months: Annotated[int, Field(ge=0, le=60)] = 0
    """A review that is not met first extends the tier by so many months, once; at their end it is judged again."""
    after_refund: Literal["stays", "rejudged"] = "stays"
    """Whether a refund can take a tier away at once: if the tier was entered within the current window and the metrics no longer meet its
    ``enter``, the member falls to the highest lower tier they do meet (needs ``counter: kept``)."""

    @model_validator(mode="after")
    def _consistent(self) -> "Tiers":
        if any((self.levels[0].enter, self.levels[0].retain, self.levels[0].reenter, self.levels[0].invitation)):
            raise SpecError(
                ("levels", 0), "the first tier holds every member: it has no requirement", self.levels[0].name
            )
        names = [level.name for level in self.levels]
        for k, level in enumerate(self.levels):
            if level.name in names[:k]:
                raise SpecError(("levels", k, "name"), "the name is used twice", level.name)
            if k and level.enter is None and level.invitation is None:
                raise SpecError(("levels", k), "give enter, or invitation", level.name)
            if level.enter is None and (level.retain or level.reenter):
                raise SpecError(("levels", k, "retain"), "a tier by invitation alone has no thresholds", level.name)
        reversed_ = [
            SpecError(("levels", k, "enter", metric), f"expected at least the tier below ({low})", str(high), str(low))
            for k, metric, low, high in self._reversed_thresholds()
        ]
        if reversed_:
            first = reversed_[0]
            raise SpecError(first.path, first.message, first.value, first.suggestion, tuple(reversed_[1:]))
        if not self.window.has_periods and (
            self.upgrade == "next_period" or self.validity.until.endswith("period_end")
        ):
            place = ("upgrade",) if self.upgrade == "next_period" else ("validity", "until")
            raise SpecError(
                place, f"a {self.window.kind} window has no periods; use months or lifetime", self.window.kind
            )
        if self.after_refund == "rejudged" and (self.counter != "kept" or self.window.kind == "since_tier_change"):
            raise SpecError(("after_refund",), "re-judging needs counter: kept", "rejudged")
        return self

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics some requirement looks at."""
        needs = [
            need for level in self.levels for need in (level.enter, level.retain, level.reenter) if need is not None
        ]
        return tuple(metric for metric in METRICS if any(getattr(need, metric) is not None for need in needs))

    def _reversed_thresholds(self) -> list[tuple[int, str, object, object]]:
        """Where a tier's enter threshold lies below that of the tier before: (index, metric, low, high)."""
        found = []
        for metric in METRICS:
            before = None
            for k, level in enumerate(self.levels):
                threshold = None if level.enter is None else getattr(level.enter, metric)
                if threshold is None:
                    continue
                if before is not None and threshold < before:
                    found.append((k, metric, before, threshold))
                before = threshold
        return found
