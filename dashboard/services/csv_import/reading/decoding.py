"""Bytes to lines: UTF-8 or UTF-16 by its mark, else UTF-8, else Windows-1252."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dashboard.services.csv_import.reading.records import MAX_ROW_LENGTH


class Encoding(StrEnum):
    """The encodings that an import reads, as Python calls them."""

    UTF_8 = "utf-8-sig"
    UTF_16 = "utf-16"
    WINDOWS_1252 = "cp1252"


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file and its encoding; fields refuse the characters that replace undecodable bytes."""

    path: Path
    encoding: Encoding

    def lines(self) -> Iterator[str]:
        """Yield the lines with their ends; a line that is too long for a row is cut."""
        errors = "replace" if self.encoding is Encoding.UTF_16 else "surrogateescape"
        with self.path.open(encoding=self.encoding, errors=errors, newline="") as stream:
            while line := stream.readline(MAX_ROW_LENGTH + 1):
                yield line
                while len(line) > MAX_ROW_LENGTH and not line.endswith(("\n", "\r")):
                    line = stream.readline(MAX_ROW_LENGTH + 1)


def opened(path: Path) -> TextFile:
    """Return the file with its encoding: that of its byte order mark, else UTF-8 or Windows-1252.

    It is Windows-1252 if more of its lines that are not ASCII are invalid UTF-8 than valid.
    """
    with path.open("rb") as stream:
        mark = stream.read(len(codecs.BOM_UTF8))
    if mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return TextFile(path, Encoding.UTF_16)
    if mark == codecs.BOM_UTF8 or not _is_windows(path):
        return TextFile(path, Encoding.UTF_8)
    return TextFile(path, Encoding.WINDOWS_1252)


def _is_windows(path: Path) -> bool:
    right = wrong = 0
    with path.open("rb") as stream:
        while line := stream.readline(MAX_ROW_LENGTH):
            if line.isascii():
                continue
            try:
                line.decode()
                right += 1
            except UnicodeDecodeError:
                wrong += 1
    return wrong > right
