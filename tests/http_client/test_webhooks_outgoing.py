"""What is called from here, and what never is."""

import tracemalloc
from collections.abc import Sequence

import pytest

from dashboard.http_client.client import NOT_A_URL, NOT_ALLOWED, NOT_HTTP, Outgoing, Post, ReceiverResponse
from dashboard.http_client.url_guard import is_public, parse
from tests.receivers import babbling, dripping, receiver
from tests.waiting import stopwatch

ANYWHERE = Outgoing(allow_private=True)


def post(url: str) -> Post:
    return Post(url=url, body=b"{}", headers={"Content-Type": "application/json"})


def resolving_to(*addresses: str) -> Outgoing:
    """Return calls for which every name has these addresses."""
    return Outgoing(allow_private=False, resolve=lambda host, port: addresses)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
        ),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.0.8", "198.18.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::"),
    ],
)
def test_an_address_that_is_not_the_internets_is_never_called(address: str):
    outgoing = resolving_to("93.184.216.34", address)

    assert not is_public(address)
    assert outgoing.refusal("https://helpdesk.example/") == NOT_ALLOWED
    assert outgoing.post(post("https://helpdesk.example/")).error == NOT_ALLOWED


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_of_the_internet_may_be_called(address: str):
    assert is_public(address)
    assert resolving_to(address).refusal("https://helpdesk.example/hook") is None


@pytest.mark.parametrize("port", [1, 22, 25, 81, 6379, 65_535])
def test_every_port_of_a_public_address_may_be_called_and_none_of_a_private_one(port: int):
    """As docs/operations.md says of what is open by default."""
    url = f"http://helpdesk.example:{port}/hook"

    assert resolving_to("93.184.216.34").refusal(url) is None
    assert resolving_to("10.0.0.1").refusal(url) == NOT_ALLOWED


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "//h/", "ftp://h/", "file:///etc/passwd", "gopher://h/", "http://", "http:///x", "http://h:0/"),
        *("http://h:99999/", "http://u@h/", "http://u:p@h/", "http://@h/", "http://h/ x", "http://h/\r\nX: y"),
        *("http://[::1", "http://a..b/", f"http://{'a' * 64}.example/", f"http://h/{'a' * 2_000}", "http://h\\@i/"),
    ],
)
def test_what_is_no_plain_url_is_refused(url: str):
    assert ANYWHERE.refusal(url) == NOT_A_URL
    assert ANYWHERE.post(post(url)).error == NOT_A_URL


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "0x7f000001", "127.1", "localhost", "017700000001", "0177.0.0.1", "0x7f.0x0.0x0.0x1"),
        *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "0", "LOCALHOST"),
    ],
)
def test_loopback_is_known_under_all_its_names(host: str):
    assert Outgoing(allow_private=False).refusal(f"http://{host}/") == NOT_ALLOWED


def test_a_host_is_called_under_the_name_that_dns_knows():
    target = parse("https://bücher.example:8443/ü?q=[a]&b=%20#part")

    assert target
    assert (target.host, target.port, target.path) == ("xn--bcher-kva.example", 8443, "/%C3%BC?q=%5Ba%5D&b=%20")


def test_what_was_checked_is_what_is_connected_to():
    asked: list[str] = []

    def changing(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

    with receiver() as heard:
        url = heard.url.replace("127.0.0.1", "helpdesk.example")
        answer = Outgoing(allow_private=True, resolve=changing).post(post(url))

        assert answer.accepted
        assert asked == ["helpdesk.example"]
        assert heard.calls[0].headers["Host"] == url.split("/")[2]


def test_a_name_that_has_become_private_since_it_was_saved_is_not_called():
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])

    with receiver() as inside:
        outgoing = Outgoing(allow_private=False, resolve=lambda host, port: next(answers))
        url = inside.url.replace("127.0.0.1", "rebound.example")

        assert outgoing.refusal(url) is None
        assert outgoing.post(post(url)).error == NOT_ALLOWED
        assert inside.calls == []


def test_the_first_address_that_answers_is_called():
    with receiver() as heard:
        answer = Outgoing(allow_private=True, resolve=lambda host, port: ["127.0.0.9", "127.0.0.1"]).post(
            post(heard.url)
        )

    assert answer.accepted


def test_a_redirect_is_not_followed():
    with receiver() as inside, receiver(answer=lambda _: 302, location=inside.url) as outside:
        answer = ANYWHERE.post(post(outside.url))

        assert answer.status == 302
        assert not answer.accepted
        assert inside.calls == []


@pytest.mark.parametrize("status", [200, 201, 204, 299, 300, 400, 404, 500])
def test_only_two_hundreds_are_accepted(status: int):
    with receiver(answer=lambda _: status) as heard:
        answer = ANYWHERE.post(post(heard.url))

    assert answer.status == status
    assert answer.accepted is (status < 300)
    assert not answer.silent


def test_an_answer_that_drips_is_cut_when_its_whole_time_is_over():
    with dripping() as url:
        with stopwatch() as usable:
            answer = Outgoing(allow_private=True, time_out=0.5).post(post(url))
            assert usable() < 1.0

        assert answer.silent
        assert answer.error == "No answer within 0.5 s."


def test_a_receiver_that_hangs_is_left_after_its_time():
    with receiver(hangs_for=60.0) as heard:
        answer = Outgoing(allow_private=True, time_out=0.3).post(post(heard.url))

    assert answer.silent
    assert answer.error == "No answer within 0.3 s."


def test_who_does_not_listen_is_silent_and_says_why():
    with receiver() as gone:
        url = gone.url
    answer = ANYWHERE.post(post(url))

    assert answer.silent
    assert answer.error == "No answer: Connection refused."


@pytest.mark.parametrize(
    "said",
    [
        *(b"\0\r\n\r\n", b"HTTP/1.1 \0 secret\r\n\r\n", b"HTTP/1.1 20\xff secret\r\n\r\n", b"secret \xed\xa0\x80\r\n"),
        *(b"HTTP/9.9 200 secret\r\n\r\n", b"HTTP/1.1 99999999999999999999 secret\r\n\r\n", b"\x1b[2J secret\r\n"),
        *(b"HTTP/1.1 200 OK\r\n" + b"secret: \0\r\n" * 200, b"HTTP/1.1 200 " + b"secret" * 20_000),
    ],
)
def test_nothing_is_kept_of_an_answer_that_is_not_http(said: bytes):
    """Seen to fail with the message of the error: it quotes what came."""
    with babbling(said) as babbler:
        answer = ANYWHERE.post(post(babbler.url))

    assert (answer.status, answer.error, answer.silent) == (None, NOT_HTTP, True)


def test_nothing_but_the_status_is_kept_of_an_answer():
    with babbling(b"HTTP/1.1 503 \0secret\xff\r\nX: \0secret\r\n\r\n\0secret") as babbler:
        answer = ANYWHERE.post(post(babbler.url))

    assert answer == ReceiverResponse(status=503)


@pytest.mark.parametrize("status", [b"20_0", b"+200", b"0200", b"\xd9\xa2\xd9\xa0\xd9\xa0", b"2e2", b"20", b"099", b""])
def test_a_status_that_is_not_three_digits_accepts_nothing(status: bytes):
    """Seen to fail with 20_0 and +200 and 0200 read as Python reads them: the delivery counted as done."""
    with babbling(b"HTTP/1.1 " + status + b" OK\r\n\r\n") as babbler:
        answer = ANYWHERE.post(post(babbler.url))

    assert (answer.status, answer.error, answer.silent) == (None, NOT_HTTP, True)


@pytest.mark.parametrize("interim", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"])
def test_a_receiver_that_goes_on_is_waited_for_a_few_times(interim: bytes):
    """Seen to fail with answers that go on read without end, and with a 103 taken for the answer."""
    with babbling(interim * 5 + b"HTTP/1.1 201 Created\r\n\r\n") as babbler:
        assert ANYWHERE.post(post(babbler.url)) == ReceiverResponse(status=201)
    with babbling(interim * 500_000) as endless, stopwatch() as usable:
        answer = ANYWHERE.post(post(endless.url))
        assert usable() < 1.0

    assert (answer.status, answer.error) == (None, NOT_HTTP)


@pytest.mark.parametrize("size", [b"-1", b"-5", b"0x", b"ffffffffff", b""])
def test_what_follows_a_status_changes_nothing_and_is_not_read_to_its_end(size: bytes):
    """Seen to fail with the answer's body read as HTTP: -1 took all 64 MiB, -5 was silence and would be sent again."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + size + b"\r\n"
    with babbling(head + bytes(64 * 1024 * 1024)) as babbler:
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        answer = ANYWHERE.post(post(babbler.url))
        peak = tracemalloc.get_traced_memory()[1] - before
        tracemalloc.stop()

    assert answer == ReceiverResponse(status=200)
    assert peak < 4 * 1024 * 1024


def test_a_connection_that_is_closed_without_an_answer_is_silence():
    with babbling(b"") as babbler:
        answer = ANYWHERE.post(post(babbler.url))

    assert (answer.error, answer.silent) == ("No answer: the connection was closed.", True)


def test_a_name_that_nobody_knows_may_be_saved_and_is_silent_when_called():
    def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("Name or service not known")

    outgoing = Outgoing(allow_private=False, resolve=unknown)

    assert outgoing.refusal("https://later.example/") is None
    assert outgoing.post(post("https://later.example/")).silent
