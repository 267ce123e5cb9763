"""A desk that takes notes of how purchases earned, and the life of one member written down moment by moment."""

from dataclasses import dataclass, field
from typing import Any

from simulators.desk import Basket, Desk
from simulators.earning_sum import Before, Sum, sum_of
from workbench.ledger import (
    BONUS,
    CONVERT,
    DECAY,
    EARN,
    EXPIRE,
    KINDS,
    PURCHASE,
    REDEEM,
    REFUND,
    RETURN,
    REVERSE,
    TIER,
    Account,
    Entry,
    Order,
)
from workbench.program.expiry_words import expiry_rule, expiry_words
from workbench.program.lower import LoweredVersion
from workbench.rules.caps import room_under
from workbench.rules.earn_parts import is_birthday, known
from workbench.rules.earn_spec import Multiplier
from workbench.rules.plans import may_earn
from workbench.rules.terms import Terms
from workbench.rules.tiers import METRICS, metric_total, need_of, window_start
from workbench.units import CENTS, to_date, to_major

__all__ = ["Diary", "Moment", "WatchingDesk", "standing", "to_next_tier"]

POINTS = (EARN, BONUS, REDEEM, CONVERT, RETURN, EXPIRE, DECAY, REVERSE)
"""The kinds of entries that change how many points a member holds."""


class WatchingDesk(Desk):
    """A desk that notes the sum of every purchase; who reads the notes takes them away."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.sums: list[Sum] = []
        self.baskets: list[Basket] = []

    def begin_checkout(
        self, account: Account, order: Order, number: int, day: int, business: int, baskets: list[Basket]
    ) -> int:
        """As of every desk."""
        self.baskets = baskets
        return super().begin_checkout(account, order, number, day, business, baskets)

    def end_checkout(self, account: Account, order: Order, count: int, day: int, business: int) -> None:
        """As of every desk; the sum is noted."""
        terms, version = self.terms_of(account), self.version_of(account)
        earn = terms.earn
        before = Before(
            account.own.carry,
            tuple(room_under(terms, account, cap, day) for cap in range(earn.caps)),
            bool(may_earn(terms, account.own)),
        )
        super().end_checkout(account, order, count, day, business)
        applied = _multipliers(version, terms, account, order)
        self.sums.append(sum_of(version.aligned, terms, account, order, before, applied))


def _multipliers(version: LoweredVersion, terms: Terms, account: Account, order: Order) -> list[Multiplier]:
    """The multipliers whose conditions some line met; where only the highest counts, those alone that were the highest of a line."""
    earn, placed = terms.earn, order.own
    found: set[int] = set()
    for part in order.parts[: placed.parts]:
        met = []
        for k in range(earn.factors):
            category, channel = known(part.category, earn.categories), known(part.channel, earn.channels)
            if (
                earn.factor_days[k][placed.day - earn.first_day]
                and earn.factor_tiers[k][max(placed.tier, 0)]
                and earn.factor_categories[k][category]
                and earn.factor_channels[k][channel]
                and (earn.factor_birthday[k] == 0 or is_birthday(account.own, placed.day, earn.factor_birthday[k] == 2))
            ):
                met.append(k)
        specs = version.aligned.earn.multipliers
        if version.aligned.earn.stacking in ("highest", "forbid") and met:
            highest = max(specs[k].factor for k in met)
            met = [k for k in met if specs[k].factor == highest]
        found.update(met)
    return [version.aligned.earn.multipliers[k] for k in sorted(found)]


# --- a diary ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Moment:
    """Something that happened to a member: a transaction, or the start of a day."""

    day: int
    what: str
    order: str
    entries: tuple[dict[str, Any], ...]
    earning: Sum | None
    after: dict[str, Any]
    more: dict[str, Any]
    """What a simulation knows besides."""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "date": _iso(self.day),
            "what": self.what,
            "order_id": self.order or None,
            "earning": None if self.earning is None else self.earning.document(),
            "entries": list(self.entries),
            "after": self.after,
        } | self.more


@dataclass
class Diary:
    """The moments of one member, as their desk's book tells them."""

    desk: WatchingDesk
    moments: list[Moment] = field(default_factory=list)
    held: int = 0
    """Points held after the last entry: usable and pending, net of debt."""
    tier: str | None = None
    """Held before the entry at hand."""
    lapses: dict[tuple[int, int], str] = field(default_factory=dict)
    """Why lots lapse when they do, by their days: as it was when they were earned."""

    def note(self, account: Account, order: str = "", more: dict[str, Any] | None = None) -> None:
        """Write down what stands in the desk's book and was not drained yet."""
        rows = self.desk.book.rows[: self.desk.book.cursor.entries]
        sums, self.desk.sums = self.desk.sums, []
        if not rows:
            return
        version = self.desk.version_of(account)
        if self.tier is None and version.aligned.tier_names:
            self.tier = version.aligned.tier_names[0]
        entries = tuple(self._entry(version, each) for each in rows)
        self.moments.append(
            Moment(
                rows[-1].day,
                _what([each.kind for each in rows]),
                order if any(each.order for each in rows) else "",
                entries,
                sums[-1] if sums else None,
                standing(version, account, max(account.own.opened, rows[-1].day)),
                more or {},
            )
        )

    def _entry(self, version: LoweredVersion, entry: Entry) -> dict[str, Any]:
        if entry.kind in POINTS:
            self.held += entry.points
        rule = self.desk.lowered.rules[entry.rule]
        if entry.kind == TIER:
            self.tier = rule.removeprefix("tiers.")
        return {
            "kind": KINDS[entry.kind],
            "points": entry.points,
            "money": to_major(entry.money),
            "lot_earned_on": _iso(entry.lot_earned_on),
            "expires_on": _iso(entry.expires_on),
            "rule": rule,
            "held": self.held,
            "why": self._why(version, entry, rule),
        }

    def _why(self, version: LoweredVersion, entry: Entry, rule: str) -> str:
        """An entry in a sentence."""
        earned_on, expires_on = _iso(entry.lot_earned_on), _iso(entry.expires_on)
        lot = (entry.lot_earned_on, entry.expires_on)
        lapses = expiry_words(expiry_rule(version.aligned, rule, self.tier))
        if entry.kind in (EARN, BONUS):
            self.lapses[lot] = lapses
        lapses = self.lapses.get(lot, lapses)
        match KINDS[entry.kind]:
            case "earn" | "bonus":
                by = "for the purchase" if entry.kind == EARN else f"by {rule}"
                last = "no last day of its own" if expires_on is None else f"last day {expires_on}"
                return f"{entry.points:,} points {by}; {last} ({lapses})"
            case "expire":
                return f"{-entry.points:,} points earned on {earned_on} were not used by {expires_on} ({lapses})"
            case "redeem":
                return f"{-entry.points:,} points of the lot of {earned_on} redeemed by {rule}"
            case "reverse":
                return f"{-entry.points:,} points taken back by {rule}"
            case "return":
                return f"{entry.points:,} points given back to the lot of {earned_on}"
            case "extend":
                return f"the lot of {earned_on} now lasts to {expires_on} ({lapses})"
            case "activate":
                return f"the lot of {earned_on} becomes usable"
            case "tier":
                return f"tier is now {rule.removeprefix('tiers.')}"
            case "purchase":
                return f"a purchase of {_money(entry.money)}"
            case "refund":
                return f"a refund of {_money(-entry.money)}"
            case "repay":
                return f"{abs(entry.points):,} points " + (
                    "off the debt" if entry.points > 0 else "of the lot pay debt"
                )
            case "decay" | "convert":
                return f"{-entry.points:,} points of the lot of {earned_on} ({lapses})"
        money = f" of {_money(abs(entry.money))}" if entry.money else ""
        return f"{KINDS[entry.kind].replace('_', ' ')}{money} by {rule}"


def _money(minor: int) -> str:
    return f"{minor / CENTS:,.2f}".removesuffix(".00")


def _what(kinds: list[int]) -> str:
    if PURCHASE in kinds:
        return "purchase"
    if REFUND in kinds:
        return "refund"
    return "redemption" if REDEEM in kinds and EXPIRE not in kinds else "points and tiers"


def standing(version: LoweredVersion, account: Account, day: int) -> dict[str, Any]:
    """How a member stands: points, the tier, and how far it is to the next one."""
    own = account.own
    names = version.aligned.tier_names
    return {
        "balance": own.balance - own.debt,
        "pending": own.pending,
        "tier": names[own.tier] if names and own.tier >= 0 else None,
        "tier_until": _iso(own.tier_until) if own.tier > 0 else None,
        "next_tier": to_next_tier(version, account, day),
    }


def to_next_tier(version: LoweredVersion, account: Account, day: int) -> dict[str, Any] | None:
    """The next tier and what is missing of each of its thresholds in the window of a day; None at the top, or where there are no tiers.
    ``needed``: how many of the thresholds have to be met; 0 where only an invitation leads there."""
    terms, own = version.terms, account.own
    if not 0 <= own.tier < terms.tiers.count - 1:
        return None
    need = terms.tiers.needs[need_of(terms, own, own.tier + 1)]
    start = window_start(terms, own, day)
    ways = []
    for place, metric in enumerate(METRICS):
        if need[place] < 0:
            continue
        reached = metric_total(account, place, start, day)
        show = to_major if metric == "spend" else int
        missing = max(0, need[place] - reached)
        ways.append(
            {"metric": metric, "reached": show(reached), "threshold": show(need[place]), "missing": show(missing)}
        )
    return {"tier": version.aligned.tier_names[own.tier + 1], "needed": need[len(METRICS)], "thresholds": ways}


def _iso(day: int) -> str | None:
    found = to_date(day)
    return None if found is None else found.isoformat()
