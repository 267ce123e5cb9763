"""The rulebook compiles, and compiled it writes the same ledger as in plain Python."""

import pytest

from tests.compiled import CompiledDesk
from tests.lived import lived
from tests.strategies import draw_case
from workbench.spec import SpecError

pytestmark = pytest.mark.slow


def test_compiled_rules_write_the_same_ledger() -> None:
    """120 drawn programs and logs, entry for entry: parity is equality, since rules see only integers."""
    compared = 0
    for seed in range(120):
        program, rows, as_of = draw_case(seed)
        try:
            entries, members, refused, _ = lived(program, rows, as_of)
        except SpecError:  # refused by name: its integers could leave 63 bits
            continue
        assert lived(program, rows, as_of, CompiledDesk)[:3] == (entries, members, refused), f"seed {seed}"
        compared += 1
    assert compared > 100
