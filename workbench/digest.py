"""Floor 0: digests. A ledger's digest identifies every entry of every member, in whatever order the members were processed."""

import hashlib
import json
from typing import Any

import numpy as np

__all__ = ["COLUMNS", "LANES", "MIX_1", "MIX_2", "SHIFTS", "combine", "document_digest", "ledger_sum"]

MIX_1, MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
LANES = (np.uint64(0x243F6A8885A308D3), np.uint64(0x13198A2E03707344))


def _mix(z: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser (Steele, Lea & Flood 2014), for arrays."""
    z = (z ^ (z >> SHIFTS[0])) * MIX_1
    z = (z ^ (z >> SHIFTS[1])) * MIX_2
    return z ^ (z >> SHIFTS[2])


WIDTH = 10
"""Columns of a ledger's row."""
COLUMNS = np.stack(
    [
        _mix(lane + np.arange(1, WIDTH + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)) | np.uint64(1)
        for lane in LANES
    ]
)
"""uint64[2, WIDTH]: an odd multiplier for each lane and column."""


def ledger_sum(rows: np.ndarray) -> tuple[int, int]:
    """128 bits of a ledger. ``rows``: int64[n, 10], the member first, the entry's place in the member's ledger second.

    Each row is hashed in two lanes, as the mixed sum of its columns times a multiplier of each (multilinear hashing: Carter &
    Wegman 1979), and the hashes are added modulo 2**64, so that members can be added in any order. Not meant to withstand an
    adversary.
    """
    words = rows.astype(np.uint64)
    lanes = []
    for start, multipliers in zip(LANES, COLUMNS, strict=True):
        hashed = _mix(start + (words * multipliers).sum(axis=1, dtype=np.uint64))
        lanes.append(int(hashed.sum(dtype=np.uint64)))
    return lanes[0], lanes[1]


def combine(sums: list[tuple[int, int]], count: int) -> str:
    """The digest of worlds, each given by the sum of its blocks, and of their number of entries: 32 hexadecimal digits."""
    text = ";".join(f"{a:016x}{b:016x}" for a, b in sums) + f";{count}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def document_digest(document: Any) -> str:
    """Digest of a JSON document, the same whatever the order of its keys."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
