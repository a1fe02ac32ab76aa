"""The browser of the tests marked `browser`: the machine's Chromium, else the one that Playwright has installed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

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
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE * 1_000)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses to sandbox itself as root
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program(), args=[*FLAGS, *sandbox])
        yield started
        started.close()


def profile(browser: "Browser", **how: Any) -> "BrowserContext":
    """Return a fresh profile whose pages are waited for as long as everything else."""
    made = browser.new_context(**how)
    made.set_default_timeout(PATIENCE * 1_000)
    return made
