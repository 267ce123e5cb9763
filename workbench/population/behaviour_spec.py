"""What an assumptions file may say: how members respond to a program, each number with its range, source and basis.

``seen``: read in a public source; ``abstract``: its abstract alone was read; ``judgement``: nobody measured it. Every effect on purchases
is off at a strength of 0 (status: no steps), membership at a factor of 1.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from workbench.population.spec import assumption
from workbench.spec import Name, Spec, SpecError

__all__ = [
    "Actions",
    "Assumptions",
    "Basket",
    "Choice",
    "Coupon",
    "Demotion",
    "Displacement",
    "ExpiryPressure",
    "Membership",
    "Message",
    "Novelty",
    "Pace",
    "PlanChoice",
    "Referrals",
    "Rewarded",
    "RewardPressure",
    "Status",
    "TierPressure",
    "TopUp",
]

_KIVETZ = "Kivetz, Urminsky & Zheng 2006: gaps on a cafe card shrink by 20 % from the first stamp to the last (stamp cards: .25)"
_NUNES = "Nunes & Dreze 2006: 34 % against 19 % complete a card of ten with two stamps given and a card of eight"
_SHAPE = "Shape of the goal gradient: straight unless known"
_BEHRENS = "Behrens et al.: members respond only just before the year ends; the days are judgement"
_ORHUN = "Orhun et al.: the response peaks near the pace needed; the numbers are judgement"
_EXPIRY = "Breugelmans & Liu-Thompkins: the sign only; the size is judgement"
_REWARDED = "Nastasoiu et al.: 1.74 % of sales are driven by incentives; how they fade is judgement"
_STATUS = "The sign only, from abstracts; the size is judgement"
_WAGNER = "Wagner, Hennig-Thurau & Rudolph 2009: the demoted end below the never promoted; the size is judgement"
_COUPON = "Venkatesan & Farris: those who never redeem make 60 % of the lift; the size is judgement"
_COUPON_USE = (
    "Coupons that nobody was chosen for: 1.1 % of free-standing inserts, 8.5 % of electronic handouts, 20 % of those on the pack are redeemed; of "
    "all in the US 0.8 % (2021). A member's own are used more; how much is judgement: take it from own counts"
)
_MESSAGE = "Bies et al.: push messages, spending +14 % and redemptions doubled; how they fade is judgement"
_REACH = "Trade press on LINE accounts of brands: 20-30 % of friends have blocked them, single accounts 10-50 %"
_OPT_OUT = "Benchmarks of e-mail: .1-.5 % of recipients unsubscribe at a message; other channels are judgement"
_REFERRED = "How many customers a reward brings depends on the trade: no public source; take it from own data"
_INCREMENTAL = (
    "Schmitt, Skiera & Van den Bulte 2011 find customers brought by others worth 16 % more than similar ones, but not how many of them would "
    "have come anyway: judgement; vary it"
)
_ACTIONS = (
    "How often members check in, answer or review depends on what the app asks: no public source; take it from own data"
)
_NOVELTY = "Effects of joining fade after six to nine months; the size is judgement"
_SALON = "Hair-salon study: more than 80 % of the lift is retention; .90 gives +5 % purchases over five years"
_BASKET = "The effect on the ticket is about nil; topping up is judgement"
_DISPLACED = "Whether extra purchases are taken from later ones: no public source; vary it"
_LOADS = "Starbucks, fiscal 2019 (10-K as reported): loads were 41 % of revenue, of the next best 10-15 %; the share of members, and how much, is judgement"
_TAKE_UP = "Costco, first quarter of fiscal 2024: 46 % of paid members, with 73 % of sales, hold the plan with the rebate; of whom it pays for, judgement"
_REQUIRED = "How many pay a fee to be members at all: no public source; take it from own counts"
_RENEWAL = "Costco: 92.3 % in the US and Canada, 90 % worldwide (2022; 92.3 and 89.8 in 2025); 89 and 86 % in 2011"
_SUBSCRIBED = "Iyengar, Park & Yu 2022: purchases rise much after subscribing, two thirds of it beyond the benefits; the size is not public, so 0"
_RUSH = "How many redeem before a devaluation that was announced: no public source; vary it"
_REDEEM = (
    "Signs: judgement. Sizes: chosen with the shares of classes so that breakage is 28-34 % where points lapse at the end of the "
    "next year and the cheapest reward costs at most the points of one mean purchase (department store, quick service); dearer "
    "rewards and rarer purchases break more"
)


# --- goals ---------------------------------------------------------------------------------------------------------
class RewardPressure(Spec):
    """Points pressure: purchases quicken towards the next reward, by 1 + strength * progress ** exponent * pace.

    Progress is the usable balance on the way to the cheapest reward; a reward in hand counts as reached and the way begins again. A reward
    that the member's mean purchase pays for is no goal. A reward has no period, so that none is too certain to matter; where the points
    held lapse before the member's own pace gets there, ``pace`` takes the effect away.
    """

    strength: float = assumption(0, 0.3, _KIVETZ, "seen", default=0.10, ge=0, le=2)
    """Effect just before the reward (g); 0: off."""
    stamps: float = assumption(0, 0.3, _KIVETZ, "seen", default=0.25, ge=0, le=2)
    """The same where the program is a stamp card: purchases earn a fixed number of points each, and nothing by amount; 0: off."""
    exponent: float = assumption(0.5, 3, _SHAPE, "judgement", default=1.0, ge=0.1, le=10)
    """How late the effect comes (kappa)."""
    head_start: float = assumption(0, 1, _NUNES, "seen", default=1.0, ge=0, le=1)
    """Share of the points given for joining that counts as progress (endowed progress); 0: the first way begins after them. They are
    used up with the first points redeemed or lapsed."""


class TierPressure(Spec):
    """Tier pressure: purchases quicken towards the next tier before its period ends, by 1 + strength * progress ** exponent * pace * deadline.

    Progress is the share of the next tier's threshold that the window's metrics have reached; of several thresholds, the one that
    decides. Windows without an end of period set no deadline, and so no pressure.
    """

    strength: float = assumption(0, 0.3, _KIVETZ, "seen", default=0.10, ge=0, le=2)
    """Effect just before the threshold on the last day; 0: off."""
    exponent: float = assumption(0.5, 3, _SHAPE, "judgement", default=1.0, ge=0.1, le=10)
    """How late on the way the effect comes (kappa)."""
    days: float = assumption(30, 180, _BEHRENS, "abstract", default=90.0, ge=1, le=366)
    """Days before the end of the period at which it begins."""
    full_days: float = assumption(0, 60, _BEHRENS, "abstract", default=30.0, ge=0, le=365)
    """Days before the end of the period from which it is felt in full."""

    @model_validator(mode="after")
    def _in_order(self) -> "TierPressure":
        if self.full_days >= self.days:
            raise SpecError(("full_days",), f"expected less than days ({self.days:g})", self.full_days)
        return self


class Pace(Spec):
    """Weight of a goal by the pace it needs (what is missing, over the days left) over the member's own pace (their own purchase rate times what
    their purchases have brought so far): 1 where the two are alike, falling evenly to 0 on both sides."""

    none_below: float = assumption(0.1, 0.5, _ORHUN, "abstract", default=0.3, ge=0, le=10)
    """Where a tier is so sure that it moves nobody."""
    full_from: float = assumption(0.5, 0.9, _ORHUN, "abstract", default=0.7, ge=0, le=10)
    """Where the full effect begins."""
    full_to: float = assumption(1.1, 2, _ORHUN, "abstract", default=1.5, ge=0, le=100)
    """Where the full effect ends."""
    none_above: float = assumption(2, 5, _ORHUN, "abstract", default=3.0, ge=0, le=1000)
    """Where a goal is out of reach."""

    @model_validator(mode="after")
    def _in_order(self) -> "Pace":
        steps = (
            ("more than", "none_below", "full_from", self.none_below < self.full_from),
            ("at least", "full_from", "full_to", self.full_from <= self.full_to),
            ("more than", "full_to", "none_above", self.full_to < self.none_above),
        )
        for words, low, high, holds in steps:
            if not holds:
                raise SpecError((high,), f"expected {words} {low} ({getattr(self, low):g})", getattr(self, high))
        return self


class ExpiryPressure(Spec):
    """Expiry: purchases quicken before points lapse, by 1 + strength * exp(-days / decay_days), among the aware."""

    strength: float = assumption(0, 0.2, _EXPIRY, "abstract", default=0.05, ge=0, le=2)
    """Effect on the last day (e); 0: off."""
    decay_days: float = assumption(7, 30, "How early members begin to care", "judgement", default=14.0, ge=1, le=365)
    """Days before expiry at which a third of the effect is felt."""
    aware: float = assumption(0, 1, "1 unless messages are modelled", "judgement", default=1.0, ge=0, le=1)
    """Share of members who know when their points lapse."""


# --- what has happened ---------------------------------------------------------------------------------------------
class Rewarded(Spec):
    """Rewarded behaviour: purchases quicken after a redemption that the member asked for, by 1 + strength * exp(-days / decay_days)."""

    strength: float = assumption(0, 0.15, _REWARDED, "abstract", default=0.05, ge=0, le=2)
    """Effect on the day of the redemption (w); 0: off."""
    decay_days: float = assumption(10, 90, _REWARDED, "judgement", default=30.0, ge=1, le=3650)
    """Days after which a third of it is left."""


class Status(Spec):
    """Status: purchases are more frequent in a tier above the base, by 1 + step, a constant per tier."""

    steps: Annotated[tuple[Annotated[float, Field(ge=-0.5, le=2)], ...], Field(max_length=20)] = assumption(
        0, 0.12, _STATUS, "abstract", default=(0.02, 0.04, 0.06)
    )
    """Effect of the first tier above the base, the second, ...; the last holds for all further ones; none: off."""


class Demotion(Spec):
    """Demotion: after a fall to a lower tier purchases slow down, by 1 - strength * exp(-days / decay_days), and the member's death rate rises,
    by 1 + death * exp(-days / decay_days); days since the last fall."""

    strength: float = assumption(0, 0.25, _WAGNER, "abstract", default=0.10, ge=0, le=0.8)
    """Effect on purchases on the day of the fall (q); 0: off."""
    death: float = assumption(0, 1, _WAGNER, "abstract", default=0.25, ge=0, le=10)
    """Effect on the death rate on the day of the fall (c); 0: off."""
    decay_days: float = assumption(60, 365, _WAGNER, "judgement", default=180.0, ge=1, le=3650)
    """Days after which a third of either is left."""


class Coupon(Spec):
    """Coupons in the wallet. Purchases quicken while the member holds some, by 1 + strength, until they are used or lapse.

    Of the coupons that a member will ever use, the one with the largest saving is used at the first purchase that it fits (of equal savings the
    soonest expiring), further ones where they combine. Using a coupon moves no purchase.
    """

    strength: float = assumption(0, 0.15, _COUPON, "seen", default=0.03, ge=0, le=2)
    """Effect of holding coupons (k); 0: off."""
    given: float = assumption(0.01, 0.6, _COUPON_USE, "judgement", default=0.2, ge=0, le=1)
    """Share of the coupons handed out (joining, birthday, dates, silence, segments, by hand) that a member will ever use, if they can."""
    earned: float = assumption(0.05, 0.8, _COUPON_USE, "judgement", default=0.35, ge=0, le=1)
    """The same of those that something the member did has brought (purchases, spend, tiers, actions, top-ups, plans, referrals)."""
    bought: float = assumption(0.5, 1, _COUPON_USE, "judgement", default=0.9, ge=0, le=1)
    """The same of those that points were taken for."""


class Message(Spec):
    """Message: purchases quicken after a message, by 1 + strength * exp(-days / decay_days) * fatigue ** (other messages of the seven days up to it)."""

    strength: float = assumption(0, 0.14, _MESSAGE, "seen", default=0.05, ge=0, le=2)
    """Effect on the day of a message that stands alone (u); 0: off."""
    decay_days: float = assumption(1, 10, _MESSAGE, "judgement", default=3.0, ge=0.1, le=365)
    """Days after which a third of it is left."""
    fatigue: float = assumption(0.7, 1, _MESSAGE, "judgement", default=0.9, ge=0, le=1)
    """What each message of the week leaves of the next one's effect."""
    reach: float = assumption(0.5, 0.9, _REACH, "seen", default=0.75, ge=0, le=1)
    """Share of members whom a channel reaches, drawn for each member and channel; it moves who is sent messages, and has no zero."""
    opt_out: float = assumption(0, 0.005, _OPT_OUT, "seen", default=0.002, ge=0, le=1)
    """Chance that a message is the last that its channel can send the member."""


class Novelty(Spec):
    """Novelty: purchases are more frequent after joining, by 1 + strength * exp(-days / decay_days)."""

    strength: float = assumption(0, 0.1, _NOVELTY, "abstract", default=0.03, ge=0, le=2)
    """Effect on the day of joining (v); 0: off."""
    decay_days: float = assumption(90, 365, _NOVELTY, "abstract", default=180.0, ge=1, le=3650)
    """Days after which a third of it is left."""


# --- what else a program does ----------------------------------------------------------------------------------------
class Membership(Spec):
    """What being a member does to leaving."""

    death_factor: float = assumption(0.62, 1, _SALON, "abstract", default=0.92, ge=0.1, le=2)
    """The death rate of a member over that of the same customer outside the program; 1: off."""


class Basket(Spec):
    """Baskets are the same with and without a program, but for some that are topped up to a threshold a little above them: the
    least order that earns, a step of the rate, the next full block where orders are rounded down, the least order for a bonus, or,
    for who has the points, for money off."""

    chance: float = assumption(0, 0.2, _BASKET, "abstract", default=0.10, ge=0, le=1)
    """Chance that a basket within reach of a threshold is topped up; 0: off."""
    within: float = assumption(0.05, 0.25, _BASKET, "judgement", default=0.15, ge=0, le=1)
    """How far above the basket a threshold may lie, as a share of the basket."""


class Displacement(Spec):
    """Extra purchases that are not extra: each takes the place of the member's next ordinary one, with some chance."""

    share: float = assumption(0, 0.5, _DISPLACED, "judgement", default=0.0, ge=0, le=1)
    """Share of extra purchases that displace a later one (delta); 0: off."""


class Referrals(Spec):
    """Customers whom members bring, where the program rewards it. Who refers is drawn among the members of that moment."""

    share: float = assumption(0, 0.25, _REFERRED, "judgement", default=0.05, ge=0, le=1)
    """Share of arriving customers who come through a referral where the program has referrals; 0: off."""
    incremental: float = assumption(0, 1, _INCREMENTAL, "judgement", default=0.5, ge=0, le=1)
    """Of these, the share who would not have come without: where a program has no referrals they never become customers."""


Rate = Annotated[float, Field(ge=0, le=366)]
Share = Annotated[float, Field(ge=0, le=1)]


class Actions(Spec):
    """What members do besides buying, where a bonus or a campaign of the program is for it: as a Poisson process in time, or after purchases."""

    rate: Rate = assumption(0, 50, _ACTIONS, "judgement", default=6.0)
    """Actions of a name in a member's year; 0: off."""
    rates: dict[Name, Rate] = assumption(0, 200, _ACTIONS, "judgement", default={"check_in": 24.0})
    """Other rates, by the action's name."""
    again: float = assumption(0, 0.9, _ACTIONS, "judgement", default=0.4, ge=0, le=0.99)
    """Chance that an action is followed by another on the next day; the rate stays, the actions come in runs."""
    shares: dict[Name, Share] = assumption(0, 0.2, _ACTIONS, "judgement", default={"review": 0.03, "survey": 0.02})
    """Actions that follow purchases, by name: the share of purchases followed by one. They have no rate."""


class Choice(Spec):
    """Members who weigh it up redeem at a purchase with logit
    ``balance * log(balance / price) + expiry * exp(-days / expiry_days) - hassle``."""

    balance: float = assumption(0, 2, _REDEEM, "judgement", default=1.0, ge=0, le=10)
    """Weight of the log of the usable balance over the price of the cheapest reward."""
    expiry: float = assumption(0, 3, _REDEEM, "judgement", default=1.5, ge=0, le=10)
    """Weight of expiry at hand."""
    expiry_days: float = assumption(7, 60, "How early an expiry is near", "judgement", default=30.0, ge=1, le=365)
    """Days before expiry at which a third of that weight is felt."""
    hassle: float = assumption(0, 4, _REDEEM, "judgement", default=1.0, ge=-10, le=10)
    """Cost of redeeming at all."""
    rush: float = assumption(1, 10, _RUSH, "judgement", default=1.0, gt=0, le=1000)
    """Factor on the odds to redeem in the days before a version takes effect under which the points held are worth less; 1: nobody minds."""
    rush_days: int = assumption(14, 90, _RUSH, "judgement", default=30, ge=1, le=3650)
    """How many days before the change it is known."""


class TopUp(Spec):
    """Who pays in stored value, and how much. It moves money and points, not purchases: members pay with it what they would have paid otherwise.

    Whoever tops up does so at a purchase that the balance does not pay, by the highest step of the ladder within ``stretch`` times the spend of
    ``months`` that they expect at their own rate and mean basket; or else by that spend, in whole units of money.
    """

    share: float = assumption(0.05, 0.5, _LOADS, "judgement", default=0.2, ge=0, le=1)
    """Share of members who top up."""
    months: float = assumption(0.5, 6, _LOADS, "judgement", default=1.0, gt=0, le=120)
    """Months of their own expected spend that a top-up covers."""
    stretch: float = assumption(1, 3, _LOADS, "judgement", default=1.5, ge=1, le=100)
    """How far beyond it they go for a step of the ladder."""


class PlanChoice(Spec):
    """Who takes a paid plan on joining, who renews it, and what holding one does to purchases, by 1 + strength.

    A plan pays for who expects ``pays`` times its fee back by its rebate, at their own rate and mean basket over a term. Of several plans that a member
    would take, the one with the most rebate less fee. Where membership needs a plan, who takes none does not join. Who has left the brand does
    not renew.
    """

    take_up: float = assumption(0.3, 0.95, _TAKE_UP, "judgement", default=0.7, ge=0, le=1)
    """Share who take a plan that pays for them."""
    pays: float = assumption(0.7, 2, _TAKE_UP, "judgement", default=1.0, ge=0, le=100)
    """Expected rebate over the fee from which a plan pays."""
    others: float = assumption(0, 0.3, _TAKE_UP, "judgement", default=0.05, ge=0, le=1)
    """Share who take a plan that does not pay by its rebate, or has none."""
    required: float = assumption(0.1, 1, _REQUIRED, "judgement", default=0.5, ge=0, le=1)
    """The same where membership needs it."""
    renewal: float = assumption(0.8, 0.95, _RENEWAL, "seen", default=0.9, ge=0, le=1)
    """Chance of each renewal."""
    strength: float = assumption(0, 0.3, _SUBSCRIBED, "abstract", default=0.0, ge=0, le=2)
    """Effect of holding a plan on purchases; 0: off."""


class Assumptions(Spec):
    """How members respond to a program. The effects on the purchase rate are multiplied, and their product is kept within 0.2-3."""

    schema_version: Literal[1] = Field(alias="schema")
    """Version of this file format: 1."""
    title: str
    """What is assumed."""
    source: str = ""
    """Where the numbers come from as a whole; each has its own source too."""
    notes: tuple[str, ...] = ()
    """Doubts."""
    reward_pressure: RewardPressure = RewardPressure()
    """Towards the next reward."""
    tier_pressure: TierPressure = TierPressure()
    """Towards the next tier."""
    pace: Pace = Pace()
    """Which goals matter: those neither certain nor out of reach."""
    expiry: ExpiryPressure = ExpiryPressure()
    """Before points lapse."""
    rewarded: Rewarded = Rewarded()
    """After a redemption."""
    status: Status = Status()
    """In a tier."""
    demotion: Demotion = Demotion()
    """After a fall to a lower tier."""
    coupon: Coupon = Coupon()
    """With a coupon in the wallet."""
    message: Message = Message()
    """After a message, and whom messages reach."""
    novelty: Novelty = Novelty()
    """After joining."""
    membership: Membership = Membership()
    """On leaving."""
    basket: Basket = Basket()
    """On what is spent at once."""
    displacement: Displacement = Displacement()
    """On later purchases."""
    referral: Referrals = Referrals()
    """On who comes at all."""
    actions: Actions = Actions()
    """On check-ins, reviews and the like."""
    redemption: Choice = Choice()
    """How those who weigh it up redeem; it moves points, not purchases, and has no zero."""
    top_up: TopUp = TopUp()
    """Stored value; it moves no purchases either."""
    plan: PlanChoice = PlanChoice()
    """Paid plans."""
