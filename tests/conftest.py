"""What tests of several files are given."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.chromium import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for a file's tests; each opens windows of its own."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The app, for a file's tests: its address."""
    pytest.importorskip("panel", reason="the extra `app` is not installed")
    from tests.app_server import a_server

    with a_server() as (url, _):
        yield url
