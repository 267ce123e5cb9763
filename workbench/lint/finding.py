"""What the lint says: one finding, and what becomes of the findings whose reasons a program records."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from workbench.errors import nearest
from workbench.program.spec import Accepted

__all__ = ["ERROR", "NOTE", "SEVERITIES", "WARNING", "Finding", "Severity", "amount", "percent", "settled"]

Severity = Literal["error", "warning", "note"]
ERROR: Severity = "error"
WARNING: Severity = "warning"
NOTE: Severity = "note"
SEVERITIES = (ERROR, WARNING, NOTE)
"""error: cannot work as written; warning: works, and is most likely not what was meant; note: a figure worth knowing."""


@dataclass(frozen=True)
class Finding:
    """One thing the lint has to say. It never decides whether a program is valid."""

    code: str
    """Stable name of the kind of finding; each has a paragraph in ``docs/lint.md``."""
    severity: Severity
    path: str
    """Where in the program's file: ``earn.caps[0]``, as errors have it."""
    message: str
    """What is the matter, in words, with the numbers behind it."""
    numbers: Mapping[str, float | int | None] = field(default_factory=dict)
    """The numbers by name: shares and rates in per cent, money in major units. None where there is no bound."""
    accepted: str | None = None
    """Why it stands, where the program records a reason; its severity is then that of a note."""

    def as_json(self) -> dict[str, object]:
        """The contract's keys (code, severity, path, message), and the numbers and the reason beside them."""
        return {
            "code": self.code,
            "severity": self.severity,
            "path": self.path,
            "message": self.message,
            "numbers": {name: _plain(value) for name, value in self.numbers.items()},
            "accepted": self.accepted,
        }


def settled(findings: Iterable[Finding], accepted: tuple[Accepted, ...], codes: Iterable[str]) -> list[Finding]:
    """The findings, worst first. Those with a recorded reason become notes; a reason for what was not found is a note of its own."""
    used: set[int] = set()
    told = []
    for finding in findings:
        for k, reason in enumerate(accepted):
            if reason.code == finding.code and reason.path in ("", finding.path):
                used.add(k)
                finding = replace(finding, severity=NOTE, accepted=reason.reason)
                break
        told.append(finding)
    for k, reason in enumerate(accepted):
        if k not in used:
            told.append(_not_found(k, reason, list(codes)))
    return sorted(told, key=lambda each: SEVERITIES.index(each.severity))


def _not_found(k: int, reason: Accepted, codes: list[str]) -> Finding:
    """A reason recorded for something the lint does not find."""
    place = f" at {reason.path}" if reason.path else ""
    message = f"a reason is recorded for {reason.code}{place}, which is not found among this population"
    if reason.code not in codes:
        guess = nearest(reason.code, codes)
        message = f"there is no finding {reason.code!r}" + ("" if guess is None else f"; did you mean {guess!r}?")
    return Finding("accepted-not-found", NOTE, f"accepted[{k}]", message)


def _plain(value: float | int | None) -> float | int | None:
    """A number as JSON may hold it."""
    if value is None or isinstance(value, int):
        return value
    return round(float(value), 9) if math.isfinite(value) else None


def percent(share: float) -> str:
    """A share as per cent, to three digits: ``12 %``, ``1.6 %``, ``0.0142 %``."""
    value = 100 * share
    if value != 0 and abs(value) < 0.0001:
        return "less than 0.0001 %"
    return f"{value:,.0f} %" if abs(value) >= 1000 else f"{value:.3g} %"


def amount(value: float) -> str:
    """A number of points, months or money for a message: whole from 1,000 on, else to three digits."""
    if math.isinf(value):
        return "no end of"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
