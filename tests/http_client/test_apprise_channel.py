"""The process that speaks to channels: which addresses it knows, and what it may not do."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.http_client.apprise_channel import ENVIRONMENT, ROOT, AppriseChannel, ChannelMessage
from dashboard.http_client.apprise_process import NOT_AN_ADDRESS, NOT_INSTALLED, OF_THIS_MACHINE
from dashboard.http_client.client import Outgoing

FAR = AppriseChannel(outgoing=Outgoing(allow_private=False))
NEAR = AppriseChannel(outgoing=Outgoing(allow_private=True))
MESSAGE = ChannelMessage(title="Alert", body="Nobody is online.", level="warning")
CONFINED = """
import json, os, socket, subprocess, sys
from dashboard.http_client import confinement
attempts = confinement.confine(allow_private=sys.argv[2] == "near")
def tried(act):
    try:
        act()
    except confinement.Confined:
        return "confined"
    except OSError as error:
        return type(error).__name__
    return "done"
print(json.dumps([
    tried(lambda: open(sys.argv[1]).read()),
    tried(lambda: open(sys.argv[1], "w")),
    tried(lambda: os.open(sys.argv[1], os.O_RDONLY)),
    tried(lambda: subprocess.run(["true"])),
    tried(lambda: os.system("true")),
    tried(os.fork),
    tried(lambda: os.remove(sys.argv[1])),
    tried(lambda: socket.socket(socket.AF_UNIX).connect("/run/nobody")),
    tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", ("8.8.8.8", 9))),
    tried(lambda: socket.socket().connect(("127.0.0.1", 9))),
    tried(lambda: socket.socket().connect(("localhost", 9))),
    tried(lambda: open(json.__file__).read()),
]))
"""


@pytest.mark.parametrize(
    ("address", "service"),
    [
        ("mailto://u:p@gmail.com", "E-Mail"),
        ("slack://AAAAAAAAA/BBBBBBBBB/cccccccccccccccccccccccc", "Slack"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "Telegram"),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "Discord"),
        ("ntfy://topic", "ntfy"),
        ("jsons://93.184.216.34/path", "JSON"),
    ],
)
def test_addresses_of_remote_services_are_known(address: str, service: str):
    """E80"""
    assert FAR.check(address).service == service


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("nosuch://x", NOT_AN_ADDRESS),
        ("no address", NOT_AN_ADDRESS),
        ("mailto://", NOT_AN_ADDRESS),
        ("file:///etc/passwd", NOT_AN_ADDRESS),
        ("syslog://", OF_THIS_MACHINE),
        ("rsyslog://93.184.216.34", OF_THIS_MACHINE),
        ("dbus://", OF_THIS_MACHINE),
        ("gnome://", OF_THIS_MACHINE),
        ("macosx://", OF_THIS_MACHINE),
        ("windows://", OF_THIS_MACHINE),
        ("mqtt://93.184.216.34/topic", NOT_INSTALLED),
    ],
)
def test_other_addresses_are_refused(address: str, why: str):
    """E80"""
    assert FAR.check(address).refusal == why


def test_a_file_that_an_address_names_is_not_read(tmp_path: Path):
    """E80: the key file of a push service."""
    key = tmp_path / "key.json"
    key.write_text(json.dumps({"type": "service_account"}))

    address = f"fcm://project@abcdefgh/device?keyfile={key}&mode=oauth2"

    assert FAR.check(address).refusal or FAR.send(address, MESSAGE)


@pytest.mark.parametrize("network", ["far", "near"])
def test_a_confined_process_reads_its_own_program_and_calls_addresses_and_nothing_else(tmp_path: Path, network: str):
    """E80: private addresses only where they are allowed. Seen to fail without the hook."""
    secret = tmp_path / "secret"
    secret.write_text("secret")

    done = subprocess.run(
        [sys.executable, "-c", CONFINED, str(secret), network],
        env=ENVIRONMENT, cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip

    private = "confined" if network == "far" else "ConnectionRefusedError"
    assert json.loads(done.stdout) == [*["confined"] * 9, private, "confined", "done"]
    assert secret.read_text() == "secret"


def test_a_process_that_breaks_is_a_failure_of_the_channel():
    """E80"""
    broken = AppriseChannel(outgoing=NEAR.outgoing, command=(sys.executable, "-c", "print('no answer')"))
    missing = AppriseChannel(outgoing=NEAR.outgoing, command=("/nonexistent",))

    assert broken.send("json://93.184.216.34", MESSAGE) == "The call ended without an answer."
    assert missing.send("json://93.184.216.34", MESSAGE) == "The call ended without an answer."
