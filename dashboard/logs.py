"""One log line per fact: for people on a console, or as JSON. Warnings of libraries have the same form."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

from dashboard.config import LogFormat

# Terminals obey these characters, and half a surrogate pair cannot be written.
CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def escape(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace control characters in log values by their codes; the lines of a traceback stay lines."""
    return {name: _escaped(value) if isinstance(value, str) else value for name, value in line.items()}


def _escaped(text: str) -> str:
    return CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


COMMON: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    escape,
)


def set_up(form: LogFormat) -> None:
    """Send every log line of this process to stderr in this format."""
    lines: tuple[Processor, ...] = (
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer() if form is LogFormat.JSON else structlog.dev.ConsoleRenderer(colors=False),
    )
    structlog.configure(
        processors=[*COMMON, *lines],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    _adopt_libraries(lines)


def _adopt_libraries(lines: tuple[Processor, ...]) -> None:
    """Format the warnings of libraries like our own log lines."""
    ours = structlog.stdlib.ProcessorFormatter
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ours(foreign_pre_chain=COMMON, processors=[ours.remove_processors_meta, *lines]))
    handler.set_name("evenhand")
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if one.get_name() != "evenhand"] + [handler]
