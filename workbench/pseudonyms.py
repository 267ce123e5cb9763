"""Floor 0: names that stand for people in what is given away: the same person has the same one, and nobody can go back without the key.

A pseudonym is the beginning of an HMAC-SHA-256 (RFC 2104, FIPS 198-1) of the real name. The key is a file of the user's own, or else the
digest of the file of transactions: whoever has that has the real names, and whoever has not cannot try names out.
"""

import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path

from workbench.errors import BadInput, Problem
from workbench.files import reading, regular_file

__all__ = ["key_of", "pseudonyms"]

LEAST_KEY, LARGEST_KEY = 16, 2**16
LETTERS = 16
"""Hexadecimal digits of a pseudonym: 64 bits, so that among a million names two agree with a chance of 3 in 100 million."""
_PIECE = 2**20


def key_of(transactions: Path, key_file: Path | None = None) -> bytes:
    """The key: the bytes of a file of 16 to 65,536 bytes, or the digest of the transactions. Raises BadInput."""
    if key_file is not None:
        path = regular_file(key_file, "a file with a key", LARGEST_KEY)
        with reading(path):
            key = path.read_bytes()
        if len(key) < LEAST_KEY:
            message = f"expected a key of at least {LEAST_KEY} bytes, found {len(key)}"
            raise BadInput(Problem("--key", message), str(key_file))
        return key
    digest = hashlib.sha256()
    path = regular_file(transactions, "a file of transactions")
    with reading(path), path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.digest()


def pseudonyms(key: bytes) -> Callable[[str, str], str]:
    """What makes pseudonyms: (a letter for what it names, the real name) -> ``m-3f9a...``; "" stays "". A name has another pseudonym under
    another letter."""

    def pseudonym(letter: str, name: str) -> str:
        if not name:
            return ""
        return f"{letter}-{hmac.new(key, f'{letter}:{name}'.encode(), hashlib.sha256).hexdigest()[:LETTERS]}"

    return pseudonym
