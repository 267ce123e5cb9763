"""Floor 5: exhibits as a deck."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from workbench.reports.deck.office import blank_deck, save
from workbench.reports.deck.slides import Cover, Slides
from workbench.reports.exhibits.kinds import Exhibit
from workbench.reports.language import Language

__all__ = ["Cover", "write_deck"]


def write_deck(path: Path, cover: Cover, slides: Sequence[tuple[Exhibit, str, str]], day: date, say: Language) -> Path:
    """Write a deck of exhibits, each with the speaker's notes and its foot ("": that of the cover). ``day`` stands in the file as its date:
    the same exhibits are the same bytes. Raises BadInput where the file cannot be written."""
    deck = blank_deck(cover.title, cover.kind, datetime(day.year, day.month, day.day))
    made = Slides(deck, say, cover)
    made.front()
    for exhibit, notes, foot in slides:
        made.exhibit(exhibit, notes, foot or cover.foot)
    save(deck, path)
    return Path(path)
