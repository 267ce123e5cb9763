"""The valuation policy: how what members are owed is measured. A file of its own, beside the rules (what members are promised) and the
assumptions (how they behave). Each number that somebody had to judge carries its range, source and basis.
"""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from workbench.packaging import HOME
from workbench.spec import Name, Spec, SpecError
from workbench.spec_file import named_file, names_in, read_spec

__all__ = [
    "Assumed", "CouponPolicy", "FeePolicy", "PointsPolicy", "Policy", "RewardPolicy", "StoredValuePolicy", "Stress", "load_policy",
    "policy_schema", "shipped_policies",
]  # fmt: skip

POLICIES = HOME / "workbench" / "finance" / "policies"
"""The shipped files: data inside the package."""
Method = Literal["hazard", "chain_ladder", "bornhuetter_ferguson", "cape_cod", "additive"]
Share = Annotated[Decimal, Field(ge=0, le=1, max_digits=9, decimal_places=8)]
Worth = Annotated[Decimal, Field(ge=0, le=10**6, max_digits=15, decimal_places=8)]
"""Major units of one point; finer than money."""
Breakage = Literal["proportional", "remote", "remit"]


class Assumed(Spec):
    """A share that somebody judged."""

    value: Share
    """The number the accounts rest on."""
    low: Share
    """Lower end of what is plausible."""
    high: Share
    """Upper end."""
    source: Annotated[str, StringConstraints(min_length=1)]
    """Where it comes from, for the auditor."""
    basis: Literal["own_history", "seen", "abstract", "judgement"]
    """own_history: fitted to the company's own records; seen: read in a public source; abstract: its abstract alone; judgement: nobody
    measured it."""

    @model_validator(mode="after")
    def _in_range(self) -> "Assumed":
        if not self.low <= self.value <= self.high:
            raise SpecError(("value",), f"expected a number from low ({self.low}) to high ({self.high})", self.value)
        return self


def _judged(value: str, low: str, high: str, source: str) -> Assumed:
    return Assumed(value=Decimal(value), low=Decimal(low), high=Decimal(high), source=source, basis="judgement")


_AIRLINES = "Airlines and hotels report breakage of 14-26 % of the points issued; retail programs differ. Replace it by your own history"


class PointsPolicy(Spec):
    """How points are measured."""

    face_value: Worth | None = None
    """Major units a point is worth to a member; left out: what the program says (money off, or else the best reward)."""
    stand_alone_price: Worth | None = None
    """Stand-alone selling price of one point issued, where it is observed; left out: face value times the share expected to be redeemed."""
    initial_rate: Assumed = _judged("0.80", "0.70", "0.90", _AIRLINES)
    """Share of the points issued that is expected to be redeemed while there is too little history to estimate it."""
    initial_from: Literal["estimate", "assumption"] = "estimate"
    """Expected share at issue, which fixes what is deferred. ``estimate``: by the estimator on what was known at the end of the month of
    issue, once there is enough history; ``assumption``: ``initial_rate`` always."""
    estimator: Method = "hazard"
    """How the ultimate redemption is estimated (docs/liability.md says when which)."""
    history_months: Annotated[int, Field(ge=1, le=600)] = 24
    """Months of history from which the estimator is used; until then ``initial_rate``. As long as points usually live: what was never
    seen to be redeemed late, a young history takes for never redeemed."""
    portfolio: Literal["month", "quarter", "year"] = "month"
    """Points issued in one such period are one portfolio (IFRS 15.4); portfolios are measured one by one and then added."""
    breakage: Breakage = "proportional"
    """Points that will never be redeemed (IFRS 15 B46-B47). ``proportional``: recognised as others are redeemed. ``remote``: only once
    they cannot be redeemed any more. ``remit``: what is left is owed to another party, such as the state (unclaimed property), and never
    becomes revenue."""
    sales_tax: Share = Decimal(0)
    """Tax included in the amounts of sales, as a rate on the price without it (0.05 where 105 is paid for 100); it is no part of the
    transaction price (IFRS 15.47)."""
    cost_per_point: Worth | None = None
    """What a redeemed point costs the company, major units; left out: what the program's rewards cost."""
    debt: Literal["receivable", "memo"] = "receivable"
    """Points that members owe after a refund: an asset at their stand-alone price, or a note alone."""

    @model_validator(mode="after")
    def _price_rests_on_a_rate(self) -> "PointsPolicy":
        if self.initial_rate.value == 0:
            raise SpecError(
                ("initial_rate", "value"), "expected more than 0: points that nobody will redeem defer nothing", 0
            )
        return self


class RewardPolicy(Spec):
    """A reward that another party provides (IFRS 15 B34-B38)."""

    reward: Name
    """Its name as in the ledger's ``rule`` (``redemption.catalogue.NAME``), or NAME alone."""
    partner: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    """Who provides it."""
    role: Literal["principal", "agent"]
    """``principal``: the company controls the reward before the member gets it: revenue gross, its price a cost. ``agent``: it arranges
    for the partner to provide it: revenue is what is kept, once that is arranged."""
    cost_per_point: Worth
    """Owed to the partner for each point redeemed, major units."""


_SV = "Starbucks recognised about 1.3 % of loads in fiscal 2019; gift cards of other trades up to 10 %"


class StoredValuePolicy(Spec):
    """Money that customers paid in."""

    breakage: Breakage = "proportional"
    """As for points."""
    rate: Assumed = _judged("0.02", "0", "0.10", _SV)
    """Share of the value (with bonuses) that will never be spent."""


class CouponPolicy(Spec):
    """Coupons."""

    use_rate: Assumed = _judged(
        "0.30", "0.05", "0.70", "Share of coupons that is used: no public source for coupons given with a purchase"
    )
    """Share of the coupons given with a purchase that is expected to be used."""
    with_purchase: Annotated[tuple[Name, ...], Field(max_length=200)] = ()
    """Coupons that purchases earn, by their names in the program: material rights, deferred. All others are a memo."""
    incremental: Share = Decimal(1)
    """Share of the coupon's discount beyond what the same customers get without one: only that is a material right (IFRS 15 B40)."""


class FeePolicy(Spec):
    """Paid membership."""

    term_months: Annotated[int, Field(ge=1, le=120)] = 12
    """Months a fee pays for, if the ledger does not say; it is revenue evenly over the days of its term (IFRS 15 B18)."""


class Stress(Spec):
    """Sizes of the stresses."""

    rush: Share = Decimal("0.25")
    """A rush: this share of the points that would never be redeemed is redeemed after all."""
    rush_months: Annotated[int, Field(ge=1, le=60)] = 3
    """Months in which a rush takes place."""
    devaluation: Share = Decimal("0.20")
    """A devaluation announced: a point buys so much less afterwards, and those who can redeem before."""
    extension_months: Annotated[int, Field(ge=1, le=120)] = 6
    """Expiry extended by so many months."""


class Sensitivity(Spec):
    """Sizes of the changes in the sensitivity table."""

    rate_points: Share = Decimal("0.01")
    """Ultimate redemption rate, up and down, as a share of the points issued."""
    breakage: Share = Decimal("0.10")
    """Breakage (points issued less ultimate), up and down, relative."""
    price: Share = Decimal("0.10")
    """Stand-alone selling price of points, up and down, relative; as if it had been so at issue."""


class Policy(Spec):
    """A valuation policy."""

    schema_version: Literal[1] = Field(alias="schema")
    """Version of this file format: 1."""
    title: str
    """Name of the policy."""
    title_zh: str = ""
    """Name in Traditional Chinese."""
    source: str
    """Who decided it, and on what."""
    as_of: date
    """When."""
    notes: tuple[str, ...] = ()
    """Judgements and doubts."""
    framework: Literal["IFRS 15", "ASC 606"] = "IFRS 15"
    """The standard it follows; the measurement is the same, references differ."""
    jurisdiction: str = ""
    """Whose law says what may be kept of what is never claimed; ``breakage`` says the consequence."""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    """Currency of its amounts (ISO 4217); left out: it has none of its own, and fits any program."""
    points: PointsPolicy = PointsPolicy()
    """Points."""
    rewards: Annotated[tuple[RewardPolicy, ...], Field(max_length=200)] = ()
    """Rewards of other parties; those not named are the company's own."""
    stored_value: StoredValuePolicy = StoredValuePolicy()
    """Stored value."""
    coupons: CouponPolicy = CouponPolicy()
    """Coupons."""
    fees: FeePolicy = FeePolicy()
    """Membership fees."""
    current_months: Annotated[int, Field(ge=1, le=60)] = 12
    """What is expected to be redeemed within so many months is current (IAS 1.69)."""
    confidence: Annotated[tuple[Share, ...], Field(min_length=1, max_length=9)] = (
        Decimal("0.5"),
        Decimal("0.75"),
        Decimal("0.95"),
    )
    """Confidence levels at which the liability is shown."""
    sensitivity: Sensitivity = Sensitivity()
    """Sizes of changes."""
    stress: Stress = Stress()
    """Sizes of stresses."""

    @model_validator(mode="after")
    def _amounts_have_a_currency(self) -> "Policy":
        points = self.points
        given = [
            name for name in ("face_value", "stand_alone_price", "cost_per_point") if getattr(points, name) is not None
        ]
        if self.currency is None and (given or self.rewards):
            named = f"points.{given[0]}" if given else "rewards"
            raise SpecError(("currency",), f"missing: {named} is in a currency", None)
        names = [each.reward for each in self.rewards]
        for place, name in enumerate(names):
            if name in names[:place]:
                raise SpecError(("rewards", place, "reward"), "expected each reward once", name)
        return self


def shipped_policies() -> tuple[str, ...]:
    """Names of the policies that come with the package."""
    return tuple(names_in(POLICIES))


def load_policy(name_or_path: str | Path) -> Policy:
    """A shipped policy by name, or one from a YAML file. Raises BadInput with every problem found."""
    return read_spec(Policy, named_file(name_or_path, POLICIES, "policy", "a shipped name"))


def policy_schema() -> dict[str, Any]:
    """The JSON Schema of a policy file, for editors that complete and check YAML."""
    schema = Policy.model_json_schema(by_alias=True, mode="validation")
    start = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Valuation policy"}
    return start | {key: value for key, value in schema.items() if key not in start}
