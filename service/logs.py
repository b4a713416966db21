"""Log lines, as JSON or as text: ours, gunicorn's and the libraries' alike."""

from __future__ import annotations

import logging
import re
import sys
from uuid import uuid4

import structlog
from structlog.types import Processor

CHATTY = ("alembic", "sentence_transformers", "huggingface_hub", "faiss", "torch", "onnxscript")
"""Libraries whose news are of no use to whoever runs the service."""

REQUEST_ID = "X-Request-Id"
"""The header by which a caller names a request, and an answer bears that name."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:@/+=-]{1,128}")


def set_up(level: str, style: str) -> None:
    """Writes all log lines of at least ``level`` to standard error, as ``json`` or ``text``."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = (
        [
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
        if style == "json"
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)]
    )
    handler = _Stderr()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    for other in logging.root.handlers[:]:
        if isinstance(other, _Stderr):
            logging.root.removeHandler(other)
    logging.root.addHandler(handler)
    logging.root.setLevel(level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.root.level))


class _Stderr(logging.Handler):
    """Writes to what is standard error at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line, as a whole."""
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)


def request_id(given: str | None) -> str:
    """What a request is called in all its log lines: the caller's name for it if it is well-formed
    (up to 128 letters, digits and ``._:@/+=-``), else a new one."""
    return given if given and _REQUEST_ID.fullmatch(given) else uuid4().hex


def bind(**facts: str) -> None:
    """Facts that every further line of this thread carries until ``unbind``."""
    structlog.contextvars.bind_contextvars(**facts)


def unbind() -> None:
    """Forgets them."""
    structlog.contextvars.clear_contextvars()
