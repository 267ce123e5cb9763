"""Our top-level names are generic: foreign folders of the same name are refused before they are imported."""

import sys
from pathlib import Path

import pytest

from workbench.packaging import CODE, DISTRIBUTION, HOME, ForeignPackage, misplaced, refuse_misplaced, shared


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in CODE:
        (tmp_path / "home" / name).mkdir(parents=True)
        (tmp_path / "home" / name / "__init__.py").touch()
    return tmp_path / "home"


def foreign(folder: Path, name: str) -> str:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").touch()
    return str(folder)


def test_this_installation_is_whole() -> None:
    assert misplaced([str(HOME), *sys.path]) == {}


def test_a_folder_earlier_on_the_path_is_named(home: Path, tmp_path: Path) -> None:
    stranger = foreign(tmp_path / "django", "apps")
    assert misplaced([str(home), stranger], home) == {}
    assert misplaced([stranger, str(home)], home) == {"apps": str(tmp_path / "django" / "apps")}
    with pytest.raises(ForeignPackage, match=r"expected apps in .*home, found apps: .*django"):
        refuse_misplaced([stranger, str(home)], home)


def test_a_module_of_our_name_is_named(home: Path, tmp_path: Path) -> None:
    (tmp_path / "simulators.py").touch()
    assert misplaced([str(tmp_path), str(home)], home) == {"simulators": str(tmp_path / "simulators.py")}


def test_a_missing_package_is_named(home: Path) -> None:
    (home / "apps" / "__init__.py").unlink()
    (home / "apps").rmdir()
    assert misplaced([str(home)], home) == {"apps": ""}


def test_data_of_the_same_name_elsewhere_does_not_matter(home: Path, tmp_path: Path) -> None:
    assert misplaced([foreign(tmp_path / "other", "programs"), str(home)], home) == {}


def test_a_folder_of_two_distributions_is_named() -> None:
    assert shared({"apps": [DISTRIBUTION], "workbench": [DISTRIBUTION, DISTRIBUTION]}) == {}
    assert shared({"apps": ["some-apps", DISTRIBUTION]}) == {"apps": ["some-apps"]}


def test_nobody_else_writes_into_our_folders() -> None:
    assert shared() == {}
