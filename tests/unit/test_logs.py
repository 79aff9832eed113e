"""The log lines: their form, what a library says included, and that no secret gets into one."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import structlog
from aiohttp import web

from bot.logs import configure_logging, redact
from tests.log_state import logging_restored

TOKEN = "MTEwMDAwMDAwMDAwMDAwMDAwMg.local0.this-token-works-only-on-the-local-sandbox"

SECRETS = [
    (f"logged in with {TOKEN}", TOKEN),
    ("postgresql://bot:hunter2@db:5432/x is away", "hunter2"),
    ("postgresql://bot:hun@ter2@db/x is away", "ter2"),
    ("postgresql:///x?host=db&password=hunter2&sslmode=require", "hunter2"),
    ("POST https://discord.com/api/webhooks/123456789012345678/aB3-_xyz 404", "aB3-_xyz"),
    ("POST /api/v10/interactions/123456789012345678/aW50ZXI-_x/callback", "aW50ZXI"),
    ("{'Authorization': 'Bot abc.def'}", "abc.def"),
    ("authorization: Bearer abcdef", "abcdef"),
    ("{'Authorization': 'Token token=abcdef'}", "abcdef"),
    ("POST /hooks/my-sentry/abc%2Fdef.~-_/v2/enqueue", "def"),
    ("GET https://bot.example.com/ack/abc.def-_ghi", "abc"),
    ("401 for github_pat_11AAAAAAA0_abc.def", "11AAAAAAA0"),
    ("pushed with ghp_0123456789abcdef", "0123456789abcdef"),
]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Logging as it was: the set-up is the process's, and other tests have theirs."""
    with logging_restored():
        yield


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    """What was written, as objects."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_redact(text: str, secret: str) -> None:
    """A secret of any known shape in a text is replaced by ***."""
    cleaned = redact(text)
    assert secret not in cleaned
    assert "***" in cleaned


@pytest.mark.parametrize(
    "text", ["incident.acknowledged", "https://discord.com/channels/1/2/3", "api.parky.co.jp"]
)
def test_redact_leaves_the_rest(text: str) -> None:
    """An address without a secret stays readable."""
    assert redact(text) == text


async def test_what_is_no_http_is_one_line_without_its_address() -> None:
    """Anybody on the network may send it, and the address of a hook is a secret."""
    stream = io.StringIO()
    configure_logging(form="json", level="info", stream=stream)
    runner = web.AppRunner(web.Application(), access_log=None)
    await runner.setup()
    assert runner.server is not None
    there = await asyncio.get_running_loop().create_server(runner.server, "127.0.0.1", 0)
    reading, writing = await asyncio.open_connection("127.0.0.1", there.sockets[0].getsockname()[1])
    writing.write(b"POST /hooks/sentry/the-secret HTTP/9.9x\r\nHost: bot\r\n\r\n")
    assert (await reading.readline()).split()[1] == b"400"
    writing.close()
    there.close()
    await runner.cleanup()
    (line,) = lines(stream)
    told = "Error handling request from 127.0.0.1 (BadStatusLine)"
    assert (line["logger"], line["level"], line["event"]) == ("aiohttp.server", "info", told)
    assert "the-secret" not in stream.getvalue()


def test_a_line_is_one_object() -> None:
    """JSON: event, level, logger, time in UTC, the bound context and the fields."""
    stream = io.StringIO()
    configure_logging(form="json", level="info", stream=stream)
    structlog.contextvars.bind_contextvars(trigger="job")
    structlog.get_logger("bot.x").info("incident.opened", incident_id=42, title="決済")
    (line,) = lines(stream)
    at = datetime.fromisoformat(str(line.pop("timestamp")))
    assert at.tzinfo == UTC
    assert line == {
        "event": "incident.opened",
        "level": "info",
        "logger": "bot.x",
        "trigger": "job",
        "incident_id": 42,
        "title": "決済",
    }


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_no_secret_in_any_line(form: str, text: str, secret: str) -> None:
    """Ours, a library's, nested, in a traceback, under a telling key: nothing gets through."""
    stream = io.StringIO()
    configure_logging(form="json" if form == "json" else "console", level="debug", stream=stream)
    log = structlog.get_logger("bot.x")
    log.info("a", reason=text, nested={"list": [text]}, token=secret)
    logging.getLogger("discord.http").debug("said %s", text)
    logging.getLogger("asyncpg").warning("said", extra={"dsn": text})
    try:
        int(text)  # its error quotes what it was given
    except ValueError:
        log.exception("b")
        logging.getLogger("aiohttp").exception("c")
    assert secret not in stream.getvalue()
    assert "Traceback" in stream.getvalue()


def test_libraries_go_the_same_way() -> None:
    """A line of the standard library's logging has the same form as ours."""
    stream = io.StringIO()
    configure_logging(form="json", level="info", stream=stream)
    logging.getLogger("discord.gateway").info("Shard ID %s has connected", None)
    (line,) = lines(stream)
    assert line["event"] == "Shard ID None has connected"
    assert line["logger"] == "discord.gateway"
    assert line["level"] == "info"


def test_chatter_is_left_out() -> None:
    """The scheduler's line for each tick is not logged; its warnings are."""
    stream = io.StringIO()
    configure_logging(form="json", level="info", stream=stream)
    logging.getLogger("apscheduler.executors.default").info("Running job")
    logging.getLogger("apscheduler.scheduler").warning("missed")
    structlog.get_logger("bot.x").debug("too fine")
    assert [line["event"] for line in lines(stream)] == ["missed"]


@pytest.mark.parametrize(
    ("logger", "said"),
    [
        ("asyncpg.pool", "Failed to restore it"),
        ("pgqueuer", "Flush failed, requeuing %d items"),
        (
            "asyncio",
            "Task exception was never retrieved: <coro=<PoolConnectionHolder.release()>>",
        ),
    ],
)
def test_what_is_tried_again_is_one_line(logger: str, said: str) -> None:
    """A warning that names the error; a traceback with each attempt of an outage would bury the rest."""
    stream = io.StringIO()
    configure_logging(form="json", level="info", stream=stream)
    failed = (ConnectionError, ConnectionError("gone"), None)
    logging.getLogger(logger).error(said, *([7] if "%" in said else []), exc_info=failed)
    [line] = lines(stream)
    assert line["level"] == "warning"
    assert str(line["event"]).endswith("(ConnectionError)")
    assert "exception" not in line
