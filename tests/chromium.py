"""The browser of the tests marked `browser`: the machine's Chromium, else the one that Playwright has installed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@cache
def program() -> str:
    """Return the path of a Chromium, or nothing when there is none."""
    if found := next(filter(None, map(shutil.which, NAMES)), None):
        return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else ""


@contextmanager
def browser() -> "Iterator[Browser]":
    """Yield a Chromium that is closed afterwards."""
    from playwright.sync_api import sync_playwright

    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses to sandbox itself as root
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program(), args=[*FLAGS, *sandbox])
        yield started
        started.close()
