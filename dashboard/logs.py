"""One log line per fact: for people on a console, or as JSON for machines; libraries' warnings in the same form."""

import logging
import sys

import structlog
from structlog.typing import Processor

from dashboard.config import LogFormat

COMMON: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def set_up(form: LogFormat) -> None:
    """Send every log line of this process to stderr in this form."""
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
    """Let what libraries warn of look like our own lines."""
    ours = structlog.stdlib.ProcessorFormatter
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ours(foreign_pre_chain=COMMON, processors=[ours.remove_processors_meta, *lines]))
    handler.set_name("evenhand")
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if one.get_name() != "evenhand"] + [handler]
