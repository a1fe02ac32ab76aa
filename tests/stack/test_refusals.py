"""What prevents the start is one sentence on stderr and a non-zero exit."""

import os
import signal
import socket
from collections.abc import Iterator

import pytest

from dashboard.stack import locks
from dashboard.stack.main import main
from tests.stack.running import FOREIGN, a_free_port, start
from tests.waiting import PATIENCE


@pytest.fixture
def refusal(instance, monkeypatch, capsys) -> Iterator[object]:
    """Call app.py's main, expect it to refuse, and return its sentence."""
    handler = signal.getsignal(signal.SIGTERM)
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)

    def refusal(*arguments: str, **settings: str) -> str:
        for name, value in {"EVENHAND_INSTANCE": str(instance), **settings}.items():
            monkeypatch.setenv(name, value)
        assert main(["--no-demo", *arguments]) == 1
        said = capsys.readouterr()
        assert (said.out, said.err.count("\n")) == ("", 1)
        return said.err.strip()

    yield refusal
    signal.signal(signal.SIGTERM, handler)


def test_a_refusal_is_one_sentence_and_a_non_zero_exit(instance):
    process = start(instance, "--port", "eighty")

    said, sentence = process.communicate(timeout=PATIENCE)

    assert process.returncode == 1
    assert (said, sentence) == ("", "--port: must be a whole number from 1 to 65535, not 'eighty'.\n")


def test_a_port_in_use_is_refused(refusal):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        assert refusal("--port", str(port)) == f"Cannot listen on 127.0.0.1:{port}: another program uses this port."


def test_a_second_stack_on_the_same_instance_is_refused(refusal, instance):
    first = locks.take(instance / "locks" / "stack")

    assert refusal() == f"Evenhand already runs with the instance directory {instance}."

    os.close(first)


def test_an_unreachable_database_is_refused_without_telling_its_password(refusal):
    url = f"postgresql://ana:secret@127.0.0.1:{a_free_port()}/desk"

    sentence = refusal("--port", str(a_free_port()), DATABASE_URL=url)

    assert sentence.startswith("DATABASE_URL cannot be reached: ")
    assert "Connection refused" in sentence
    assert "secret" not in sentence


@pytest.mark.parametrize(
    ("arguments", "settings", "named"),
    [
        (["--port", "65536"], {}, "--port"),
        (["--workers", "0"], {}, "--workers"),
        (["--prot", "80"], {}, "--prot"),
        (["--host", "no.such.host.invalid"], {}, "no.such.host.invalid"),
        ([], {"PRESENCE_DURATION": "soon"}, "PRESENCE_DURATION"),
        ([], {"REDIS_URL": "http://127.0.0.1"}, "REDIS_URL"),
        ([], {"DATABASE_URL": "postgresql://127.0.0.1:port/desk"}, "DATABASE_URL"),
    ],
)
def test_a_nonsense_setting_is_refused_by_its_name(refusal, arguments, settings, named):
    assert named in refusal(*arguments, **settings)


def test_an_instance_directory_that_cannot_be_one_is_refused_by_its_name(refusal, instance):
    instance.write_text("a file")

    assert str(instance) in refusal()
