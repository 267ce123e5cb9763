"""The user guide: Sphinx reads the pages of this folder as GitHub shows them (`make guide`).

Pages are plain Markdown; what Sphinx needs besides stands here, so that nobody who reads them on GitHub meets it.
"""

import re
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))

from workbench import __version__  # noqa: E402

project = "Loyalty Workbench"
author = "Loyalty Workbench contributors"
copyright = author
version = release = __version__
html_title = f"{project} {version}"

extensions = ["myst_parser"]
root_doc = "index"
exclude_patterns = ["README.md"]  # it stands in the index
nitpicky = True
myst_heading_anchors = 4
suppress_warnings: list[str] = []

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["guide.css"]
html_copy_source = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}

STANDS_AT_THE_ROOT = {"design": "DESIGN.md", "changelog": "CHANGELOG.md"}
"""Pages of the guide that are files of the root folder; what stands here under their names only points there."""
GUIDE_PAGE = {"README.md": "index.md"} | {file: f"{page}.md" for page, file in STANDS_AT_THE_ROOT.items()}
UPWARDS = re.compile(r"\]\(((?:\.\./)*)\.\./(" + "|".join(map(re.escape, GUIDE_PAGE)) + r")(?=[)#])")
"""A link out of the folder to a page that the guide has inside it."""


def inside(text: str) -> str:
    """A page's text with its links to pages of the root folder turned to those of the guide."""
    return UPWARDS.sub(lambda link: f"]({link[1]}{GUIDE_PAGE[link[2]]}", text)


def from_the_root(file: str) -> str:
    """The text of a page of the root folder, its links as seen from here."""
    text = (ROOT / file).read_text("utf-8")
    own = re.compile(r"\]\((" + "|".join(map(re.escape, GUIDE_PAGE)) + r")(?=[)#])")
    return own.sub(lambda link: f"]({GUIDE_PAGE[link[1]]}", text).replace("](docs/", "](")


def read_source(app: Sphinx, page: str, source: list[str]) -> None:
    """Sphinx has read a page: the root folder's pages take their place, and the index, which has tables of contents alone, its text."""
    if page in STANDS_AT_THE_ROOT:
        app.env.note_dependency(str(ROOT / STANDS_AT_THE_ROOT[page]))
        source[0] = from_the_root(STANDS_AT_THE_ROOT[page])
    if page == "index":
        app.env.note_dependency(str(DOCS / "README.md"))
        source[0] = (DOCS / "README.md").read_text("utf-8") + "\n" + source[0]
    source[0] = inside(source[0])


def note_terms(app: Sphinx, doctree: nodes.document) -> None:
    """Every heading of the glossary below its groups' is a term: for `{term}`, the index and the search, in English and in Chinese."""
    if app.env.docname != "glossary":
        return
    standard, index = app.env.get_domain("std"), app.env.get_domain("index").entries.setdefault("glossary", [])
    for section in doctree.findall(nodes.section):
        if not isinstance(section.parent.parent, nodes.section):
            continue
        chinese = next(iter(section.findall(nodes.strong))).astext()
        names = [section[0].astext(), *chinese.split("、")]
        anchor = section["ids"][0]
        for name in names:
            standard.note_object("term", name, anchor, location=section)
            index.append(("single", name, anchor, "", None))


def note_entries(app: Sphinx, doctree: nodes.document) -> None:
    """Every field of a file, and every option of a command, is found by the search at its own place."""
    folder, _, page = app.env.docname.partition("/")
    if folder != "reference":
        return
    standard, kind = app.env.get_domain("std"), "command-option" if page == "commands" else "field"
    for item in doctree.findall(nodes.list_item):
        title = item.parent.parent[0].astext()
        name = next(iter(item.findall(nodes.strong))).astext()
        if page == "commands":
            full = f"loyalty {title} {name}"
        else:
            place, _, told = title.partition(", ")
            full = name if title == "The file" else f"{place}.{name}"
            full += f", {told} ({page})" if told else f" ({page})"
        item["ids"].append(nodes.make_id(f"{kind}-{full}"))
        standard.note_object(kind, full, item["ids"][-1], location=item)


def speak_the_language(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Pages in Chinese say so, for screen readers and for the choice of glyphs."""
    if page.startswith("zh/"):
        context["language"] = "zh-Hant"


def setup(app: Sphinx) -> None:
    app.connect("source-read", read_source)
    app.add_object_type("field", "field", objname="field of a file")
    app.add_object_type("command-option", "command-option", objname="option of a command")
    app.connect("doctree-read", note_terms)
    app.connect("doctree-read", note_entries)
    app.connect("html-page-context", speak_the_language)
