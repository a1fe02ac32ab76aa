"""Serves the stand-in: `python -m tests.helpdesks.chatwoot --port 0` prints its address."""

from tests.helpdesks.chatwoot.chatwoot import ChatwootStandin
from tests.helpdesks.standin.server import main

if __name__ == "__main__":
    main(ChatwootStandin())
