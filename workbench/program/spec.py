"""The program: what a loyalty program's file may say. Rules only: behaviour and valuation live in files of their own."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from workbench.program.names import misnamed
from workbench.program.version_spec import Version
from workbench.program.versions import misversioned
from workbench.rules.bounds import COUPONS, PLANS, PRICES, VERSIONS
from workbench.rules.coupon_spec import Coupon
from workbench.rules.earn_spec import Earn
from workbench.rules.expiry import ByTier, Expiry, NoExpiry
from workbench.rules.message_spec import Automation, Messages
from workbench.rules.plan_spec import Plan
from workbench.rules.price_spec import Checkout, MemberPrice
from workbench.rules.redemption import Redemption
from workbench.rules.referral_spec import Referral
from workbench.rules.refunds import Refunds
from workbench.rules.segment_spec import Segments
from workbench.rules.stored_value_spec import StoredValue
from workbench.rules.tiers_spec import Tiers
from workbench.spec import Name, Spec, SpecError

__all__ = ["SCHEMA_VERSION", "Accepted", "Program", "Provenance"]

SCHEMA_VERSION = 1


class Provenance(Spec):
    """Where a program's rules come from, and how sure we are."""

    source: str
    """Who published the rules, and where."""
    as_of: date
    """The date the rules were read or were in force."""
    confidence: Literal["high", "medium", "low"]
    """high: the terms themselves; medium: a report on them; low: a summary with gaps."""
    interpretation: tuple[str, ...] = ()
    """What was chosen where the source leaves something open."""
    assumptions: tuple[str, ...] = ()
    """Values the source does not give, named as the assumptions they are."""


class Accepted(Spec):
    """A finding of the lint that stands, and why."""

    code: Annotated[str, StringConstraints(min_length=1)]
    """Code of the finding, as ``loyalty validate`` shows it."""
    path: str = ""
    """Only at this place; left out: wherever the code is found."""
    reason: Annotated[str, StringConstraints(min_length=1)]
    """Why it stands."""


class Program(Spec):
    """A loyalty program: the contract with its members."""

    schema_version: Literal[1] = Field(alias="schema")
    """Version of this file format: 1."""
    title: str
    """Name of the program."""
    title_zh: str = ""
    """Name in Traditional Chinese."""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    """ISO 4217 code of the currency of every amount in the file."""
    provenance: Provenance
    """Source, date, confidence."""
    population: str = "snack_shop"
    """The shipped population that fits the program's currency and trade."""
    accepted: tuple[Accepted, ...] = ()
    """Known findings of the lint, and why they stand; they are shown as notes. No rule reads them."""
    default_category: Name = "general"
    """Category of a transaction that names none; it qualifies (it may not be excluded)."""
    default_channel: Name = "store"
    """Channel of a transaction that names none; it qualifies."""
    earn: Earn = Earn()
    """How points are earned."""
    tiers: Tiers | None = None
    """Tiers, if any."""
    expiry: Expiry = NoExpiry(model="none")
    """When points lapse."""
    redemption: Redemption | None = None
    """What points buy."""
    refunds: Refunds = Refunds()
    """What a refund does."""
    prices: Annotated[tuple[MemberPrice, ...], Field(max_length=PRICES)] = ()
    """Prices for members."""
    checkout: Checkout = Checkout()
    """In which order prices, coupons, points and stored value act at a checkout."""
    coupons: Annotated[tuple[Coupon, ...], Field(max_length=COUPONS)] = ()
    """Coupons and what issues them."""
    stored_value: StoredValue | None = None
    """Prepaid balance, if any."""
    plans: Annotated[tuple[Plan, ...], Field(max_length=PLANS)] = ()
    """Paid memberships."""
    referral: Referral | None = None
    """What bringing new members is rewarded with."""
    segments: Segments | None = None
    """RFM scoring of members, for coupons and messages."""
    messages: Messages | None = None
    """Messages that send themselves."""
    versions: Annotated[tuple[Version, ...], Field(max_length=VERSIONS - 1)] = ()
    """Changes of these rules on later dates, in rising order."""

    @property
    def offers(self) -> bool:
        """Whether the program has more than points and tiers: member prices, coupons, stored value, plans, referrals, messages, versions."""
        others = (
            self.prices,
            self.coupons,
            self.stored_value,
            self.plans,
            self.referral,
            self.segments,
            self.messages,
            self.versions,
        )
        streaks = any(bonus.streak > 1 or bonus.at_most > 1 for bonus in self.earn.bonuses)
        return any(others) or streaks or bool(self.shared_limits)

    @property
    def shared_limits(self) -> tuple[str, ...]:
        """The limits that all members share, first come, first served, by their places in the file."""
        items = () if self.redemption is None else self.redemption.catalogue
        stocks = [f"redemption.catalogue.{item.name}.stock" for item in items if item.stock is not None]
        issues = [f"coupons.{each.name}.total_limit" for each in self.coupons if each.total_limit is not None]
        uses = [f"coupons.{each.name}.total_uses" for each in self.coupons if each.total_uses is not None]
        return (*stocks, *issues, *uses)

    @property
    def automations(self) -> tuple[Automation, ...]:
        """The messages that send themselves."""
        return () if self.messages is None else self.messages.automations

    @property
    def tier_names(self) -> tuple[str, ...]:
        """The tiers from the lowest to the highest; empty where the program has none."""
        return () if self.tiers is None else tuple(level.name for level in self.tiers.levels)

    @model_validator(mode="after")
    def _names_exist(self) -> "Program":
        known = set(self.tier_names)
        mentioned: list[tuple[tuple[str | int, ...], str]] = [
            (("earn", "rate_by_tier", name), name) for name in self.earn.rate_by_tier
        ]
        for k, multiplier in enumerate(self.earn.multipliers):
            mentioned += [(("earn", "multipliers", k, "tiers", j), name) for j, name in enumerate(multiplier.tiers)]
        if isinstance(self.expiry, ByTier):
            mentioned += [(("expiry", "tiers", name), name) for name in self.expiry.tiers]
            mentioned += [(("expiry", "protected", j), name) for j, name in enumerate(self.expiry.protected)]
        for path, name in mentioned:
            if name not in known:
                raise SpecError(path, "expected one of the tiers: " + (", ".join(self.tier_names) or "none"), name)
        return self

    @model_validator(mode="after")
    def _wider_names_exist(self) -> "Program":
        found = list(misnamed(self))
        if found:
            first = found[0]
            raise SpecError(first.path, first.message, first.value, first.suggestion, tuple(found[1:]))
        return self

    @model_validator(mode="after")
    def _versions_hold(self) -> "Program":
        found = list(misversioned(self)) if self.versions else []
        if found:
            first = found[0]
            raise SpecError(first.path, first.message, first.value, first.suggestion, tuple(found[1:]))
        return self

    @model_validator(mode="after")
    def _default_category_qualifies(self) -> "Program":
        if self.default_category in self.earn.eligible.excluded_categories:
            raise SpecError(
                ("default_category",), "the default category qualifies: it may not be excluded", self.default_category
            )
        return self

    @model_validator(mode="after")
    def _split_needs_spend(self) -> "Program":
        if self.earn.rate_tier != "split":
            return self
        path = ("earn", "rate_tier")
        if self.tiers is None or self.tiers.upgrade != "immediate":
            raise SpecError(
                path, "splitting an order at a tier's threshold needs tiers with immediate upgrades", "split"
            )
        if self.earn.brackets is not None:
            raise SpecError(path, "splitting is not defined together with brackets", "split")
        if self.earn.pending is not None and self.earn.pending.spend_counts != "at_once":
            raise SpecError(path, "splitting needs spend that counts at once", "split")
        if not self.tiers.skip_levels:
            raise SpecError(path, "splitting needs skip_levels", "split")
        for level in self.tiers.levels[1:]:
            for need in (level.enter, level.reenter):
                if need is not None and any((need.points, need.orders, need.visits, need.nights)):
                    raise SpecError(path, f"splitting needs thresholds of spend alone (tier {level.name!r})", "split")
        return self
