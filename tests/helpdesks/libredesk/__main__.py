"""Serves the stand-in: `python -m tests.helpdesks.libredesk --port 0` prints its address."""

from tests.helpdesks.libredesk.libredesk import LibredeskStandin
from tests.helpdesks.standin.server import main

if __name__ == "__main__":
    main(LibredeskStandin())
