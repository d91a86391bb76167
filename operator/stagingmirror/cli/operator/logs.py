"""How the operator writes its log: one JSON object a line, or lines for people (``console``)."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from stagingmirror.drift.legible import in_line


def configure_logging(log_format: str, stream: TextIO | None = None) -> None:
    """For this process, other libraries included: they log from WARNING on.

    Tracebacks of our own code are written, values of local variables are not.
    """
    out = stream or sys.stderr
    structlog.configure(
        processors=[
            *_shared(),
            structlog.processors.format_exc_info,
            _legible,
            _renderer(log_format, out),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_shared(), structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _legible,
                _renderer(log_format, out),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _legible(logger: object, method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """Values that others wrote, as a terminal may show them; a traceback keeps its lines."""
    return {
        key: "\n".join(map(in_line, value.split("\n"))) if key == "exception" else _in_line(value)
        for key, value in event.items()
    }


def _in_line(value: Any) -> Any:
    match value:
        case str():
            return in_line(value)
        case dict():
            return {_in_line(key): _in_line(each) for key, each in value.items()}
        case list() | tuple():
            return [_in_line(each) for each in value]
        case _:
            return value


def _renderer(log_format: str, out: TextIO) -> Any:
    if log_format == "console":
        plain = structlog.dev.plain_traceback
        return structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=plain)
    return structlog.processors.JSONRenderer(ensure_ascii=False)
