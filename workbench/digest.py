"""Floor 0: digests. A ledger's digest identifies every entry of every member, in whatever order the members were processed."""

import hashlib
import json
from typing import Any

import numpy as np

__all__ = ["combine", "document_digest", "ledger_sum"]

_GOLDEN, _MIX_1, _MIX_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_LANES = (np.uint64(0x243F6A8885A308D3), np.uint64(0x13198A2E03707344))
_30, _27, _31 = np.uint64(30), np.uint64(27), np.uint64(31)


def _mix(z: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser (Steele, Lea & Flood 2014), for arrays."""
    z = (z ^ (z >> _30)) * _MIX_1
    z = (z ^ (z >> _27)) * _MIX_2
    return z ^ (z >> _31)


def ledger_sum(rows: np.ndarray) -> tuple[int, int]:
    """128 bits of a ledger. ``rows``: int64[n, k], the member first, the entry's place in the member's ledger second.

    Each row is hashed over all its columns and the hashes are added modulo 2**64 in two lanes, so that blocks of
    members can be added in any order. Not meant to withstand an adversary.
    """
    lanes = []
    for start in _LANES:
        hashed = np.full(len(rows), start, dtype=np.uint64)
        for column in range(rows.shape[1]):
            hashed = _mix(hashed + _GOLDEN + rows[:, column].astype(np.uint64))
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
