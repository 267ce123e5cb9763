"""Floor 5: texts, numbers, amounts and dates of a report in one language.

Texts are looked up in a gettext catalogue by their English; a text that it lacks stays English.
"""

from datetime import date
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.messages.pofile import read_po
from babel.numbers import format_compact_decimal, format_decimal, get_currency_name, get_currency_symbol

__all__ = ["LOCALES", "Language", "catalogue"]

LOCALES = Path(__file__).parent / "locale"
MINUS = "\N{MINUS SIGN}"


def catalogue(tag: str) -> dict[str, str]:
    """The translations of a language by their English; empty for English."""
    path = LOCALES / tag.replace("-", "_") / "LC_MESSAGES" / "reports.po"
    if tag == "en":
        return {}
    with path.open("rb") as file:
        messages = read_po(file, locale=tag.replace("-", "_"), domain="reports", abort_invalid=True)
    return {str(message.id): str(message.string) for message in messages if message.id and message.string}


class Language:
    """Says things in one language. Nothing it returns is HTML: escaping is the template's."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.locale = Locale.parse(tag, sep="-")
        self._texts = catalogue(tag)

    @property
    def chinese(self) -> bool:
        """Whether titles in Chinese come first."""
        return self.tag != "en"

    def text(self, english: str, **values: str) -> str:
        """A text of the catalogue, with its {placeholders} filled in; ``_`` where the English stands in the code."""
        found = self._texts.get(english, english)
        return found.format(**values) if values else found

    _ = text

    # --- numbers ---
    def number(self, value: float, digits: int = 0, signed: bool = False) -> str:
        """A number with exactly so many decimals."""
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        rounded = round(value, digits) + 0.0  # no minus zero
        text = format_decimal(abs(rounded), format=pattern, locale=self.locale)
        return (MINUS if rounded < 0 else "+" if signed and rounded > 0 else "") + text

    def plain(self, value: float) -> str:
        """A number with as many decimals as it has, at most six."""
        return format_decimal(value, format="#,##0.######", locale=self.locale).replace("-", MINUS)

    def percent(self, value: float, digits: int = 1, signed: bool = False) -> str:
        """A number that counts per cent already."""
        return self.number(value, digits, signed) + "%"

    def share(self, part: float, whole: float, digits: int = 1) -> str:
        """A part of a whole as per cent; a part that is not nothing is never shown as 0."""
        if not whole:
            return self.percent(0, digits)
        value, least = 100 * part / whole, 10.0**-digits
        return "<" + self.percent(least, digits) if 0 < value < least / 2 else self.percent(value, digits)

    def compact(self, value: float) -> str:
        """A number for an axis: 25K, 1.5M; 2.5萬, 1.2億."""
        size = abs(value)
        text = format_compact_decimal(size, locale=self.locale, fraction_digits=2)
        return (MINUS if value < 0 else "") + (self.plain(size) if text[-1:].isdecimal() else text)

    def money(self, value: float, currency: str, signed: bool = False) -> str:
        """An amount in major units; decimals only where it is small and has them."""
        digits = 0 if abs(value) >= 1000 or float(value).is_integer() else 2
        text = self.number(abs(value), digits)
        sign = self.number(value, digits, signed).removesuffix(text)
        return sign + self.symbol(currency) + text

    def symbol(self, currency: str) -> str:
        """The sign of a currency; one that says which dollar it is."""
        found = [get_currency_symbol(currency, locale=each) for each in (self.locale, "en", "zh_Hant")]
        best = next((each for each in found if each not in ("$", "¥", "¤")), currency)
        return best + "\N{NO-BREAK SPACE}" if best.isalpha() else best

    def currency_name(self, currency: str) -> str:
        """The currency's name and code."""
        name = get_currency_name(currency, locale=self.locale)
        return currency if name == currency else f"{name} ({currency})"

    # --- dates ---
    def day(self, iso: str) -> str:
        """A day, written out."""
        return format_date(date.fromisoformat(iso), format="long", locale=self.locale)

    def month(self, day: date) -> str:
        """A month and its year, short."""
        return format_skeleton("yMMM", day, locale=self.locale)

    def year(self, day: date) -> str:
        """A year, as on an axis."""
        return str(day.year) + ("年" if self.chinese else "")

    def month_alone(self, day: date) -> str:
        """A month without its year, as on an axis."""
        return format_date(day, format="LLL", locale=self.locale)

    # --- lists ---
    def listed(self, parts: list[str]) -> str:
        """Parts of a sentence one after another."""
        return ("、" if self.chinese else ", ").join(parts)

    def joined(self, *sentences: str) -> str:
        """Sentences one after another; empty ones are left out."""
        return ("" if self.chinese else " ").join(each for each in sentences if each)
