"""Floor 5: what python-pptx leaves to its users: fonts of Chinese text, texts that hold anything, files that are the same bytes again."""

import io
import re
import zipfile
from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.opc.oxml import serialize_part_xml
from pptx.oxml import parse_xml
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from workbench.files import atomic_path

__all__ = ["EAST", "LATIN", "Frame", "blank_deck", "clean", "named", "paragraph", "save", "slide_number", "text_box"]

LATIN = "Calibri"
EAST = "Microsoft JhengHei"
"""Named for Chinese text: on every Windows, and mapped to a like one elsewhere."""
WIDE, HIGH = Inches(13.333), Inches(7.5)
LANGUAGES = {"en": "en-US", "zh-Hant": "zh-TW"}
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
STAMP = (1980, 1, 1, 0, 0, 0)
"""The time of every file inside a deck: the least that a zip can say."""
Frame = tuple[float, float, float, float]
"""Left, top, width and height in inches."""


def clean(text: str) -> str:
    """A text without the characters that no XML can hold; line ends become spaces."""
    return re.sub(r"\s*[\r\n]+\s*", " ", NOT_XML.sub("", text))


def named(properties: Any, language: str) -> None:
    """Name the fonts of a run's properties (or of a chart's default ones), and say which language it is in."""
    properties.set("lang", LANGUAGES[language])
    if language != "en":
        properties.set("altLang", "en-US")
    for tag, typeface in (("a:latin", LATIN), ("a:ea", EAST), ("a:cs", LATIN)):
        found = properties.find(qn(tag))
        if found is None:
            found = properties.makeelement(qn(tag), {})
            properties.append(found)
        found.set("typeface", typeface)


# --- the file ----------------------------------------------------------------------------------------------------------
def blank_deck(title: str, subject: str, created: datetime) -> Any:
    """An empty deck of 16:9 whose theme names our fonts; its layouts fit the width."""
    deck = Presentation()
    factor = WIDE / deck.slide_width
    deck.slide_width, deck.slide_height = WIDE, HIGH
    master = deck.slide_masters[0]
    for sheet in (master, *master.slide_layouts):
        for shape in sheet.placeholders:
            if shape._element.spPr.xfrm is not None:
                shape.left, shape.width = Emu(int(shape.left * factor)), Emu(int(shape.width * factor))
    for kind in ("major", "minor"):
        for tag, typeface in (("latin", LATIN), ("ea", EAST)):
            _theme_font(master, kind, tag, typeface)
    properties = deck.core_properties
    properties.title, properties.subject, properties.author = clean(title), clean(subject), "Loyalty Workbench"
    properties.last_modified_by, properties.comments, properties.keywords = "Loyalty Workbench", "", ""
    properties.created = properties.modified = properties.last_printed = created
    properties.revision = 1
    return deck


def _theme_font(master: Any, kind: str, tag: str, typeface: str) -> None:
    part = next(rel.target_part for rel in master.part.rels.values() if rel.reltype.endswith("/theme"))
    theme = parse_xml(part.blob)
    found = theme.find(f".//{{*}}{kind}Font/{{*}}{tag}")
    found.set("typeface", typeface)
    part._blob = serialize_part_xml(theme)


def save(deck: Any, path: Path) -> None:
    """Write a deck whole or not at all; the same slides are the same bytes. Raises BadInput where the place cannot be written."""
    raw = io.BytesIO()
    deck.save(raw)
    with atomic_path(path) as temporary, zipfile.ZipFile(raw) as found, zipfile.ZipFile(temporary, "w") as new:
        for name in found.namelist():
            info = zipfile.ZipInfo(name, STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, found.read(name))


# --- texts -------------------------------------------------------------------------------------------------------------
def paragraph(
    frame: Any,
    text: str,
    language: str,
    size: float,
    color: Any,
    bold: bool = False,
    first: bool = False,
    align: Any = None,
    after: float = 0,
) -> Any:
    """Add a paragraph of one run (the ``first`` one is there already)."""
    found = frame.paragraphs[0] if first else frame.add_paragraph()
    run = found.add_run()
    run.text = clean(text)
    run.font.size, run.font.bold, run.font.color.rgb = Pt(size), bold, color
    named(run._r.get_or_add_rPr(), language)
    found.space_after = Pt(after)
    if align is not None:
        found.alignment = align
    return found


def text_box(slide: Any, place: Frame, margin: float = 0.0) -> Any:
    """A text frame on a slide that wraps."""
    frame = slide.shapes.add_textbox(*(Inches(each) for each in place)).text_frame
    set_margins(frame, margin)
    return frame


def set_margins(frame: Any, margin: float) -> None:
    """A text frame that wraps and does not grow."""
    frame.word_wrap = True
    frame.auto_size = None
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = Inches(margin)


def slide_number(frame: Any, language: str, size: float, color: Any, number: int) -> None:
    """The number of the slide, which follows when slides are moved."""
    found = paragraph(frame, str(number), language, size, color, first=True)
    run = found._p.find(qn("a:r"))
    known = {"id": "{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}", "type": "slidenum"}
    field = found._p.makeelement(qn("a:fld"), known)
    field.append(deepcopy(run.find(qn("a:rPr"))))
    field.append(deepcopy(run.find(qn("a:t"))))
    found._p.replace(run, field)


def text_lines(text: str, width: float, size: float) -> int:
    """About how many lines a text takes in so many inches at a size in points."""
    room = max(width * 72, size)
    lines, used = 1, 0.0
    for word in re.findall(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+", text):
        wide = 1.04 * size if len(word) == 1 and ord(word) >= 0x2E80 else 0.5 * size * len(word)
        if used + wide > room and used:
            lines, used = lines + 1, 0.0
        while wide > room:
            lines, wide = lines + 1, wide - room
        used += wide
    return lines


def most_lines(texts: Sequence[str], widths: Sequence[float], size: float) -> int:
    """The lines of a table's row."""
    return max(text_lines(text, width, size) for text, width in zip(texts, widths, strict=True))
