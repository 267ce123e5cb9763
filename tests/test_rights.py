"""Stored value, coupons and membership fees, by hand and by what holds of any of them."""

from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import BadInput
from workbench.finance.accounting.journal import balance
from workbench.finance.accounting.policy import Policy, load_policy
from workbench.finance.accounting.right_flows import flows_of_entries
from workbench.finance.accounting.rights import (
    FLOWS,
    CouponBooks,
    StoredValueFlows,
    Term,
    close_right,
    coupon_books,
    coupon_memo,
    fee_close,
    first_in_first_out,
    stored_value_books,
)
from workbench.ledger import ISSUE, PAY, PURCHASE, TOPUP, USE, VALUE_BACK
from workbench.units import NEVER, to_day

JANUARY_2025 = 660


def flows(**columns: list[int]) -> StoredValueFlows:
    months = max(map(len, columns.values()))
    return StoredValueFlows(
        *(np.array(columns.get(name, [0] * months), dtype=np.int64) for name in StoredValueFlows._fields)
    )


def row(close: object, month: int) -> dict[str, int]:
    return dict(zip(FLOWS, close.money[month].tolist(), strict=True))  # type: ignore[attr-defined]


# --- stored value ----------------------------------------------------------------------------------------------------------
def test_gift_card() -> None:
    """1,000.00 sold, 10 % breakage, 400.00 spent: revenue 400.00 and 44.44 of breakage, liability 555.56."""
    close = close_right(stored_value_books(JANUARY_2025, flows(topup=[100_000], spent=[40_000])), Fraction(9, 10))
    assert row(close, 0) == {
        "opening": 0, "deferred": 100_000, "reversed": 0, "remitted": 0, "redeemed": 40_000, "breakage": 4_444, "closing": 55_556,
    }  # fmt: skip
    assert all(each.balanced for each in close.entries)
    assert (balance(close.entries, "stored"), balance(close.entries, "cash")) == (-55_556, 100_000)
    assert (balance(close.entries, "stored_used"), balance(close.entries, "stored_breakage")) == (-40_000, -4_444)


def test_a_bonus_shares_the_cash() -> None:
    """1,000 paid in with a bonus of 100: each unit of 1,100 is worth 1000/1100. 550 spent: half of the cash."""
    close = close_right(
        stored_value_books(JANUARY_2025, flows(topup=[100_000], gift=[10_000], spent=[55_000])), Fraction(1)
    )
    assert row(close, 0)["redeemed"] == 50_000 and close.liability == 50_000


def test_nothing_in_advance_where_breakage_is_not_recognised() -> None:
    for breakage in ("remote", "remit"):
        close = close_right(
            stored_value_books(JANUARY_2025, flows(topup=[100_000], spent=[40_000])), Fraction(9, 10), breakage
        )
        assert (row(close, 0)["breakage"], close.liability) == (0, 60_000)


def test_what_lapses_of_a_bonus_raises_what_the_rest_is_worth() -> None:
    """1,000 with 100 bonus, nothing spent, the bonus lapses: all cash is still owed, for the 1,000 that are left."""
    books = stored_value_books(JANUARY_2025, flows(topup=[100_000, 0], gift=[10_000, 0], lapsed=[0, 10_000]))
    assert close_right(books, Fraction(1)).liability == 100_000
    owed = close_right(books, Fraction(1), "remit")
    assert row(owed, 1)["remitted"] == 9_091 and owed.liability == 90_909


def test_cash_paid_back() -> None:
    """1,000 with 100 bonus; 500 are paid back and 50 of the bonus given up: half of the deferral goes, as much as the cash."""
    books = stored_value_books(
        JANUARY_2025, flows(topup=[100_000, 0], gift=[10_000, 0], cash_out=[0, 50_000], forfeit=[0, 5_000])
    )
    close = close_right(books, Fraction(1))
    assert (row(close, 1)["reversed"], close.liability) == (50_000, 50_000)
    assert balance(close.entries, "cash") == 50_000 and balance(close.entries, "stored_breakage") == 0


def test_first_in_first_out() -> None:
    spent, lapsed = first_in_first_out(np.array([100, 50, 0]), (np.array([30, 90, -40]), np.array([0, 0, 10])))
    assert spent.tolist() == [[30, 70, -20], [0, 20, -20], [0, 0, 0]]
    assert lapsed.tolist() == [[0, 0, 10], [0, 0, 0], [0, 0, 0]]
    with pytest.raises(BadInput, match="no more value that leaves than there is"):
        first_in_first_out(np.array([10]), (np.array([11]),))
    with pytest.raises(BadInput, match="no more value that comes back than was taken"):
        first_in_first_out(np.array([10]), (np.array([-1]),))


@given(st.data())
def test_stored_value_always_foots(data: st.DataObject) -> None:
    months = data.draw(st.integers(1, 6))
    held, columns = 0, {name: [] for name in StoredValueFlows._fields}  # type: ignore[var-annotated]
    for _ in range(months):
        topup, gift = data.draw(st.integers(0, 10**6)), data.draw(st.integers(0, 10**5))
        held += topup + gift
        spent = data.draw(st.integers(0, held))
        held -= spent
        lapsed = data.draw(st.integers(0, held))
        held -= lapsed
        for name, value in zip(StoredValueFlows._fields, (topup, gift, spent, lapsed, 0, 0), strict=True):
            columns[name].append(value)
    books = stored_value_books(JANUARY_2025, flows(**columns))
    breakage = data.draw(st.sampled_from(["proportional", "remote", "remit"]))
    close = close_right(books, Fraction(data.draw(st.integers(1, 100)), 100), breakage)
    money = close.money
    assert (money[:, 0] + money[:, 1] - money[:, 2:-1].sum(axis=1) == money[:, -1]).all()
    assert (money[1:, 0] == money[:-1, -1]).all() and (money[:, -1] >= 0).all()
    assert all(each.balanced for each in close.entries)
    assert balance(close.entries, "stored") == -close.liability
    assert abs(close.exact[-1] - close.liability) <= Fraction(1, 2)
    if not held:
        assert close.liability == 0


def test_each_members_oldest_load_is_spent_first() -> None:
    """A pays in 100 in January and never comes back; B pays in 100 in February and spends 100, of which 30 come back in March, and 10 are
    spent again. Summed over members, A's load would be spent."""
    days = [to_day(date(2025, month, 1)) for month in (1, 2, 2, 3, 3)]
    columns = {
        "member": np.array([0, 1, 1, 1, 1]), "date": np.array(days), "kind": np.array([TOPUP, TOPUP, PAY, VALUE_BACK, PAY]),
        "money": np.array([100, 100, -100, 30, -10]), "rule": np.array(["stored_value"] * 5, dtype=object),
        "lot_earned_on": np.full(5, NEVER), "expires_on": np.full(5, NEVER), "order": np.zeros(5, dtype=int),
    }  # fmt: skip
    found = flows_of_entries(columns, JANUARY_2025, 3)
    assert found.loads is not None
    assert found.loads.redeemed.tolist() == [[0, 0, 0], [0, 100, -20], [0, 0, 0]]
    assert found.stored.spent.tolist() == [0, 100, -20]
    assert [close_right(each, Fraction(1)).liability for each in (found.loads, found.loads.through(2))] == [120, 100]
    columns["money"] = np.array([100, 100, -101, 30, -10])
    with pytest.raises(BadInput, match="more leaves than a member holds"):
        flows_of_entries(columns, JANUARY_2025, 3)


# --- coupons ---------------------------------------------------------------------------------------------------------------
def test_coupons_with_a_purchase_are_material_rights() -> None:
    """100 coupons of 50.00 with sales of 9,000.00, 20 % expected to be used, all of it incremental: right 1,000.00, D = 9,000 * 1/10 =
    900.00. 10 are used (half of the 20 expected): 450.00; then the rest lapse: the other 450.00."""
    table = np.array([[100, 0], [0, 0]])
    coupons = CouponBooks(
        table, np.array([[10, 0], [0, 0]]), np.array([[0, 90], [0, 0]]), np.array([900_000, 0]), np.array([5_000, 0])
    )
    close = close_right(coupon_books(JANUARY_2025, coupons, Fraction(1, 5), Fraction(1)), Fraction(1, 5))
    assert (row(close, 0)["deferred"], row(close, 0)["closing"], close.liability) == (90_000, 45_000, 0)
    half = coupon_books(JANUARY_2025, coupons, Fraction(1, 5), Fraction(1, 2))
    assert half.deferred[0][0] == Fraction(900_000 * 50_000, 950_000)


def test_coupons_of_a_ledger_that_purchases_earn() -> None:
    """Two orders of 900.00 each issue a coupon; one is used for 100.00 off. At 50 % use, D = 1,800 * 100 / 1,900 = 94.74 (two coupons of
    100 at 50 %), all of it earned by the one use expected. Not named by the policy, the other is a memo of 50.00."""
    day = to_day(date(2025, 1, 1))
    columns = {
        "member": np.array([0, 0, 1, 1, 0]), "date": np.full(5, day), "kind": np.array([PURCHASE, ISSUE, PURCHASE, ISSUE, USE]),
        "money": np.array([90_000, 0, 90_000, 0, 10_000]), "order": np.array([1, 1, 1, 1, 2]), "expires_on": np.full(5, day + 90),
        "rule": np.array(["transaction", "coupons.next", "transaction", "coupons.next", "coupons.next"], dtype=object),
        "lot_earned_on": np.array([NEVER, day, NEVER, day, day]),
    }  # fmt: skip
    found = flows_of_entries(columns, JANUARY_2025, 1)
    data = load_policy("default").model_dump(mode="json", by_alias=True)
    use_rate = data["coupons"]["use_rate"] | {"value": "0.5"}
    plain, named = (
        Policy.model_validate(data | {"coupons": data["coupons"] | {"use_rate": use_rate, "with_purchase": names}})
        for names in ((), ("next",))
    )
    assert found.closes(plain) == []
    assert found.memo(plain) == [{"coupon": "coupons.next", "held": 1, "used": 1, "exposure": 5_000}]
    (close,) = found.closes(named)
    assert (row(close, 0)["deferred"], close.liability, found.memo(named)) == (9_474, 0, [])
    assert balance(close.entries, "sales") == 9_474 and all(each.balanced for each in close.entries)


def test_coupons_without_a_purchase_are_a_memo() -> None:
    assert coupon_memo(1_000, 5_000, Fraction(3, 10)) == 1_500_000


def test_more_used_than_issued_is_refused() -> None:
    table = np.array([[100]])
    coupons = CouponBooks(table, np.array([[101]]), np.array([[0]]), np.array([900_000]), np.array([5_000]))
    with pytest.raises(BadInput, match="coupons: cohort 2025-01, month 2025-01: expected no more used and lapsed"):
        close_right(coupon_books(JANUARY_2025, coupons, Fraction(1, 5), Fraction(1)), Fraction(1, 5))


# --- membership ------------------------------------------------------------------------------------------------------------
def test_a_fee_is_revenue_over_its_days() -> None:
    """365.00 for 2025: a cent short of 31 at the end of January would be wrong; 334 days are owed then, 306 a month later."""
    term = Term(to_day(date(2025, 1, 1)), to_day(date(2025, 12, 31)), 36_500)
    close = fee_close(JANUARY_2025, 12, [term])
    assert close.money[:2, -1].tolist() == [33_400, 30_600]
    assert close.liability == 0
    assert -balance(close.entries, "fees_earned") == 36_500


def test_a_cancelled_term() -> None:
    """365.00 for 2025, cancelled on 31 January with 300.00 paid back: 65.00 are earned, nothing is owed."""
    end = to_day(date(2025, 1, 31))
    close = fee_close(
        JANUARY_2025, 2, [Term(to_day(date(2025, 1, 1)), to_day(date(2025, 12, 31)), 36_500, end, 30_000)]
    )
    assert row(close, 0) == {
        "opening": 0, "deferred": 36_500, "reversed": 30_000, "remitted": 0, "redeemed": 6_500, "breakage": 0, "closing": 0,
    }  # fmt: skip
    assert balance(close.entries, "cash") == 6_500


@pytest.mark.parametrize("term", [Term(10, 9, 100), Term(0, 9, -1), Term(0, 9, 100, 5, 101)])
def test_bad_terms(term: Term) -> None:
    with pytest.raises(BadInput, match="expected a term with a last day"):
        fee_close(0, 1, [term])
