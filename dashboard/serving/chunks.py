"""Chunked bodies, read more strictly than by waitress."""

import re
from collections.abc import Generator

from waitress.buffers import OverflowableBuffer
from waitress.parser import ParsingError
from waitress.rfc7230 import CHUNK_EXT_RE, HEADER_FIELD_RE
from waitress.utilities import BadRequest

LONGEST_LINE = 256
LONGEST_TRAILERS = 4_096
# A chunk of one byte costs the loop as much as a chunk of thousands. Beyond this number, chunks must average SMALL.
MOST_SMALL_CHUNKS = 1_000
SMALL = 64
SIZE = re.compile(rb"0{0,16}[0-9a-fA-F]{1,8}")


class Chunks:
    """A chunked body. Waitress also accepts blank lines before a size, a bare LF after it, and endless lines."""

    def __init__(self, buffer: OverflowableBuffer) -> None:
        self.completed = False
        self.error: BadRequest | None = None
        self._buffer = buffer
        self._unread, self._at = b"", 0
        self._reading = self._read()

    def __len__(self) -> int:
        return len(self._buffer)

    def received(self, data: bytes) -> int:
        """Read the bytes of this body and return their number."""
        self._unread, self._at = self._unread[self._at :] + data, 0
        try:
            next(self._reading)
        except StopIteration:
            self.completed = True
            return len(data) - (len(self._unread) - self._at)
        except ParsingError as error:
            self.error = BadRequest(str(error))
        return len(data)

    def getfile(self) -> object:
        """Return the body as a file."""
        return self._buffer.getfile()

    def getbuf(self) -> OverflowableBuffer:
        """Return the buffer of the body."""
        return self._buffer

    def _read(self) -> Generator[None]:
        """Read all chunks and the trailers; yield to wait for missing bytes."""
        count = total = 0
        while size := _size((yield from self._line())):
            count, total = count + 1, total + size
            if count > MOST_SMALL_CHUNKS and total < count * SMALL:
                raise ParsingError("the chunks are too small")
            yield from self._chunk(size)
            if (yield from self._line()):
                raise ParsingError("a chunk is longer than its size")
        yield from self._trailers()

    def _trailers(self) -> Generator[None]:
        """Skip the trailers after the last chunk."""
        length = 0
        while line := (yield from self._line()):
            length += len(line)
            if length > LONGEST_TRAILERS or not HEADER_FIELD_RE.fullmatch(line):
                raise ParsingError("the trailers are odd or too long")

    def _line(self) -> Generator[None, None, bytes]:
        while (end := self._unread.find(b"\r\n", self._at, self._at + LONGEST_LINE)) < 0:
            if len(self._unread) - self._at >= LONGEST_LINE:
                raise ParsingError("a line is too long")
            yield
        line, self._at = self._unread[self._at : end], end + 2
        if b"\n" in line or b"\r" in line:
            raise ParsingError("a bare CR or LF")
        return line

    def _chunk(self, missing: int) -> Generator[None]:
        while missing:
            while self._at == len(self._unread):
                yield
            piece = self._unread[self._at : self._at + missing]
            self._buffer.append(piece)
            self._at, missing = self._at + len(piece), missing - len(piece)


def _size(line: bytes) -> int:
    """Return the size from a chunk's first line; 0 is the last chunk."""
    size, _, _ = line.partition(b";")
    if not SIZE.fullmatch(size) or not CHUNK_EXT_RE.fullmatch(line[len(size) :]):
        raise ParsingError("a chunk's size is no number")
    return int(size, 16)
