"""The stack's output. After the reader's end (a closed terminal, a pipe), the stack goes on without output."""

import os
import sys

from honcho.printer import Message, Printer


class Terminal(Printer):
    """The printer of the children's lines."""

    def write(self, message: Message) -> None:
        """Print a line with its time and its process's name."""
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
