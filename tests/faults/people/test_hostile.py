"""Row 67: hostile text keeps the process busy for no more than a moment."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

import pytest

from bot.domain.alerts.alert import AlertMessage, severity_at_start
from bot.domain.alerts.reading import read_message
from bot.domain.alerts.recognition import Reading, Shape, alert_title
from bot.domain.calendar.typed_times import parse_due_date, parse_duration, parse_start_time, parse_typed_span
from bot.domain.errors import UserError
from bot.domain.incident.forms import parse_people
from bot.domain.masking.masking import mask
from bot.domain.oncall.moments import parse_later
from bot.domain.oncall.rotation import parse_turn
from bot.domain.text import is_one_emoji, is_same_emoji
from bot.i18n import Texts
from bot.runbook import load_policy
from bot.services.acknowledging.email_links import guild_of
from bot.services.incidents.opening import clean_title
from bot.ui.discord_api.messages import Incoming
from bot.ui.posts.bodies import CONTENT_LIMIT
from bot.ui.words.evidence import suggested_title
from bot.ui.words.inert import code_block, inert, inert_lines, plain
from bot.ui.words.wording import Wording
from cogs.actions.rules import (
    action_number,
    specific,
    verifiable,
)
from cogs.dlq.rules import prepared
from tests.faults.conftest import Figure

LENGTH: Final = 4_000

#: CPU time of this thread, so that a busy machine makes nothing slow; the best of a few, so that a collection
#: of garbage does not.
WITHIN_S: Final = 0.010
TIMES: Final = 15

NOW: Final = datetime(2026, 11, 24, 5, 5, tzinfo=UTC)
TOKYO: Final = ZoneInfo("Asia/Tokyo")
POLICY: Final = load_policy(None)


class Somebody:
    """A client that is logged in as another bot."""

    application_id = 1
    user = None


_READER: Final = Incoming(cast("Any", Somebody()), Wording(Texts.load(), POLICY))
_ALERTS: Final = POLICY.alerts


def _message(**parts: object) -> AlertMessage:
    author = {"id": "77", "username": "Captain Hook", "bot": True}
    given = {
        "id": "9",
        "channel_id": "51",
        "author": author,
        "timestamp": NOW.isoformat(),
        "webhook_id": "77",
    }
    return _READER.read({**given, **parts}, guild_id=7, channel="p1-ops")


def _understand(message: AlertMessage) -> Reading:
    """Run everything that parses a monitor's message before the first write."""
    reading = read_message(message, _ALERTS.patterns, _ALERTS.names)
    alert_title(message, reading, _ALERTS.names, _ALERTS.shapes)
    severity_at_start(message.title, ("SEV1", "P0"))
    reading.fingerprint(message, _ALERTS.fingerprint, target=message.target(POLICY.targets))
    return reading


def _embedded(text: str) -> AlertMessage:
    field = {"name": text[:256], "value": text[:1_024]}
    shown = {"title": text[:256], "description": text, "author": {"name": text[:256]}, "fields": [field]}
    return _message(embeds=[{**shown, "footer": {"text": text[:1_000]}}])


#: Every parser of what strangers write. An .ics is read by a process of its own, with a time limit.
PARSERS: Final[Mapping[str, Callable[[str], object]]] = {
    "a monitor's text": lambda text: _understand(_message(content=text)),
    "a monitor's embed": lambda text: _understand(_embedded(text)),
    "a sender's name": lambda text: _understand(
        _message(author={"id": "77", "username": text[:80], "bot": True}, content=text)
    ),
    "a policy's pattern": lambda text: Shape.parse("{what} a* b* c* d").match(text),
    "a suggested title": lambda text: suggested_title(text, {}),
    "a title": clean_title,
    "a start": lambda text: parse_start_time(text, now=NOW, timezone=TOKYO),
    "a moment ahead": lambda text: parse_later(text, now=NOW),
    "a due date": lambda text: parse_due_date(text, today=NOW.date(), hours=POLICY.business_hours),
    "what is to be done": specific,
    "a verification": lambda text: verifiable(text, what="x"),
    "an action item's number": action_number,
    "a duration": parse_duration,
    "a typed span": parse_typed_span,
    "a number of people": parse_people,
    "a turn": parse_turn,
    "an emoji": lambda text: (is_one_emoji(text), is_same_emoji(text, "👀")),
    "a line to show": lambda text: inert(text, limit=CONTENT_LIMIT),
    "lines to show": lambda text: inert_lines(text, limit=CONTENT_LIMIT),
    "a code block": code_block,
    "a thread's name": lambda text: plain(text, limit=100),
    "a stored payload": lambda text: prepared({"content": text, "embeds": [{"title": text}]}),
    "a link's token": guild_of,
    "what is masked": mask,
}

#: What such a text is made of, again and again.
PIECES: Final = (
    *"[(<*_~`|#>@\\:/1a -.,+!\n\t\u3000あ👀\u200b\u202e\ufe0f🇯",
    *("[a", "[a](", "[a](http://", "](", "[]", "<@", "<@&1", "<a:", "<:x:", "<t:1", "@here", "@everyone "),
    *("https://", "http://a?", "https://a#b?", "www.", "://"),
    *("12:34", "1:", "2026-11-24", "2026-", "11/24 ", "1,234", "1.", "1.1", "1ms ", "99%", "1 1 "),
    *("1時", "1時間", "11月", "1年", "1日", "1m", "1h30m", "1d ", "5分前", "約", "頃", "午後", "昨日"),
    *(
        "deadbeef",
        "abcdef0",
        "0f",
        "a-",
        "dev-",
        "api.",
        "target",
        "host:",
        "target: ",
        "Service = ",
        "**host** ",
    ),
    *(
        "[FIRING:1] ",
        "[FIRING:",
        "(",
        " (",
        ")",
        "] ",
        "{what}",
        "is down ",
        "Status: Down\n",
        "✅ ",
        "[P1] ",
    ),
    *(
        "**",
        "***",
        "~~",
        "||",
        "``",
        "```",
        "__",
        "- ",
        "# ",
        "-# ",
        "> ",
        ">>> ",
        "\r\n",
        "\n\n",
        "a\n",
        "**\n",
        "-# \n",
        "1\n",
    ),
    *(
        "パスワード",
        "パスワードは",
        "パスワード：",
        "パスワード (",
        "パスワード「",
        "ａ",
        "は ",
        "を",
        "秘密鍵は x",
    ),
    *("the password is ", "password for a", "password:", "pass: ", "pwd=", "token=", "key: a", "_key"),
    *("mysql ", "mysql -p", "curl -u a:", "docker login -p ", "sshpass -p '", "mysql \\\n", "-p"),
    *(
        "echo a",
        "echo a |",
        "identified by '",
        "user a password ",
        "password ",
        "machine a ",
        "login a ",
        "default ",
        "a:5432:",
        "*:*:",
        "aws",
        "aws key ",
        "aws'",
        "secret_key ",
        "cloudant key ",
    ),
    *(
        "4111 ",
        "4111",
        "411111111111111",
        "090-",
        "0312345678",
        "(03)",
        "+81 ",
        "+1",
        "tel:",
        "card 4",
        "eyJ",
        "sk-",
        "a@a.",
    ),
    *("\x00", "\ud800", "￼", "ﷺ", "İ", "ß", "é"),
)

#: What may follow, so that what has begun does not end as it should.
ENDS: Final = ("", "!", "]", "1", "x\n")


def texts() -> dict[str, str]:
    """4,000 hostile characters of each shape."""
    made = {}
    for piece in PIECES:
        for end in ENDS:
            body = (piece * LENGTH)[: LENGTH - len(end)]
            made[f"{piece!r}…{end!r}"] = body + end
    return made


@pytest.mark.parametrize("parser", PARSERS)
def test_row_67_hostile_text_is_read_at_once(parser: str, figure: Figure) -> None:
    """Each parser reads 4,000 characters of every hostile shape within 10 ms."""
    read, slowest = PARSERS[parser], ("", 0.0)
    _took_s(read, "x")  # what is made at the first use
    for shape, text in texts().items():
        took_s = _took_s(read, text)
        if took_s > WITHIN_S / 2:
            took_s = min(took_s, *(_took_s(read, text) for _ in range(TIMES)))
        slowest = max(slowest, (shape, took_s), key=lambda known: known[1])
    shape, took_s = slowest
    assert took_s < WITHIN_S, f"{took_s * 1000:.1f} ms for {shape}"
    figure(f"{parser}: {took_s * 1000:.1f} ms at most")


def _took_s(read: Callable[[str], object], text: str) -> float:
    began = time.thread_time()
    with suppress(UserError, ValueError):
        read(text)
    return time.thread_time() - began
