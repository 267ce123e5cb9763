"""The Finance page at a glance: whose figures these are, the key figures, the liability over time, and when the points left lapse."""

from dataclasses import dataclass
from datetime import date

from apps.charts.lines import Line, Mark
from apps.language import AppLanguage
from apps.records import Records
from apps.valuing import Read, Valued
from workbench.finance.accounting.journal import balance
from workbench.finance.lapsing import NO_MONTH
from workbench.liability_document import cost_basis, current
from workbench.liability_path import Bounds
from workbench.reports.parts import KeyFigure, Table
from workbench.units import CENTS

__all__ = [
    "N_", "Basis", "Schedule", "basis", "key_figures", "lapsing_sentence", "lapsing_table", "method_name", "minor", "month_day", "path_lines",
    "path_months", "path_sentence", "path_table", "schedule", "source_name",
]  # fmt: skip

YEAR = 12
NAN = float("nan")


def N_(text: str) -> str:
    """Marks a text that is looked up later."""
    return text


METHODS = {
    "hazard": N_("Hazard by age"),
    "chain_ladder": N_("Chain ladder"),
    "bornhuetter_ferguson": N_("Bornhuetter-Ferguson"),
    "cape_cod": N_("Cape Cod"),
    "additive": N_("Additive"),
    "run_off": N_("Run-off by simulation"),
    "recent_ratio": N_("Redeemed / issued, last 12 months"),
}


def method_name(name: str, say: AppLanguage) -> str:
    """A method's name as the page says it."""
    return say.text(METHODS.get(name, name))


def source_name(source: str, say: AppLanguage) -> str:
    """Where a month's redemption rate came from."""
    _ = say._
    if source == "assumption":
        return _("the policy's assumption")
    if source == "given":
        return _("given with the data")
    if source.startswith("breakage"):
        return _("the policy: no breakage is recognised in advance")
    return method_name(source, say)


def minor(amount: int | None, say: AppLanguage, signed: bool = False) -> str:
    """An amount of minor units as it stands in the books: with its decimals, without its currency."""
    return "–" if amount is None else say.number(amount / CENTS, 2, signed)


def money(amount: int, currency: str, say: AppLanguage, signed: bool = False) -> str:
    """An amount of minor units as a headline says it."""
    if not currency:
        return minor(amount, say, signed)
    return say.money(amount / CENTS, currency, signed)


def month_day(month: int) -> date:
    """The first day of a month (since January 1970)."""
    return date(1970 + month // 12, month % 12 + 1, 1)


def currency_of(found: Valued) -> str:
    """The currency of the books, or of the policy; empty where neither names one."""
    close = found.valuation.close
    return close.books.currency or close.policy.currency or ""


# --- whose figures -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Basis:
    """Projection or estimate, in one word and in a sentence."""

    kind: str
    """PROJECTION or ESTIMATE."""
    word: str
    text: str


def basis(found: Valued | Read, say: AppLanguage, records: Records | None = None) -> Basis:
    """What kind of figures these are, and what the other kind would be."""
    _ = say._
    if isinstance(found, Valued) and found.members is not None:
        text = _(
            "These are {n} simulated members under assumed behaviour, not your customers: it shows what your books would look like if members behaved so. "
            "It becomes an estimate only when it rests on redemptions that happened: take in your ledger or your log.",
            n=say.number(found.members),
        )
        return Basis("PROJECTION", _("Projection"), text)
    name = records.name if records else (found.name if isinstance(found, Read) else found.books.name)
    text = _(
        "From redemptions that your own members made, as recorded in {file}, on the assumption that they go on as they did. "
        "A simulated run would be a projection instead.",
        file=name,
    )
    more = ""
    if records is not None and records.replayed:
        more = _("The log was replayed through the rules of {program}.", program=records.replayed)
        if records.refused:
            more = say.joined(
                more, _("{n} redemptions in it were refused by those rules.", n=say.number(records.refused))
            )
    return Basis("ESTIMATE", _("Estimate"), say.joined(text, more))


# --- key figures ---------------------------------------------------------------------------------------------------------
def key_figures(found: Valued, say: AppLanguage) -> list[KeyFigure]:
    """The strip: each with its unit, and its interval where it has one."""
    _, close = say._, found.valuation.close
    currency = currency_of(found)
    soon, rate = current(close), found.valuation.rate
    net = int(found.path.points[-1])
    source = source_name(close.sources[-1], say)

    def amount(value: int) -> str:
        return money(value, currency, say)

    share = _("nothing is owed") if not close.liability else say.share(soon, close.liability)
    figures = [
        KeyFigure(
            _("Contract liability"),
            amount(close.liability),
            _("points sold with goods, at {day}", day=say.day(found.day.isoformat())),
            _interval(found.bounds.get(close.months - 1), currency, say),
            tuple(each for each in (_levels(found, currency, say), _per_member(found, currency, say), _ghost(found, currency, say)) if each),
        ),
        KeyFigure(
            _("Current part"),
            amount(soon),
            _("expected to be redeemed within {n} months", n=str(close.policy.current_months)),
            "",
            (_("{share} of the liability", share=share), _("non-current: {amount}", amount=amount(close.liability - soon))),
        ),
        KeyFigure(
            _("Ultimate redemption rate"),
            "–" if rate is None else say.percent(100 * rate),
            _("of points issued"),
            "",
            (_("by: {source}", source=source), *(() if rate is None else (_("breakage: {share}", share=say.percent(100 - 100 * rate)),))),
            rate is None,
        ),
        KeyFigure(
            _("Points outstanding"),
            say.number(net),
            _("points, net of what members owe"),
            "",
            (_("at face value: {amount}", amount=amount(round(net * close.worth.face))),),
        ),
        KeyFigure(
            _("Provision"),
            amount(int(close.provision[-1].sum())),
            _("points given without a sale, at cost"),
            "",
            (),
        ),
        KeyFigure(
            _("Cost of redemptions to come"),
            amount(cost_basis(close)),
            _("management's view; not booked"),
            "",
            _receivable(found, currency, say),
        ),
    ]  # fmt: skip
    return figures


def _interval(bounds: Bounds | None, currency: str, say: AppLanguage) -> str:
    _ = say._
    if bounds is None:
        return ""
    values = {"low": money(bounds.low, currency, say), "high": money(bounds.high, currency, say)}
    if bounds.kind == "estimate":
        return _("P5 to P95: {low} to {high}", **values)
    return _("range of the assumption: {low} to {high}", **values)


def _levels(found: Valued, currency: str, say: AppLanguage) -> str:
    """The levels of confidence of the policy."""
    named = [f"{name.upper()} {money(each, currency, say)}" for name, each in found.valuation.levels.items()]
    return say.listed(named)


def _per_member(found: Valued, currency: str, say: AppLanguage) -> str:
    if not found.members:
        return ""
    each = round(1000 * found.valuation.close.liability / found.members)
    return say._("{amount} for 1,000 members", amount=money(each, currency, say))


def _ghost(found: Valued, currency: str, say: AppLanguage) -> str:
    if found.ghost is None:
        return ""
    other = int(found.ghost.liability[-1])
    return say._(
        "baseline: {amount} ({difference})",
        amount=money(other, currency, say),
        difference=money(found.valuation.close.liability - other, currency, say, signed=True),
    )


def _receivable(found: Valued, currency: str, say: AppLanguage) -> tuple[str, ...]:
    """What members owe after refunds, where they do."""
    owed = int(found.valuation.close.owed[-1])
    if not owed:
        return ()
    amount = money(balance(found.valuation.entries, "receivable"), currency, say)
    return (say._("members owe {points} points: {amount}", points=say.number(owed), amount=amount),)


# --- over time -----------------------------------------------------------------------------------------------------------
def path_months(found: Valued) -> list[date]:
    """A day in each month that was closed."""
    return [month_day(found.path.first_month + place) for place in range(found.path.months)]


def path_lines(found: Valued, say: AppLanguage) -> tuple[list[Line], list[Mark]]:
    """The liability with its bounds, major units; the baseline's as a ghost; and a mark where estimates begin."""
    _, path = say._, found.path

    def line(name: str, kind: str) -> Line:
        """The months of one kind of bounds; those of an estimate whose bounds are not there yet are of none."""
        bounds = [found.bounds.get(place) for place in range(path.months)]
        mine = [(source == "assumption") == (kind == "assumption") for source in path.sources]
        values = [int(each) / CENTS if own else NAN for each, own in zip(path.liability, mine, strict=True)]
        low, high = (
            [getattr(each, end) / CENTS if each is not None and each.kind == kind else NAN for each in bounds]
            for end in ("low", "high")
        )
        known = any(each == each for each in low)
        return Line(name, values, low if known else None, high if known else None)

    assumed = [source == "assumption" for source in path.sources]
    lines = []
    if not all(assumed):
        lines.append(line(_("Contract liability, estimated") if any(assumed) else _("Contract liability"), "estimate"))
    if any(assumed):
        lines.append(line(_("by the policy's assumption"), "assumption"))
    if found.ghost is not None:
        ghost = [int(each) / CENTS for each in found.ghost.liability][: path.months]
        lines.append(Line(_("Baseline: {title}", title=found.ghost_title), ghost, baseline=True))
    begin = estimated_from(found)
    marks = [Mark(float(begin), _("estimated from here on"), upright=True)] if begin else []
    return lines, marks


def estimated_from(found: Valued) -> int | None:
    """The place of the first month that was estimated after one that was assumed; None where there is none."""
    sources = found.path.sources
    if "assumption" not in sources:
        return None
    begin = next((place for place, each in enumerate(sources) if each != "assumption"), None)
    return begin or None


def path_sentence(found: Valued, say: AppLanguage) -> str:
    """Where it stands, where it stood a year before, and what the first estimate changed."""
    _, path, currency = say._, found.path, currency_of(found)
    now = int(path.liability[-1])
    said = [
        _(
            "At {day} {amount} is owed to members for points sold with goods.",
            day=say.day(found.day.isoformat()),
            amount=money(now, currency, say),
        )
    ]
    if path.months > YEAR:
        before = int(path.liability[-1 - YEAR])
        said.append(_("A year before it was {amount}.", amount=money(before, currency, say)))
    begin = estimated_from(found)
    assumed = found.valuation.close.policy.points.initial_rate
    ends = {
        "value": say.percent(100 * float(assumed.value), 0), "low": say.percent(100 * float(assumed.low), 0),
        "high": say.percent(100 * float(assumed.high), 0),
    }  # fmt: skip
    if begin:
        step = int(path.liability[begin]) - int(path.liability[begin - 1])
        text = _(
            "Until {before} redemption is the policy's assumption ({value}; the band is its range of {low} to {high}, which has no probability). "
            "From {month} on it is estimated, and the band is P5 to P95; that month the liability moves by {step}.",
            before=say.month(month_day(path.first_month + begin - 1)),
            month=say.month(month_day(path.first_month + begin)),
            step=money(step, currency, say, signed=True),
            **ends,
        )
        said.append(text)
    elif path.sources[-1] == "assumption":
        text = _(
            "There is too little history for an estimate: redemption is the policy's assumption ({value}), and the band is its range of {low} to {high}, "
            "which has no probability.",
            **ends,
        )
        said.append(text)
    return say.joined(*said)


def path_table(found: Valued, say: AppLanguage) -> Table:
    """Month by month, the latest first."""
    _, path = say._, found.path
    header = [
        _("Month"),
        _("Contract liability"),
        _("Low end"),
        _("High end"),
        _("Bounds are"),
        _("Current part"),
        _("Provision"),
        _("Points outstanding"),
    ]
    kinds = {"estimate": _("P5 to P95"), "assumption": _("range of the assumption")}
    if found.ghost is not None:
        header.append(_("Baseline"))
    rows = []
    for place in reversed(range(path.months)):
        bounds = found.bounds.get(place)
        row = [
            say.month(month_day(path.first_month + place)), minor(int(path.liability[place]), say),
            minor(bounds.low if bounds else None, say), minor(bounds.high if bounds else None, say), kinds[bounds.kind] if bounds else "–",
            minor(int(path.current[place]), say), minor(int(path.provision[place]), say), say.number(int(path.points[place])),
        ]  # fmt: skip
        if found.ghost is not None:
            row.append(minor(int(found.ghost.liability[place]), say) if place < found.ghost.months else "–")
        rows.append(tuple(row))
    return Table(_("Liability month by month{unit}", unit=unit_of(found, say)), tuple(header), tuple(rows))  # fmt: skip


def unit_of(found: Valued, say: AppLanguage) -> str:
    """The unit of money of a table, as the end of its caption."""
    currency = currency_of(found)
    return say._(" (money in {currency})", currency=say.currency_name(currency)) if currency else ""


# --- when it lapses ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Schedule:
    """What lapses when, if nobody uses it."""

    months: list[date]
    """Those in which something lapses, ascending."""
    points: list[int]
    never: int
    """Points that never lapse."""
    overdue: int
    """Points whose last day is past and that the records have not taken off."""

    @property
    def total(self) -> int:
        """All points in lots."""
        return sum(self.points) + self.never + self.overdue


def schedule(found: Valued) -> Schedule | None:
    """The schedule at the valuation; None where the records tell of no lots."""
    if found.lapsing is None:
        return None
    months, points = (each.tolist() for each in found.lapsing)
    last = found.path.first_month + found.path.months - 1
    ahead = [(month, held) for month, held in zip(months, points, strict=True) if month >= last]
    never = sum(held for month, held in zip(months, points, strict=True) if month == NO_MONTH)
    overdue = sum(held for month, held in zip(months, points, strict=True) if NO_MONTH < month < last)
    return Schedule([month_day(month) for month, _ in ahead], [held for _, held in ahead], never, overdue)


def lapsing_sentence(found: Valued, say: AppLanguage) -> str:
    """How much of it lapses soon, and in which month most."""
    _, plan = say._, schedule(found)
    if plan is None:
        return _("These records do not tell of single lots, so nothing is known of when they lapse.")
    if not plan.total:
        return _("No points are held in lots.")
    last = month_day(found.path.first_month + found.path.months - 1)
    until = date(last.year + 1, last.month, 1)
    soon = sum(points for month, points in zip(plan.months, plan.points, strict=True) if month <= until)
    said = [
        _(
            "Of {points} points in lots {share} lapse within twelve months if nobody uses them before.",
            points=say.number(plan.total),
            share=say.share(soon, plan.total),
        )
    ]
    if plan.months:
        most = max(range(len(plan.months)), key=lambda place: plan.points[place])
        said.append(
            _("Most in one month: {points} in {month}.", points=say.number(plan.points[most]), month=say.month(plan.months[most]))
        )  # fmt: skip
    if plan.never:
        said.append(_("{points} never lapse.", points=say.number(plan.never)))
    if plan.overdue:
        said.append(
            _("{points} are past their last day, and the records have not taken them off.", points=say.number(plan.overdue))
        )  # fmt: skip
    return say.joined(*said)


def lapsing_table(found: Valued, say: AppLanguage) -> Table | None:
    """Points by month of lapse; the sum is what is held in lots, gross of debts."""
    _, plan = say._, schedule(found)
    if plan is None:
        return None
    rows = [(say.month(month), say.number(points)) for month, points in zip(plan.months, plan.points, strict=True)]
    if plan.overdue:
        rows.insert(0, (_("Past their last day"), say.number(plan.overdue)))
    if plan.never:
        rows.append((_("Never"), say.number(plan.never)))
    rows.append((_("In lots"), say.number(plan.total)))
    return Table(_("When they lapse"), (_("Lapses"), _("Points")), tuple(rows), total=True)
