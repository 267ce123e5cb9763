"""The CDNOW sample: purchases of 2,357 customers, 1997-01-01 to 1998-06-30 (Fader & Hardie, www.brucehardie.com/datasets), as it comes with the
package Lifetimes 0.11.3 (MIT licence): read from its folder, not imported."""

import csv
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

UNTIL = int(np.datetime64("1997-09-30").astype(np.int64))
"""Last day of the 39 weeks that the published estimates rest on."""


class Sample(NamedTuple):
    """Rows of the file: customer, day number, minor units."""

    customer: np.ndarray
    day: np.ndarray
    amount: np.ndarray


def folder() -> Path:
    spec = find_spec("lifetimes")
    assert spec is not None and spec.submodule_search_locations, "pip install -e .[test]"
    return Path(spec.submodule_search_locations[0]) / "datasets"


def sample() -> Sample:
    rows = [line.split() for line in (folder() / "CDNOW_sample.txt").read_text("ascii").splitlines() if line.strip()]
    dates = np.array([f"{row[2][:4]}-{row[2][4:6]}-{row[2][6:]}" for row in rows], dtype="datetime64[D]")
    return Sample(
        np.array([int(row[1]) for row in rows]),
        dates.astype(np.int64),
        np.array([round(float(row[4]) * 100) for row in rows]),
    )


def summary() -> np.ndarray:
    """float64[2357, 4]: the published summary of the 39 weeks: x, tx, T (weeks) and the mean of the repeat baskets."""
    with (folder() / "cdnow_customers_summary_with_transactions.csv").open(newline="") as file:
        return np.array([[float(row[name]) for name in ("x", "t_x", "T", "zbar")] for row in csv.DictReader(file)])


def write_log(path: Path) -> Path:
    """The sample as a log of transactions, in order of days."""
    found = sample()
    order = np.argsort(found.day, kind="stable")
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["member_id", "date", "event", "amount"])
        for k in order.tolist():
            day = str(np.datetime64(int(found.day[k]), "D"))
            out.writerow([f"{found.customer[k]:04}", day, "purchase", f"{found.amount[k] / 100:.2f}"])
    return path
