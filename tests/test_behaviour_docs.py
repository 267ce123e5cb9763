"""The tables of assumptions in docs/simulating.md say what the code does."""

import re
from pathlib import Path
from typing import Any

from workbench.population.load import load_assumptions
from workbench.population.past import EFFECTS
from workbench.spec import Spec

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "simulating.md").read_text("utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of the page."""
    part = PAGE.split(f"\n### {heading}\n", 1)[1].split("\n##", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each:g}" for name, each in value.items())
    return " / ".join(f"{each:g}" for each in value) if isinstance(value, tuple) else f"{value:g}"


def test_every_assumption_stands_on_the_page_with_its_default_range_and_source() -> None:
    expected = []
    central = load_assumptions("central")
    for group, spec in central:
        if not isinstance(spec, Spec):
            continue
        for name, field in type(spec).model_fields.items():
            said = field.json_schema_extra
            assert isinstance(said, dict)
            low, high = said["range"]
            cells = (
                f"`{group}.{name}`",
                plain(getattr(spec, name)),
                f"{low:g} – {high:g}",
                said["basis"],
                said["source"],
            )
            expected.append([str(cell) for cell in cells])
    wanted = "\n".join("| " + " | ".join(row) + " |" for row in expected)
    assert rows("Every number") == expected, f"the table should be\n{wanted}"


def test_every_effect_has_its_form_on_the_page() -> None:
    shown = [row[0] for row in rows("Every effect")]
    assert shown[: len(EFFECTS)] == [f"`{name}`" for name in EFFECTS]
    assert shown[len(EFFECTS) :] == ["`membership`, `demotion`", "`basket`", "`displacement`"]
