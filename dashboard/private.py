"""Files that only their owner may read, complete after a power cut: written aside, flushed, then renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FILE, FOLDER = 0o600, 0o700


def opener(name: str, flags: int) -> int:
    """Open a file for open(); a new file is private."""
    return os.open(name, flags, FILE)


def write(path: Path, text: str) -> None:
    """Write the file; replaces an existing one."""
    with _draft(path, text) as draft:
        draft.replace(path)


def write_once(path: Path, text: str) -> None:
    """Write the file unless it exists. If two processes start together, the first text stays."""
    with _draft(path, text) as draft, suppress(FileExistsError):
        os.link(draft, path)


def make_folder(path: Path) -> None:
    """Create a private folder, and make an existing one and its files private."""
    path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    close(path, FOLDER)
    for file in path.iterdir():
        if file.is_file():
            close(file)


def close(path: Path, mode: int = FILE) -> None:
    """Remove the rights of everybody but the owner; files of other users are left alone."""
    with suppress(PermissionError):
        path.chmod(mode)


def flush_folder(path: Path) -> None:
    """Flush the names in a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _draft(path: Path, text: str) -> Iterator[Path]:
    """Yield a flushed draft beside the path; afterwards flush the folder and delete the draft."""
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
