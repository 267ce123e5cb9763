"""Speed, measured side by side in one run; what the figures mean stands in docs/speed.md.

python -m benchmarks                          everything, three turns: about ten minutes
python -m benchmarks --quick                  small sizes, one turn: under two minutes; only shows that all runs
python -m benchmarks --only peers growth --out speed.json
"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.comparisons import NAMES, RATIO, Benchmark, Column, Found, Sizes, benchmarks, check_digests
from benchmarks.machine import machine
from benchmarks.runner import Job, Spread, interleaved

__all__ = ["main"]

QUICK = Sizes(
    peers=2_000,
    kernel=(2_000, 20_000),
    simpy=(500, 2_000),
    numpy=(2_000, 20_000),
    threads=20_000,
    orders=(1_000, 4_000),
    orders_compiled=(1_000, 4_000, 40_000),
    triangle=(24, 60),
    drawn=(200, 1_000),
    drawn_plain=(200,),
    closed=(200, 1_000),
    closed_ledger=(200,),
    designs=6,
    designs_alone=3,
)
LARGE = 5_000_000
out, err = Console(), Console(stderr=True)


def main(words: list[str] | None = None) -> None:
    """Measure and print; ``words``: the command line."""
    asked = _asked(words)
    sizes = QUICK if asked.quick else Sizes()
    if asked.large:
        sizes = replace(sizes, kernel=(*sizes.kernel, LARGE))
    if asked.orders:
        sizes = replace(sizes, orders=tuple(asked.orders), orders_compiled=tuple(asked.orders))
    turns = asked.turns or (1 if asked.quick else 3)
    about = machine()
    chosen = [benchmark for name, benchmark in benchmarks(sizes).items() if name in asked.only]
    found = _measured(chosen, turns)
    digests = check_digests(found)
    _show_machine(about, turns)
    for benchmark in chosen:
        _show(benchmark, found)
    for size in sorted({job.size for job in found if job.task == "agents"}):
        out.print(
            f"Agents and kernel gave the same digest for {size:,} members: {digests['kernel', size]}", highlight=False
        )
    if asked.out is not None:
        document = _document(about, turns, chosen, found)
        asked.out.write_text(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n", "utf-8")


def _asked(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, one turn")
    parser.add_argument("--large", action="store_true", help=f"grow the kernel to {LARGE:,} members too")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--turns", type=_positive, help="how often everything is measured (3; quick: 1)")
    parser.add_argument("--orders", type=_positive, nargs="+", metavar="N", help="sizes of the logs that are replayed")
    parser.add_argument("--out", type=_json_file, metavar="FILE.json", help="write every measurement, too")
    return parser.parse_args(words)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text}")
    return int(text)


def _json_file(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() != ".json":
        raise argparse.ArgumentTypeError(f"expected a name ending in .json, got {path.name}")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"expected a folder that exists, got {path.parent}")
    return path


def _measured(chosen: list[Benchmark], turns: int) -> Found:
    jobs = list(dict.fromkeys(job for benchmark in chosen for job in benchmark.jobs))
    done = 0

    def tell(job: Job) -> None:
        nonlocal done
        done += 1
        err.print(f"{done} of {turns * len(jobs)}: {' '.join(job.words)}", highlight=False)

    return interleaved(jobs, turns, tell)


# --- what is shown ---------------------------------------------------------------------------------------------------
def _show_machine(about: dict[str, str], turns: int) -> None:
    out.print("; ".join(f"{name} {value}" for name, value in about.items()), highlight=False, soft_wrap=True)
    how = (
        f"Medians of {turns} turns; in brackets the least and the most of a ratio."
        if turns > 1
        else "One turn: no medians."
    )
    out.print(how, highlight=False)


def _show(benchmark: Benchmark, found: Found) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in benchmark.columns:
        table.add_column(column.header, justify="right" if column.form else "left", overflow="fold")
    for row in benchmark.rows(found):
        table.add_row(*(_cell(row[column.key], column) for column in benchmark.columns))
    out.print(f"\n[bold]{benchmark.title}[/]", highlight=False)
    out.print(table, highlight=False)
    if benchmark.note:
        out.print(benchmark.note, highlight=False)


def _cell(value: Any, column: Column) -> str:
    if value is None:
        return ""
    if not isinstance(value, Spread):
        return format(value, column.form)
    middle, low, high = (_number(x * column.scale, column.form) for x in (value.median, value.low, value.high))
    return f"{middle} ({low}-{high})" if column.form == RATIO and low != high else middle


def _number(value: float, form: str) -> str:
    """``RATIO``: three digits or so, however large the ratio."""
    if form == RATIO:
        form = ",.0f" if value >= 100 else ".1f" if value >= 10 else ".2f" if value >= 0.1 else ".3f"
    return format(value, form)


def _document(about: dict[str, str], turns: int, chosen: list[Benchmark], found: Found) -> dict[str, Any]:
    """Everything: figures as shown (seconds, 10**6 bytes, ratios), and the measurements they were made of."""
    return {
        "machine": about,
        "turns": turns,
        "benchmarks": {
            benchmark.name: {"title": benchmark.title, "note": benchmark.note, "rows": _plain(benchmark.rows(found))}
            for benchmark in chosen
        },
        "measurements": [
            asdict(job) | {"turns": [asdict(each) for each in each_turn]} for job, each_turn in found.items()
        ],
    }


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: asdict(value) if isinstance(value, Spread) else value for key, value in row.items()} for row in rows]


if __name__ == "__main__":
    main()
