"""Logging: structlog for us, the standard library's loggers of everybody else through the same chain.

Lines go to stderr, as stdout belongs to what a command answers. Whatever looks like a secret is replaced
before a line is written, in tracebacks too.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Final, Literal, TextIO

from bot.lean_imports import absent

# Rich is 6 MB and a sixteenth of a start, for tracebacks that are not used here; greenlet is 1.5 MB, for
# threads of a kind that the bot does not have.
with absent("rich"), absent("greenlet"):
    import structlog
    from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN: Final = "***"

_SECRET_KEYS: Final = re.compile(
    r"token|password|secret|authorization|dsn|database_url|smtp_url|heartbeat_url|webhooks", re.IGNORECASE
)

_PATTERNS: Final = (
    # A bot token: the application's id, a time, a signature.
    (re.compile(r"[\w-]{17,}\.[\w-]{6,}\.[\w-]{27,}", re.ASCII), HIDDEN),
    # The password in an address; greedy, since people forget to quote an @ in it.
    (re.compile(r"(://[^\s:/@]*):\S+@"), rf"\1:{HIDDEN}@"),
    (re.compile(r"([?&]password=)[^&\s'\"]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    # A token of GitHub, of any kind.
    (re.compile(r"\b(?:gh[a-z]_|github_pat_)[\w.-]+", re.ASCII), HIDDEN),
    # Webhooks, and the answers to interactions: the last part is enough to post.
    (re.compile(r"(/(?:webhooks|interactions)/\d+/)[\w-]+", re.ASCII), rf"\1{HIDDEN}"),
    # Addresses that are secrets of their own: of a hook, and of a page to acknowledge on.
    (re.compile(r"(/(?:hooks/[\w-]+|ack)/)[\w%.~-]+", re.ASCII), rf"\1{HIDDEN}"),
    (
        re.compile(
            r"(authorization['\"]?\s*[:=]\s*['\"]?)(?:(?:bot|bearer|basic|token)\s+)?[^\s'\",]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
)

#: Loggers that tell every turn of their wheels at the level where we tell what changed. httpx tells
#: addresses, and the heartbeat's is a secret.
_CHATTY: Final = ("aiohttp.access", "apscheduler", "asyncio", "httpcore", "httpx")

#: A lost connection is expected, and logged with each attempt: one line, a warning, no traceback. Each logger
#: with a part of its message. asyncpg gives a connection back in a task of its own, whose error asyncio logs.
_RECONNECTING: Final = {
    "asyncio": "PoolConnectionHolder.release()",
    "asyncpg.pool": "Failed to restore",
    "discord.client": "Attempting a reconnect",
    "pgqueuer": "Flush failed",
}


def redact(text: str) -> str:
    """Return *text* without tokens, passwords in addresses, webhook secrets and Authorization headers."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def configure_logging(*, form: Literal["console", "json"], level: str, stream: TextIO | None = None) -> None:
    """Set up logging for this process; calling it again replaces the set-up.

    Args:
        form: For eyes or for machines; JSON lines are one object each.
        level: "debug", "info", "warning" or "error".
        stream: Where lines go; None is stderr.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_formatter(form, colors=handler.stream.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
    for name, part in _RECONNECTING.items():
        logging.getLogger(name).filters[:] = [_Reconnecting(part)]
    logging.getLogger("aiohttp.server").filters[:] = [_malformed_in_one_line]
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # a test may set it up again
    )


def _malformed_in_one_line(record: logging.LogRecord) -> bool:
    """Make one line of a request that is no HTTP: anybody may send one, and its traceback quotes it."""
    error = record.exc_info[1] if record.exc_info else None
    if error is not None and type(error).__module__ == "aiohttp.http_exceptions":
        _shorten(record, error, level=logging.INFO)
    return True


def _shorten(record: logging.LogRecord, error: BaseException, *, level: int) -> None:
    record.msg, record.args = f"{record.getMessage()} ({type(error).__name__})", ()
    record.levelno, record.levelname = level, logging.getLevelName(level)
    record.exc_info = record.exc_text = None


class _Reconnecting(logging.Filter):
    """Makes one line of each record whose message contains *part*."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self._part = part

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and self._part in record.msg:
            _shorten(record, error, level=logging.WARNING)
        return True


def _shared() -> list[Processor]:
    """Return what happens to our lines and to those of a library alike."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,  # before the redaction: a traceback quotes addresses
        _redacted,
    ]


def _formatter(form: Literal["console", "json"], *, colors: bool) -> logging.Formatter:
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False, default=_text)
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=colors, exception_formatter=structlog.dev.plain_traceback, pad_event_to=28
        )
    )
    return structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        foreign_pre_chain=[*_shared()],
    )


def _text(value: object) -> str:
    return redact(str(value))


def _redacted(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if not key.startswith("_"):
            event[key] = _clean(key, value)
    return event


def _clean(key: str, value: object) -> object:
    """Return *value* without secrets; other values than text, numbers and collections become text."""
    match value:
        case None | bool() | int() | float():
            return value
        case _ if _SECRET_KEYS.search(key):
            return HIDDEN
        case str():
            return redact(value)
        case Mapping():
            return {str(name): _clean(str(name), inner) for name, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean(key, inner) for inner in value]
        case _:
            return redact(str(value))
