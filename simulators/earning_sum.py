"""How a purchase came to its points, step by step, to be done again with pencil and paper.

The sum is worked out in exact fractions from the order's pieces, apart from the rules (``workbench/rules/earn.py``) that posted it, and has
to come to the same points.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from workbench.ledger import Account, Order, Piece
from workbench.program.spec import Program
from workbench.rules.earn_parts import known, portion
from workbench.rules.earn_spec import Multiplier
from workbench.rules.earn_terms import PER
from workbench.rules.terms import Terms
from workbench.units import CENTS, to_major

__all__ = ["Before", "Limit", "Share", "Sum", "sum_of"]


@dataclass(frozen=True)
class Before:
    """What an order's earning depends on, as it stood before it."""

    carry: int
    """In the program's unit of what is kept."""
    rooms: tuple[int, ...]
    """Points that each limit still allowed; -1 where it did not apply."""
    earns: bool
    """Whether the member may earn at all."""


@dataclass(frozen=True)
class Share:
    """What is rounded together: money at one rate, and the points it gives."""

    eligible: Fraction
    """Major units, before multipliers."""
    factor: Fraction
    """Of the multipliers; the mean by spend where lines of several factors are rounded together."""
    kept_before: Fraction
    """Units kept from earlier purchases."""
    units: Fraction
    """Blocks (or points) exactly, with what was kept."""
    rounded: int
    points_each: int
    points: int
    per: Fraction
    """Money of one unit, major units."""
    kept_after: Fraction
    multiplied_after: bool
    """Whether the factor applies to the rounded points, and not to the money."""

    def words(self) -> str:
        """The step as one line of arithmetic."""
        money = _number(self.eligible)
        if self.factor != 1 and not self.multiplied_after:
            money += f" x {_number(self.factor)}"
        if self.kept_before:
            money = f"({_number(self.kept_before * self.per)} kept + {money})"
        text = f"{money} / {_number(self.per)} = {_number(self.units)}"
        if self.units != self.rounded:
            text += f" -> {self.rounded:,}"
        if self.multiplied_after and self.factor != 1:
            given = self.rounded * self.points_each
            text += f"; {given:,} x {_number(self.factor)} = {_number(given * self.factor)} -> {self.points:,}"
        elif self.points_each != 1:
            text += f"; {self.rounded:,} x {self.points_each:,} points = {self.points:,}"
        if self.kept_after:
            text += f"; {_number(self.kept_after * self.per)} kept"
        return text


@dataclass(frozen=True)
class Limit:
    """A limit that cut an order's points."""

    per: str
    points: int
    room: int
    before: int
    after: int

    def words(self) -> str:
        """The limit in a line."""
        return f"at most {self.points:,} points per {self.per}, {self.room:,} left: {self.before:,} -> {self.after:,}"


@dataclass(frozen=True)
class Sum:
    """The whole of an order's earning."""

    lines: tuple[dict[str, Any], ...]
    """Of each line: amount, what was taken off, eligible; major units."""
    multipliers: tuple[str, ...]
    """Names of those that applied, on some line."""
    shares: tuple[Share, ...]
    limits: tuple[Limit, ...]
    points: int
    nothing: str = ""
    """Why it earned nothing, where no sum was made."""

    def words(self) -> str:
        """The sum in a sentence."""
        if self.nothing:
            return self.nothing
        parts = [each.words() for each in self.shares] or ["nothing eligible"]
        if len(self.shares) > 1:
            total = sum(each.points for each in self.shares)
            parts.append(f"together {total:,}")
        parts += [each.words() for each in self.limits]
        return " | ".join(parts)

    def document(self) -> dict[str, Any]:
        """As JSON: money in major units, exact quotients as text."""
        return {
            "points": self.points,
            "words": self.words(),
            "lines": list(self.lines),
            "multipliers": list(self.multipliers),
            "steps": [
                {
                    "eligible": float(each.eligible),
                    "factor": float(each.factor),
                    "per": float(each.per),
                    "units": str(each.units),
                    "rounded": each.rounded,
                    "points_each": each.points_each,
                    "points": each.points,
                    "kept_before": float(each.kept_before * each.per),
                    "kept_after": float(each.kept_after * each.per),
                }
                for each in self.shares
            ],
            "limits": [
                {
                    "per": each.per,
                    "limit": each.points,
                    "room": each.room,
                    "before": each.before,
                    "after": each.after,
                }
                for each in self.limits
            ],
        }


def sum_of(
    program: Program, terms: Terms, account: Account, order: Order, before: Before, applied: list[Multiplier]
) -> Sum:
    """The sum of an order that has just been posted. Raises AssertionError where it does not come to the points posted."""
    lines = tuple(_line(program, terms, order, place) for place in range(order.own.parts))
    names = tuple(each.name for each in applied)
    nothing = ""
    if not before.earns:
        nothing = "earns nothing: the paid plan that membership needs is not held"
    elif order.own.eligible < terms.earn.minimum_order:
        nothing = (
            f"earns nothing: {_number(Fraction(order.own.eligible, CENTS))} eligible is less than the least order of "
            f"{_number(Fraction(terms.earn.minimum_order, CENTS))}"
        )
    if nothing:
        return Sum(lines, names, (), (), order.own.points, nothing)
    shares = _shares(terms, order, before.carry, plain=False)
    points = sum(each.points for each in shares)
    plain = sum(each.points for each in _shares(terms, order, before.carry, plain=True)) if terms.earn.any_before else 0
    limits, left = _limits(program, terms, order, before, points, plain)
    if left != order.own.points:
        raise AssertionError(f"the sum comes to {left} points, {order.own.points} were posted")
    kept = sum((each.kept_after for each in shares[-1:]), Fraction(0))
    if terms.earn.keeps and shares and kept != _units_kept(terms, account.own.carry):
        raise AssertionError(f"the sum keeps {kept}, the account {_units_kept(terms, account.own.carry)}")
    return Sum(lines, names, tuple(shares), tuple(limits), left)


def _line(program: Program, terms: Terms, order: Order, place: int) -> dict[str, Any]:
    line = order.lines[place]
    earn = program.earn.eligible
    taken = {
        "discount": line.discount if earn.discount == "net" else 0,
        "tax": line.tax if earn.tax == "excluded" else 0,
        "delivery": line.delivery if earn.delivery == "excluded" else 0,
        "member_price": line.price_off + line.price_delivery if earn.member_price == "net" else 0,
        "coupons": line.coupon_off + line.coupon_delivery if earn.coupons == "net" else 0,
    }
    rest = line.amount - sum(taken.values()) - order.parts[place].eligible
    if rest > 0:
        excluded = terms.earn.excluded[known(line.category, terms.earn.categories)]
        taken["excluded_category" if excluded else "paid_with_points_or_value"] = rest
    found = {"amount": to_major(line.amount)} | {name: -to_major(off) for name, off in taken.items() if off}
    return found | {"eligible": to_major(order.parts[place].eligible)}


def _units_kept(terms: Terms, carry: int) -> Fraction:
    """A kept remainder in units of the first rate; rates that share a remainder have one denominator."""
    if terms.earn.rates == 0:
        return Fraction(0)
    return Fraction(carry, terms.earn.rate_den[0] * (1 if terms.earn.after else terms.earn.one))


def _shares(terms: Terms, order: Order, carry: int, plain: bool) -> list[Share]:
    """What of an order is rounded together, in order of the rates."""
    earn = terms.earn
    pieces = order.pieces[: order.own.pieces]
    total = sum(each.eligible for each in pieces)
    found = []
    kept = _units_kept(terms, carry) if earn.keeps else Fraction(0)
    for rate in range(earn.rates):
        groups: dict[tuple[int, int], list[tuple[int, Piece]]] = {}
        before = 0
        for piece in pieces:
            share = portion(earn, piece, rate, before, total)
            before += piece.eligible
            key = (
                piece.line if earn.by_line else -1,
                piece.factor if earn.after and not plain else -1,
            )
            groups.setdefault(key, []).append((share, piece))
        for group in groups.values():
            if not any(share for share, _ in group):
                continue
            found.append(_share(terms, rate, group, kept, plain))
            kept = found[-1].kept_after
    return found


def _share(terms: Terms, rate: int, group: list[tuple[int, Piece]], kept: Fraction, plain: bool) -> Share:
    earn = terms.earn
    spend = Fraction(sum(share for share, _ in group), CENTS)
    weighted = sum((Fraction(share * piece.factor, CENTS * earn.one) for share, piece in group), Fraction(0))
    factor = Fraction(1) if plain or not spend else weighted / spend
    per = Fraction(earn.rate_den[rate], earn.rate_num[rate] * CENTS)
    units = kept + spend * (1 if earn.after else factor) / per
    rounded = math.floor(units) if earn.keeps else _ROUNDINGS[earn.mode](units)
    points = rounded * earn.rate_points[rate]
    if earn.after and not plain:
        points = _ROUNDINGS[earn.mode](points * factor)
    left = units - rounded if earn.keeps else Fraction(0)
    return Share(
        spend, factor, kept, units, rounded, earn.rate_points[rate], points, per, left, bool(earn.after and not plain)
    )


_ROUNDINGS: tuple[Callable[[Fraction], int], ...] = (
    math.floor,
    math.ceil,
    lambda value: math.floor(value + Fraction(1, 2)),
    math.floor,
)
"""By the rules' code of the mode."""


def _limits(
    program: Program, terms: Terms, order: Order, before: Before, points: int, plain: int
) -> tuple[list[Limit], int]:
    """The limits that cut the order, and what they leave."""
    earn, found = terms.earn, []
    for place, room in enumerate(before.rooms):
        if room < 0 or (plain if earn.cap_before[place] else points) <= room:
            continue
        was = points
        if earn.cap_reject[place]:
            points = plain = 0
        elif earn.cap_before[place]:
            pieces = order.pieces[: order.own.pieces]
            spend = sum(each.eligible for each in pieces)
            weighted = Fraction(sum(each.eligible * each.factor for each in pieces), earn.one)
            points = min(points, math.floor(room * weighted / spend)) if spend else points
            plain = room
        else:
            points = room
        found.append(Limit(PER[earn.cap_per[place]], program.earn.caps[place].points, room, was, points))
    return found, points


def _number(value: Fraction) -> str:
    """A number with its decimals, at most four, grouped by thousands; a sign of about where there would be more."""
    shown = round(value, 4)
    text = f"{float(shown):,.4f}".rstrip("0").rstrip(".")
    return text if shown == value else f"~{text}"
