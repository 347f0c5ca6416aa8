"""Log lines: one event each, with names and values, and never the contents of a request."""

from __future__ import annotations

import logging
import sys

import structlog


def _without_rows(_: object, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """PostgreSQL's DETAIL quotes the row that failed, with whatever stands in it."""
    if isinstance(trace := line.get("exception"), str):
        line["exception"] = "\n".join(one for one in trace.splitlines() if not one.startswith("DETAIL:"))
    return line


def _in_a_line(_: object, __: str, line: structlog.typing.EventDict) -> str:
    """What a person reads beside what a command says: no time, no trace."""
    event, level = line.pop("event"), line.pop("level")
    values = (f"{name}={value}" for name, value in line.items() if name not in {"exc_info", "timestamp"})
    return " ".join((f"{level}: {event}", *values))


def configure(*, serving: bool = True) -> None:
    """Readable on a terminal, JSON for machines. Tracebacks come without local variables: those hold tokens (I-24).

    serving: a command that ends by itself says in sentences what came of it, and logs only what went wrong unforeseen.
    """
    if not serving:
        structlog.configure(
            processors=[structlog.processors.add_log_level, _in_a_line],
            wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
            cache_logger_on_first_use=True,
        )
        return
    terminal = sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if terminal
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(() if terminal else (structlog.processors.format_exc_info, _without_rows)),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING if terminal else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
