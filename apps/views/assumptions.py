"""What the Assumptions page shows as plain data: effects that can be switched off, assumptions one by one, the people, the run. No Panel."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from apps.draft import Draft, patch_between
from apps.forms import Node, Notes, fields_by_key, node_of
from apps.levers import Change, plain_differences
from apps.problems_said import Said, hinted_said
from apps.views.design import form_words
from workbench.errors import Problem
from workbench.population.behaviour import Assumptions
from workbench.population.load import load_assumptions, load_population, shipped_populations
from workbench.population.spec import Population, in_currency, scaled
from workbench.reports.language import Language

__all__ = [
    "EFFECTS", "Part", "assumption_sections", "changed_assumptions", "changed_people", "effect_switched", "fitting_populations",
    "is_on", "people_sections", "rescaled", "shipped_assumptions_mapping", "shipped_people_mapping",
]  # fmt: skip


def N_(text: str) -> str:
    """Marks a text for the catalogue."""
    return text


@dataclass(frozen=True)
class Part:
    """An effect: the values that decide whether it is there, and those at which it is not."""

    title: str
    off: tuple[tuple[tuple[str, str], Any], ...]


EFFECTS: dict[str, Part] = {
    "reward_pressure": Part(
        N_("Points pressure: buying faster towards a reward"),
        ((("reward_pressure", "strength"), 0.0), (("reward_pressure", "stamps"), 0.0)),
    ),
    "tier_pressure": Part(N_("Tier pressure: buying faster towards a tier"), ((("tier_pressure", "strength"), 0.0),)),
    "expiry": Part(N_("Expiry: buying before points lapse"), ((("expiry", "strength"), 0.0),)),
    "rewarded": Part(N_("Rewarded: buying after a redemption"), ((("rewarded", "strength"), 0.0),)),
    "status": Part(N_("Status: buying more in a higher tier"), ((("status", "steps"), []),)),
    "demotion": Part(
        N_("Demotion: buying less after a fall"), ((("demotion", "strength"), 0.0), (("demotion", "death"), 0.0))
    ),
    "coupon": Part(N_("Coupons in the wallet"), ((("coupon", "strength"), 0.0),)),
    "message": Part(N_("Messages"), ((("message", "strength"), 0.0),)),
    "novelty": Part(N_("Novelty after joining"), ((("novelty", "strength"), 0.0),)),
    "membership": Part(N_("Membership: leaving later"), ((("membership", "death_factor"), 1.0),)),
    "basket": Part(N_("Baskets topped up to a threshold"), ((("basket", "chance"), 0.0),)),
    "plan": Part(N_("Holding a paid plan"), ((("plan", "strength"), 0.0),)),
}
"""By name. Without any of them a program changes nothing but what is handed out."""


# --- mappings --------------------------------------------------------------------------------------------------------
def shipped_assumptions_mapping(draft: Draft) -> dict[str, Any]:
    """The draft's set of assumptions as it is shipped, every number written out."""
    found: dict[str, Any] = load_assumptions(draft.assumptions).model_dump(mode="json", by_alias=True)
    return found


def shipped_people_mapping(draft: Draft) -> dict[str, Any]:
    """The draft's population as it is shipped."""
    people = in_currency(load_population(draft.population), draft.program.currency)
    found: dict[str, Any] = people.model_dump(mode="json", by_alias=True)
    return found


def changed_assumptions(draft: Draft) -> list[Change]:
    """What differs from the shipped assumptions."""
    return plain_differences(shipped_assumptions_mapping(draft), draft.behaviour.model_dump(mode="json", by_alias=True))


def changed_people(draft: Draft) -> list[Change]:
    """What differs from the shipped population."""
    return plain_differences(shipped_people_mapping(draft), draft.people.model_dump(mode="json", by_alias=True))


# --- effects ---------------------------------------------------------------------------------------------------------
def is_on(mapping: Mapping[str, Any], name: str) -> bool:
    """Whether an effect is there."""
    return any(mapping[group][key] != value for (group, key), value in EFFECTS[name].off)


def effect_switched(mapping: Mapping[str, Any], shipped: Mapping[str, Any], name: str, on: bool) -> dict[str, Any]:
    """The mapping with an effect off, or on again: as shipped, or by the format's default where it is shipped off."""
    found = {group: dict(values) if isinstance(values, Mapping) else values for group, values in mapping.items()}
    for (group, key), value in EFFECTS[name].off:
        if not on:
            found[group][key] = value
            continue
        usual = shipped[group][key]
        if usual == value:
            default = getattr(getattr(Assumptions.model_fields[group].default, key, None), "__iter__", None)
            field = getattr(Assumptions.model_fields[group].default, key, value)
            usual = list(field) if default is not None else field
        found[group][key] = usual
    return found


# --- people ----------------------------------------------------------------------------------------------------------
def fitting_populations(draft: Draft, say: Language) -> dict[str, str]:
    """Titles and names of the shipped populations in the program's currency, and of those without one."""
    found = {}
    for name in shipped_populations():
        people = load_population(name)
        if in_currency(people, draft.program.currency).currency == draft.program.currency:
            found[f"{say.text(people.title)} · {name}"] = name
    return found


def rescaled(draft: Draft, what: str, value: float) -> dict[str, Any]:
    """Changes of the people with another mean of purchases a year, or another mean basket. Raises ValueError."""
    people = draft.people
    if what == "purchases_per_year":
        found = scaled(people, purchases_per_year=value)
    else:
        found = scaled(people, mean_basket=value)
    mapping = found.model_copy(update={"notes": people.notes}).model_dump(mode="json", by_alias=True)
    return patch_between(shipped_people_mapping(draft), mapping)


# --- forms -----------------------------------------------------------------------------------------------------------
def assumption_sections(
    mapping: Mapping[str, Any], draft: Draft, open_ones: Iterable[str], problems: Sequence[Problem], say: Language
) -> list[dict[str, Any]]:
    """Switches of the effects, then each group of the assumptions."""
    shipped, wanted = shipped_assumptions_mapping(draft), set(open_ones)
    switches = [
        {
            "k": "flag",
            "p": ["effect", name],
            "t": say.text(part.title),
            "h": "",
            "v": _flag(is_on(mapping, name)),
            "d": "",
        }
        for name, part in EFFECTS.items()
    ]
    off = sum(not is_on(mapping, name) for name in EFFECTS)
    first = _section(
        "effects",
        say._("Effects of the program on members"),
        say._("{n} switched off", n=say.number(off)) if off else "",
        switches,
    )
    first["nodes"] = switches if "effects" in wanted else None
    groups = [
        key
        for key, info in fields_by_key(Assumptions).items()
        if isinstance(info.default, BaseModel) or info.is_required()
    ]
    return [first, *_group_sections(Assumptions, groups, mapping, shipped, "a", wanted, problems, say)]


def people_sections(
    mapping: Mapping[str, Any], draft: Draft, open_ones: Iterable[str], problems: Sequence[Problem], say: Language
) -> list[dict[str, Any]]:
    """The scale, the run, then each group of the population."""
    shipped, wanted = shipped_people_mapping(draft), set(open_ones)
    people = draft.people
    scale = [
        _number(
            ["scale", "purchases_per_year"],
            say._("Purchases a year of a living customer"),
            people.purchases.purchases_per_year,
        ),
        _number(
            ["scale", "mean_basket"], say._("Mean basket ({unit})", unit=people.currency), people.basket.mean_basket
        ),
    ]
    run = [
        _number(["run", "years"], say._("Years"), draft.years),
        {
            "k": "date",
            "p": ["run", "start"],
            "t": say._("First day"),
            "h": "",
            "v": draft.start.isoformat(),
            "d": "",
            "need": True,
        },
        _number(["run", "seed"], say._("Seed"), draft.seed),
    ]
    for node in (*scale, *run):
        place = ".".join(str(each) for each in node["p"])
        node["e"] = [list(hinted_said(each, say)) for each in problems if each.path in (place, str(node["p"][-1]))]
    told = f"{people.purchases.purchases_per_year:.3g} × {people.currency} {people.basket.mean_basket:,.0f}"
    found = [
        _section("scale", say._("How often and how much they buy"), told, scale),
        _section("run", say._("The run"), f"{draft.years} · {draft.start.isoformat()} · {draft.seed}", run),
    ]
    for each in found:
        each["nodes"] = each["nodes"] if each["slug"] in wanted else None
    keys = [
        key
        for key in fields_by_key(Population)
        if key not in ("schema", "title", "source", "as_of", "notes", "currency", "price_step")
    ]
    return [*found, *_group_sections(Population, keys, mapping, shipped, "p", wanted, problems, say)]


def _group_sections(
    model: type[BaseModel], keys: Sequence[str], mapping: Mapping[str, Any], shipped: Mapping[str, Any], prefix: str,
    wanted: set[str], problems: Sequence[Problem], say: Language,
) -> list[dict[str, Any]]:  # fmt: skip
    words, infos = form_words(say), fields_by_key(model)
    wrong: dict[str, list[Said]] = {}
    for each in problems:
        wrong.setdefault(each.path, []).append(hinted_said(each, say))
    notes = Notes(wrong, shipped=shipped)
    found = []
    for key in keys:
        if key in ("schema", "title", "source", "notes"):
            continue
        slug = f"{prefix}.{key}"
        differs = plain_differences({key: shipped.get(key)}, {key: mapping.get(key)})
        told = _counted(len(differs), say)
        nodes: list[Node] | None = None
        if slug in wanted:
            node = node_of((key,), key, infos[key].annotation, infos[key], mapping.get(key), words, notes)
            nodes = [node | {"n": False}]  # every group is always there
        section = _section(slug, words.title(key), told, nodes)
        mine = sum(each.path.split(".")[0].split("[")[0] == key for each in problems)
        section["problems"] = f"{say.number(mine)} ✗" if mine else ""
        found.append(section)
    return found


def _counted(count: int, say: Language) -> str:
    if not count:
        return ""
    return say._("1 change") if count == 1 else say._("{n} changes", n=say.number(count))


def _section(slug: str, title: str, told: str, nodes: Any) -> dict[str, Any]:
    return {"slug": slug, "title": title, "summary": told, "nodes": nodes, "problems": "", "findings": ""}


def _number(path: list[str], title: str, value: float) -> Node:
    shown = f"{value:.6g}" if isinstance(value, float) else str(value)
    return {
        "k": "number",
        "whole": isinstance(value, int),
        "p": path,
        "t": title,
        "h": "",
        "v": shown,
        "d": "",
        "need": True,
    }


def _flag(on: bool) -> str:
    return "true" if on else "false"
