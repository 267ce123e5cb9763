"""Floor 5: where a report's numbers come from, and how to get them again."""

import shlex
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from workbench.population.behaviour import Assumptions
from workbench.population.load import read_assumptions, read_population
from workbench.population.spec import Population
from workbench.reports.language import Language
from workbench.run_folder import RunFolder
from workbench.spec import Spec

__all__ = ["Assumed", "Origin", "origin", "reproduce", "schema_texts"]


@dataclass(frozen=True)
class Assumed:
    """An assumption: its meaning, its value, the range that is worth varying, and who says so."""

    key: str
    meaning: str
    value: str
    range: str
    basis: str
    source: str
    outside: bool


@dataclass(frozen=True)
class Origin:
    """Everything the last part of a report shows."""

    behaviour: tuple[Assumed, ...]
    population: tuple[Assumed, ...]
    purchases_per_year: str
    mean_basket: str
    population_notes: tuple[str, ...]
    confidence: str
    digests: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]
    command: str
    named: bool
    """Whether the command names every file that was used."""


def origin(run: RunFolder, say: Language) -> Origin:
    """Provenance in one language; texts of the program's and the population's files stay as they are."""
    _, provenance, currency = say._, run.document["provenance"], run.document["currency"]
    people = read_population(run.scenario["population"], str(run.folder / "manifest.json"))
    behaviour = read_assumptions(run.scenario["assumptions"], str(run.folder / "manifest.json"))
    return Origin(
        behaviour=tuple(_assumed(behaviour, say)),
        population=tuple(_assumed(people, say)),
        purchases_per_year=say.plain(float(f"{people.purchases.purchases_per_year:.3g}")),
        mean_basket=say.money(float(f"{people.basket.mean_basket:.4g}"), currency),
        population_notes=people.notes,
        confidence={"high": _("high"), "medium": _("medium"), "low": _("low")}[provenance["confidence"]],
        digests=(
            (_("Result (both ledgers)"), run.document["digest"]),
            (_("Scenario"), provenance["scenario"]),
            (_("Program"), provenance["program_digest"]),
            (_("Population"), provenance["population_digest"]),
            (_("Assumptions"), provenance["assumptions_digest"]),
        ),
        versions=tuple(provenance["versions"].items()),
        command=reproduce(run),
        named=bool(run.scenario["names"].get("program")),
    )


def reproduce(run: RunFolder) -> str:
    """The command line of the run, every option written out."""
    scenario, names = run.scenario, run.scenario["names"]
    words = ["loyalty", "run", names.get("program") or "PROGRAM"]
    options = {key: str(scenario[key]) for key in ("members", "years", "start", "seed")}
    options |= {key.replace("_", "-"): value for key, value in names.items() if key != "program" and value}
    options["engine"] = run.document["engine"]
    lines = (
        [shlex.join(words)] + [f"--{key} {shlex.quote(value)}" for key, value in options.items()] + ["--out " + "run"]
    )
    return " \\\n  ".join(lines)


def schema_texts() -> set[str]:
    """Every text about an assumption that a report may show: their meanings and sources."""
    found: set[str] = set()
    for model in (Assumptions, Population):
        schema = model.model_json_schema()
        for part in (schema, *schema.get("$defs", {}).values()):
            for field in part.get("properties", {}).values():
                if "range" in field:
                    found |= {field["description"].replace("\n", " "), field["source"]}
    return found


def _assumed(spec: Spec, say: Language, path: str = "") -> list[Assumed]:
    """Every assumption of a file, in its order: the fields that carry a range."""
    found = []
    for name, field in type(spec).model_fields.items():
        value, key = getattr(spec, name), f"{path}{name}"
        extra = field.json_schema_extra
        if isinstance(extra, dict) and "range" in extra:
            found.append(_row(key, (field.description or "").replace("\n", " "), value, extra, say))
        elif isinstance(value, Spec):
            found += _assumed(value, say, key + ".")
    return found


def _row(key: str, meaning: str, value: Any, extra: dict[str, Any], say: Language) -> Assumed:
    low, high = extra["range"]
    held = list(value.values()) if isinstance(value, dict) else value  # rates and shares by name
    values = [float(each) for each in held] if isinstance(held, tuple | list) else [float(Decimal(str(held)))]
    _ = say._
    bases = {"seen": _("seen in a public source"), "abstract": _("from an abstract"), "judgement": _("judgement")}
    return Assumed(
        key=key,
        meaning=say.text(meaning),
        value=" / ".join(say.plain(each) for each in values) or "–",
        range=f"{say.plain(low)} – {say.plain(high)}",
        basis=bases.get(extra["basis"], extra["basis"]),
        source=say.text(extra["source"]),
        outside=any(not low <= each <= high for each in values),
    )
