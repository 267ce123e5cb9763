"""The pages of the files one writes: every field of a program, population, assumptions, valuation policy, scenario, study and story."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schema import File, Node, Part, number
from uses import Example, found

from workbench.finance.accounting.policy import POLICIES, policy_schema
from workbench.packaging import HOME
from workbench.population.behaviour_spec import Assumptions
from workbench.population.load import ASSUMPTIONS, POPULATIONS
from workbench.population.spec import Population
from workbench.program.load import program_schema
from workbench.reports.story_file import Story
from workbench.scenario_file import SCENARIOS, ScenarioFile
from workbench.study.read import STUDIES
from workbench.study.spec import Study
from workbench.yaml_file import read_mapping

GENERATED = "<!-- Written by `python docs/generator` from the code: change it there. -->"


@dataclass(frozen=True)
class Kind:
    """A kind of file, and what its page says before its fields."""

    page: str
    title: str
    intro: str
    schema: Callable[[], Node]
    folder: Path
    """The shipped ones."""
    pattern: str = "*.yaml"


KINDS = [
    Kind(
        "program.md",
        "A program's file, field by field",
        "The rules that members are promised. How to write one: [writing a program](../writing_a_program.md). "
        "What the rules mean, to the last point: [semantics](../semantics.md). `loyalty schema` prints the same as JSON Schema, for your editor.",
        program_schema,
        HOME / "programs",
    ),
    Kind(
        "population.md",
        "A population's file, field by field",
        "Who the members are and how they buy. A file of your own customers is written by `loyalty calibrate`: [your own customers](../your_customers.md).",
        lambda: Population.model_json_schema(by_alias=True),
        POPULATIONS,
    ),
    Kind(
        "assumptions.md",
        "An assumptions file, field by field",
        "How members respond to a program. Each number has its default (that of `central`), its plausible range, its source and its basis. "
        "`seen`: read in a public source; `abstract`: its abstract alone was read; `judgement`: nobody measured it. "
        "What each effect does: [what members are assumed to do](../behaviour.md).",
        lambda: Assumptions.model_json_schema(by_alias=True),
        ASSUMPTIONS,
    ),
    Kind(
        "policy.md",
        "A valuation policy's file, field by field",
        "How points, stored value, coupons and fees are valued. What is measured, and how: [liability](../liability.md). "
        "`loyalty schema --of policy` prints the same as JSON Schema.",
        policy_schema,
        POLICIES,
    ),
    Kind(
        "scenario.md",
        "A scenario's file, field by field",
        "A question to a program, and the answers that are tried. How to write one and read its answer: [scenarios](../scenarios.md).",
        lambda: ScenarioFile.model_json_schema(by_alias=True),
        SCENARIOS,
    ),
    Kind(
        "study.md",
        "A study's file, field by field",
        "What is varied, by which plan, and what is looked at. How to write one and read its answer: [exploring](../exploring.md).",
        lambda: Study.model_json_schema(by_alias=True),
        STUDIES,
    ),
    Kind(
        "story.md",
        "A story's file, field by field",
        "What is shown to a client, in which order and with which words. How to write one, and which exhibits there are: [presenting](../presenting.md).",
        lambda: Story.model_json_schema(by_alias=True),
        HOME / "examples",
        "story.yaml",
    ),
]


def file_pages() -> dict[str, str]:
    """The text of each page, by its file's name."""
    return {kind.page: page(kind) for kind in KINDS}


def page(kind: Kind) -> str:
    """One page: the file's own keys, then each object in the order in which a reader meets it."""
    file = File(kind.schema())
    used, examples = found(file, sorted(kind.folder.glob(kind.pattern)))
    lines = [GENERATED, "", f"# {kind.title}", "", kind.intro, "", "## The file", ""]
    lines += fields(file, file.schema, "")
    groups: dict[str, list[Part]] = {}
    for part in file.parts.values():
        groups.setdefault(part.path.split(".")[0].removesuffix("[]"), []).append(part)
    for key in (key for key in file.schema["properties"] if key in groups):
        first, *rest = groups[key]
        if first.told_by is None:
            lines += section(file, first, used.get(first.name, []), examples.get(first.name), "##")
        else:
            lines += [f"## `{key}`", "", sentence(file.schema["properties"][key].get("description", "")), ""]
            rest = [first, *rest]
        for part in rest:
            lines += section(file, part, used.get(part.name, []), examples.get(part.name), "###")
    lines += shipped(kind)
    return "\n".join(lines).rstrip() + "\n"


COLUMNS = {"title": "title", "title_zh": "標題", "currency": "currency"}


def shipped(kind: Kind) -> list[str]:
    """The shipped files as a table: name, title, and what else their heads say."""
    if kind.pattern != "*.yaml":
        return []
    heads = [(path.stem, read_mapping(path)[0]) for path in sorted(kind.folder.glob("*.yaml"))]
    there = [key for key in COLUMNS if any(key in data for _, data in heads)]
    rows = [[f"`{name}`", *(str(data.get(key, "")) for key in there)] for name, data in heads]
    cells = [["name", *(COLUMNS[key] for key in there)], ["---"] * (len(there) + 1), *rows]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    return ["## Those that come along", "", *lines, ""]


def section(file: File, part: Part, used: list[str], example: Example | None, level: str) -> list[str]:
    """An object: what it is, where it stands, its fields, an example."""
    lines = [f"{level} {part.heading}", "", sentence(part.node.get("description", "")), ""]
    if part.also:
        lines += [f"Also at {', '.join(f'`{place}`' for place in part.also)}.", ""]
    lines += fields(file, part.node, part.path)
    if example is not None:
        lines += [f"In `{example.file}`{others(used, example.file)}:", "", "```yaml", example.text.rstrip(), "```", ""]
    return lines


def others(used: list[str], shown: str) -> str:
    """Who else uses it."""
    rest = [name for name in used if name != shown]
    if not rest:
        return ""
    if len(rest) > 5:
        return f" (and {len(rest)} more)"
    return f" (also in {', '.join(f'`{name}`' for name in rest)})"


def fields(file: File, node: Node, path: str) -> list[str]:
    """An entry for each field."""
    required = node.get("required", [])
    lines = []
    for key, value in node.get("properties", {}).items():
        said = file.said(value, f"{path}.{key}" if path else key)
        lines.append(f"- **`{key}`** ({said}; {default(key in required, value)}): {entry(file.described(value))}")
    return [*lines, ""] if lines else ["It has no fields.", ""]


def entry(node: Node) -> str:
    """What a field means; of an assumption, its range, basis and source."""
    text = sentence(node.get("description", ""))
    if "range" in node:
        low, high = node["range"]
        text += f" Plausible: {number(low)} to {number(high)}. Basis: {node['basis']}. {ended(node['source'])}"
    return text


def default(required: bool, node: Node) -> str:
    """What holds where the field is left out."""
    if required:
        return "required"
    value = node.get("default")
    if value is None or value in ("", [], {}):
        return "optional"
    if isinstance(value, dict):
        plain = {key: each for key, each in value.items() if not isinstance(each, (dict, list)) and each is not None}
        return f"left out: {written(plain)}" if 0 < len(plain) == len(value) <= 4 else "left out: its defaults"
    return f"left out: {written(value)}"


def written(value: Any) -> str:
    """A default as it would be written."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict):
        return ", ".join(
            f"`{key}: {str(each).lower() if isinstance(each, bool) else each}`" for key, each in value.items()
        )
    if isinstance(value, (list, tuple)):
        return "`" + ", ".join(f"{each:g}" if isinstance(each, float) else str(each) for each in value) + "`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def sentence(text: str) -> str:
    """A docstring as Markdown on one line: single backticks, no line breaks within a paragraph."""
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text)]
    plain = " ".join(paragraphs).replace("``", "`")
    parts = plain.split("`")
    parts[::2] = [re.sub(r"([*_<])", r"\\\1", each) for each in parts[::2]]
    return ended("`".join(parts))


def ended(text: str) -> str:
    """With a full stop."""
    return text if not text or text[-1] in ".!?:" else text + "."
