"""What prevents the start is one sentence on stderr and a non-zero exit."""

import os
import socket
from pathlib import Path

import pytest

from dashboard import config
from dashboard.allow_list import NEARBY
from dashboard.stack import locks
from dashboard.stack.main import environment
from dashboard.starting import CannotStart
from tests.stack.running import a_free_port, start
from tests.waiting import PATIENCE


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

    assert sentence.startswith("DATABASE_URL cannot be reached (")
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
        ([], {"API_RATE_LIMIT": "0"}, "API_RATE_LIMIT"),
        ([], {"REDIS_URL": "http://127.0.0.1"}, "REDIS_URL"),
        ([], {"DATABASE_URL": "postgresql://127.0.0.1:port/desk"}, "DATABASE_URL"),
        ([], {"REDIS_URL": "redis://127.0.0.1:port"}, "REDIS_URL"),
    ],
)
def test_a_nonsense_setting_is_refused_by_its_name(refusal, arguments, settings, named):
    assert named in refusal(*arguments, **settings)


@pytest.mark.parametrize(
    "url",
    [
        "desk.example",
        "ftp://desk.example",
        "https://",
        "https://desk.example?a=b",
        "https://ada@desk.example",
        "https://desk.example:port",
        "https://desk.example/a b",
    ],
)
def test_a_public_address_that_no_link_can_begin_with_is_refused_by_its_name(tmp_path: Path, url: str):
    """Seen to fail with the setting taken as it came."""
    with pytest.raises(config.BadSetting, match="PUBLIC_URL"):
        config.load({"EVENHAND_INSTANCE": str(tmp_path), "PUBLIC_URL": url})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        *((text, repr(text)) for text in ("a b", "http://desk.lan", "desk.lan:80", "*", "127.1", "10.0.0.1/8", "0x7f")),
        ("desk.lan, 300.1.1.1", "'300.1.1.1'"),
        ("desk.lan,,desk.example", "''"),
    ],
)
def test_a_part_that_is_neither_host_nor_network_is_refused_by_its_name(tmp_path: Path, text: str, named: str):
    """C4: one sentence with the setting and the part."""
    with pytest.raises(config.BadSetting, match="HELPDESK_ALLOW") as refused:
        config.load({"EVENHAND_INSTANCE": str(tmp_path), "HELPDESK_ALLOW": text})

    assert f"{named} is neither" in str(refused.value)


@pytest.mark.parametrize(
    ("said", "called", "allowed"),
    [
        ({}, ("desk.lan", "10.0.0.1"), False),
        ({"HELPDESK_ALLOW": " "}, ("desk.lan", "10.0.0.1"), False),
        ({"HELPDESK_ALLOW": "desk.lan"}, ("DESK.lan.", "10.0.0.1"), True),
        ({"HELPDESK_ALLOW": "desk.lan"}, ("my.desk.lan", "10.0.0.1"), False),
        ({"HELPDESK_ALLOW": "10.0.0.0/8, ::1"}, ("any.example", "10.9.9.9"), True),
        ({"HELPDESK_ALLOW": "10.0.0.0/8, ::1"}, ("any.example", "::ffff:10.9.9.9"), True),
        ({"HELPDESK_ALLOW": "10.0.0.0/8, ::1"}, ("any.example", "::1"), True),
        ({"HELPDESK_ALLOW": "10.0.0.0/8, ::1"}, ("any.example", "192.168.0.1"), False),
        ({"HELPDESK_ALLOW": "10.0.0.5"}, ("any.example", "10.0.0.6"), False),
        ({"HELPDESK_ALLOW": NEARBY}, ("localhost", "127.0.0.1"), True),
        ({"HELPDESK_ALLOW": NEARBY}, ("desk.lan", "192.168.1.5"), True),
        ({"HELPDESK_ALLOW": NEARBY}, ("metadata", "169.254.169.254"), False),
        ({"HELPDESK_ALLOW": NEARBY}, ("metadata", "fe80::1%eth0"), False),
    ],
)
def test_helpdesks_are_called_where_the_operator_allows(
    tmp_path: Path, said: dict[str, str], called: tuple[str, str], allowed: bool
):
    """C4: without the setting at public addresses alone."""
    settings = config.load({"EVENHAND_INSTANCE": str(tmp_path), **said})

    assert settings.helpdesk_allow.names(*called) is allowed


@pytest.mark.parametrize(
    ("said", "passed_on"),
    [({}, NEARBY), ({"HELPDESK_ALLOW": ""}, ""), ({"HELPDESK_ALLOW": "desk.lan"}, "desk.lan")],
    ids=["unset", "set to nothing", "set"],
)
def test_one_machine_allows_its_own_networks_unless_the_operator_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, str], passed_on: str
):
    """C4"""
    monkeypatch.delenv("HELPDESK_ALLOW", raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    settings = config.load({"EVENHAND_INSTANCE": str(tmp_path), **said})

    assert environment(settings)["HELPDESK_ALLOW"] == passed_on


@pytest.mark.parametrize(
    "kept",
    [b"", b"\n", b"too short", b"\0" * 64, b"\xff" * 64],
    ids=["empty", "a line's end", "too short", "zeros", "no text"],
)
def test_a_kept_secret_that_signs_nothing_is_refused_with_its_cure(refusal, instance, kept):
    """Seen to fail with whatever was kept taken for a secret: ready, and every page an error."""
    instance.mkdir()
    (instance / "secret_key").write_bytes(kept)

    sentence = refusal()

    assert sentence.startswith(f"{instance}/secret_key holds no secret: put a copy of it back, or remove it")
    assert (instance / "secret_key").read_bytes() == kept


def a_folder(path: Path) -> None:
    path.mkdir(parents=True)


def a_link_to_nothing(path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(path.parent / "nowhere" / "at all")


def a_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("(")


@pytest.mark.parametrize(
    ("put", "name", "cure"),
    [
        (a_folder, "secret_key", "a file belongs there"),
        (a_link_to_nothing, "secret_key", "cannot be used"),
        (a_file, "config.py", "mend it or move it away"),
        (a_folder, "config.py", "mend it or move it away"),
        (a_file, "locks", "a folder belongs there"),
        (a_folder, "locks/stack", "a file belongs there"),
        (a_file, "log", "a folder belongs there"),
        (a_folder, "log/redis.log", "a file belongs there"),
        (a_file, "redis", "a folder belongs there"),
        (a_file, "postgres", "restore a backup"),
        (a_file, "postgres/other", "restore a backup"),
    ],
)
def test_what_is_not_what_belongs_there_is_refused_by_its_name_with_a_cure(refusal, instance, *, put, name, cure):
    """Seen to fail: a secret that is no file ended in a traceback, and a log that is no folder in nothing at all."""
    put(instance / name)

    sentence = refusal("--port", str(a_free_port()))

    assert str(instance / name.removesuffix("/other")) in sentence
    assert cure in sentence


def test_a_config_that_ends_the_program_is_refused(refusal, instance):
    """Seen to fail with errors alone caught: it ended without a word."""
    instance.mkdir()
    (instance / "config.py").write_text("raise SystemExit(0)")

    assert refusal().startswith(f"{instance}/config.py cannot be read (SystemExit: 0)")


@pytest.mark.needs("users")
def test_an_instance_that_is_another_users_is_refused(instance):
    instance.parent.chmod(0o755)
    instance.mkdir(mode=0o755)
    os.seteuid(65_534)
    try:
        with pytest.raises(CannotStart, match=f"{instance}/.* cannot be used .*: let this user read and write it"):
            config.load({"EVENHAND_INSTANCE": str(instance)})
    finally:
        os.seteuid(0)


def test_an_instance_directory_that_cannot_be_one_is_refused_by_its_name(refusal, instance):
    instance.write_text("a file")

    assert str(instance) in refusal()


def test_an_instance_where_no_folder_can_be_made_is_refused_by_its_name(refusal):
    assert refusal(EVENHAND_INSTANCE="/proc/evenhand").startswith("/proc/evenhand")
