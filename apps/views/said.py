"""What the engine says in English (warnings, notes, checks), in the language of the page: by templates, since its sentences hold numbers."""

import re
from functools import cache

from apps.language import AppLanguage

__all__ = ["TEMPLATES", "is_known", "translated"]


def N_(text: str) -> str:
    """Marks a text that is looked up later."""
    return text


_PLACE = re.compile(r"\\\{(\w+)\\\}")

TEMPLATES = (
    # warnings of a close
    N_("breakage of {share} %: airlines and hotels report 14-26 %"),
    N_("points outstanding are {years} years of releases; 1.3-2.7 are seen in mature programs"),
    N_("redeemed over issued in the last year is {share}; 0.85-0.95 is seen in a steady program"),
    N_("{share} % of the liability is current; 35-53 % are seen in airlines' and hotels' accounts"),
    N_(
        "the redemption rate is the policy's assumption ({value}, plausible {low}-{high}), not an estimate: {months} months of history, {wanted} wanted"
    ),
    N_("{points} points became vouchers and are taken as redeemed then: vouchers still held are owed beside this liability"),
    N_("the policy is in {policy}, the books are in {books}"),
    N_("{points} points were redeemed and then taken back with a refund: members owe them; they are in no cohort"),
    N_("{points} points were posted after their month of issue: cut-off is worth a look"),
    N_("membership fees came due, but the days of their terms are not in a run's tables: value the ledger of a replay"),
    # notes and warnings of the estimators
    N_("tail: no redemption is expected after age {age}"),
    N_("tail: ages {first} to {last} at a level hazard, fitted on ages {low} to {high}"),
    N_(
        "tail: ages {first} to {last} with a hazard that falls by the factor {factor} each, fitted on ages {low} to {high}, R² {quality}"
    ),
    N_("a-priori rate {rate}: given"),
    N_("a-priori rate {rate}: from all cohorts, as far as they have developed"),
    N_("a-priori rate {rate}: that of the hazard method over a whole life"),
    N_("standard errors are Mack's (1993), without the tail; on redemption triangles they are too small (docs/redemption.md)"),
    N_("{n} ages have no redemption before them: no factor can be read there, and 1 is taken"),
    N_("{n} cohorts have redeemed nothing yet, so nothing can be developed"),
    N_("{n} cohorts are expected to redeem more than they hold: they are cut there"),
    N_("{n} cohorts fall below what is redeemed: they are cut there"),
    N_("a level hazard without expiry redeems every point in the end"),
    N_("fewer than {n} of the last ages have redemptions to fit a tail on: no redemption is expected beyond them"),
    N_("the hazard does not fall with age, so nothing says when redemption ends: what comes after the last age is left out"),
    N_("the hazard does not fall with age: beyond the last one it is kept level"),
    N_("the tail is fitted loosely (R² {quality}): see how far another tail moves the result"),
    # changes
    N_("Ultimate redemption rate {change} percentage points"),
    N_("Breakage {change} %"),
    N_("Stand-alone price of points {change} %, as if at issue"),
    N_("Rush: {share} % of the breakage to come is redeemed within {months} months"),
    N_("Devaluation by {size} % announced: {share} % of the breakage to come is redeemed before it"),
    N_("Expiry extended by {months} months: {share} % of what would lapse is redeemed"),
    # checks
    N_("sub-ledger ties"),
    N_("Points of all cohorts, less those that members owe, are those outstanding in the ledger"),
    N_("cohorts tie"),
    N_("Points outstanding by the engine are those of the roll-forward"),
    N_("no debt below nil"),
    N_("Members never owe fewer than no points"),
    N_("no negative liability"),
    N_("No cohort's liability is negative in any month"),
    N_("Q <= U <= N - X"),
    N_("Expected ultimate redemption lies from what is redeemed to what has not expired"),
    N_("closed cohorts owe nothing"),
    N_("A cohort with nothing outstanding has no liability"),
    N_("roll-forward in money foots"),
    N_("opening + deferred - all others = closing, for each cohort and month"),
    N_("money: opening is closing before"),
    N_("for each cohort and month; the first opens at nil"),
    N_("roll-forward in points foots"),
    N_("opening + issued - all others = closing"),
    N_("points: opening is closing before"),
    N_("deferral = revenue + liability"),
    N_("Deferral less what refunds, debts and other parties took is lifetime revenue and the liability"),
    N_("current part within"),
    N_("The current part of each cohort is from nil to its liability; the rest is non-current"),
    N_("printed is exact, rounded"),
    N_("Printed and exact liability differ by at most half a minor unit a cohort"),
    N_("journal balances"),
    N_("Debits are credits in every entry"),
    N_("journal ties to liability"),
    N_("The liability's account ends at the liability"),
    N_("journal ties to provision"),
    N_("The provision's account ends at the provision"),
    N_("no month is left out"),
    N_("Points issued by portfolio are those of the sub-ledger"),
    N_("{right}: roll-forward foots"),
    N_("each month opens at the closing before, foots, and is not negative"),
    N_("{right}: journal ties"),
    N_("The account in the journal ends at the liability"),
    # a calibration, and an early warning
    N_("{n} rows name no member ({money} of purchases): left out; the population is the members', not all of the trade's"),
    N_("{n} members joined and never bought: left out; in a population everybody's first purchase is their arrival"),
    N_(
        "{n} of {all} refunds do not name an order of the log: {exact} taken off the member's latest order of just that amount, "
        "{netted} off larger or several orders"
    ),
    N_("{n} refunds ({money}) are more than their members had bought in the log by then: bought before it begins; left out"),
    N_("{n} orders ({money}) were given back whole on their own day: dropped as never made"),
    N_(
        "{n} of {all} customers were first seen in the first 30 days, against {later} in an average 30 days after: most were customers"
        " before, and their first purchase here is not their first; rates are a little too high and leaving is blurred. --new-since "
        "{day} fits on new customers alone"
    ),
    N_("{n} of {all} purchase days have several orders ({mean} on average): orders of one day are one purchase, its basket their sum"),
    N_("{n} members bought on more than half of the {days} days with purchases ({names}): is that an id of a till, or of a company?"),
    N_("no purchase on any {days}"),
    N_("closed, it seems: {gaps}"),
    N_("few customers: {n}, and {repeaters} with a second purchase; look at the standard errors before any figure"),
    N_("{n} repeat purchases of {customers} customers in {days} days: a history this short says little about who leaves"),
    N_(
        "the model expects {expected} repeat purchases in the days it was fitted on, where there were {actual} ({error} %): customers "
        "who came early buy at other rates than those who came late"
    ),
    N_("weekdays are not told apart: that takes 8 weeks and 200 purchases"),
    N_("months are not told apart: the log's {days} days do not hold every month whole, or too few repeat purchases"),
    N_("the year has its peaks: {months} times the average month"),
    N_("months rest on a single year: growth, or one good month, looks like a season"),
    N_(
        "no dropout identified: {model} raises the log-likelihood by {gain} over nbd, less than its two more parameters are worth "
        "({worth}); nbd is taken, in which nobody leaves"
    ),
    N_("{model} did not come to rest in {n} iterations: its parameters are where it stopped"),
    N_("{name} ran to its bound ({value}): {what}, as far as this log tells; it has no standard error"),
    N_(
        "too short a history for a hold-out: {days} days, {customers} customers and {repeaters} of them with a second purchase would "
        "be left to predict the rest from; how far its predictions are off is not known"
    ),
    N_("the hold-out is predicted by {model}: {note}"),
    N_("no redemption in the log: how members redeem stays an assumption (redeemers)"),
    N_(
        "the mean basket is {mean} over purchases and {customers} over customers as {model} has them (who buys more often spends more "
        "at a time, or a few purchases are very large); the population's level is multiplied by {factor}, so that sales come out right"
    ),
    N_("few customers with repeat baskets: first baskets are used too"),
    N_(
        "the mean basket is {mean} over purchases and {customers} over customers as {model} has them (who buys more often spends less "
        "at a time, or a few purchases are very large); the population's level is multiplied by {factor}, so that sales come out right"
    ),
    N_("{n} purchase days with nothing paid: counted as purchases, not as baskets"),
    N_("the largest 0.1 % of purchases make {share} % of sales: the mean basket rests on them"),
    N_("gamma-gamma has no mean basket here (q {q}, p {p}): the population is lognormal"),
    N_("the log ends on {day}: the {n} days after it are taken for days without a purchase"),
    N_(
        "too short a history to judge the list: it takes {weeks} weeks and {members} members with {least} purchases before the {held} "
        "held out, and of these some who bought and some who did not; how far its chances are off is not known"
    ),
    N_("too short a history to recalibrate: it takes {weeks} held-out weeks to learn from and {more} to judge by"),
    N_("nobody leaves in nbd: everybody is alive for certain, and no sales are at risk"),
)  # fmt: skip


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (text, re.compile(_PLACE.sub(lambda found: f"(?P<{found[1]}>.+?)", re.escape(text)))) for text in TEMPLATES
    )


def _matched(english: str) -> tuple[str, dict[str, str]] | None:
    for text, pattern in _patterns():
        found = pattern.fullmatch(english)
        if found:
            return text, found.groupdict()
    return None


def is_known(english: str) -> bool:
    """Whether there is a template for a sentence of the engine."""
    return _matched(english) is not None


def translated(english: str, say: AppLanguage) -> str:
    """A sentence of the engine in the language of the page; one that no template knows stays English."""
    found = _matched(english)
    return english if found is None else say.text(found[0], **found[1])
