"""What the stack prints. When whoever read it has gone (a closed terminal, a pipe), the desk goes on."""

import os
import sys

from honcho.printer import Message, Printer


class Terminal(Printer):
    """Where honcho prints its children's lines."""

    def write(self, message: Message) -> None:
        """Print a line, with its time and who said it."""
        try:
            super().write(message)
        except OSError:
            _print_no_more()


def say(line: str) -> None:
    """Print a line as it is."""
    try:
        print(line, flush=True)
    except OSError:
        _print_no_more()


def _print_no_more() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
