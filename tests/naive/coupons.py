"""The wallet: coupons issued, claimed, lapsing, exchanged for a balance."""

from datetime import date, timedelta
from typing import Any

from tests.naive.dates import period, plus_months
from tests.naive.records import Held, Member, Row, first_to_go
from tests.naive.redeeming import Redeeming


class Coupons(Redeeming):
    """Coupons from their issue to their end; where they are used, ``prices.py`` says."""

    def coupon_named(self, name: str) -> Any:
        """A coupon of the program, None where it has none of that name."""
        return next((each for each in self.program.coupons if each.name == name), None)

    def note_coupon(
        self, member: Member, today: date, kind: str, held: Held, money: int = 0, order_id: str = "", rule: str = ""
    ) -> None:
        """An entry of one coupon."""
        self.write(
            member, today, kind, rule or "coupons." + held.name, money=money, order_id=order_id, begins=held.issued_on,
            expires_on=held.expires_on,
        )  # fmt: skip

    def last_day_of_life(self, coupon: Any, begins: date) -> date | None:
        """Last usable day of a coupon whose life begins on a day."""
        validity = coupon.validity
        if validity.until is not None:
            return validity.until
        if validity.days is None and validity.months is None:
            return None
        last = (
            plus_months(begins, validity.months)
            if validity.months is not None
            else begins + timedelta(days=validity.days)
        )
        return last if validity.round_up is None else period(validity.round_up, last)[1]

    def room_for(self, member: Member, coupon: Any, today: date) -> int:
        """How many more can be issued to a member today."""
        if coupon.validity.until is not None and today > coupon.validity.until:
            return 0
        room = 10**9
        if coupon.limit_per_member is not None:
            room = min(room, coupon.limit_per_member - member.issued.get(coupon.name, 0))
        if coupon.total_limit is not None:
            room = min(room, coupon.total_limit - self.pools["issued", coupon.name])
        return max(0, room)

    def issue(self, member: Member, coupon: Any, number: int, today: date, order_id: str = "") -> int:
        """Issue so many, or as many as the limits allow; returns how many."""
        number = min(number, self.room_for(member, coupon, today))
        validity = coupon.validity
        for _ in range(number):
            usable: date | None = None
            if validity.starts == "issue":
                usable, last = today + timedelta(days=validity.delay_days), self.last_day_of_life(coupon, today)
            elif validity.until is not None:
                last = validity.until
            else:
                within = validity.claim_within_days
                last = None if within is None else today + timedelta(days=within)
            held = Held(coupon.name, member.coupon_serial, today, usable, last, order_id)
            member.coupon_serial += 1
            member.wallet.append(held)
            self.note_coupon(member, today, "issue", held, order_id=order_id)
        member.issued[coupon.name] = member.issued.get(coupon.name, 0) + number
        self.pools["issued", coupon.name] += number
        return number

    def claim_days(self, coupon: Any, today: date) -> tuple[date, date | None]:
        """First and last usable day of a coupon that is claimed today."""
        return today + timedelta(days=coupon.validity.delay_days), self.last_day_of_life(coupon, today)

    def claim(self, member: Member, row: Row, today: date) -> bool:
        """A claim row; whether there was something to claim."""
        coupon = self.coupon_named(row["action"])
        waiting = [held for held in member.wallet if held.name == row["action"] and held.usable_on is None]
        if coupon is None or not waiting:
            return False
        held = min(waiting, key=first_to_go)
        held.usable_on, held.expires_on = self.claim_days(coupon, today)
        self.note_coupon(member, today, "claim", held)
        return True

    def lapse_coupons(self, member: Member, today: date) -> None:
        """Coupons whose last day was before today."""
        for held in sorted(member.wallet, key=first_to_go):
            self.lapse_coupon(member, today, held)

    def lapse_coupon(self, member: Member, today: date, held: Held) -> None:
        if held.expires_on is not None and held.expires_on < today:
            member.wallet.remove(held)
            self.note_coupon(member, today, "lapse", held)
