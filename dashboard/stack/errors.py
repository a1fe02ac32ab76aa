"""Why the stack does not start."""


class CannotStart(Exception):
    """The message is one sentence for whoever started it."""
