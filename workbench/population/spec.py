"""The population: what a file may say about the customers of a trade, before any loyalty program.

Everything here is an assumption about people, never a rule of a program. Each number carries its default (where one makes
sense), a range and a source, which stand in the JSON Schema as ``default``, ``range``, ``source`` and ``basis``.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from workbench.spec import Money, Name, Spec, SpecError

__all__ = [
    "DAYS_PER_UNIT",
    "DAYS_PER_YEAR",
    "Arrivals",
    "AtStart",
    "Basket",
    "Birthdays",
    "GENERAL",
    "GammaGamma",
    "Joining",
    "Lognormal",
    "MeasuredArrivals",
    "NO_CURRENCY",
    "Nbd",
    "ParetoNbd",
    "Population",
    "Purchases",
    "RedemptionRush",
    "Redeemers",
    "Returns",
    "SalesShock",
    "Seasonality",
    "Shocks",
    "UniformArrivals",
    "assumption",
    "in_currency",
    "scaled",
]

DAYS_PER_YEAR = 365.25
DAYS_PER_UNIT = {"day": 1.0, "week": 7.0, "year": DAYS_PER_YEAR}
"""A rate per year is spread over 365.25 days."""
MOST_PURCHASES_A_DAY = 100.0
"""A population that buys more often than this on average is a mistake of units: refused."""

NO_CURRENCY = "XXX"
"""ISO 4217's code for no currency."""
GENERAL = "general"
"""A category that says nothing."""


def assumption(low: float, high: float, source: str, basis: str, **field: Any) -> Any:
    """A pydantic field with its plausible range, source and basis.

    ``basis``: ``seen`` in a public source, ``abstract`` (only the abstract was read), or ``judgement``.
    ``range`` is what is plausible and worth varying; ``ge``/``le`` (in ``field``) are what has a meaning at all.
    """
    return Field(json_schema_extra={"range": [low, high], "source": source, "basis": basis}, **field)


_PARETO = "Fader & Hardie: .5533/10.578/.6062/11.668 per week on the CDNOW sample"
_GG = "Fader & Hardie: 6.249/3.745/15.448 on the repeat customers of the CDNOW sample"
_SPREAD = "Six public transaction data sets: .7-.95 within a customer, .7-1.2 in all"
_OWN = "No public source: calibrate on own transactions"
_MARGIN = "Depends on the trade: tickets and recorded music lowest, beauty highest; take it from own books"


# --- how often -----------------------------------------------------------------------------------------------------
class _Rates(Spec):
    """Poisson purchases at a rate that is gamma distributed over customers."""

    unit: Literal["day", "week", "year"]
    """Unit of time of the parameters."""
    r: float = assumption(0.2, 4, _PARETO, "seen", gt=0, le=1e9, allow_inf_nan=False)
    """Shape of the purchase rates; small: few customers buy most."""
    alpha: float = assumption(0.1, 200, _PARETO, "seen", gt=0, le=1e12, allow_inf_nan=False)
    """Inverse scale of the purchase rates, in units of time; the mean rate is r / alpha."""

    @property
    def purchases_per_year(self) -> float:
        """Mean rate of repeat purchases of a living customer."""
        return self.r / self.alpha * DAYS_PER_YEAR / DAYS_PER_UNIT[self.unit]

    @model_validator(mode="after")
    def _rate_is_possible(self) -> "_Rates":
        if self.purchases_per_year > MOST_PURCHASES_A_DAY * DAYS_PER_YEAR:
            raise SpecError(("alpha",), f"r / alpha is more than {MOST_PURCHASES_A_DAY:g} purchases a day", self.alpha)
        return self


class Nbd(_Rates):
    """Purchases without dropout (Ehrenberg 1959): rate ~ Gamma(r, alpha), and nobody ever leaves."""

    model: Literal["nbd"]
    """Negative binomial."""


class ParetoNbd(_Rates):
    """Purchases until an unseen death (Schmittlein, Morrison & Colombo 1987): rate ~ Gamma(r, alpha), death ~ Gamma(s, beta)."""

    model: Literal["pareto_nbd"]
    """Pareto/NBD."""
    s: float = assumption(0.2, 4, _PARETO, "seen", gt=0, le=1e9, allow_inf_nan=False)
    """Shape of the death rates."""
    beta: float = assumption(0.1, 200, _PARETO, "seen", gt=0, le=1e12, allow_inf_nan=False)
    """Inverse scale of the death rates, in units of time."""


Purchases = Annotated[ParetoNbd | Nbd, Field(discriminator="model")]


# --- how much ------------------------------------------------------------------------------------------------------
class GammaGamma(Spec):
    """Basket ~ Gamma(p, nu) with nu ~ Gamma(q, gamma) over customers (Fader & Hardie 2013), in major units."""

    model: Literal["gamma_gamma"]
    """Gamma-Gamma."""
    p: float = assumption(0.8, 10, _GG, "seen", gt=0.05, le=1e6, allow_inf_nan=False)
    """Shape of a customer's own baskets; their coefficient of variation is 1 / sqrt(p)."""
    q: float = assumption(2, 10, _GG, "seen", gt=1, le=1e6, allow_inf_nan=False)
    """Shape over customers; above 1, or the mean basket does not exist."""
    gamma: float = assumption(1, 1e4, _GG, "seen", gt=0, le=1e9, allow_inf_nan=False)
    """Scale over customers, in major units."""

    @property
    def mean_basket(self) -> float:
        """Mean over customers, in major units."""
        return self.p * self.gamma / (self.q - 1)


class Lognormal(Spec):
    """Basket lognormal within a customer, and customers' levels lognormal too."""

    model: Literal["lognormal"]
    """Lognormal."""
    mean: float = assumption(50, 20000, _OWN, "judgement", gt=0, le=1e9, allow_inf_nan=False)
    """Mean basket over all customers, in major units."""
    sd_within: float = assumption(0.7, 0.95, _SPREAD, "seen", default=0.8, ge=0, le=3, allow_inf_nan=False)
    """Standard deviation of the log of the basket within a customer."""
    sd_between: float = assumption(0, 0.8, _SPREAD, "seen", default=0.5, ge=0, le=3, allow_inf_nan=False)
    """Standard deviation of the customers' levels, in logs."""

    @property
    def mean_basket(self) -> float:
        """Mean over customers, in major units."""
        return self.mean


Basket = Annotated[GammaGamma | Lognormal, Field(discriminator="model")]


# --- when ----------------------------------------------------------------------------------------------------------
class AtStart(Spec):
    """Every member arrives on the first day."""

    model: Literal["at_start"]
    """All at the start of the run."""


class UniformArrivals(Spec):
    """Members arrive evenly over the first years of the run; each makes a joining purchase on arrival."""

    model: Literal["uniform"]
    """Evenly over the first years."""
    years: float = assumption(0.25, 5, "Snack-shop source: half of the members bought within a year", "judgement", default=3.0,
                              gt=0, le=50, allow_inf_nan=False)  # fmt: skip
    """Length of the arrival window, in years of 365.25 days."""


def _shares(shares: dict[str, float]) -> dict[str, float]:
    _add_up(shares.values())
    return shares


def _add_up(shares: Iterable[float]) -> None:
    total = sum(shares)
    if abs(total - 1) > 1e-6:
        raise ValueError(f"shares add up to {total:.6g}, not 1")


def _spans(shares: tuple[float, ...]) -> tuple[float, ...]:
    _add_up(shares)
    return shares


class MeasuredArrivals(Spec):
    """Members arrive as customers of a log did: so many of them in each of some equal spans of time, evenly within each."""

    model: Literal["measured"]
    """As measured."""
    years: float = assumption(0.25, 5, _OWN, "judgement", gt=0, le=50, allow_inf_nan=False)
    """Length of all spans together, in years of 365.25 days."""
    shares: Annotated[
        tuple[Annotated[float, Field(ge=0, le=1)], ...], Field(min_length=1, max_length=600), AfterValidator(_spans)
    ]
    """Share of the members who arrive in each span, adding up to 1."""


Arrivals = Annotated[AtStart | UniformArrivals | MeasuredArrivals, Field(discriminator="model")]


def _mean_one(weights: tuple[float, ...]) -> tuple[float, ...]:
    mean = sum(weights) / len(weights)
    if abs(mean - 1) > 0.005:
        raise ValueError(f"weights are relative to an average of 1, their mean is {mean:.4g}")
    return weights


Weight = Annotated[float, Field(ge=0, le=12, allow_inf_nan=False)]


class Seasonality(Spec):
    """Weekday and month weights on the purchase rate; their product is scaled to a mean of exactly 1 over the calendar."""

    weekday: Annotated[tuple[Weight, ...], Field(min_length=7, max_length=7), AfterValidator(_mean_one)] = assumption(
        0, 7, _OWN, "judgement", default=(1.0,) * 7
    )
    """Monday to Sunday, mean 1."""
    month: Annotated[tuple[Weight, ...], Field(min_length=12, max_length=12), AfterValidator(_mean_one)] = assumption(
        0, 12, _OWN, "judgement", default=(1.0,) * 12
    )
    """January to December, mean 1."""


class SalesShock(Spec):
    """Between two days, customers buy (and arrive) so many times as often, in every world alike."""

    first: date
    """First day."""
    last: date
    """Last day."""
    factor: float = assumption(
        0, 2, "A scenario's own: what is to be looked at", "judgement", ge=0, le=10, allow_inf_nan=False
    )
    """0.7: three purchases in ten fall away; 0: nobody buys."""

    @model_validator(mode="after")
    def _in_order(self) -> "SalesShock":
        if self.last < self.first:
            raise SpecError(("last",), f"expected {self.first} or later", str(self.last))
        return self


class RedemptionRush(Spec):
    """Between two days, members redeem more readily at their purchases (or less), in every world alike: a rumour, a campaign, a run on points."""

    first: date
    """First day."""
    last: date
    """Last day."""
    odds: float = assumption(
        1, 10, "A scenario's own: what is to be looked at", "judgement", default=3.0, gt=0, le=1000, allow_inf_nan=False
    )
    """Factor on the odds that a member who weighs it up redeems; 1: as ever. Who redeems as soon as they can does so in any case."""
    never: float = assumption(0, 0.5, "A scenario's own: what is to be looked at", "judgement", default=0.0, ge=0, le=1)
    """Chance at a purchase that a member who never redeems does."""

    @model_validator(mode="after")
    def _in_order(self) -> "RedemptionRush":
        if self.last < self.first:
            raise SpecError(("last",), f"expected {self.first} or later", str(self.last))
        return self


class Shocks(Spec):
    """What a scenario does to the trade as a whole; nothing by default."""

    sales: Annotated[tuple[SalesShock, ...], Field(max_length=20)] = ()
    """Times in which more, or less, is bought; where they overlap, their factors are multiplied."""
    redemption: Annotated[tuple[RedemptionRush, ...], Field(max_length=10)] = ()
    """Times in which members redeem more readily; where they overlap, their odds are multiplied, and the larger chance of the others holds."""
    basket_inflation: float = assumption(-0.02, 0.1, "A scenario's own; consumer prices in Taiwan rose by 1 to 3 % a year in 2020-2025",
                                         "judgement", default=0.0, gt=-0.9, le=5, allow_inf_nan=False)  # fmt: skip
    """Baskets grow by so much a year, day by day from the first day of the run (0.02: 2 % a year)."""


# --- who -----------------------------------------------------------------------------------------------------------
class Birthdays(Spec):
    """Birthdays are uniform over the days of the calendar (29 February a quarter as likely)."""

    known: float = assumption(
        0.3, 1, "Share of members who give it: no public source", "judgement", default=0.8, ge=0, le=1
    )
    """Share of members whose birthday the brand knows."""


class Redeemers(Spec):
    """How members redeem; the shares add up to 1."""

    never: float = assumption(0.05, 0.5, "5-50 % of members never redeem", "judgement", default=0.25, ge=0, le=1)
    """Never redeem."""
    threshold: float = assumption(
        0, 0.5, "Redeem as soon as the cheapest reward is in reach", "judgement", default=0.2, ge=0, le=1
    )
    """Redeem as soon as they can."""
    choice: float = assumption(0.3, 0.9, "The rest weigh it up at each purchase", "judgement", default=0.55, ge=0, le=1)
    """Decide at each purchase (see the assumptions file for how)."""

    @model_validator(mode="after")
    def _add_up(self) -> "Redeemers":
        total = self.never + self.threshold + self.choice
        if abs(total - 1) > 1e-6:
            raise SpecError(("choice",), f"never, threshold and choice add up to {total:.6g}, not 1", self.choice)
        return self


class Joining(Spec):
    """Who of the customers is a member."""

    share: float = assumption(0.1, 1, "1: the population is the membership", "judgement", default=1.0, ge=0, le=1)
    """Chance that a customer who has not joined does so at a purchase."""


class Returns(Spec):
    """Purchases that are refunded in full."""

    share: float = assumption(0, 0.3, "Depends on the trade; mail order highest", "judgement", default=0.0, ge=0, le=1)
    """Share of purchases refunded."""
    days: int = assumption(1, 30, "Consumer Protection Act of Taiwan, art. 19: seven days for distance sales", "judgement",
                           default=7, ge=0, le=365)  # fmt: skip
    """Days from the purchase to its refund."""


Shares = Annotated[
    dict[Name, Annotated[float, Field(ge=0, le=1)]], Field(min_length=1, max_length=50), AfterValidator(_shares)
]
"""Shares of purchases by name, adding up to 1; the order in the file is the order of the codes."""


class Population(Spec):
    """The customers of a trade, as they would be with no program."""

    schema_version: Literal[1] = Field(alias="schema")
    """Version of this file format: 1."""
    title: str
    """What it describes."""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    """ISO 4217 code of the currency of the baskets; XXX (no currency) where a log did not say: they are in the program's."""
    source: str
    """Where the numbers come from; says so where they are judgement."""
    as_of: date
    """When the numbers were gathered."""
    notes: tuple[str, ...] = ()
    """Ranges, doubts, and what was changed."""
    purchases: Purchases
    """How often they buy, and when they leave."""
    basket: Basket
    """How much they spend."""
    price_step: Annotated[Money, Field(ge=Decimal("0.01"), le=10000)] = Decimal("0.01")
    """Baskets are whole multiples of this (1 where prices have no small change); the least basket is one of it."""
    gross_margin: float = assumption(0.05, 0.8, _MARGIN, "judgement", default=0.4, ge=0, le=1)
    """Sales less what the goods cost, as a share of sales."""
    arrivals: Arrivals = AtStart(model="at_start")
    """When members arrive."""
    seasonality: Seasonality = Seasonality()
    """When in the year and week they buy."""
    shocks: Shocks = Shocks()
    """What happens to the trade as a whole."""
    birthdays: Birthdays = Birthdays()
    """Which birthdays are known."""
    channels: Shares = {"store": 1.0}
    """Channels and their shares of purchases."""
    categories: Shares = {GENERAL: 1.0}
    """Categories and their shares of purchases; ``general`` are purchases of no particular one, which is a program's default category."""
    redeemers: Redeemers = Redeemers()
    """How they redeem."""
    joining: Joining = Joining()
    """Who joins."""
    returns: Returns = Returns()
    """What comes back."""

    @property
    def category_names(self) -> list[str]:
        """The categories in their order as a program knows them: blank for its default one."""
        return ["" if name == GENERAL else name for name in self.categories]


def in_currency(population: Population, currency: str) -> Population:
    """The same population; one without a currency of its own takes this one."""
    return population.model_copy(update={"currency": currency}) if population.currency == NO_CURRENCY else population


def scaled(
    population: Population,
    *,
    purchases_per_year: float | None = None,
    mean_basket: float | None = None,
    currency: str | None = None,
) -> Population:
    """The same population with another mean purchase rate (of living members) or mean basket (major units).

    The shapes stay: how unequal customers are, how fast they leave, when they buy. A basket given in another currency names it.
    """
    if currency not in (None, population.currency) and mean_basket is None:
        raise ValueError(f"another currency ({currency}) needs its own mean basket")
    data = population.model_dump(by_alias=True)
    notes = []
    if purchases_per_year is not None:
        factor = _positive("purchases_per_year", purchases_per_year) / population.purchases.purchases_per_year
        data["purchases"]["alpha"] /= factor
        notes.append(f"Scaled to {purchases_per_year:g} purchases a year.")
    if mean_basket is not None:
        factor = _positive("mean_basket", mean_basket) / population.basket.mean_basket
        data["basket"]["gamma" if population.basket.model == "gamma_gamma" else "mean"] *= factor
        data["currency"] = currency or population.currency
        notes.append(f"Scaled to a mean basket of {data['currency']} {mean_basket:g}.")
    data["notes"] = (*population.notes, *notes)
    return Population.model_validate(data)


def _positive(name: str, value: float) -> float:
    if not 0 < value < 1e9:
        raise ValueError(f"{name}: expected a number above 0 and below 1e9, got {value:g}")
    return value
