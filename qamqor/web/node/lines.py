"""Log lines as JSON, one an event, without what an exception says of somebody's data."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any, Final

_OWN: Final = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {
    "message",
    "asctime",
    "taskName",
    "request",
    "server_time",
}


class JsonLines(logging.Formatter):
    """One JSON object a line: when, how grave, who says it, what, and what goes with it.

    Of an exception only its type and where it was raised are kept: its words may hold a name.
    """

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.msg if record.name.startswith("django") else record.getMessage(),
        }
        said |= {key: value for key, value in record.__dict__.items() if key not in _OWN}
        if record.exc_info and record.exc_info[0] is not None:
            said["exception"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])
            said["raised"] = [f"{one.filename}:{one.lineno} {one.name}" for one in frames[-8:]]
        return json.dumps(said, ensure_ascii=False, default=str)
