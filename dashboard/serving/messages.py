"""Requests, parsed more strictly than by waitress: a proxy in front must see the same requests in the same bytes."""

import re
from typing import Any

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.utilities import BadRequest, Error, RequestHeaderFieldsTooLarge

from dashboard.serving import heads
from dashboard.serving.chunks import Chunks

LARGEST_HEAD = 32 * 1024
LARGEST_BODY = 1024 * 1024
END = b"\r\n\r\n"
BARE_LF = re.compile(rb"(?<!\r)\n")


class Request(HTTPRequestParser):
    """One request, possibly incomplete."""

    body_rcv: Any
    error: Error | None
    # For an unreadable head: waitress expects both attributes.
    command = path = ""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._head = bytearray()

    @property
    def held(self) -> int:
        """Return the number of bytes in memory for this request."""
        return len(self._head) + self._body_length()

    def received(self, data: bytes) -> int:
        """Read the bytes of this request and return their number."""
        consumed: int = super().received(data) if self.headers_finished else self._receive_head(data)
        if max(self.content_length, self._body_length()) > LARGEST_BODY:
            self._leave_the_body_out()
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Refuse a head that other programs may read differently, or that waitress reads slowly."""
        heads.expect_plain(header_plus)
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # such as a number with thousands of digits
            raise ParsingError(str(error)) from error
        if heads.is_in_chunks(header_plus):
            if not self.chunked:
                raise ParsingError("chunks in HTTP/1.0")
            self.body_rcv = Chunks(self.body_rcv.getbuf())

    def _receive_head(self, data: bytes) -> int:
        """Pass only a complete head to waitress, which would search all earlier bytes again for each packet."""
        before = len(self._head)
        self._head += data
        end = self._head.find(END, max(before - len(END) + 1, 0))
        length = len(self._head) if end < 0 else end + len(END)
        if length > LARGEST_HEAD:
            self._refuse(RequestHeaderFieldsTooLarge("the head is too long"))
        elif end >= 0:
            self._read_head(bytes(self._head[:length]))
        elif BARE_LF.search(self._head, before):
            self._refuse(BadRequest("a bare LF"))
        return length - before

    def _read_head(self, head: bytes) -> None:
        self._head.clear()
        head = head.removeprefix(b"\r\n")  # some clients send this after a body
        if head[:1].isspace():
            self._refuse(BadRequest("blanks before the first line"))
        else:
            super().received(head)

    def _refuse(self, error: Error) -> None:
        self.error, self.completed = error, True

    def _body_length(self) -> int:
        return 0 if self.body_rcv is None else len(self.body_rcv)

    def _leave_the_body_out(self) -> None:
        """Let the application refuse the body by its length, with its own message; then the connection is closed."""
        self.headers["CONTENT_LENGTH"] = str(max(self.content_length, self._body_length()))
        self.headers["CONNECTION"] = "close"
        self.close()
        self.error, self.body_rcv, self.completed = None, None, True
