"""Floor 0: files at the edges. What is read is looked at first; what is written appears whole or not at all."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from workbench.errors import BadInput, Problem, nearest

__all__ = ["atomic_path", "reading", "regular_file"]

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
)


def regular_file(path: str | Path, expected: str = "a file", largest: int | None = None) -> Path:
    """The path, if an ordinary file of at most ``largest`` bytes stands there; opening anything else could block, or never end.

    Raises BadInput: not there (with the nearest name in the folder), a folder, a device, a pipe, or too large.
    """
    source = str(path)
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        raise BadInput(
            Problem("", f"expected {expected}: there is no such file", None, _neighbour(path)), source
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise BadInput(Problem("", f"expected {expected}: {_reason(error)}"), source) from None
    for is_kind, kind in _KINDS:
        if is_kind(status.st_mode):
            raise BadInput(Problem("", f"expected {expected}, found {kind}"), source)
    if largest is not None and status.st_size > largest:
        raise BadInput(Problem("", f"expected at most {largest:,} bytes, found {status.st_size:,}"), source)
    return Path(path)


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Turns what the system says of a file while it is read (no permission, a failing disk) into BadInput."""
    try:
        yield
    except OSError as error:
        raise BadInput(Problem("", f"cannot be read: {_reason(error)}"), str(path)) from error


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A temporary file beside ``path`` to write to; it takes the place of ``path`` when the block ends, and is removed if the block fails.

    The temporary file exists and is empty, and has the permissions of the file it replaces (or the usual ones). A link is followed.
    Raises BadInput where the folder is missing or may not be written, or where ``path`` is a folder or a device.
    """
    target = _target(path)
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise BadInput(Problem("", f"cannot be written: {_reason(error)}"), str(path)) from None
    try:
        with suppress(FileNotFoundError):
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        yield temporary
        _flush(temporary)
        os.replace(temporary, target)
    except BaseException:  # also when interrupted: nothing half-written may stay
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
    with suppress(OSError):  # the data is safe; some systems cannot flush a folder
        _flush(target.parent)


def _target(path: str | Path) -> Path:
    source = str(path)
    try:
        target = Path(os.path.realpath(path))
        if not target.parent.is_dir():
            where = _neighbour(target.parent)
            raise BadInput(
                Problem("", f"expected an existing folder, there is no {target.parent}", None, where), source
            )
        if not target.exists():
            if source.endswith(("/", os.sep)):
                raise BadInput(Problem("", "expected the name of a file, found that of a folder"), source)
            return target
        if target.is_dir():
            raise BadInput(Problem("", "expected the name of a file, found a folder"), source)
        if not target.is_file():
            raise BadInput(Problem("", "expected the name of a file, found a device or a pipe"), source)
    except (OSError, ValueError) as error:  # a name that is too long, or has a zero byte
        raise BadInput(Problem("", f"cannot be written: {_reason(error)}"), source) from None
    return target


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _neighbour(path: str | Path) -> str | None:
    """The name in the same folder that is nearest to one that is not there."""
    place = Path(path)
    try:
        names = sorted(os.listdir(place.parent))[:10_000]
    except (OSError, ValueError):
        return None
    found = nearest(place.name, [name for name in names if not name.startswith(".")])
    return None if found is None else str(place.with_name(found))


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
