"""Texts, numbers and dates of the app in one language: those of the report, and a catalogue of its own."""

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

from workbench.reports.language import Language

__all__ = ["LANGUAGES", "AppLanguage", "app_catalogue", "language"]

LANGUAGES = {"en": "English", "zh-Hant": "繁體中文"}
"""Tags, and how each language calls itself."""
LOCALES = Path(__file__).parent / "locale"


def app_catalogue(tag: str) -> dict[str, str]:
    """The app's own translations by their English, of all its catalogues; empty for English."""
    found: dict[str, str] = {}
    if tag == "en":
        return found
    for path in sorted((LOCALES / tag.replace("-", "_") / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            messages = read_po(file, locale=tag.replace("-", "_"), domain=path.stem, abort_invalid=True)
        found |= {str(message.id): str(message.string) for message in messages if message.id and message.string}
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
