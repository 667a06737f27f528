"""Structured logs, one JSON object a line, without patient data.

Only fields of `ALLOWED` get through: whoever logs a new one decides here that it is no patient's.
"""

import logging
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger
from typing_extensions import override

ALLOWED: Final = frozenset(
    (
        "event", "level", "timestamp", "exception", "program", "site", "peer", "role", "collection",
        "state", "before", "after", "reason", "code", "instances", "expected", "size", "ms", "port",
        "status", "method", "route", "attempt", "retry_at", "priority", "ae_title", "study_count",
        "ticket", "chunk", "chunks", "signal", "url_kind", "outcome", "count", "detail_type",
    )
)  # fmt: skip


def set_up_logs(program: str, level: str = "info") -> None:
    """Send structured logs to stderr; foreign libraries' warnings too."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _only_allowed,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(program=program)
    # Their messages may quote data sets: they are counted, not repeated.
    logging.basicConfig(level=logging.WARNING, handlers=[_Silent()], force=True)


def _only_allowed(_logger: WrappedLogger, _name: str, fields: EventDict) -> EventDict:
    kept = {key: value for key, value in fields.items() if key in ALLOWED}
    kept["event"] = str(fields.get("event", ""))[:80]
    return kept


class _Silent(logging.Handler):
    """Says that a library complained, and which, but not what: it may quote a patient."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().warning(
            "library_warning", detail_type=record.name, level=record.levelname.lower()
        )
