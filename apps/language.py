"""Texts, numbers and dates of the app in one language: those of the report, and a catalogue of its own."""

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

from workbench.reports.language import Language

__all__ = ["LANGUAGES", "AppLanguage", "app_catalogue", "catalogue_of", "language"]

LANGUAGES = {"en": "English", "zh-Hant": "繁體中文"}
"""Tags, and how each language calls itself."""
LOCALES = Path(__file__).parent / "locale"


PROBLEMS = "problems"
"""The catalogue of sentences with places in them, which ``apps.problems_said`` matches; no text of a page is looked up there."""


def _folder(tag: str) -> Path:
    return LOCALES / tag.replace("-", "_") / "LC_MESSAGES"


@cache
def catalogue_of(tag: str, domain: str) -> dict[str, str]:
    """The translations of one catalogue by their English; empty for English."""
    if tag == "en":
        return {}
    with (_folder(tag) / f"{domain}.po").open("rb") as file:
        messages = read_po(file, locale=tag.replace("-", "_"), domain=domain, abort_invalid=True)
    return {str(message.id): str(message.string) for message in messages if message.id and message.string}


def app_catalogue(tag: str) -> dict[str, str]:
    """The app's own translations by their English, of all its catalogues of texts; empty for English."""
    found: dict[str, str] = {}
    for path in sorted(_folder(tag).glob("*.po")):
        if path.stem != PROBLEMS:
            found |= catalogue_of(tag, path.stem)
    return found


class AppLanguage(Language):
    """The report's language with the app's texts."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self._texts |= app_catalogue(tag)


@cache
def language(tag: str) -> AppLanguage:
    """The language of a tag of ``LANGUAGES``; one for all sessions, as it holds nothing of theirs."""
    return AppLanguage(tag)
