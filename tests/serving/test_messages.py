"""Requests are read as they arrive, in whatever pieces."""

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from waitress.adjustments import Adjustments

from dashboard.serving.chunks import MOST_SMALL_CHUNKS
from dashboard.serving.messages import LARGEST_BODY, Request

HEAD = b"POST /a?b=c HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
NEXT = b"GET / HTTP/1.1\r\n"
# A busy machine may take long for any of them.
ANY = settings(deadline=None, database=None)
BODIES = st.lists(st.binary(min_size=1, max_size=40), max_size=6)


def reading(*pieces: bytes) -> tuple[Request, bytes]:
    """Return the request in these pieces, and the bytes that belong to the next."""
    request, rest = Request(Adjustments()), b""
    for piece in pieces:
        rest += piece
        while rest and not request.completed:
            rest = rest[request.received(rest) :]
    return request, rest


def cut(whole: bytes, at: list[int]) -> list[bytes]:
    places = [0, *sorted(one % len(whole) for one in at), len(whole)]
    return [whole[begin:end] for begin, end in pairwise(places)]


@ANY
@given(chunks=BODIES, trailer=st.sampled_from([b"", b"X-A: b\r\n"]), at=st.lists(st.integers(0, 500), max_size=12))
def test_chunks_are_the_same_body_wherever_they_are_cut(chunks: list[bytes], trailer: bytes, at: list[int]) -> None:
    framed = b"".join(b"%x;a=b\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)

    request, rest = reading(*cut(HEAD + framed + b"0\r\n" + trailer + b"\r\n" + NEXT, at))

    assert (request.completed, request.error, rest) == (True, None, NEXT)
    assert request.get_body_stream().read() == b"".join(chunks)
    assert request.headers["CONTENT_LENGTH"] == str(sum(map(len, chunks)))


@ANY
@given(body=st.binary(min_size=1, max_size=200), at=st.lists(st.integers(0, 500), max_size=12))
def test_a_body_of_a_length_is_the_same_wherever_it_is_cut(body: bytes, at: list[int]) -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)

    request, rest = reading(*cut(head + body + NEXT, at))

    assert (request.completed, request.error, rest) == (True, None, NEXT)
    assert request.get_body_stream().read() == body


@pytest.mark.parametrize("length", [1, LARGEST_BODY])
def test_a_body_that_is_not_too_large_is_kept(length: int) -> None:
    request, _ = reading(HEAD, b"%x\r\n" % length, b"x" * length, b"\r\n0\r\n\r\n")

    assert (request.completed, len(request.get_body_stream().read())) == (True, length)


def test_a_body_that_is_too_large_is_not_kept_and_its_length_is() -> None:
    request, _ = reading(HEAD, b"ffffff\r\n", b"x" * LARGEST_BODY, b"x")

    assert (request.completed, request.held, request.error) == (True, 0, None)
    assert request.headers["CONTENT_LENGTH"] == str(LARGEST_BODY + 1)
    assert request.headers["CONNECTION"] == "close"


@pytest.mark.parametrize(("size", "error"), [(1, 400), (63, 400), (64, 413)])
def test_endless_small_chunks_come_to_an_end(size: int, error: int) -> None:
    """Seen to fail with only the bytes counted: a megabyte in chunks of one byte took the loop's time for a second."""
    request = Request(Adjustments(max_request_body_size=2 * LARGEST_BODY))
    request.received(HEAD)
    count = 0
    while not request.completed:
        request.received(b"%x;a=%b\r\n%b\r\n" % (size, b"b" * 100, b"x" * size))
        count += 1

    assert request.error.code == error
    assert count <= (MOST_SMALL_CHUNKS + 1 if error == 400 else LARGEST_BODY / size)


def test_chunks_may_be_small_where_they_are_few_or_others_are_large() -> None:
    small = b"1\r\nx\r\n" * MOST_SMALL_CHUNKS

    request, _ = reading(HEAD, b"40000\r\n", b"x" * 0x40000, b"\r\n", small * 2, b"0\r\n\r\n")
    few, _ = reading(HEAD, small, b"0\r\n\r\n")

    assert (request.completed, request.error) == (few.completed, few.error) == (True, None)


def test_a_head_that_comes_byte_by_byte_takes_no_longer_than_its_bytes() -> None:
    """Seen to fail with the whole head searched for each packet: 30,000 bytes took four seconds of processor."""
    request, began = Request(Adjustments()), time.thread_time()

    for _ in range(30_000):
        request.received(b"x")

    assert time.thread_time() - began < 0.5


@ANY
@given(at=st.lists(st.integers(0, 500), max_size=12), prefix=st.sampled_from([b"", b"\r\n"]))
def test_a_head_is_the_same_wherever_it_is_cut(at: list[int], prefix: bytes) -> None:
    head = prefix + b"GET /a?b=c HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n\r\n"

    request, rest = reading(*cut(head + NEXT, at))

    assert (request.completed, request.error, rest, request.held) == (True, None, NEXT, 0)
    assert (request.path, request.query, request.headers["X_A"]) == ("/a", "b=c", "b")


@ANY
@given(at=st.lists(st.integers(0, 500), max_size=12), odd=st.sampled_from([b"\n", b" \n", b"\n\r\n"]))
def test_a_bare_lf_is_found_wherever_a_head_is_cut(at: list[int], odd: bytes) -> None:
    request, _ = reading(*cut(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: b" + odd, at))

    assert (request.completed, request.error.code) == (True, 400)
