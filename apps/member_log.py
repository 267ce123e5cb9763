"""Work of the Members page, off the session's thread: a log of transactions, a company's or a simulated one, and everything that is asked of it.

Every function reads a file and a question, and nothing of the page. Between its steps it reports to the ticket, which raises Cancelled where nobody waits.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from apps.runs import Ticket
from simulators.calibration_log import NOBODY, read_log
from simulators.customer_log import last_day, read_customers
from simulators.dashboard import dashboard_document
from simulators.early_warning import Asked, Warned, at_risk, listed, warning_document
from simulators.kernel import is_warm
from simulators.ledger_file import harmless
from simulators.member_of_log import member_of_log
from simulators.member_of_run import member_of_run
from simulators.replay import replay_log
from simulators.simulate import simulate
from workbench.errors import BadInput, Problem
from workbench.files import atomic_path
from workbench.finance.rfm import Cuts, average_ticket
from workbench.ledger import PURCHASE
from workbench.population.calibration.calibrate import Wanted, calibrate
from workbench.population.calibration.document import calibration_document
from workbench.population.calibration.population_file import population_text
from workbench.program.spec import Program
from workbench.pseudonyms import pseudonyms
from workbench.scenario import Scenario
from workbench.segments_document import Purchases, segment_of_names, segmented, segments_document
from workbench.units import add_months, to_date

__all__ = [
    "EarlyWarning", "Fitted", "Looked", "MemberLog", "as_csv", "fitted", "life_of", "looked", "replayed", "segments_table", "simulated_log", "warned",
]  # fmt: skip

RECENCY_DAYS, FREQUENCY, MONTHS = 90, 2, 12
"""The cuts of the command line: recent, frequent, and the window."""


@dataclass(frozen=True)
class MemberLog:
    """A log whose members are looked at."""

    kind: Literal["log", "simulated"]
    name: str
    """As the sender calls it; shown, and never opened."""
    path: Path
    sha256: str
    """Of the bytes that came in; of a simulation, its scenario's digest."""
    scenario: Scenario | None = None
    """Of a simulation: its members are numbers of this run."""

    @cached_property
    def pseudonym(self) -> Callable[[str], str]:
        """Stands for a member's id. Members of a simulation are nobody, and keep their numbers."""
        if self.kind == "simulated":
            return lambda name: name
        stands_for = pseudonyms(bytes.fromhex(self.sha256))
        return lambda name: stands_for("m", name)


def named_rows(log: MemberLog) -> Path:
    """The log without the rows that name nobody, which a replay cannot post; the log itself where there are none. Made once."""
    if log.kind == "simulated" or not read_log(log.path)[0].nobody_rows:
        return log.path
    path = log.path.with_name(f"{log.path.stem}_named.parquet")
    if not path.exists():
        table = _texts(log.path)
        member = table["member_id"].to_pylist()
        kept = [(each or "").strip().casefold() not in NOBODY for each in member]
        with atomic_path(path) as temporary:
            pa.parquet.write_table(table.filter(pa.array(kept)), temporary)
    return path


def _texts(path: Path) -> pa.Table:
    """A checked log's cells as they stand."""
    if path.suffix == ".parquet":
        return pa.parquet.read_table(path)
    with path.open("rb") as stream:
        names = pa.csv.open_csv(stream).schema.names
    convert = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    return pa.csv.read_csv(path, convert_options=convert)


@contextmanager
def _of(log: MemberLog) -> Iterator[None]:
    """What is wrong with a file is said of its own name, not of the place where it is kept."""
    try:
        yield
    except BadInput as error:
        raise BadInput(error.problems, log.name, error.more) from error


def simulated_log(scenario: Scenario, path: Path, ticket: Ticket) -> MemberLog:
    """The purchases of a scenario's members, written as a log."""
    run = simulate(scenario, ticket.part(0, scenario.members), None if is_warm() else "agents", keep=True)
    assert run.ledgers is not None
    ledger = run.ledgers[0]
    rows = ledger.rows[ledger.column("kind") == PURCHASE]
    rows = rows[np.argsort(rows[:, 2], kind="stable")]
    table = pa.table(
        {
            "member_id": pa.array(rows[:, 0]).cast(pa.string()),
            "date": pa.array(rows[:, 2].astype("datetime64[D]")),
            "event": pa.array(["purchase"] * len(rows), pa.string()),
            "amount": pa.array(rows[:, 5] / 100),
        }
    )
    with atomic_path(path) as temporary:  # who still reads the one before goes on reading it
        pa.csv.write_csv(table, temporary)
    return MemberLog("simulated", "", path, scenario.digest(), scenario)


# --- segments, figures -------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Looked:
    """Segments and figures of a log at the end of its last day."""

    log: MemberLog
    as_of: date
    segments: dict[str, Any]
    dashboard: dict[str, Any]
    rows_of_nobody: int


def looked(log: MemberLog, ticket: Ticket) -> Looked:
    """Read it. Raises BadInput: what is wrong in it, every problem at once."""
    step = ticket.part(0, 4)
    step(0, 4)
    with _of(log):
        on = last_day(log.path)
        step(1, 4)
        bought, names = _purchases(log.path, on)
    step(2, 4)
    segments = segments_document(bought, on, add_months(on, -12), MONTHS, _cuts(bought, on))
    step(3, 4)
    day = to_date(on)
    assert day is not None and names
    dashboard = dashboard_document(log.path, day)
    step(4, 4)
    return Looked(log, day, segments, dashboard, dashboard["rows_of_nobody"])


def _purchases(path: Path, on: int) -> tuple[Purchases, list[str]]:
    found = read_customers(path, on)
    return Purchases(found.customer, found.day, found.money, len(found.names)), found.names


def _cuts(bought: Purchases, on: int) -> Cuts:
    total, orders = average_ticket(bought.day, bought.money, on, MONTHS)
    return Cuts(RECENCY_DAYS, FREQUENCY, max(1, FREQUENCY * total // orders) if orders else 1)


def segments_table(log: MemberLog, show_ids: bool, ticket: Ticket) -> bytes:
    """Every member with their segment, as CSV."""
    ticket.part(0, 1)(0, 1)
    on = last_day(log.path)
    bought, names = _purchases(log.path, on)
    shown = names if show_ids else [log.pseudonym(name) for name in names]
    return as_csv(segment_of_names(segmented(bought, on, MONTHS, _cuts(bought, on)), lambda k: harmless(shown[k])))


def as_csv(columns: dict[str, list[Any]]) -> bytes:
    """A table as CSV that a spreadsheet opens: with a byte order mark, and no cell that it would take for a formula."""
    safe = {
        name: [harmless(each) if isinstance(each, str) else each for each in values] for name, values in columns.items()
    }
    sink = pa.BufferOutputStream()
    pa.csv.write_csv(pa.table(safe), sink)
    return b"\xef\xbb\xbf" + bytes(sink.getvalue())


# --- early warning -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class EarlyWarning:
    """An early warning, with the names of its members."""

    found: Warned
    log: MemberLog

    def names(self, show_ids: bool) -> list[str]:
        """The customers' names as they may be shown."""
        return self.found.names if show_ids else [self.log.pseudonym(name) for name in self.found.names]

    @property
    def any_at_risk(self) -> bool:
        """Whether the model knows of customers who leave."""
        return bool((self.found.state.outlook.alive < 1).any())

    def document(self, show_ids: bool, by: str) -> dict[str, Any]:
        """As the command line prints it."""
        return warning_document(self.found, self.names(show_ids), by)

    def table(self, show_ids: bool, by: str) -> bytes:
        """The whole list as CSV."""
        return as_csv(listed(self.found, self.names(show_ids), by))


def warned(log: MemberLog, weeks: int, ticket: Ticket) -> EarlyWarning:
    """Fit, judge, list. Raises BadInput where nothing can be fitted."""
    step = ticket.part(0, 2)
    step(0, 2)
    with _of(log):
        found = at_risk(log.path, Asked(weeks=weeks))
    step(2, 2)
    return EarlyWarning(found, log)


# --- one member ---------------------------------------------------------------------------------------------------------
def life_of(log: MemberLog, program: Program, asked: str, ticket: Ticket) -> dict[str, Any]:
    """A member's life under the program: ``asked`` is an id, or the pseudonym that stands for one. Of a simulation: as it was lived.
    Raises BadInput where there is no such member."""
    ticket.part(0, 1)(0, 1)
    if log.scenario is not None:
        if not (asked.isascii() and asked.isdigit()):
            message = f"expected the number of a member, 0 to {log.scenario.members - 1:,}"
            raise BadInput(Problem("member", message, asked))
        return member_of_run(log.scenario, int(asked[:9]), program.title)
    name = asked
    if asked.startswith("m-"):
        names = read_log(log.path)[0].names
        name = next((each for each in names if log.pseudonym(each) == asked), asked)
    with _of(log):
        return member_of_log(program, named_rows(log), name, None, program.title)


# --- calibrate, replay --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Fitted:
    """A calibration, and the population file that it becomes."""

    document: dict[str, Any]
    text: str


def fitted(log: MemberLog, currency: str, ticket: Ticket) -> Fitted:
    """Calibrate a population on the log. Raises BadInput: what is wrong in it, or why nothing can be fitted."""
    step = ticket.part(0, 3)
    step(0, 3)
    with _of(log):
        rows, source = read_log(log.path)
    step(1, 3)
    try:
        found = calibrate(rows, Wanted())
    except ValueError as error:
        raise BadInput(Problem("", str(error)), log.name) from error
    step(2, 3)
    named = f"Calibrated on {log.name} ({source.rows} rows, SHA-256 {log.sha256})"
    text = population_text(found, f"Customers of {log.name}", named, currency)
    return Fitted(calibration_document(found), text)


def replayed(log: MemberLog, program: Program, ticket: Ticket) -> dict[str, Any]:
    """The log through the program's rules, to the end of its last day: totals, refusals, and members by tier. Raises BadInput."""
    step = ticket.part(0, 2)
    step(0, 2)
    day = to_date(last_day(log.path))
    assert day is not None
    step(1, 2)
    with _of(log):
        found = replay_log(program, named_rows(log), as_of=day, name=program.title)
    tiers: dict[str, int] = {}
    for tier in found.members.tier:
        tiers[tier or ""] = tiers.get(tier or "", 0) + 1
    points = found.members.balance
    return {
        "program": found.program,
        "as_of": day.isoformat(),
        "totals": found.totals,
        "refused": found.refused,
        "reasons": sorted({each.reason for each in found.refusals})[:5],
        "members": found.size,
        "with_points": sum(each > 0 for each in points),
        "tiers": {name: tiers.get(name, 0) for name in program.tier_names},
    }
