"""Log lines hold no character that a terminal obeys."""

import logging

import structlog

from dashboard import logs
from dashboard.config import LogFormat


def test_others_text_does_nothing_to_the_terminal_that_shows_it(capfd):
    """Seen to fail without the escapes: the values came as they were."""
    before, handlers = structlog.get_config(), logging.getLogger().handlers
    logs.set_up(LogFormat.CONSOLE)
    try:
        structlog.get_logger("tests").error("store_unavailable", path="/a\x1b[2J\u202e\ud800", error="b\x9b2J\0")
    finally:
        structlog.configure(**before)
        logging.getLogger().handlers = handlers

    said = capfd.readouterr().err
    assert "path=/a\\x1b[2J\\u202e\\ud800" in said
    assert "error=b\\x9b2J\\x00" in said
