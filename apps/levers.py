"""What of a program can be moved, how far, and the program that results. Pure functions over the spec; no Panel here.

A lever is one number in the program's file. Its value is always read from a valid program and written through the spec's own
validation, so that what is shown, what is run and what is saved cannot differ. Texts are English keys of the catalogue.
"""

import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from workbench.errors import BadInput, Problem, dotted
from workbench.program.load import program_from_mapping
from workbench.program.lower import lower
from workbench.program.spec import Program
from workbench.rules.expiry import Decay, Extension, FixedDate, Inactivity, Rolling
from workbench.rules.tiers_spec import METRICS
from workbench.spec import Spec, SpecError

__all__ = [
    "Absent", "Change", "Lever", "Number", "Path", "changed", "changes", "earn_lever", "exact", "expiry_lever", "file_mapping", "on_grid",
    "plain_differences", "tier_levers",
]  # fmt: skip

Path = tuple[str | int, ...]
"""Keys and positions in a program's file."""
Number = int | Decimal


@dataclass(frozen=True)
class Lever:
    """One number of a program, and the stretch of it that a slider offers. Typing may go beyond; the spec decides."""

    path: Path
    value: Number
    shipped: Number
    low: Number
    high: Number
    step: Number
    unit: str
    """money, points, orders, visits, nights, months or days."""
    meaning: str
    """What it does, for the catalogue."""
    words: tuple[tuple[str, str], ...] = ()
    """What fills the places of ``meaning``."""
    notes: tuple[str, ...] = ()
    """What else in this program has a say, for the catalogue."""
    name: str = ""
    """The tier it belongs to."""

    @property
    def key(self) -> str:
        """The path as the file's errors write it."""
        return dotted(self.path)


@dataclass(frozen=True)
class Absent:
    """A lever that a program does not have, and why, for the catalogue."""

    reason: str


@dataclass(frozen=True)
class Change:
    """A difference between two programs' files; None where a file does not have the key."""

    path: Path
    before: Any
    after: Any

    @property
    def key(self) -> str:
        """The path as the file's errors write it."""
        return dotted(self.path)


def N_(text: str) -> str:
    """Marks a text for the catalogue."""
    return text


# --- which levers a program has ------------------------------------------------------------------------------------
def tier_levers(program: Program, shipped: Program) -> list[Lever] | Absent:
    """One lever for each threshold of each tier's ``enter``, from the lowest tier up. ``shipped``: the program before any change."""
    if program.tiers is None:
        return Absent(N_("This program has no tiers."))
    found = [
        _threshold(program, shipped, place, metric)
        for place, level in enumerate(program.tiers.levels)
        for metric in METRICS
        if level.enter is not None and getattr(level.enter, metric) is not None
    ]
    return found or Absent(N_("Tiers of this program are reached by invitation alone."))


def _threshold(program: Program, shipped: Program, place: int, metric: str) -> Lever:
    assert program.tiers is not None
    levels = program.tiers.levels
    path: Path = ("tiers", "levels", place, "enter", metric)
    first: Number = _shipped(program, shipped, path)
    step: Number = _step(first) if metric == "spend" else max(1, int(_step(first)))
    asked = [None if level.enter is None else getattr(level.enter, metric) for level in levels]
    below = [each for each in asked[:place] if each is not None]
    above = [each for each in asked[place + 1 :] if each is not None]
    notes = []
    if levels[place].retain is not None:
        notes.append(N_("Keeping the tier has a threshold of its own, which stays as it is."))
    if levels[place].reenter is not None:
        notes.append(N_("Coming back to the tier has a threshold of its own, which stays as it is."))
    if levels[place].invitation is not None:
        notes.append(N_("The tier can also be reached by invitation."))
    enter = levels[place].enter
    assert enter is not None
    if sum(getattr(enter, each) is not None for each in METRICS) > 1:
        any_one = enter.at_least == 1
        notes.append(
            N_("Any one of the tier's thresholds is enough.")
            if any_one
            else N_("The tier has further thresholds, which count too.")
        )
    return Lever(
        path=path,
        value=_at(program, path),
        shipped=first,
        low=_up(below[-1] if below else step, step),
        high=_down(above[0] if above else 3 * max(first, step), step),
        step=step,
        unit="money" if metric == "spend" else metric,
        meaning=N_("Reached within the tier's window, it makes a member {tier}. Lower: more members rise, and sooner."),
        words=(("tier", levels[place].name),),
        notes=tuple(notes),
        name=levels[place].name,
    )


def earn_lever(program: Program, shipped: Program) -> Lever | Absent:
    """The amount of money that earns the base rate's points: the smaller, the richer the rate."""
    rate = program.earn.rate
    if program.earn.brackets is not None:
        return Absent(N_("This program earns by brackets, not at one rate."))
    if rate is None:
        return Absent(N_("In this program purchases earn no points by a base rate."))
    path: Path = ("earn", "rate", "per")
    first: Decimal = _shipped(program, shipped, path)
    step = _step(first)
    notes = []
    if program.earn.rate_by_tier:
        notes.append(N_("Tiers with a rate of their own keep it."))
    return Lever(
        path=path,
        value=rate.per,
        shipped=first,
        low=max(step, _up(first / 4, step)),
        high=_down(first * 3, step),
        step=step,
        unit="money",
        meaning=N_("Spend that earns 1 point. Lower: more points for the same spend.")
        if rate.points == 1
        else N_("Spend that earns {points} points. Lower: more points for the same spend."),
        words=(("points", f"{rate.points:,}"),),
        notes=tuple(notes),
    )


_LENGTHS: dict[type[Spec], tuple[tuple[str, str, str], ...]] = {
    Rolling: (
        ("months", "months", N_("Points lapse so many months after they were earned. Shorter: more points lapse.")),
        ("days", "days", N_("Points lapse so many days after they were earned. Shorter: more points lapse.")),
    ),
    FixedDate: (("minimum_age_months", "months", N_("On the yearly date, points at least so many months old lapse.")),),
    Inactivity: (("months", "months", N_("All points lapse after so many months without activity.")),),
    Extension: (("months", "months", N_("Points lapse so many months after the member's last activity.")),),
    Decay: (("idle_months", "months", N_("After so many months without activity a share of the points is lost.")),),
}
"""By kind of expiry: field, unit, meaning of its length."""
_NO_LENGTH = {
    "none": N_("In this program points never lapse."),
    "flush": N_("In this program all points lapse on fixed dates: there is no length."),
    "windows": N_("In this program points lapse on the dates of earning windows: there is no length."),
    "anniversary": N_("In this program points lapse on the anniversary of joining: there is no length."),
    "by_tier": N_("In this program the length depends on the tier: there is no single length."),
    "conversion": N_("In this program points turn into vouchers on statement dates: there is no length."),
}
_ROUNDED = {
    "month": N_("The end is moved to the end of its month."),
    "quarter": N_("The end is moved to the end of its quarter."),
    "half": N_("The end is moved to the end of its half-year."),
    "year": N_("The end is moved to the end of its year."),
}


def expiry_lever(program: Program, shipped: Program) -> Lever | Absent:
    """The length after which points lapse, where one number says it."""
    rule = program.expiry
    for field, unit, meaning in _LENGTHS.get(type(rule), ()):
        if getattr(rule, field) is None:
            continue
        path: Path = ("expiry", field)
        first: int = _shipped(program, shipped, path)
        notes = []
        if isinstance(rule, Rolling) and rule.round_up is not None:
            notes.append(_ROUNDED[rule.round_up])
        if any(bonus.expiry is not None for bonus in program.earn.bonuses):
            notes.append(N_("Bonuses with an expiry of their own keep it."))
        most = 3 * first if unit == "days" else max(60, 2 * first)
        least = max(1, first // 12) if unit == "days" else 1
        return Lever(path, _at(program, path), first, least, most, 1, unit, meaning, notes=tuple(notes))
    return Absent(_NO_LENGTH[rule.model])


# --- moving them ---------------------------------------------------------------------------------------------------
def changed(shipped: Program, values: Mapping[Path, Number], first_day: int, last_day: int) -> Program:
    """The program with other numbers at some paths. Raises BadInput with the path and message of everything that is then wrong, also
    where the program is valid but cannot be exact over these days."""
    mapping = file_mapping(shipped)
    for path, value in values.items():
        place: Any = mapping
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = _plain(value)
    return exact(program_from_mapping(mapping), first_day, last_day)


_EXACT: deque[tuple[Program, int, int]] = deque(maxlen=64)
"""Programs that were found exact last, and over which days: a lever that moves asks of the same ones again and again."""


def exact(program: Program, first_day: int, last_day: int) -> Program:
    """The program itself, if it can be run over these days. Raises BadInput where it cannot be exact."""
    if any(each is program and (first, last) == (first_day, last_day) for each, first, last in tuple(_EXACT)):
        return program
    try:
        lower(program, first_day, last_day)
    except SpecError as error:
        raise BadInput(Problem(dotted(error.path), error.message, error.value)) from error
    _EXACT.append((program, first_day, last_day))
    return program


def file_mapping(program: Program) -> dict[str, Any]:
    """What the program's file says, as plain data: the keys that were given, in the order of the format."""
    mapping: dict[str, Any] = _plain(program.model_dump(by_alias=True, exclude_unset=True))
    return mapping


def changes(shipped: Program, program: Program) -> list[Change]:
    """Every number, word or list that differs between two programs' files, in the order of the format."""
    return list(_differences((), file_mapping(shipped), file_mapping(program)))


def plain_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Every number, word or list that differs between two mappings of plain data."""
    return list(_differences((), dict(before), dict(after)))


def _differences(path: Path, before: Any, after: Any) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(each for each in after if each not in before)]:
            yield from _differences((*path, key), before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences((*path, place), old, new)
    elif before != after:
        yield Change(path, before, after)


def on_grid(lever: Lever, value: float) -> Number:
    """A slider's number without the noise of floating point: at most the decimals of the lever's step or value."""
    if isinstance(lever.step, int) and isinstance(lever.value, int):
        return round(value)
    return _tidy(Decimal(str(value)).quantize(Decimal("0.01")))


def _shipped(program: Program, shipped: Program, path: Path) -> Any:
    """The number at a path of the baseline; the program's own where the baseline has no such place (another kind of expiry, a tier more)."""
    try:
        found = _at(shipped, path)
    except (AttributeError, IndexError, TypeError):
        found = None
    return found if isinstance(found, int | Decimal) else _at(program, path)


def _at(program: Program, path: Path) -> Any:
    found: Any = program
    for part in path:
        found = found[part] if isinstance(part, int) else getattr(found, part)
    return found


def _plain(value: Any) -> Any:
    """As a YAML file would hold it: no Decimal, no tuple."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


# --- stretches of sliders ------------------------------------------------------------------------------------------
def _step(value: Number) -> Decimal:
    """The largest of 1, 2, 5 times a power of ten that cuts a value into 40 or more; at least 0.01."""
    if value <= 0:
        return Decimal(1)
    least = Decimal(value) / 40
    power = Decimal(10) ** math.floor(math.log10(least))
    step = max(factor * power for factor in (1, 2, 5) if factor * power <= least or factor == 1)
    return _tidy(max(Decimal("0.01"), step))


def _up(value: Number, step: Number) -> Any:
    """The first multiple of a step at or above a value."""
    return _like(step, math.ceil(Decimal(value) / Decimal(step)))


def _down(value: Number, step: Number) -> Any:
    """The last multiple of a step at or below a value."""
    return _like(step, math.floor(Decimal(value) / Decimal(step)))


def _like(step: Number, count: int) -> Number:
    return step * count if isinstance(step, int) else _tidy(step * count)


def _tidy(value: Decimal) -> Decimal:
    """Without trailing zeros and without an exponent."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
