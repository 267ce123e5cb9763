"""Floor 5: a run as a deck or a workbook."""

from datetime import date
from pathlib import Path

from workbench.reports.deck.write import Cover, write_deck
from workbench.reports.exhibits.catalogue import RUN_EXHIBITS
from workbench.reports.exhibits.kinds import Exhibit
from workbench.reports.language import Language
from workbench.reports.members_part import baseline_title
from workbench.run_folder import RunFolder

__all__ = ["cover_of", "write_run_deck"]


def cover_of(run: RunFolder, say: Language, title: str = "", subtitle: str = "", client: str = "") -> Cover:
    """The front of a report of a run."""
    _, document = say._, run.document
    told = document["provenance"]
    names = [told["title"], told.get("title_zh") or ""]
    first, second = reversed(names) if say.chinese and names[1] else names
    word, _sep, sentence = str(told["kind"]).partition(": ")
    facts = (
        (_("Period"), _("{start} to {end}", start=say.day(document["start"]), end=say.day(document["end"]))),
        (_("Members simulated"), say.number(document["members"])),
        (_("Compared with"), baseline_title(run, say)),
        (_("Currency"), say.currency_name(document["currency"])),
    )
    parts = (
        say.text(word),
        first,
        _("against: {baseline}", baseline=baseline_title(run, say)),
        f"{document['start']} – {document['end']}",
    )
    return Cover(
        title or first, subtitle or (second if not title else first), client or _("Loyalty program report"), facts, say.text(word),
        say.text(sentence[:1].upper() + sentence[1:] + "."), "  ·  ".join(parts),
    )  # fmt: skip


def shown_exhibits(run: RunFolder, say: Language) -> tuple[Exhibit, ...]:
    """The exhibits of a report: all that have something to show."""
    found = (make(run, say) for make in RUN_EXHIBITS.values())
    return tuple(each for each in found if each.figures or each.graphs or each.grids)


def write_run_deck(run_folder: Path, out: Path, language: str) -> Path:
    """Write a run as a deck. Raises BadInput."""
    run, say = RunFolder(run_folder), Language(language)
    slides = [(each, "", "") for each in shown_exhibits(run, say)]
    return write_deck(out, cover_of(run, say), slides, date.fromisoformat(run.document["end"]), say)
