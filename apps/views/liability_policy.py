"""The valuation policy as a form: its fields in groups, each with what it does; and what a typed value makes of the file.

Amounts and rates are exact decimals, as in the file: a share of 0.8 is typed as 80 (per cent), and nothing is rounded on the way.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from ruamel.yaml import YAML

from apps.language import AppLanguage
from apps.views.liability import METHODS, N_
from workbench.errors import BadInput, Problem, dotted
from workbench.finance.accounting.policy import Policy, load_policy, shipped_policies
from workbench.spec_file import spec_from_mapping
from workbench.yaml_file import LARGEST, parse_mapping

__all__ = [
    "Field",
    "Group",
    "edited",
    "groups",
    "is_changed",
    "mapping_of",
    "policy_title",
    "policy_yaml",
    "reset",
    "titles",
]

Path = tuple[str, ...]
Kind = Literal["share", "amount", "whole", "choice", "text"]


@dataclass(frozen=True)
class _Spec:
    """What is known of a field without its value."""

    path: Path
    kind: Kind
    label: str
    help: str
    options: tuple[tuple[str, str], ...] = ()
    """Of a choice: what the file says, and what it means."""


@dataclass(frozen=True)
class Field:
    """A field of the form with its value."""

    path: Path
    kind: Kind
    label: str
    help: str
    unit: str
    value: str
    """As it is typed or chosen; "" where it is left to the program."""
    options: tuple[tuple[str, str], ...]
    """Of a choice: key and label."""
    changed: bool
    """Whether it differs from the shipped policy."""
    shipped: str
    """As the shipped policy has it, to be read."""


@dataclass(frozen=True)
class Group:
    """Fields that belong together."""

    title: str
    fields: tuple[Field, ...]


_BREAKAGE = (
    ("proportional", N_("as others are redeemed")),
    ("remote", N_("only once it cannot be redeemed")),
    ("remit", N_("owed to another party (unclaimed property)")),
)
_BASIS = (
    ("own_history", N_("own history")),
    ("seen", N_("read in a public source")),
    ("abstract", N_("its abstract alone")),
    ("judgement", N_("judgement: nobody measured it")),
)
_RATE: Path = ("points", "initial_rate")
_GROUPS: tuple[tuple[str, tuple[_Spec, ...]], ...] = (
    (
        N_("What a point is worth"),
        (
            _Spec(("points", "face_value"), "amount", N_("Face value of a point"), N_("Worth to a member. Left empty: what the program says.")),
            _Spec(
                ("points", "stand_alone_price"), "amount", N_("Stand-alone price of a point"),
                N_("An observed price of one point issued. Left empty: face value times the share expected to be redeemed."),
            ),
            _Spec(("points", "cost_per_point"), "amount", N_("Cost of a redeemed point"), N_("To the company. Left empty: what the program's rewards cost.")),
            _Spec(
                ("points", "sales_tax"), "share", N_("Tax included in prices"),
                N_("On the price without it: 5 where 105 is paid for 100. It is no part of the transaction price."),
            ),
        ),
    ),
    (
        N_("How many will be redeemed"),
        (
            _Spec(
                ("points", "estimator"), "choice", N_("Estimator"), N_("How the ultimate redemption is estimated once there is history."),
                tuple((name, text) for name, text in METHODS.items() if name not in ("run_off", "recent_ratio")),
            ),
            _Spec(
                ("points", "history_months"), "whole", N_("Months of history wanted"),
                N_("Until then the assumption below is used. As long as points usually live: a young history takes late redemptions for none."),
            ),
            _Spec((*_RATE, "value"), "share", N_("Assumed redemption rate"), N_("Of the points issued, while there is too little history.")),
            _Spec((*_RATE, "low"), "share", N_("its low end"), N_("Lower end of what is plausible: the lower edge of the band.")),
            _Spec((*_RATE, "high"), "share", N_("its high end"), N_("Upper end of what is plausible.")),
            _Spec((*_RATE, "source"), "text", N_("its source"), N_("Where it comes from, for the auditor.")),
            _Spec((*_RATE, "basis"), "choice", N_("its basis"), N_("What kind of source that is."), _BASIS),
            _Spec(
                ("points", "initial_from"), "choice", N_("Share expected at issue"), N_("It fixes what is deferred, once and for all."),
                (("estimate", N_("by the estimator, once there is history")), ("assumption", N_("the assumption, always"))),
            ),
        ),
    ),
    (
        N_("How it is recognised"),
        (
            _Spec(
                ("framework",), "choice", N_("Accounting standard"), N_("The measurement is the same; references differ."),
                (("IFRS 15", "IFRS 15"), ("ASC 606", "ASC 606")),
            ),
            _Spec(
                ("points", "portfolio"), "choice", N_("Portfolio"), N_("Points issued in one such period are measured together (IFRS 15.4)."),
                (("month", N_("month")), ("quarter", N_("quarter")), ("year", N_("year"))),
            ),
            _Spec(("points", "breakage"), "choice", N_("Breakage becomes revenue"), N_("Points that will never be redeemed (IFRS 15 B46-B47)."), _BREAKAGE),
            _Spec(
                ("points", "debt"), "choice", N_("Points that members owe"), N_("After a refund of points already spent."),
                (("receivable", N_("a receivable")), ("memo", N_("a note alone"))),
            ),
            _Spec(("current_months",), "whole", N_("Months that are current"), N_("What is expected to be redeemed within them is current (IAS 1.69).")),
        ),
    ),
    (
        N_("Stored value, coupons, fees"),
        (
            _Spec(("stored_value", "breakage"), "choice", N_("Stored value never spent"), N_("When it becomes revenue."), _BREAKAGE),
            _Spec(("stored_value", "rate", "value"), "share", N_("Share never spent"), N_("Of the value paid in, with bonuses.")),
            _Spec(("coupons", "use_rate", "value"), "share", N_("Coupons used"), N_("Share expected to be used of those given with a purchase.")),
            _Spec(
                ("coupons", "incremental"), "share", N_("Incremental discount"),
                N_("Share of a coupon's discount beyond what the same customers get without one."),
            ),
            _Spec(("fees", "term_months"), "whole", N_("Months a fee pays for"), N_("Where the records do not say.")),
        ),
    ),
    (
        N_("Sensitivity and stress"),
        (
            _Spec(("sensitivity", "rate_points"), "share", N_("Redemption rate, up and down"), N_("Percentage points of the points issued.")),
            _Spec(("sensitivity", "breakage"), "share", N_("Breakage, up and down"), N_("Relative.")),
            _Spec(("sensitivity", "price"), "share", N_("Stand-alone price, up and down"), N_("Relative, as if it had been so at issue.")),
            _Spec(("stress", "rush"), "share", N_("Rush"), N_("Share of the breakage to come that is redeemed after all.")),
            _Spec(("stress", "rush_months"), "whole", N_("Months of the rush"), N_("In which it takes place.")),
            _Spec(("stress", "devaluation"), "share", N_("Devaluation"), N_("A point buys so much less afterwards; who can, redeems before.")),
            _Spec(("stress", "extension_months"), "whole", N_("Expiry extended by"), N_("Months.")),
        ),
    ),
)  # fmt: skip
_SPECS = {spec.path: spec for _, specs in _GROUPS for spec in specs}


def titles(say: AppLanguage) -> dict[str, str]:
    """The shipped policies: name to title."""
    return {name: policy_title(load_policy(name), say) for name in shipped_policies()}


def policy_title(policy: Policy, say: AppLanguage) -> str:
    """A policy's title in the language of the page, where it has one."""
    return policy.title_zh if say.chinese and policy.title_zh else policy.title


def mapping_of(policy: Policy) -> dict[str, Any]:
    """The policy as its file would say it; what is left to the program is not there."""
    found: dict[str, Any] = policy.model_dump(mode="json", by_alias=True, exclude_none=True)
    return found


def groups(policy: Policy, shipped: str, currency: str, say: AppLanguage) -> list[Group]:
    """The form of a policy that was begun from a shipped one. ``currency``: of the program."""
    now, before = mapping_of(policy), mapping_of(load_policy(shipped))
    return [
        Group(say.text(title), tuple(_field(spec, now, before, currency, say) for spec in specs))
        for title, specs in _GROUPS
    ]


def _field(spec: _Spec, now: Mapping[str, Any], before: Mapping[str, Any], currency: str, say: AppLanguage) -> Field:
    value, old = _typed(spec, _at(now, spec.path)), _typed(spec, _at(before, spec.path))
    options = tuple((key, say.text(text)) for key, text in spec.options)
    unit = {"share": "%", "amount": currency}.get(spec.kind, "")
    shown = dict(options).get(old, old) if spec.kind == "choice" else f"{old}{' ' if unit != '%' else ''}{unit}".strip()
    return Field(
        spec.path, spec.kind, say.text(spec.label), say.text(spec.help), unit, value, options, value != old,
        shown if old else say._("left to the program"),
    )  # fmt: skip


def _at(mapping: Mapping[str, Any], path: Path) -> Any:
    found: Any = mapping
    for part in path:
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _typed(spec: _Spec, value: Any) -> str:
    """A value of the file as it is typed."""
    if value is None:
        return ""
    if spec.kind in ("share", "amount"):
        number = Decimal(str(value)) * (100 if spec.kind == "share" else 1)
        return f"{number.normalize():f}"
    return str(value)


# --- what is typed ---------------------------------------------------------------------------------------------------
def edited(policy: Policy, path: Path, text: str, currency: str) -> Policy:
    """The policy with one field as typed. An amount needs a currency: the program's, where the policy has none of its own.

    Raises BadInput, every problem with its path in the file (``points.initial_rate.value``)."""
    mapping = mapping_of(policy)
    inside = mapping
    for part in path[:-1]:
        inside = inside.setdefault(part, {})
    value = _value(_SPECS[path], text.strip())
    if value is None:
        inside.pop(path[-1], None)
    else:
        inside[path[-1]] = value
    if value is not None and _SPECS[path].kind == "amount":
        mapping.setdefault("currency", currency)
    return spec_from_mapping(Policy, mapping)


def reset(policy: Policy, path: Path, shipped: str) -> Policy:
    """The policy with one field as the shipped policy has it. Raises BadInput."""
    spec = _SPECS[path]
    return edited(policy, path, _typed(spec, _at(mapping_of(load_policy(shipped)), path)), policy.currency or "")


def is_changed(policy: Policy, shipped: str) -> bool:
    """Whether it differs from the shipped one."""
    return policy != load_policy(shipped)


def _value(spec: _Spec, text: str) -> Any:
    """What the file says of what was typed; None where nothing was."""
    if spec.kind in ("choice", "text"):
        return text
    if not text:
        if spec.kind == "amount":
            return None
        raise BadInput(Problem(dotted(spec.path), "expected a number"))
    plain = text.replace(",", "").replace("%", "").strip()
    try:
        number = Decimal(plain)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or len(plain) > 30:
        raise BadInput(Problem(dotted(spec.path), "expected a number", text))
    if spec.kind == "whole":
        return int(number) if number == number.to_integral_value() else plain
    return f"{(number / 100 if spec.kind == 'share' else number):f}"


def policy_yaml(policy: Policy) -> str:
    """The policy's file: what is read back from it is the same policy."""
    yaml = YAML(typ="rt", pure=True)
    yaml.default_flow_style = False
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 100_000
    stream = io.StringIO()
    yaml.dump(_numbers(mapping_of(policy)), stream)
    return stream.getvalue()


def _numbers(value: Any, key: str = "") -> Any:
    """Decimals as numbers rather than as texts in quotes."""
    if isinstance(value, dict):
        return {name: _numbers(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_numbers(each, key) for each in value]
    if isinstance(value, str) and key not in _WORDS:
        try:
            return float(value)
        except ValueError:
            return value
    return value


_WORDS = {"title", "title_zh", "source", "notes", "as_of", "jurisdiction", "reward", "partner", "currency"}
"""Keys whose values are words, whatever they look like."""


def parsed(data: bytes, name: str) -> Policy:
    """A policy's file that was taken in. Raises BadInput with every problem, each with its line."""
    if len(data) > LARGEST:
        raise BadInput(Problem("", f"expected at most {LARGEST:,} bytes"), name)
    mapping, line_of = parse_mapping(data.decode("utf-8-sig", "replace"), name)
    return spec_from_mapping(Policy, mapping, line_of, name)
