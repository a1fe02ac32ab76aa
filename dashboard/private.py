"""Files that their owner alone may read, whole after a power cut: written aside, flushed, and only then named."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FILE, FOLDER = 0o600, 0o700


def opener(name: str, flags: int) -> int:
    """Open for open() a file that is private when it is new."""
    return os.open(name, flags, FILE)


def write(path: Path, text: str) -> None:
    """Write the file, in the place of one that exists."""
    with _draft(path, text) as draft:
        draft.replace(path)


def write_once(path: Path, text: str) -> None:
    """Write the file unless it exists; of two processes that start together, the first one's text stays."""
    with _draft(path, text) as draft, suppress(FileExistsError):
        os.link(draft, path)


def make_folder(path: Path) -> None:
    """Make a folder for its owner alone, and close it and the files in it to all others where they were open."""
    path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    close(path, FOLDER)
    for file in path.iterdir():
        if file.is_file():
            close(file)


def close(path: Path, mode: int = FILE) -> None:
    """Take the rights of all but the owner; what belongs to another user is left as it is."""
    with suppress(PermissionError):
        path.chmod(mode)


def flush_folder(path: Path) -> None:
    """Have the disk keep the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _draft(path: Path, text: str) -> Iterator[Path]:
    """Yield a flushed file beside the path; what is made of it is flushed as well, and the draft is gone."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(draft, "w", encoding="utf-8", opener=opener) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield draft
        flush_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)
