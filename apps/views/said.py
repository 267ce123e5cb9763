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
