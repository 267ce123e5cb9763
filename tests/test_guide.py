"""The user guide: it is built without a warning, every page has its place, and a browser that reads it asks nobody else for anything."""

import json
import re
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.chromium import chromium
from workbench.spec import Spec

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


def built(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """The guide as `make guide` builds it: warnings are errors, and so are references that lead nowhere."""
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going", "-q", "-b", "html", str(source), str(target)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300)


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_spec("furo") is None or find_spec("myst_parser") is None:
        pytest.skip("the extra `guide` is not installed")
    target = tmp_path_factory.mktemp("guide") / "html"
    done = built(DOCS, target)
    assert done.returncode == 0, done.stderr
    return target


def test_it_is_built_without_warnings(guide: Path) -> None:
    pages = {page.relative_to(DOCS).with_suffix("").as_posix() for page in DOCS.rglob("*.md")} - {"README"}
    assert len(pages) > 15
    for page in pages:
        assert (guide / f"{page}.html").is_file(), page


def test_fields_options_and_terms_are_found_by_the_search(guide: Path) -> None:
    index = (guide / "searchindex.js").read_text("utf-8")
    objects = json.loads(index[index.index("(") + 1 : index.rindex(")")])["objects"]
    found = {f"{before}.{each[4]}" if before else each[4] for before, held in objects.items() for each in held}
    assert {"redemption.money_off.unit_cost (program)", "tiers.levels[].enter.spend (program)"} <= found
    assert {"redemption.hassle (assumptions)", "arms[].changes (scenario)", "loyalty run --members"} <= found
    terms = (guide / "genindex.html").read_text("utf-8")
    assert "Stand-alone selling price" in terms and "合約負債" in terms


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    """The build can fail: a page and a heading that are not there, and a page in no table of contents."""
    pytest.importorskip("furo", reason="the extra `guide` is not installed")
    (tmp_path / "conf.py").write_text("extensions = ['myst_parser']\nmyst_heading_anchors = 4\n", "utf-8")
    (tmp_path / "index.md").write_text("# Index\n\n[a](nowhere.md) [b](lone.md#no-such-heading)\n", "utf-8")
    (tmp_path / "lone.md").write_text("# Lone\n", "utf-8")
    done = built(tmp_path, tmp_path / "html")
    assert done.returncode != 0
    for said in ("nowhere.md", "no-such-heading", "lone.md"):
        assert said in done.stderr


def test_every_page_has_its_place() -> None:
    """Fast, for whoever adds a page: docs/index.md lists it, docs/README.md leads to it or to the folder's own page."""
    blocks = re.findall(r"```\{toctree\}\n(.*?)```", (DOCS / "index.md").read_text("utf-8"), re.DOTALL)
    listed = [
        re.sub(r".*<(.+)>$", r"\1", line.strip())
        for block in blocks
        for line in block.splitlines()
        if line.strip() and not line.startswith(":")
    ]
    pages = {page.relative_to(DOCS).with_suffix("").as_posix() for page in DOCS.rglob("*.md")} - {"README", "index"}
    assert len(listed) == len(set(listed))
    missing = (set(listed) - {"genindex"}) ^ pages
    assert not missing, f"docs/index.md does not list, or lists and there is not: {missing}"


def test_the_reference_is_that_of_the_code() -> None:
    """docs/reference is written by docs/generator; `make reference` writes it again."""
    done = subprocess.run(
        [sys.executable, str(DOCS / "generator"), "--check"], capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr


def test_every_field_of_every_file_has_its_entry() -> None:
    """Counted from the specs themselves, not by the generator."""
    from workbench.finance.accounting.policy import Policy
    from workbench.population.behaviour_spec import Assumptions
    from workbench.population.spec import Population
    from workbench.program.spec import Program
    from workbench.reports.story_file import Story
    from workbench.scenario_file import ScenarioFile
    from workbench.study.spec import Study

    files = {"program": Program, "population": Population, "assumptions": Assumptions, "policy": Policy}
    for name, model in (files | {"scenario": ScenarioFile, "study": Study, "story": Story}).items():
        page = (DOCS / "reference" / f"{name}.md").read_text("utf-8")
        specs = specs_within(model)
        assert len(specs) > 1
        fields = Counter(field.alias or key for spec in specs for key, field in spec.model_fields.items())
        entries = Counter(re.findall(r"^- \*\*`(\w+)`\*\* \(.+\): \S", page, re.MULTILINE))
        assert entries == fields


def specs_within(model: type[Spec]) -> set[type[Spec]]:
    """A spec and all that may stand within it."""
    found, waiting = set(), [model]
    while waiting:
        spec = waiting.pop()
        if spec not in found:
            found.add(spec)
            waiting += [each for field in spec.model_fields.values() for each in specs_of(field.annotation)]
    return found


def specs_of(annotation: Any) -> list[type[Spec]]:
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return [annotation]
    return [spec for each in get_args(annotation) for spec in specs_of(each)]


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_in_a_browser_it_asks_nobody_else_and_fits(guide: Path, width: int) -> None:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": 900})
        requests: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("requestfailed", lambda request: errors.append(f"failed: {request.url}"))
        page.on("console", lambda it: errors.append(it.text) if it.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        wide = []
        for file in sorted(guide.rglob("*.html")):
            if "_static" in file.parts:
                continue
            page.goto(file.as_uri())
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append(file.relative_to(guide).as_posix())
    assert not errors
    assert not wide, "the page itself scrolls sideways"
    assert requests and all(url.startswith(("file://", "data:")) for url in requests)


def test_the_yaml_of_the_quick_start_is_the_example() -> None:
    """What is shown of examples/gold_3000.yaml stands in it, in both languages."""
    file = (ROOT / "examples" / "gold_3000.yaml").read_text("utf-8")
    for page in ("quick_start.md", "zh/quick_start.md"):
        (shown,) = re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
        assert shown in file


def test_the_make_target_builds_as_the_test_does() -> None:
    recipe = (ROOT / "Makefile").read_text("utf-8")
    assert re.search(r"-m sphinx -E -a -W -n --keep-going -q -b html docs out/guide/html", recipe)
    assert "make guide" in (ROOT / ".ci" / "run").read_text("utf-8")
