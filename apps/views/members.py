"""What the Members page shows, as plain data: figures, rows, sentences and what charts are drawn from. No Panel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from apps.charts.bars import Series
from apps.charts.lines import Line
from apps.charts.trust import Bin
from apps.language import AppLanguage
from apps.problems_said import message_said
from apps.views.design import titled
from workbench import segments_document as segments

__all__ = [
    "GROUPS", "ORDERS", "Rows", "by_month", "calibration_rows", "dashboard_figures", "groups_over_time", "holdout_lines", "life_figures",
    "life_rows", "list_rows", "moves", "people_rows", "ranking_rows", "reasons", "reliability_bins", "replay_rows", "segment_names", "segment_rows",
    "segment_shares", "segments_sentence", "verdict", "warning_figures", "warning_sentence",
]  # fmt: skip


def N_(text: str) -> str:
    """Marks a text that is looked up later."""
    return text


GROUPS = {key: (key.replace("_", " ").capitalize(), chinese) for key, chinese in reversed(segments.GROUPS)}
"""What to do with a segment, whatever its monetary value: in English and in Chinese."""
ORDERS = {
    "no-purchase": N_("Likeliest to buy nothing"), "sales": N_("Most sales at risk"), "alive": N_("Likeliest to have left"),
    "overdue": N_("Longest overdue"),
}  # fmt: skip
LISTS = {
    "model": N_("The model's list"),
    "longest_silence": N_("Longest silence first"),
    "overdue": N_("Silence over own gap"),
}


@dataclass(frozen=True)
class Rows:
    """A table: the first cell of each row is its name."""

    caption: str
    header: list[str]
    rows: list[list[str]]
    words: tuple[int, ...] = (0,)
    """Columns that hold words rather than figures."""


@dataclass(frozen=True)
class Figure:
    """A key figure with its unit and, where it has one, a note beneath."""

    name: str
    value: str
    note: str = ""


# --- segments ------------------------------------------------------------------------------------------------------------
def segment_names(document: dict[str, Any], say: AppLanguage) -> list[str]:
    """The eight segments, as the document orders them."""
    return [_segment(each, say) for each in document["segments"]]


def _segment(each: dict[str, Any], say: AppLanguage) -> str:
    return each["segment_zh"] if say.chinese else each["segment"].replace("_", " ").capitalize()


def segment_shares(document: dict[str, Any]) -> tuple[list[float], list[float]]:
    """Per cent of customers and of sales, by segment."""
    sales = [float(each["money"]) for each in document["segments"]]
    whole = sum(sales) or 1.0
    return [float(each["share_pct"] or 0) for each in document["segments"]], [100 * each / whole for each in sales]


def segments_sentence(document: dict[str, Any], say: AppLanguage) -> str:
    """Who brings the sales, and what high means."""
    _ = say._
    customers, sales = segment_shares(document)
    best = max(range(len(sales)), key=sales.__getitem__)
    cuts = document["cuts"]
    return say.joined(
        _("{customers} customers had bought by {day}.", customers=say.number(document["customers"]), day=say.day(document["as_of"])),
        _(
            "{segment}: {share} of the customers, {sales} of the sales of the last {months} months.",
            segment=_segment(document["segments"][best], say), share=say.percent(customers[best]), sales=say.percent(sales[best]),
            months=say.number(document["window_months"]),
        ),
        _(
            "High means: bought within {days} days, {purchases} purchases or more, {money} or more.",
            days=say.number(cuts["recency_days"]), purchases=say.number(cuts["frequency"]), money=say.plain(float(cuts["monetary"])),
        ),
    )  # fmt: skip


def segment_rows(document: dict[str, Any], currency: str, say: AppLanguage) -> Rows:
    """The table of segments."""
    _ = say._
    return Rows(
        _("Segments"),
        [_("Segment"), _("Customers"), _("Share"), _("Sales"), _("Days since, mean"), _("Purchases, mean"), _("Money each")],
        [
            [
                _segment(each, say), say.number(each["customers"]), say.percent(each["share_pct"] or 0), say.money(float(each["money"]), currency),
                _or_dash(each["mean_recency_days"], lambda value: say.number(value, 0)),
                _or_dash(each["mean_frequency"], lambda value: say.number(value, 1)),
                _or_dash(each["mean_money"], lambda value: say.money(round(value), currency)),
            ]
            for each in document["segments"]
        ],
    )  # fmt: skip


def _or_dash(value: float | None, text: Any) -> str:
    return "–" if value is None else str(text(value))


def moves(document: dict[str, Any], say: AppLanguage) -> tuple[list[str], list[list[int]], str]:
    """Who moved between the four groups: their names, count[before, after], and a sentence."""
    _ = say._
    migration, group_of = document["migration"], {each["segment"]: each["group"] for each in document["segments"]}
    keys = list(GROUPS)
    table = [[0] * len(keys) for _key in keys]
    for before, after in migration["table"].items():
        if before != "new":
            for segment, number in after.items():
                table[keys.index(group_of[before])][keys.index(group_of[segment])] += number
    known = sum(map(sum, table))
    stayed = sum(table[k][k] for k in range(len(keys)))
    sentence = _(
        "From {start} to {end}: of {known} customers known before, {stayed} are in the same group ({share}); {new} are new.",
        start=say.day(migration["from"]), end=say.day(migration["to"]), known=say.number(known), stayed=say.number(stayed),
        share=say.share(stayed, known), new=say.number(migration["new"]),
    )  # fmt: skip
    return [GROUPS[key][say.chinese] for key in keys], table, sentence


def groups_over_time(document: dict[str, Any], say: AppLanguage) -> tuple[list[date], list[str], list[list[int]]]:
    """Customers by group at each month's end: days, names, count[months, groups]; those who need most care lowest."""
    group_of = {each["segment"]: each["group"] for each in document["segments"]}
    keys = ["win_back", "develop", "keep", "value"]
    days, counts = [], []
    for each in document["series"]:
        days.append(date.fromisoformat(each["date"]))
        row = dict.fromkeys(keys, 0)
        for segment, number in each["customers"].items():
            row[group_of[segment]] += number
        counts.append([row[key] for key in keys])
    return days, [GROUPS[key][say.chinese] for key in keys], counts


# --- the figures of the dashboard -------------------------------------------------------------------------------------------
def dashboard_figures(document: dict[str, Any], currency: str, say: AppLanguage) -> list[Figure]:
    """The figures of the last twelve months."""
    _ = say._
    reachable, frequency, ticket = document["reachable"], document["frequency"], document["average_ticket"]
    return [
        Figure(
            _("Members"),
            say.number(document["members"]),
            ""
            if reachable is None
            else _("{n} reachable ({share})", n=say.number(reachable), share=say.share(reachable, document["members"])),
        ),
        Figure(_("New"), say.number(document["new"]), _("joined or first bought in these months")),
        Figure(
            _("Buyers"),
            say.number(document["buyers"]),
            _("{n} bought twice or more", n=say.number(document["regulars"])),
        ),
        Figure(_("Returning"), say.percent(document["returning_pct"] or 0), _("of buyers, not for the first time")),
        Figure(
            _("Purchases each"),
            "–" if frequency is None else say.number(frequency, 2),
            _("{n} purchases in all", n=say.number(document["purchases"])),
        ),
        Figure(
            _("Average ticket"),
            "–" if ticket is None else say.money(round(ticket), currency),
            _("sales {money}", money=say.money(float(document["sales"]), currency)),
        ),
    ]


def by_month(document: dict[str, Any], say: AppLanguage) -> tuple[list[date], list[Series]]:
    """Buyers by month: who came back, and who bought for the first time."""
    _ = say._
    latest = document["by_month"][-document["months"] :]  # of a thirteenth, the window has the last days only
    return [date.fromisoformat(each["first"] + "-01") for each in latest], [
        Series(_("Returning"), [each["returning"] for each in latest]),
        Series(_("First purchase"), [each["first_buyers"] for each in latest]),
    ]


def people_rows(document: dict[str, Any], say: AppLanguage) -> list[Rows]:
    """Sex, age and channels, where the log has them."""
    _ = say._
    found = []
    words = {"female": _("Female"), "male": _("Male"), "other": _("Other"), "unknown": _("Not known")}
    for caption, counts in ((_("Sex"), document["sex"]), (_("Age"), document["age"])):
        if counts is not None:
            whole = sum(counts.values())
            found.append(
                Rows(
                    caption,
                    [caption, _("Members"), _("Share")],
                    [[words.get(name, name), say.number(n), say.share(n, whole)] for name, n in counts.items()],
                )
            )
    if document["channels"] is not None:
        found.append(
            Rows(
                _("Channels"),
                [_("Channel"), _("Purchases"), _("Share")],
                [
                    [each["channel"] or words["unknown"], say.number(each["purchases"]), say.percent(each["share_pct"])]
                    for each in document["channels"]
                ],
            )
        )
    return found


# --- early warning -----------------------------------------------------------------------------------------------------------
def warning_sentence(document: dict[str, Any], say: AppLanguage) -> str:
    """Who is listed, and how many are expected to stay away."""
    _ = say._
    return say.joined(
        _(
            "Listed: {listed} of {customers} customers, with {least} purchase days or more, the last within {within} weeks.",
            listed=say.number(document["listed"]), customers=say.number(document["customers"]), least=say.number(document["least_purchases"]),
            within=say.number(document["seen_within_weeks"]),
        ),
        _(
            "Projection: {n} of them buy nothing in the {weeks} weeks until {until}.",
            n=say.number(document["expected_without_purchase"]), weeks=say.number(document["weeks"]), until=say.day(document["until"]),
        ),
        "" if document["recalibration"] is None else _("Chances are recalibrated on the weeks before."),
    )  # fmt: skip


def warning_figures(document: dict[str, Any], say: AppLanguage) -> list[Figure]:
    """What such a list was worth, on held-out weeks."""
    _ = say._
    judged = document["judged"]
    if judged is None:
        return []
    tenth = next(each for each in judged["rankings"]["model"]["foremost"] if each["share_pct"] == 10)
    low, high = tenth["precision_pct_ci95"]
    area, (least, most) = judged["rankings"]["model"]["auc"], judged["rankings"]["model"]["auc_ci95"]
    return [
        Figure(
            _("Right in the foremost tenth"),
            say.percent(tenth["precision_pct"]),
            _("95%: {low} – {high}", low=say.percent(low), high=say.percent(high)),
        ),
        Figure(
            _("Lift over chance"),
            say.number(tenth["lift"], 2),
            _("{share} of all stayed away", share=say.percent(judged["without_purchase_pct"])),
        ),
        Figure(_("Found of those who left"), say.percent(tenth["recall_pct"]), _("in the foremost tenth")),
        Figure(
            _("Orders right (AUC)"),
            say.number(area, 3),
            _("95%: {low} – {high}", low=say.number(least, 3), high=say.number(most, 3)),
        ),
    ]


def verdict(document: dict[str, Any], say: AppLanguage) -> str:
    """Which list is better, said whichever it is."""
    _ = say._
    judged = document["judged"]
    if judged is None:
        return _(
            "The log is too short to judge the list on weeks it has not seen: how far its chances are off is not known."
        )
    head = _(
        "Judged on {weeks} held-out weeks after {day}: of {members} listed, {away} bought nothing; the model expected {predicted}.",
        weeks=say.number(document["weeks"]), day=say.day(judged["fitted_until"]), members=say.number(judged["members"]),
        away=say.number(judged["without_purchase"]), predicted=say.number(judged["predicted_without_purchase"]),
    )  # fmt: skip
    against = judged["model_less"]["longest_silence"]
    area = {
        "difference": say.number(against["auc"], 3, True),
        "low": say.number(against["ci95"][0], 3, True),
        "high": say.number(against["ci95"][1], 3, True),
    }
    said = {
        "model": _(
            "The model's list orders better than the longest silence first (AUC {difference}, 95%: {low} – {high}).",
            **area,
        ),
        "longest_silence": _(
            "The longest silence first orders better than the model's list (AUC {difference}, 95%: {low} – {high}).",
            **area,
        ),
        "neither": _(
            "Whether the model's list or the longest silence first is better cannot be told (AUC {difference}, 95%: {low} – {high}).",
            **area,
        ),
    }
    return say.joined(head, said[against["better"]])


def ranking_rows(document: dict[str, Any], say: AppLanguage) -> Rows | None:
    """The lists side by side, on the held-out weeks."""
    _ = say._
    judged = document["judged"]
    if judged is None:
        return None
    rows = []
    for name, found in judged["rankings"].items():
        parts = {each["share_pct"]: each for each in found["foremost"]}
        cells = [say.text(LISTS[name]), say.number(found["auc"], 3)]
        for share in (5, 10, 20):
            each = parts[share]
            cells += [say.percent(each["precision_pct"]), say.number(each["lift"], 2)]
        rows.append(cells)
    shares = [f"{word} {share}%" for share in (5, 10, 20) for word in (_("Right, foremost"), _("Lift"))]
    return Rows(_("Lists on the held-out weeks"), [_("List"), "AUC", *shares], rows)


def reliability_bins(document: dict[str, Any]) -> list[Bin]:
    """Chances that were said and what came, by tenths; recalibrated where that helps."""
    judged = document["judged"]
    if judged is None:
        return []
    again = judged["recalibrated"]
    chances = again if again is not None and again["helps"] else judged["chances"]
    return [
        Bin(
            each["predicted_pct"] / 100, each["observed_pct"] / 100, each["observed_pct_ci95"][0] / 100, each["observed_pct_ci95"][1] / 100,
            each["members"],
        )
        for each in chances["calibration"]
    ]  # fmt: skip


def list_rows(document: dict[str, Any], currency: str, say: AppLanguage) -> Rows:
    """The head of the list, with why."""
    _ = say._
    return Rows(
        _("The first {n} of the list", n=say.number(len(document["members"]))),
        [_("Member"), _("No purchase"), _("Has left"), _("Why"), _("Sales at risk")],
        [
            [
                each["member_id"], say.percent(100 * each["p_no_purchase"]), say.percent(100 - 100 * each["p_alive"]), reasons(each, say),
                say.money(round(each["sales_at_risk"]), currency),
            ]
            for each in document["members"]
        ],
        (0, 3),
    )  # fmt: skip


def reasons(each: dict[str, Any], say: AppLanguage) -> str:
    """Why a member is where they are on the list: their silence beside their own habit."""
    _ = say._
    silence = _(
        "Silent for {days} days after {n} purchases",
        days=say.number(each["silence_days"]), n=say.number(each["purchases"]),
    )  # fmt: skip
    if each["own_gap_days"] is None:
        return silence
    return silence + _(
        "; usually {gap} days apart, longer than {share} of own gaps",
        gap=say.number(each["own_gap_days"]), share=say.percent(each["own_gaps_shorter_pct"], 0),
    )  # fmt: skip


# --- one member --------------------------------------------------------------------------------------------------------------
KINDS = {
    "earn": N_("Earned"), "bonus": N_("Bonus"), "redeem": N_("Redeemed"), "return": N_("Given back"), "expire": N_("Lapsed"),
    "reverse": N_("Taken back"), "convert": N_("Turned into vouchers"), "decay": N_("Lost to idleness"), "tier": N_("Tier"),
    "refund": N_("Refund"), "purchase": N_("Purchase"), "activate": N_("Becomes usable"), "extend": N_("Lasts longer"),
    "voucher": N_("Voucher"), "repay": N_("Debt"),
}  # fmt: skip
"""Kinds of entries."""
METRICS = {
    "spend": N_("spend"),
    "points": N_("qualifying points"),
    "orders": N_("orders"),
    "visits": N_("visits"),
    "nights": N_("nights"),
}
EFFECTS = {
    "reward_pressure": N_("a reward in reach"), "tier_pressure": N_("a tier in reach"), "expiry": N_("points about to lapse"),
    "rewarded": N_("a reward just had"), "status": N_("the tier held"), "demotion": N_("a tier lost"), "coupon": N_("a coupon in the wallet"),
    "message": N_("a message"), "novelty": N_("newly joined"), "plan": N_("a plan"),
}  # fmt: skip
"""What makes a simulated member buy more or less often."""


def life_figures(life: dict[str, Any], say: AppLanguage) -> list[Figure]:
    """How the member stands."""
    _ = say._
    state = life["state"]
    if state is None:
        return [Figure(_("Points"), "–", _("never joined"))]
    found = [
        Figure(
            _("Points on {day}", day=say.day(life["as_of"])),
            say.number(state["balance"]),
            _("{n} pending", n=say.number(state["pending"])),
        ),
    ]
    if state["tier"] is not None:
        until = state["tier_until"]
        found.append(Figure(_("Tier"), state["tier"], "" if until is None else _("until {day}", day=say.day(until))))
    ahead = state["next_tier"]
    if ahead is not None and ahead["thresholds"]:
        missing = say.listed(
            [f"{say.plain(float(each['missing']))} {say.text(METRICS[each['metric']])}" for each in ahead["thresholds"]]
        )
        found.append(Figure(_("To {tier}", tier=ahead["tier"]), missing, _("still missing")))
    if state["lots"]:
        lot = next((each for each in state["lots"] if each["expires_on"] is not None), None)
        if lot is not None:
            found.append(
                Figure(
                    _("Lapses first"),
                    say.number(lot["points"]),
                    _("points after {day}", day=say.day(lot["expires_on"])),
                )
            )
    return found


def life_rows(life: dict[str, Any], currency: str, say: AppLanguage, most: int = 400) -> Rows:
    """Every entry in order with its reason, the latest first; no more than so many."""
    _ = say._
    rows = []
    for moment in reversed(life["timeline"]):
        for entry in reversed(moment["entries"]):
            points = say.number(entry["points"], 0, True) if entry["points"] else ""
            rows.append(
                [
                    say.day(moment["date"]), say.text(KINDS.get(entry["kind"], entry["kind"].replace("_", " "))), points,
                    say.number(entry["held"]), _why(moment, entry, currency, say), moment["after"]["tier"] or "",
                ]
            )  # fmt: skip
    caption = _("{n} entries, the latest first", n=say.number(len(rows)))
    if len(rows) > most:
        caption = _("The latest {n} of {all} entries", n=say.number(most), all=say.number(len(rows)))
    return Rows(caption, [_("Day"), _("What"), _("Points"), _("Held"), _("Why"), _("Tier")], rows[:most], (0, 1, 4, 5))


def _why(moment: dict[str, Any], entry: dict[str, Any], currency: str, say: AppLanguage) -> str:
    _, kind = say._, entry["kind"]
    earned, last = (None if entry[key] is None else say.day(entry[key]) for key in ("lot_earned_on", "expires_on"))
    by = _rule(entry["rule"], say)
    if kind == "purchase":
        return say.joined(
            say.money(entry["money"], currency) + ("." if not say.chinese else "。"), _candidate(moment, say)
        )
    if kind == "refund":
        return say.money(abs(entry["money"]), currency)
    if kind in ("earn", "bonus"):
        sums = (moment["earning"] or {}).get("words", "") if kind == "earn" else _("by {rule}", rule=by)
        ends = _("no last day of their own") if last is None else _("usable until {day}", day=last)
        return f"{_in_language(sums, say)}; {ends}" if sums else ends
    if kind == "expire":
        return _("earned on {day}, not used by {last}", day=earned or "", last=last or "")
    if kind == "redeem":
        return _("{rule}, of what was earned on {day}", rule=by, day=earned or "")
    if kind == "tier":
        return _("now {tier}", tier=entry["rule"].removeprefix("tiers."))
    if kind in ("return", "activate", "extend"):
        return _("of what was earned on {day}", day=earned or "")
    return by


NAMED = ("bonuses", "catalogue", "coupons", "messages", "plans", "prices", "tiers")
"""Parts of a program whose entries have names of their own."""


def _rule(rule: str, say: AppLanguage) -> str:
    """What a rule goes by: a part that every program has by its title, a program's own campaign by its name."""
    *above, name = rule.split(".")
    title = titled(name)
    told = title if above and above[-1] in NAMED else say.text(title)
    return name.replace("_", " ") if told == title else told


WORDS = {" kept": N_(" kept"), " points": N_(" points")}


def _in_language(words: str, say: AppLanguage) -> str:
    """A sum: figures, and a few words between them; or a sentence, such as of a limit."""
    parts = []
    for part in words.split(" | "):
        said = message_said(part, say)
        text = said.text
        for english, marked in WORDS.items() if said.tag or not say.chinese else ():
            text = text.replace(english, say.text(marked))
        parts.append(text)
    return "; ".join(parts)


def _candidate(moment: dict[str, Any], say: AppLanguage) -> str:
    """Of a simulated purchase: what made it happen."""
    _ = say._
    at = moment.get("candidate")
    if at is None:
        return ""
    if at["strip"] < 0:
        return _("The first purchase.")
    if at["in_baseline"]:
        return _("Bought without a program too.")
    made = say.listed(
        [f"{say.text(EFFECTS.get(name, name))} × {say.number(size, 3)}" for name, size in at["effects"].items()]
    )
    return _("Only with the program: {effects}.", effects=made or "–")


# --- calibrate, replay -------------------------------------------------------------------------------------------------------
def calibration_rows(document: dict[str, Any], currency: str, say: AppLanguage) -> Rows:
    """What was found."""
    _ = say._
    spend, holdout = document["spend"], document["holdout"]
    names = say.listed(
        [f"{name} {say.number(value, 3)}" for name, value in document["parameters"].items() if value is not None]
    )
    rows = [
        [
            _("Customers, of these with a second purchase"),
            f"{say.number(document['customers'])}, {say.number(document['repeat_customers'])}",
        ],
        [_("Days"), f"{say.day(document['period']['first'])} – {say.day(document['period']['last'])}"],
        [_("Model"), f"{document['model']} ({names})"],
        [_("Purchases a year of a new customer, while they stay"), say.number(document["purchases_per_year"], 2)],
        [
            _("Mean basket, with its standard error"),
            f"{say.money(round(spend['mean_basket'], 2), currency)} ± {say.number(spend['mean_basket_error'], 2)}",
        ],
        [
            _("Hold-out: purchases expected, and come"),
            _("too short a log")
            if holdout is None
            else f"{say.number(holdout['predicted'])}, {say.number(holdout['actual'])}"
            + ("" if holdout["error_pct"] is None else f" ({say.percent(holdout['error_pct'], 1, True)})"),
        ],
    ]
    return Rows(_("What the log says (estimates)"), [_("Figure"), _("Value")], rows, (0, 1))


def holdout_lines(document: dict[str, Any], say: AppLanguage) -> tuple[list[float], list[Line]]:
    """Repeat purchases added up over the held-out weeks: what came, and what was expected."""
    _ = say._
    weeks: Sequence[dict[str, Any]] = [] if document["holdout"] is None else document["holdout"]["weeks"]
    return [float(k + 1) for k in range(len(weeks))], [
        Line(_("Expected"), [each["cumulative_predicted"] for each in weeks]),
        Line(_("Came"), [each["cumulative_actual"] for each in weeks], baseline=True),
    ]


def replay_rows(document: dict[str, Any], say: AppLanguage) -> Rows:
    """Where the points went."""
    _ = say._
    totals = document["totals"]
    names = {
        "earned": _("Earned"),
        "redeemed": _("Redeemed"),
        "expired": _("Lapsed"),
        "reversed": _("Taken back"),
        "outstanding": _("Outstanding"),
    }
    rows = [[text, say.number(totals[key])] for key, text in names.items()]
    rows += [[_("Members"), say.number(document["members"])], [_("With points"), say.number(document["with_points"])]]
    rows += [[_("In tier {tier}", tier=name), say.number(n)] for name, n in document["tiers"].items()]
    rows.append([_("Redemptions refused by the rules"), say.number(document["refused"])])
    return Rows(_("Points at the end of {day}", day=say.day(document["as_of"])), [_("Figure"), _("Value")], rows)
