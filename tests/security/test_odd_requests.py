"""What a proxy in front may read as another request is refused, and nothing in it is obeyed, at the real server."""

from contextlib import closing
from dataclasses import replace

import pytest

from app import create_app
from dashboard.config import Settings
from tests import sites
from tests.sites import Site

UP = b"GET /up HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /login HTTP/1.1\r\nHost: localhost\r\n"
CHUNKS = POST + b"Transfer-Encoding: chunked\r\n\r\n"
INNER = b"GET /inner HTTP/1.1\r\nHost: localhost\r\n\r\n"
REFUSED = {
    "two ways of framing": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n",
    "one length said twice": POST + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "a list of lengths": POST + b"Content-Length: 0, 0\r\n\r\n",
    "a signed length": POST + b"Content-Length: +0\r\n\r\n",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n",
    "a length in Arabic digits": POST + b"Content-Length: \xd9\xa0\r\n\r\n",
    "a length of thousands of digits": POST + b"Content-Length: " + b"0" * 5_000 + b"\r\n\r\n",
    "chunks twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunks in two headers": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "no encoding": POST + b"Transfer-Encoding:\r\n\r\n0\r\n\r\n",
    "another encoding": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "the encoding that is none": POST + b"Transfer-Encoding: identity\r\n\r\n",
    "an encoding with a strange blank": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a blank before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a folded header": POST + b"X-A: b\r\n Transfer-Encoding: chunked\r\n\r\n",
    "a folded encoding": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": CHUNKS.replace(b"1.1", b"1.0") + b"0\r\n\r\n",
    "a head of blanks": b" \r\n\r\n",
    "a head of a tab": b"\t\r\n\r\n",
    "a blank before the method": b" " + UP + b"\r\n",
    "a page's end before the method": b"\x0c" + UP + b"\r\n",
    "two empty lines before the method": b"\r\n\r\n" + UP + b"\r\n",
    "empty lines only": b"\r\n" * 3,
    "no version": b"GET /up\r\n\r\n",
    "a version of tomorrow": UP.replace(b"1.1", b"2.0") + b"\r\n",
    "a bare LF between headers": UP + b"X-A: b\nX-B: c\r\n\r\n",
    "bare LFs only": UP.replace(b"\r\n", b"\n") + b"\n",
    "a bare CR in a header": UP + b"X-A: b\rX-B: c\r\n\r\n",
    "a zero byte in a header": UP + b"X-A: b\0\r\n\r\n",
    "a header without a colon": UP + b"X-A\r\n\r\n",
    "a method in small letters": UP.replace(b"GET", b"get") + b"\r\n",
    "two blanks in the first line": UP.replace(b"GET ", b"GET  ") + b"\r\n",
    "a host that is none": UP.replace(b"/up", b"http://[::1/up") + b"\r\n",
    "no host": b"GET /up HTTP/1.1\r\n\r\n",
    "two hosts": UP + b"host: localhost\r\n\r\n",
    "two hosts of an old client": UP.replace(b"1.1", b"1.0") + b"Host: other\r\n\r\n",
    "an empty host": b"GET /up HTTP/1.1\r\nHost:\r\n\r\n",
    "a host with a path": UP.replace(b"localhost", b"localhost/a") + b"\r\n",
    "a host with a person": UP.replace(b"localhost", b"a@localhost") + b"\r\n",
    "a host with a blank": UP.replace(b"localhost", b"local host") + b"\r\n",
    "a host with a port of letters": UP.replace(b"localhost", b"localhost:http") + b"\r\n",
    "a host with a port above all": UP.replace(b"localhost", b"localhost:65536") + b"\r\n",
    "a host with two dots": UP.replace(b"localhost", b"local..host") + b"\r\n",
    "an address that is none": UP.replace(b"localhost", b"[::1::2]") + b"\r\n",
    "a path without a slash": UP.replace(b"/up", b"up") + b"\r\n",
    "a path with a fragment": UP.replace(b"/up", b"/up#a") + b"\r\n",
    "a path with a zero byte": UP.replace(b"/up", b"/up\0") + b"\r\n",
    "an address of another host": UP.replace(b"/up", b"http://other/up") + b"\r\n",
    "an address without a host": UP.replace(b"/up", b"http:///up") + b"\r\n",
    "an address of another scheme": UP.replace(b"/up", b"ftp://localhost/up") + b"\r\n",
    "an address without a path": UP.replace(b"/up", b"http://localhost?up") + b"\r\n",
    "a host and port, as for a tunnel": UP.replace(b"GET /up", b"CONNECT localhost:80") + b"\r\n",
    "a head without end": UP + b"X-A: " + b"b" * 40_000,
    "a negative chunk": CHUNKS + b"-5\r\nhello\r\n0\r\n\r\n",
    "a signed chunk": CHUNKS + b"+5\r\nhello\r\n0\r\n\r\n",
    "a chunk in C's notation": CHUNKS + b"0x5\r\nhello\r\n0\r\n\r\n",
    "a chunk without a size": CHUNKS + b"\r\nhello\r\n0\r\n\r\n",
    "a chunk of words": CHUNKS + b"five\r\nhello\r\n0\r\n\r\n",
    "a chunk larger than there are numbers": CHUNKS + b"f" * 20 + b"\r\nhello\r\n0\r\n\r\n",
    "a chunk with an empty extension": CHUNKS + b"5;\r\nhello\r\n0\r\n\r\n",
    "a chunk with a huge extension": CHUNKS + b"5;a=" + b"b" * 5_000 + b"\r\nhello\r\n0\r\n\r\n",
    "a bare LF behind a size": CHUNKS + b"5\n\r\nhello\r\n0\r\n\r\n",
    "a bare LF instead of an end": CHUNKS + b"5\nhello\r\n0\r\n\r\n",
    "a chunk longer than its size": CHUNKS + b"5\r\nhello!\r\n0\r\n\r\n",
    "a trailer with a bare LF": CHUNKS + b"0\r\nX-A: b\n\r\n\r\n",
    "a trailer with a zero byte": CHUNKS + b"0\r\nX-A: b\0\r\n\r\n",
    "a trailer without a colon": CHUNKS + b"0\r\nX-A\r\n\r\n",
    "a folded trailer": CHUNKS + b"0\r\nX-A: b\r\n c\r\n\r\n",
    "endless trailers": CHUNKS + b"0\r\n" + b"X-A: b\r\n" * 1_000 + b"\r\n",
    "chunks of one byte": CHUNKS + b"1\r\nx\r\n" * 2_000 + b"0\r\n\r\n",
}


@pytest.mark.parametrize("odd", REFUSED)
def test_there_is_one_answer_to_an_odd_request_and_it_is_a_refusal(site: Site, odd: str) -> None:
    """Seen to fail for 44 of these with waitress's own reading, which obeys what is folded, has a length and
    chunks, or has chunks twice, and ends with a ValueError where Python cannot read a number or an address.
    """
    with closing(site.connect(REFUSED[odd] + INNER)) as client:
        refused = sites.answer(client)
        assert refused.status in (400, 431, 501)
        assert refused.headers["connection"] == "close"
        assert "server" not in refused.headers
        assert sites.is_over(client)
    assert site.is_up()


@pytest.mark.parametrize("blanks", [b" " * 30_000 + b"\0", b"a" + b"\t" * 30_000 + b"\0"])
def test_no_head_takes_long_to_read(site: Site, blanks: bytes) -> None:
    """Seen to fail with waitress's own reading: 30,000 blanks take 3 s, and the address 30 s, of processor."""
    assert site.ask(UP + b"X-A:" + blanks + b"\r\n\r\n").status == 400
    path = b"a://" + b"1" * 20_000
    assert site.ask(b"GET " + path + b" x HTTP/1.1\r\nHost: a\r\n\r\n").status == 400


@pytest.mark.parametrize(
    "plain",
    [
        b"\r\n" + UP,
        UP.replace(b"localhost", b"evenhand.example:8000"),
        UP.replace(b"localhost", b"a_b.c-d.:80"),
        UP.replace(b"localhost", b"[::1]:8000"),
        UP.replace(b"Host: localhost", b"host:\tLOCALHOST "),
        UP.replace(b"/up", b"http://LocalHost/up?a=/b"),
        UP.replace(b"/up", b'/up?a="%C3%A9$~'),
    ],
)
def test_a_request_that_can_be_read_in_one_way_only_is_answered(site: Site, plain: bytes) -> None:
    assert site.ask(plain + b"Connection: close\r\n\r\n").status == 200


def test_a_request_without_a_body_may_wait_to_be_told_to_go_on(site: Site) -> None:
    assert site.ask(UP + b"Expect: 100-continue\r\n\r\n").status == 200


def test_a_connection_is_kept_after_answers_without_a_body(site: Site) -> None:
    """Seen to fail with waitress's own answers, which end it; most polls of a tab have such an answer."""
    asset = b"GET /static/img/board.png HTTP/1.1\r\nHost: localhost\r\n%b\r\n"
    with closing(site.connect(asset % b"")) as client:
        tag = sites.answer(client).headers["etag"]
        for _ in range(2):
            client.sendall(asset % f"If-None-Match: {tag}\r\n".encode())
            assert sites.answer(client).status == 304


def test_a_head_is_answered_without_a_body(site: Site) -> None:
    with closing(site.connect(UP.replace(b"GET", b"HEAD") + b"\r\n" + UP + b"\r\n")) as client:
        head, whole = sites.answer(client, "HEAD"), sites.answer(client)

    assert head.headers["content-length"] == str(len(whole.body))


def test_an_old_client_is_answered_and_left(site: Site) -> None:
    with closing(site.connect(b"GET /up HTTP/1.0\r\n\r\n")) as client:
        assert sites.answer(client).status == 200
        assert sites.is_over(client)


def test_an_old_client_that_wants_to_stay_may(site: Site) -> None:
    with closing(site.connect()) as client:
        for _ in range(2):
            client.sendall(b"GET /up HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert sites.answer(client).status == 200


def test_nobody_learns_what_serves(site: Site) -> None:
    assert not {"server", "via", "x-powered-by"} & site.ask(UP + b"Connection: close\r\n\r\n").headers.keys()


def test_a_stranger_cannot_say_that_a_page_came_by_https(site: Site) -> None:
    """Seen to fail with gunicorn, which believes whoever connects from this machine."""
    said = site.ask(UP + b"X-Forwarded-Proto: https\r\nConnection: close\r\n\r\n")

    assert "strict-transport-security" not in said.headers


@pytest.mark.parametrize(
    ("trusted", "said", "is_secure"),
    [(0, "https", False), (1, "https", True), (1, "http", False), (1, "https, http", False), (2, "https", True)],
)
def test_the_nearest_trusted_proxy_says_whether_a_page_came_by_https(
    settings: Settings, trusted: int, said: str, is_secure: bool
) -> None:
    """Seen to fail without trust in the header: behind TLS no cookie was Secure unless gunicorn was told so as well."""
    door = create_app(replace(settings, trusted_proxies=trusted)).test_client()

    shown = door.get("/login", headers={"X-Forwarded-Proto": said, "X-Forwarded-For": "203.0.113.1, 203.0.113.2"})

    assert ("Secure" in shown.headers["Set-Cookie"]) is is_secure
