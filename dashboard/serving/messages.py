"""Requests, read more strictly than by waitress: a proxy in front must not see other requests in the same bytes."""

import re
from collections.abc import Generator
from typing import Any

from waitress.buffers import OverflowableBuffer
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.rfc7230 import CHUNK_EXT_RE
from waitress.utilities import BadRequest, Error

LARGEST_HEAD = 32 * 1024
LARGEST_BODY = 1024 * 1024
LONGEST_CHUNK_LINE = 256
FIRST_LINE = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Z]+ [^\s]+ HTTP/1\.[01]\r\n")
# Folded lines, and runs of blanks, which waitress reads in quadratic time: 64 kB of them take 40 s.
ODD_BLANKS = re.compile(rb"\r\n[ \t]|[ \t]{32}")
BARE_LF = re.compile(rb"(?<!\r)\n")
FRAMING = re.compile(rb"\r\n(content-length|transfer-encoding):[ \t]*([^\r\n]*)", re.IGNORECASE)
CHUNK_SIZE = re.compile(rb"0{0,16}[0-9a-fA-F]{1,8}")


class Request(HTTPRequestParser):
    """One request, as far as it has arrived."""

    body_rcv: Any
    empty: bool
    error: Error | None
    # Of a head that cannot be read; waitress takes them for granted.
    command = path = ""

    @property
    def held(self) -> int:
        """Return the number of bytes that are kept of it."""
        return len(self.header_plus) + self._body_length()

    def received(self, data: bytes) -> int:
        """Take the bytes that belong to this request, and return their number."""
        consumed: int = super().received(data)
        if self.empty:  # nothing but blanks, which waitress leaves to its own connection to pass over
            self.empty, self.error = False, BadRequest("a blank head")
        if not self.headers_finished and BARE_LF.search(self.header_plus):
            self.error, self.completed = BadRequest("a bare LF"), True
        if max(self.content_length, self._body_length()) > LARGEST_BODY:
            self._leave_the_body_out()
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Refuse a head that others may read differently, or that waitress reads slowly."""
        if not FIRST_LINE.match(header_plus) or ODD_BLANKS.search(header_plus):
            raise ParsingError("odd blanks")
        framing = FRAMING.findall(header_plus)
        if len(framing) > 1:
            raise ParsingError("two lengths")
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # such as a number with thousands of digits
            raise ParsingError(str(error)) from error
        if framing and framing[0][0].lower() == b"transfer-encoding":
            if not self.chunked or framing[0][1].strip(b" \t").lower() != b"chunked":
                raise ParsingError("not just chunks, or chunks in HTTP/1.0")
            self.body_rcv = Chunks(self.body_rcv.getbuf())

    def _body_length(self) -> int:
        return 0 if self.body_rcv is None else len(self.body_rcv)

    def _leave_the_body_out(self) -> None:
        """Let the application refuse it by its length, in its own words; the connection ends with that."""
        self.headers["CONTENT_LENGTH"] = str(max(self.content_length, self._body_length()))
        self.headers["CONNECTION"] = "close"
        self.close()
        self.error, self.body_rcv, self.completed = None, None, True


class Chunks:
    """A body in chunks. Waitress also takes blank lines before a size, a bare LF after it, and lines without an end."""

    def __init__(self, buffer: OverflowableBuffer) -> None:
        self.completed = False
        self.error: BadRequest | None = None
        self._buffer = buffer
        self._unread, self._at = b"", 0
        self._reading = self._read()

    def __len__(self) -> int:
        return len(self._buffer)

    def received(self, data: bytes) -> int:
        """Take the bytes that belong to this body, and return their number."""
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
        """Read all chunks and the trailer, and wait with a yield for bytes that are missing."""
        while size := _size((yield from self._line())):
            yield from self._chunk(size)
            if (yield from self._line()):
                raise ParsingError("a chunk is longer than its size")
        while (yield from self._line()):
            pass

    def _line(self) -> Generator[None, None, bytes]:
        while (end := self._unread.find(b"\r\n", self._at, self._at + LONGEST_CHUNK_LINE)) < 0:
            if len(self._unread) - self._at >= LONGEST_CHUNK_LINE:
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
    """Return the size that a chunk's first line gives; 0 is the last chunk."""
    size, _, _ = line.partition(b";")
    if not CHUNK_SIZE.fullmatch(size) or not CHUNK_EXT_RE.fullmatch(line[len(size) :]):
        raise ParsingError("a chunk's size is no number")
    return int(size, 16)
