"""Log lines as JSON, one each: fields that the server chose, and no text of a request."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timezone


class JsonLines(logging.Formatter):
    """Time, level, message and the fields of ``extra={"fields": {...}}``."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON; arguments and tracebacks of foreign records are left out."""
        moment = datetime.fromtimestamp(record.created, tz=timezone.utc)
        line = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.msg if isinstance(record.msg, str) else type(record.msg).__name__,
        }
        line |= getattr(record, "fields", {})
        return json.dumps(line)


def log_to_stderr(*, requests: bool) -> None:
    """Send the web's log lines to standard error.

    Args:
        requests: Whether each request is a line; errors are, in any case.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("lingula.web", "lingula.serve", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
        quiet = name == "uvicorn.error" or (name == "lingula.web" and not requests)
        logger.setLevel(logging.WARNING if quiet else logging.INFO)
