"""Liability of runs, ledgers and tables of cohorts: the books tie to the point ledger, every month foots, and bad input is refused by name."""

import csv
import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from apps.cli import app
from simulators.ledger_file import LedgerWriter
from tests.office import values
from tests.test_panel import climbing, lived
from workbench.errors import BadInput
from workbench.finance.accounting.close import MONEY, Close, Worth, close_books
from workbench.finance.accounting.cohort_file import read_cohorts
from workbench.finance.accounting.journal import balance, journal
from workbench.finance.accounting.ledger_books import read_books
from workbench.finance.accounting.movements import COLUMNS, SubLedger, month_number
from workbench.finance.accounting.policy import Policy, load_policy, shipped_policies
from workbench.finance.accounting.rates import PolicyRates
from workbench.finance.accounting.standing import liability_of, standing_now
from workbench.finance.accounting.valuation import Valuation, value
from workbench.finance.points import totals
from workbench.ledger_table import LedgerTable
from workbench.liability_document import liability_document
from workbench.program.load import library, load_program
from workbench.program.worth import face_value_per_point, given_without_sale
from workbench.run_books import books_of_folder, value_books
from workbench.run_folder import RunFolder, write_run
from workbench.run_liability import books_of_panel, worth_of
from workbench.scenario import Run

EXAMPLE_52 = "cohort,month,issued,sales,redeemed,ultimate\n2025-01,2025-01,10000,100000.00,4500,9500\n2025-01,2025-02,0,0,4000,9700\n"


def policy(**points: Any) -> Policy:
    """The default policy with some of its points' keys changed."""
    data = load_policy("default").model_dump(mode="json", by_alias=True)
    return Policy.model_validate(data | {"currency": "TWD", "points": data["points"] | points})


def valued(run: Run, chosen: Policy | None = None) -> Valuation:
    """A run's valuation at its end."""
    program = run.scenario.program
    books = books_of_panel(run.program, run.rules, program)
    chosen = chosen or load_policy("default")
    return value(books, worth_of(program, chosen, books), chosen, totals(run.program)["outstanding"])


@pytest.fixture(scope="module")
def refunded() -> Run:
    """A program with bonuses without a sale, refunds and debts."""
    return lived(climbing(), members=200, years=3, returns={"share": 0.3, "days": 30})


# --- every library program -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("slug", library())
def test_every_library_program_closes(slug: str) -> None:
    """Every month of a run foots in points and money, ties to the point ledger, and what was deferred is revenue and liability."""
    program = load_program(slug)
    if face_value_per_point(program) is None and program.expiry.model != "conversion":
        pytest.skip(f"the points of {slug} buy nothing")
    run = lived(slug, members=40, years=3, returns={"share": 0.1, "days": 20})
    found = valued(run, policy(history_months=12) if program.currency == "TWD" else None)
    assert [each.name for each in found.checks if not each.holds] == []
    close = found.close
    # the ledger's own sums, month by month
    ledger, months = run.ledgers[0], close.months  # type: ignore[index]
    month = ledger.column("day").astype("datetime64[D]").astype("datetime64[M]").astype(int) - close.books.first_month
    net = np.bincount(month, ledger.column("points"), months).cumsum().astype(int)
    assert (close.points[:, :, -1].sum(axis=1) - close.owed).tolist() == net.tolist()
    # the engine's exact figures against the printed ones
    assert abs(close.exact[-1] - close.liability) * 2 <= len(close.standing)
    lifetime = sum((each.cohort.recognised for each in close.standing), Fraction(0))
    assert lifetime + close.exact[-1] == sum((each.cohort.deferred for each in close.standing), Fraction(0))


def test_the_short_way_comes_to_the_full_close(refunded: Run) -> None:
    program = refunded.scenario.program
    books = books_of_panel(refunded.program, refunded.rules, program)
    for name in shipped_policies():
        chosen = load_policy(name)
        worth = worth_of(program, chosen, books)
        close = close_books(books, worth, chosen, PolicyRates(books, chosen))
        standing = standing_now(books, worth, chosen, PolicyRates(books, chosen))
        assert standing == close.standing
        assert liability_of(standing) == close.liability
    assert books.given.any() and books.owed.any() and books.reversed.any() and books.repaid.any()


@pytest.mark.parametrize("portfolio", ["month", "quarter", "year"])
@pytest.mark.parametrize("breakage", ["proportional", "remote", "remit"])
def test_every_portfolio_and_breakage_foots(refunded: Run, portfolio: str, breakage: str) -> None:
    found = valued(refunded, policy(portfolio=portfolio, breakage=breakage, history_months=12))
    assert [each.name for each in found.checks if not each.holds] == []
    assert (found.close.money[:, :, MONEY.index("remitted")].sum() > 0) == (breakage == "remit")
    starts = {"month": 36, "quarter": 12, "year": 3}
    assert len(found.close.firsts) == starts[portfolio]


def test_breakage_that_is_not_recognised_in_advance_leaves_more_owed(refunded: Run) -> None:
    by = {
        name: valued(refunded, policy(breakage=name, history_months=12)).close.liability
        for name in ("proportional", "remote")
    }
    assert by["remote"] > by["proportional"] > 0


# --- the same books from everywhere -----------------------------------------------------------------------------------------
def written(ledger: LedgerTable, path: Path) -> Path:
    """A kept ledger as a file."""
    rows = {
        name: ledger.column(name)
        for name in ("day", "kind", "points", "money", "lot_earned_on", "expires_on", "order", "rule")
    }
    with LedgerWriter(path) as writer:
        writer.write({
            "seq": np.arange(len(rows["day"])) + 1, "member_id": [str(each) for each in ledger.column("member")], "date": rows["day"],
            "kind": rows["kind"], "points": rows["points"], "money": rows["money"], "lot_earned_on": rows["lot_earned_on"],
            "expires_on": rows["expires_on"], "order_id": [str(each) if each else "" for each in rows["order"]],
            "rule": [ledger.rules[code] for code in rows["rule"]],
        })  # fmt: skip
    return path


def same_points(one: SubLedger, other: SubLedger) -> None:
    for name in (*COLUMNS, "owed"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert one.first_month == other.first_month
    assert {name: moved.tolist() for name, moved in one.rewards.items()} == {
        name: moved.tolist() for name, moved in other.rewards.items()
    }


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_a_ledger_gives_the_books_of_its_panel(refunded: Run, tmp_path: Path, suffix: str) -> None:
    program = refunded.scenario.program
    panel = books_of_panel(refunded.program, refunded.rules, program)
    assert refunded.ledgers is not None
    path = written(refunded.ledgers[0], tmp_path / f"ledger{suffix}")
    last = panel.first_month + panel.months - 1
    same_points(panel, read_books(path, last, given_without_sale(program)))
    same_points(panel, read_books(path, last))  # bonuses without a sale carry no order
    early = read_books(path, last - 12)
    same_points(panel.through(panel.months - 12), early)
    assert early.outstanding == int(
        early.sold.sum() + early.given.sum() - sum(getattr(early, name).sum() for name in COLUMNS[2:6])
    ) - int(early.owed.sum())


def test_a_folder_gives_the_books_of_its_panel(refunded: Run, tmp_path: Path) -> None:
    program = refunded.scenario.program
    write_run(refunded, tmp_path / "run")
    books = books_of_folder(RunFolder(tmp_path / "run"))
    panel = books_of_panel(refunded.program, refunded.rules, program)
    same_points(panel, books.ledger)
    end = value_books(books, load_policy("default"), date(2027, 12, 31))
    assert end.close.liability == valued(refunded).close.liability
    document = RunFolder(tmp_path / "run").document["liability"]
    assert document["contract"] == end.close.liability / 100
    assert document["urr"] == pytest.approx(end.rate)
    assert document["missing"] is None
    with pytest.raises(BadInput, match="expected the last day of a month"):
        value_books(books, load_policy("default"), date(2027, 12, 30))
    with pytest.raises(BadInput, match="from 2025-01 to 2027-12"):
        value_books(books, load_policy("default"), date(2028, 1, 31))
    with pytest.raises(BadInput, match="up to 2027-12-30, when the run ends"):
        value_books(replace(books, end=date(2027, 12, 30)), load_policy("default"), date(2027, 12, 31))


def test_a_month_is_closed_from_nothing_later(refunded: Run) -> None:
    """What stood at the end of 2026 is what a valuation then finds, however much is known now."""
    program = refunded.scenario.program
    books = books_of_panel(refunded.program, refunded.rules, program)
    chosen = policy(history_months=12)
    worth = worth_of(program, chosen, books)
    whole = value(books, worth, chosen).close
    then = value(books.through(24), worth, chosen).close
    assert then.money.tolist() == whole.money[:24, :24].tolist()
    assert then.exact == whole.exact[:24]


# --- a table of cohorts ------------------------------------------------------------------------------------------------------
def cohorts(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "cohorts.csv"
    path.write_text(text, "utf-8")
    return path


def example_52(tmp_path: Path) -> Close:
    books = read_cohorts(cohorts(tmp_path, EXAMPLE_52))
    chosen = policy(stand_alone_price="0.95")
    return close_books(books, Worth(Fraction(100), Fraction(60)), chosen, PolicyRates(books, chosen))


def test_example_52_from_a_file_to_journal_entries(tmp_path: Path) -> None:
    """The published example in cents: the printed liability, its movements, and the entries behind them."""
    close = example_52(tmp_path)
    first, second = (dict(zip(MONEY, row, strict=True)) for row in close.money[:, 0].tolist())
    assert first == {
        "opening": 0, "deferred": 867580, "reversed": 0, "repaid": 0, "remitted": 0, "redeemed": 410959, "expiry": 0, "reestimate": 0,
        "closing": 456621,
    }  # fmt: skip
    assert second["opening"] == 456621 and second["closing"] == 107329
    assert (second["redeemed"], second["reestimate"]) == (357765, -8473)
    entries = journal(close)
    assert all(each.balanced for each in entries)
    assert balance(entries, "contract") == -107329
    assert balance(entries, "sales") == 867580
    assert balance(entries, "points") == -(410959 + 357765)
    assert balance(entries, "estimate") == 8473


def test_what_is_in_the_books_already_is_not_allocated_again(tmp_path: Path) -> None:
    text = (
        "cohort,month,issued,deferred,redeemed,ultimate\n2025-01,2025-01,100,900.00,30,60\n2025-01,2025-02,0,0,10,50\n"
    )
    books = read_cohorts(cohorts(tmp_path, text))
    chosen = policy()
    close = close_books(books, Worth(Fraction(100), Fraction(60)), chosen, PolicyRates(books, chosen))
    assert close.money[:, 0, -1].tolist() == [45000, 18000]


@pytest.mark.parametrize(
    "text, message",
    [
        ("cohort,month,issued\n2025-01,2025-01,1\n", "missing column: redeemed"),
        ("cohort,month,isued,redeemed\n2025-01,2025-01,1,0\n", "did you mean 'issued'"),
        ("cohort,month,issued,redeemed\n", "expected rows below the header"),
        ("cohort,month,issued,redeemed\n2025-13,2025-01,1,0\n", "line 2, column cohort: expected a month, YYYY-MM, found '2025-13'"),
        ("cohort,month,issued,redeemed\n2025-01,2025-01,1.5,0\n", "line 2, column issued: expected whole points"),
        ("cohort,month,issued,redeemed\n2025-01,2025-01,-3,0\n", "line 2, column issued: expected whole points from 0"),
        ("cohort,month,issued,redeemed,sales\n2025-01,2025-01,1,0,NaN\n", "column sales: expected an amount"),
        ("cohort,month,issued,redeemed,sales\n2025-01,2025-01,1,0,-5\n", "column sales: expected an amount from 0"),
        ("cohort,month,issued,redeemed\n2025-01,2025-01,10,11\n", "cohort 2025-01, month 2025-01: expected no more points redeemed and expired"),
        ("cohort,month,issued,redeemed,reversed\n2025-01,2025-01,10,0,11\n", "expected no more points reversed than issued, found '11 of 10'"),
        ("cohort,month,issued,redeemed\n2025-01,2025-01,10,-1\n", "expected no more points given back than redeemed"),
        ("cohort,month,issued,redeemed\n2025-01,2025-01,10,1\n2025-01,2025-03,0,1\n", "expected a row for every month from the first to the last"),
        ("cohort,month,issued,redeemed\n2025-02,2025-01,10,1\n2025-02,2025-02,0,0\n", "nothing before the month of issue"),
        ("cohort,month,issued,redeemed,ultimate\n2025-01,2025-01,10,5,4\n", "expected an ultimate from what is redeemed (5)"),
        ("cohort,month,issued,redeemed,ultimate\n2025-01,2025-01,10,5,11\n", "to what is not expired (10)"),
        ("cohort,month,issued,redeemed,currency\n2025-01,2025-01,10,5,TWD\n2025-01,2025-02,0,0,USD\n", "expected one currency"),
        ("cohort,month,issued,redeemed\n2025-01,2025-01,10,5\n2025-01,2025-01,10,5\n", "each cohort and month once; they stand on line 2"),
        ("cohort,month,issued,redeemed,given\n2025-01,2025-01,10,5,11\n", "column given: expected at most the points issued"),
        ("cohort,month,issued,redeemed\n2025-01,2025-01,10\n", "line 2: expected 4 cells"),
        ("cohort,month,issued,redeemed,sales,deferred\n2025-01,2025-01,10,5,1,1\n", "expected sales or deferred, not both"),
    ],
)  # fmt: skip
def test_bad_cohorts(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInput) as error:
        read_cohorts(cohorts(tmp_path, text))
    assert message in str(error.value)


def test_cohorts_without_money_are_refused(tmp_path: Path) -> None:
    books = read_cohorts(cohorts(tmp_path, "cohort,month,issued,redeemed\n2025-01,2025-01,10,5\n"))
    with pytest.raises(BadInput, match="what the sales that issued the points came to"):
        close_books(books, Worth(Fraction(1), Fraction(1)), policy(), PolicyRates(books, policy()))


def test_points_sold_for_nothing_known_are_refused_the_short_way_too(tmp_path: Path) -> None:
    books = read_cohorts(cohorts(tmp_path, "cohort,month,issued,redeemed\n2025-01,2025-01,10,5\n"))
    with pytest.raises(BadInput, match="what the sales that issued the points came to"):
        standing_now(books, Worth(Fraction(1), Fraction(1)), policy(), PolicyRates(books, policy()))


def test_no_redemption_expected_is_refused_by_cohort_and_month(tmp_path: Path) -> None:
    text = "cohort,month,issued,redeemed,sales,ultimate\n2025-01,2025-01,10,0,100,0\n"
    books = read_cohorts(cohorts(tmp_path, text))
    with pytest.raises(
        BadInput, match="cohort 2025-01, month 2025-01: expected redemption is 0 with 10 units outstanding"
    ):
        close_books(books, Worth(Fraction(1), Fraction(1)), policy(), PolicyRates(books, policy()))


def test_a_ledger_that_begins_in_the_middle_is_refused(refunded: Run, tmp_path: Path) -> None:
    assert refunded.ledgers is not None
    path = written(refunded.ledgers[0], tmp_path / "ledger.csv")
    header, *lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([header, *(line for line in lines if line.split(",")[2] >= "2025-07")]) + "\n", "utf-8")
    with pytest.raises(BadInput, match="expected no more points redeemed and expired than were ever issued"):
        read_books(path, month_number("2027-12"))


# --- policies ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "change, message",
    [
        ({"points": {"initial_rate": {"value": 1.2, "low": 0, "high": 1, "source": "x", "basis": "judgement"}}}, "expected at most 1"),
        ({"points": {"initial_rate": {"value": 0.5, "low": 0.6, "high": 1, "source": "x", "basis": "judgement"}}}, "from low (0.6) to high (1)"),
        ({"points": {"initial_rate": {"value": 0, "low": 0, "high": 1, "source": "x", "basis": "judgement"}}}, "expected more than 0"),
        ({"points": {"estimator": "chainladder"}}, "expected one of"),
        ({"points": {"face_value": 1}}, "points.face_value is in a currency"),
        ({"confidence": [0.5, 95]}, "expected at most 1"),
        ({"pionts": {}}, "unknown key"),
        ({"currency": "EUR", "rewards": [{"reward": "tea", "partner": "P", "role": "agent", "cost_per_point": 1}] * 2}, "each reward once"),
    ],
)  # fmt: skip
def test_bad_policies(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(json.dumps({"schema": 1, "title": "T", "source": "S", "as_of": "2025-01-01"} | change), "utf-8")
    with pytest.raises(BadInput) as error:
        load_policy(path)
    assert message in str(error.value)


def test_a_policy_in_another_currency_is_refused(refunded: Run) -> None:
    chosen = Policy.model_validate(load_policy("default").model_dump(mode="json", by_alias=True) | {"currency": "EUR"})
    with pytest.raises(BadInput, match="expected a policy in TWD"):
        valued(refunded, chosen)


def test_tax_in_the_price_defers_less(refunded: Run) -> None:
    plain, taxed = (valued(refunded, policy(sales_tax=rate)).close for rate in ("0", "0.05"))
    column = MONEY.index("deferred")
    assert 0 < taxed.money[:, :, column].sum() < plain.money[:, :, column].sum()


def test_partner_rewards_gross_and_net(tmp_path: Path) -> None:
    """A month's revenue falls to rewards by the points redeemed. Agent: what is kept alone is revenue; principal: the cost beside it."""
    run = lived("loreal", members=60, years=3)
    names = [
        name
        for name, moved in books_of_panel(run.program, run.rules, run.scenario.program).rewards.items()
        if moved.sum()
    ]
    assert names
    for role in ("agent", "principal"):
        data = load_policy("default").model_dump(mode="json", by_alias=True)
        rewards = [{"reward": name, "partner": "Partner", "role": role, "cost_per_point": "0.01"} for name in names]
        chosen = Policy.model_validate(data | {"currency": run.scenario.program.currency, "rewards": rewards})
        found = valued(run, chosen)
        assert [each.name for each in found.checks if not each.holds] == []
        redeemed = sum(int(moved.sum()) for moved in found.close.books.rewards.values())
        owed = -balance(found.entries, "partner")
        assert owed == pytest.approx(redeemed, abs=found.close.months * len(names))  # 0.01 a point: one minor unit
        revenue = int(found.close.money[:, :, MONEY.index("redeemed")].sum())
        near = found.close.months * len(names)
        if role == "agent":
            assert -balance(found.entries, "commission") == pytest.approx(revenue - owed, abs=near)
            assert balance(found.entries, "points") == pytest.approx(0, abs=near)
            assert balance(found.entries, "partner_cost") == 0
        else:
            assert balance(found.entries, "partner_cost") == owed
            assert -balance(found.entries, "points") == revenue
            assert balance(found.entries, "commission") == 0


# --- the command ---------------------------------------------------------------------------------------------------------------
def command(*words: str) -> Any:
    return CliRunner().invoke(app, ["liability", *words])


def test_the_document_has_the_contracts_keys(refunded: Run, tmp_path: Path) -> None:
    write_run(refunded, tmp_path / "run")
    done = command(str(tmp_path / "run"), "--valuation", "2027-12-31", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    keys = (
        "roll_forward",
        "urr",
        "liability",
        "current",
        "non_current",
        "sensitivity",
        "checks",
        "journal",
        "stress",
        "provenance",
    )
    assert set(keys) <= set(found)
    assert found["current"] + found["non_current"] == pytest.approx(found["liability"])
    assert set(found["urr"]["by_method"]) == {"hazard", "chain_ladder", "bornhuetter_ferguson", "cape_cod", "additive"}
    assert found["urr"]["by_method"]["hazard"]["liability"] == found["liability"]
    assert found["kind"].startswith("PROJECTION")
    assert found["roll_forward"]["money"][-1]["closing"] == found["liability"]
    for entry in found["journal"]:
        assert sum(line["debit"] for line in entry["lines"]) == pytest.approx(
            sum(line["credit"] for line in entry["lines"])
        )


def test_own_history_is_an_estimate(tmp_path: Path) -> None:
    path = cohorts(tmp_path, EXAMPLE_52)
    own = tmp_path / "policy.yaml"
    own.write_text(json.dumps({
        "schema": 1, "title": "T", "source": "S", "as_of": "2025-01-01", "currency": "USD",
        "points": {"stand_alone_price": 0.95, "face_value": 1},
    }), "utf-8")  # fmt: skip
    done = command(str(path), "--policy", str(own), "--valuation", "2025-02-28", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["kind"].startswith("ESTIMATE")
    assert (found["liability"], found["exact"], found["currency"]) == (1073.29, "1073.2947323824", "USD")
    assert "1,073.29" in command(str(path), "--policy", str(own), "--valuation", "2025-02-28").output


BAD: dict[str, tuple[Callable[[Path], list[str]], str]] = {
    "no such file": (lambda path: [str(path / "none.csv"), "--valuation", "2025-01-31"], "no such file"),
    "no such program": (lambda path: ["mos_burgr", "--valuation", "2027-12-31"], "did you mean 'mos_burger'"),
    "not a month's end": (lambda path: [str(cohorts(path, EXAMPLE_52)), "--valuation", "2025-02-27"], "the last day of a month"),
    "after the run": (lambda path: ["mos_burger", "--start", "2025-01-15", "--years", "1", "--valuation", "2026-01-31"], "up to 2026-01-14, when the run ends"),
    "no day": (lambda path: [str(cohorts(path, EXAMPLE_52)), "--valuation", "2025-02-30"], "expected a date that exists"),
    "no workbook": (lambda path: [str(cohorts(path, EXAMPLE_52)), "--valuation", "2025-02-28", "--out", str(path / "x.xls")], "ending in .xlsx"),
    "no worth": (lambda path: [str(cohorts(path, EXAMPLE_52)), "--valuation", "2025-02-28"], "points.face_value: missing"),
    "a triangle": (lambda path: [str(cohorts(path, "issue_month,issued,0\n2025-01,1,0\n")), "--valuation", "2025-01-31"], "a triangle of redemptions alone"),
    "no run": (lambda path: [str(path), "--valuation", "2025-01-31"], "expected a folder that `loyalty run --out` wrote"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name: str, tmp_path: Path) -> None:
    words, message = BAD[name]
    done = command(*words(tmp_path))
    assert isinstance(done.exception, BadInput)
    assert message in str(done.exception)
    assert not list(tmp_path.glob("*.xls*"))


def test_the_document_is_the_same_from_a_folder_and_from_memory(refunded: Run, tmp_path: Path) -> None:
    write_run(refunded, tmp_path / "run")
    books = books_of_folder(RunFolder(tmp_path / "run"))
    documents = [
        liability_document(each, "x", {})
        for each in (value_books(books, load_policy("us"), date(2027, 12, 31)), valued(refunded, load_policy("us")))
    ]
    assert documents[0] == documents[1]


# --- other rights ------------------------------------------------------------------------------------------------------------
def test_stored_value_and_a_paid_plan_of_a_ledger(tmp_path: Path) -> None:
    """Ann pays in 1,000 with a bonus of 50 and spends 120; 2 % are expected never to be spent: 1,000 * (1,029 - 120) / 1,029 = 883.38 are
    owed. Her year costs 300 from 10 January: 344 of 365 days are left at the end of the month. Bob's 3,000 are paid back whole."""
    root = Path(__file__).parents[1] / "examples"
    program, log, ledger = str(root / "tea_card.yaml"), str(root / "tea_card_orders.csv"), tmp_path / "ledger.csv"
    words = ["replay", program, log, "--as-of", "2026-12-31", "--ledger", str(ledger)]
    assert CliRunner().invoke(app, words).exit_code == 0
    book = tmp_path / "tea.xlsx"
    end = ["--program", program, "--json", "--out", str(book)]
    done = command(str(ledger), "--valuation", "2025-01-31", *end)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["rights"]["stored"]["liability"] == 883.38
    assert found["rights"]["fees"]["liability"] == pytest.approx(round(300 * 343 / 365, 2))
    assert all(each["holds"] for each in found["checks"]) and len(found["checks"]) == 21
    late = json.loads(command(str(ledger), "--valuation", "2026-12-31", *end).stdout)
    assert late["rights"]["stored"]["liability"] == 0
    assert late["rights"]["fees"]["liability"] == pytest.approx(round(300 * 9 / 365, 2))
    paid_back = [row["reversed"] for row in late["rights"]["stored"]["roll_forward"] if row["reversed"]]
    assert paid_back == [3000]


def test_a_back_test_goes_into_the_workbook(tmp_path: Path) -> None:
    own, tested, book = tmp_path / "policy.yaml", tmp_path / "tested.json", tmp_path / "x.xlsx"
    own.write_text(
        json.dumps(policy(stand_alone_price="0.95", face_value="1").model_dump(mode="json", by_alias=True)), "utf-8"
    )
    errors = {"mean_pct": 0.4, "sd_pct": 2.3, "rms_pct": 2.33, "se_pct": 0.1}
    tested.write_text(
        json.dumps({"methods": {"hazard": {"future": errors, "within_12": errors, "interval": None}}}), "utf-8"
    )
    words = [str(cohorts(tmp_path, EXAMPLE_52)), "--policy", str(own), "--valuation", "2025-02-28", "--out", str(book)]
    assert command(*words, "--back-test", str(tested)).exit_code == 0
    found = values(book)
    assert (found["Back-test", "A5"], found["Back-test", "B5"]) == ("hazard", 0.4)
    tested.write_text("{}", "utf-8")
    book.unlink()
    done = command(*words, "--back-test", str(tested))
    assert isinstance(done.exception, BadInput) and "expected what `loyalty backtest --json` printed" in str(
        done.exception
    )
    assert not book.exists()


# --- levels of confidence ------------------------------------------------------------------------------------------------------
def test_levels_of_confidence_of_a_ledger(refunded: Run, tmp_path: Path) -> None:
    assert refunded.ledgers is not None
    path = written(refunded.ledgers[0], tmp_path / "ledger.csv")
    own = tmp_path / "policy.yaml"
    data = policy(face_value="1", history_months=12).model_dump(mode="json", by_alias=True)
    own.write_text(json.dumps(data), "utf-8")
    words = [str(path), "--policy", str(own), "--valuation", "2027-12-31", "--json"]
    found = json.loads(command(*words).stdout)
    assert found["p50"] < found["p75"] < found["p95"]
    assert found["p50"] == pytest.approx(found["liability"], rel=0.1)
    assert json.loads(command(*words).stdout)["p95"] == found["p95"], "the same seed draws the same members"
    assert json.loads(command(*words, "--seed", "2").stdout)["p95"] != found["p95"]
    assert json.loads(command(*words, "--draws", "0").stdout)["p95"] is None


# --- a real log ------------------------------------------------------------------------------------------------------------------
ORDERS = Path(__file__).parents[2] / "shared" / "data" / "online_retail_orders.csv.gz"


def with_redemptions(path: Path) -> Path:
    """The shared real orders, with redemptions made up: whoever has bought for 2,000 in all redeems two points at every third purchase after that."""
    with gzip.open(ORDERS, "rt", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    spent: dict[str, float] = {}
    bought: dict[str, int] = {}
    lines = ["member_id,date,event,amount,points,order_id"]
    for row in rows:
        member = row["member_id"]
        lines.append(f"{member},{row['date']},{row['event']},{row['amount']},,{row['order_id']}")
        if row["event"] == "purchase":
            spent[member] = spent.get(member, 0) + float(row["amount"])
            bought[member] = bought.get(member, 0) + 1
            if spent[member] > 2000 and bought[member] % 3 == 0:
                lines.append(f"{member},{row['date']},redeem,,2,")
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.mark.slow
def test_a_year_of_real_orders_is_closed_month_by_month(tmp_path: Path) -> None:
    """Refunds that name no order, some before any purchase; debts; redemptions beyond the balance (refused)."""
    if not ORDERS.exists():
        pytest.skip(f"the shared orders are not there: {ORDERS}")
    log, ledger = with_redemptions(tmp_path / "log.csv"), tmp_path / "ledger.parquet"
    words = [
        "replay",
        "mitsui_outlet",
        str(log),
        "--as-of",
        "2011-12-31",
        "--ledger",
        str(ledger),
        "--json",
        "--members-out",
        str(tmp_path / "m.csv"),
    ]
    replayed = json.loads(CliRunner().invoke(app, words).stdout)
    done = command(
        str(ledger),
        "--program",
        "mitsui_outlet",
        "--valuation",
        "2011-12-31",
        "--json",
        "--out",
        str(tmp_path / "x.xlsx"),
    )
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["outstanding_points"] == replayed["totals"]["outstanding"]
    assert found["debt_points"] > 0 and replayed["totals"]["redeemed"] > 0 and replayed["totals"]["reversed"] > 0
    points, money = found["roll_forward"]["points"], found["roll_forward"]["money"]
    assert len(points) == len(money) == 13
    assert sum(row["sold"] + row["given"] for row in points) == replayed["totals"]["earned"]
    assert sum(row["redeemed"] for row in points) == replayed["totals"]["redeemed"]
    assert sum(row["expired"] for row in points) == replayed["totals"]["expired"]
    for entry in found["journal"]:
        debit, credit = (sum(round(100 * line[side]) for line in entry["lines"]) for side in ("debit", "credit"))
        assert debit == credit > 0
    assert all(each["holds"] for each in found["checks"])
    assert found["kind"].startswith("ESTIMATE") and found["liability"] > 0
    early = json.loads(command(str(ledger), "--program", "mitsui_outlet", "--valuation", "2011-06-30", "--json").stdout)
    assert early["liability"] == money[6]["closing"]
