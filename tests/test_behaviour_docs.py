"""What docs/behaviour.md and the reference say of assumptions is what the code does."""

import re
from pathlib import Path
from typing import Any

from workbench.population.load import load_assumptions
from workbench.population.past import EFFECTS
from workbench.spec import Spec

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = (DOCS / "behaviour.md").read_text("utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of the page."""
    part = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"`{name}: {each}`" for name, each in value.items())
    return "`" + (", ".join(f"{each:g}" for each in value) if isinstance(value, tuple) else f"{value:g}") + "`"


def test_every_assumption_stands_in_the_reference_with_its_default_range_and_source() -> None:
    """The page is written by docs/generator from the schema; this reads the specs and the shipped central set themselves."""
    page = (DOCS / "reference" / "assumptions.md").read_text("utf-8")
    central, found = load_assumptions("central"), 0
    for group, spec in central:
        if not isinstance(spec, Spec):
            continue
        section = page.split(f"\n## `{group}`\n", 1)[1].split("\n## ", 1)[0]
        for name, field in type(spec).model_fields.items():
            said = field.json_schema_extra
            assert isinstance(said, dict)
            (line,) = [line for line in section.splitlines() if line.startswith(f"- **`{name}`** (")]
            low, high = said["range"]
            assert f"Plausible: {low:g} to {high:g}. Basis: {said['basis']}. {said['source']}" in line
            assert f"left out: {plain(getattr(spec, name))})" in line
            found += 1
    assert found > 40


def test_every_effect_has_its_form_on_the_page() -> None:
    shown = [row[0] for row in rows("Every effect")]
    assert shown[: len(EFFECTS)] == [f"`{name}`" for name in EFFECTS]
    assert shown[len(EFFECTS) :] == ["`membership`, `demotion`", "`basket`", "`displacement`"]
