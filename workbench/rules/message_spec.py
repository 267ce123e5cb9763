"""What a program file may say about messages. The code stands in ``messages.py``."""

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from workbench.rules.bounds import CAP_DAYS, CHANNEL_STEPS, MESSAGE_CHANNELS, MESSAGES
from workbench.rules.trigger_spec import MessageTrigger
from workbench.spec import DateSpan, Money, Name, Spec, SpecError

__all__ = ["Automation", "Channel", "ChannelStep", "FrequencyCap", "Messages"]


class ChannelStep(Spec):
    """One price plan of a channel."""

    fee: Money
    """Monthly fee."""
    messages: Annotated[int, Field(ge=0, le=10**9)]
    """Messages it includes."""


class Channel(Spec):
    """A way to reach members, with its price: each month the cheapest plan for the messages sent in it."""

    name: Name
    """Named by automations."""
    plans: Annotated[tuple[ChannelStep, ...], Field(min_length=1, max_length=CHANNEL_STEPS)] = (
        ChannelStep(fee=Decimal(0), messages=0),
    )
    """Price plans, rising by messages and fee."""
    extra: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=4)] | None = None
    """Price of each message beyond the plan, major units; left out: none can be sent beyond the largest plan's, and the costs of a month that needs more
    are shown as unknown."""
    members_base: Annotated[int, Field(ge=1, le=10**9)] | None = None
    """The real number of members the plan is bought for: a run's messages are scaled to it before the plan is chosen; left out: the run's own."""

    @model_validator(mode="after")
    def _rising(self) -> "Channel":
        for k, (low, high) in enumerate(pairwise(self.plans), start=1):
            if high.messages <= low.messages or high.fee < low.fee:
                raise SpecError(("plans", k), "expected more messages, and no lower fee, than the plan before")
        return self


class FrequencyCap(Spec):
    """A limit on the messages a member gets; what is beyond is not sent, and not made up for."""

    messages: Annotated[int, Field(ge=1, le=1000)]
    """At most so many ..."""
    days: Annotated[int, Field(ge=1, le=CAP_DAYS)]
    """... in any so many days (today and the days before)."""


class Automation(Spec):
    """A message that sends itself."""

    name: Name
    """Named in the ledger: ``messages.NAME``."""
    title: str = ""
    """Shown to people; left out: the name."""
    trigger: MessageTrigger
    """What sends it."""
    channel: Name
    """By which channel."""
    tiers: tuple[Name, ...] = ()
    """Only to members of these tiers."""
    dates: tuple[DateSpan, ...] = ()
    """Only within one of these spans (posting day)."""
    once: Literal["event", "day", "month", "year", "lifetime"] = "event"
    """At most once in this calendar period of the posting day, per member (sent or held out)."""
    hold_out: Annotated[Decimal, Field(ge=0, lt=1, max_digits=4, decimal_places=3)] = Decimal(0)
    """Share of members, drawn once, who are never sent it: their entry is ``held_out``, so that the automation's own lift can be
    read. A replay holds nobody out."""
    counts_towards_cap: bool = True
    """Whether the frequency cap binds and counts it (false: service messages)."""
    response_days: Annotated[int, Field(ge=1, le=365)] = 30
    """Days after it within which purchases are compared between who got it and who was held out."""


class Messages(Spec):
    """Messages that send themselves."""

    channels: Annotated[tuple[Channel, ...], Field(min_length=1, max_length=MESSAGE_CHANNELS)]
    """The ways to reach members."""
    frequency_cap: FrequencyCap | None = None
    """Limit over all automations."""
    automations: Annotated[tuple[Automation, ...], Field(max_length=MESSAGES)] = ()
    """The messages, in the order in which they are looked at."""

    @model_validator(mode="after")
    def _names(self) -> "Messages":
        known = [each.name for each in self.channels]
        for place, names in (("channels", known), ("automations", [each.name for each in self.automations])):
            for k, name in enumerate(names):
                if name in names[:k]:
                    raise SpecError((place, k, "name"), "the name is used twice", name)
        for k, each in enumerate(self.automations):
            if each.channel not in known:
                raise SpecError(("automations", k, "channel"), "expected one of: " + ", ".join(known), each.channel)
        return self
