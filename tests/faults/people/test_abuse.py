"""Rows 41 to 48: hostile text, hostile addresses, people without permission."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from bot.demo.triage_walk import CONFIRM, TriageReport, TriageWalk
from bot.services.incidents.opening import TITLE_LIMIT
from local_discord.client import HumanSideError, Interaction
from tests.e2e.dlq.failures import lose
from tests.e2e.world.severities import YES
from tests.faults.conftest import Figure
from tests.faults.judge.seen import attempts
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-abuse")]

_HOSTILE = (
    "@everyone <@&1100000000000000201> <@1100000000000000101> **太字** ||x|| \u202eRTL\u202c \u200b行41"
)
_ESCAPED = r"\*\*太字\*\* \|\|x\|\| RTL 行41"
_LONGEST = TITLE_LIMIT
_THREAD_NAME = 100
_SQL = "'; DROP TABLE incidents; --"


async def test_row_41_title_that_wants_to_ring(stage: Stage, figure: Figure) -> None:
    """Mentions, markup and invisible characters in a title have no effect; longer titles never arrive."""
    since = stage.world.sandbox.core.log.next
    with pytest.raises(HumanSideError, match="title"):
        await stage.world.command("sev1", title="あ" * 4000)
    await stage.start_command("sev1", title=_HOSTILE)
    [row] = await stage.until(
        lambda: stage.world.rows("SELECT * FROM incidents WHERE title LIKE '%行41%'"), "it"
    )
    await stage.until(lambda: stage.pages(row["id"], "primary"), "the page")
    await stage.world.idle()
    assert not {"\u202e", "\u200b"} & set(row["title"])
    [alert] = stage.alerts(row["id"])
    assert alert.rings, "@here, which the bot wrote"
    sent = [entry for entry in attempts(stage.world.sandbox, since=since) if entry["status"] == 200]
    assert sent
    for entry in sent:
        made, allowed = entry["response"], entry["body"]["allowed_mentions"]
        assert (made["mentions"], made["mention_roles"]) == ([], [])
        assert not allowed.get("users")
        assert not allowed.get("roles")
        assert "@everyone" not in made["content"]
        assert made["mention_everyone"] == made["content"].startswith("@here")
    assert _ESCAPED in alert.text
    thread = await _thread_of_the_longest(stage)
    figure(f"{len(sent)} messages, only @here rings; a thread's name of {len(thread)} characters")


async def _thread_of_the_longest(stage: Stage) -> str:
    """The name of the thread of an alert with the longest title that Discord lets anybody type."""
    title = "行41長 " + "*" * (_LONGEST - 5)
    await stage.start_command("sev1", title=title)
    number = await stage.number(title)
    await stage.until(lambda: stage.pages(number, "primary"), "the page")
    await stage.world.idle()
    [alert] = stage.alerts(number)
    line = alert.text.split("\n")[0]
    assert "行41長 " + r"\*" * 20 in line
    title_shown = line.replace("**未対応**", "").replace(r"\*", "")
    assert "*" not in title_shown, "each sign is escaped"
    name = await stage.world.thread_name(str(alert.id))
    assert name.startswith(f"INC-{number} ")
    assert name.endswith("…")
    assert len(name) <= _THREAD_NAME
    return name


async def test_row_42_nul_and_lone_surrogate(stage: Stage, figure: Figure) -> None:
    """Discord refuses a lone surrogate as invalid JSON, and NUL is removed before the text is stored."""
    channel = await stage.world.channel_id("p0-alerts")
    await stage.world.fault(route=f"POST /channels/{channel}/messages", status=403, code=50013, times=None)
    refused = await _command_in_ascii(stage, "sev1", title="行42 \ud83d API")
    assert refused["code"] == 50109
    await stage.start_command("sev1", title="行42 決\0済 API")
    [row] = await stage.until(
        lambda: stage.world.rows("SELECT * FROM incidents WHERE title LIKE '行42%'"), "it"
    )
    query = "SELECT title, payload::text AS payload FROM admin.notification_failures WHERE title LIKE '行42%'"
    recorded = await stage.until(lambda: stage.world.rows(query), "the DLQ's row")
    assert "\0" not in row["title"]
    assert row["title"] == "行42 決済 API"
    assert recorded[0]["title"] == row["title"]
    figure(f"title {row['title']!r}, {len(recorded)} DLQ row")


async def test_row_43_sql_in_every_option(stage: Stage, figure: Figure) -> None:
    """SQL in an option is a value: stored as it is, or refused with a reason."""
    alert = await stage.sev1(f"行43 {_SQL}")
    number, tables = alert.number, await _tables(stage)
    said = [
        await stage.world.command("incident note", number=number, text=_SQL),
        await stage.world.command("incident list", words=_SQL),
        await stage.world.human.command("responder", "general", "dlq recent", {"channel": _SQL}),
        await stage.world.command("dlq recent", severity=_SQL[:16]),
        await stage.world.command("dlq show", id=_SQL),
        await stage.world.command("digest week", week=_SQL[:16]),
        await stage.world.command("incident severity", number=number, to=_SQL, reason=_SQL),
    ]
    assert all(answer.state == "responded" and answer.text for answer in said)
    assert await _tables(stage) == tables
    [note] = await stage.world.rows(
        "SELECT data ->> 'text' AS text FROM timeline WHERE incident_id = $1 AND kind = 'note'", number
    )
    [row] = await stage.world.rows("SELECT title FROM incidents WHERE id = $1", number)
    assert (row["title"], note["text"]) == (f"行43 {_SQL}", _SQL)
    figure(f"{len(said)} commands, {len(tables)} tables as before")


async def test_row_44_hostile_webhook_addresses(stage: Stage, figure: Figure) -> None:
    """An entry whose target is a URL causes no connection: the bot posts only in its server's channels."""
    async with _trap() as trap:
        for address in (
            f"http://127.0.0.1:{trap.port}/api/webhooks/1/x",
            f"https://discord.com@127.0.0.1:{trap.port}/api/webhooks/1/x",
            f"https://discord.com.evil.tld:{trap.port}/api/webhooks/1/x",
            f"http://127.0.0.1:{trap.port}/redirect?to=https://discord.com/api/webhooks/1/x",
        ):
            entry = await lose(stage.world, f"行44 {address[:40]}", channel=address)
            await _replay(stage, entry)
        await stage.world.idle()
        assert trap.connections == 0
    rows = await stage.world.rows(
        "SELECT deliveries.status FROM dlq_replays JOIN deliveries ON key = delivery_key"
        " WHERE dlq_replays.channel LIKE 'http%'"
    )
    assert [row["status"] for row in rows] == ["failed"] * 4
    audited = await stage.world.rows("SELECT 1 FROM audit WHERE action = 'replay'")
    assert len(audited) >= len(rows)
    figure(f"{trap.connections} connections, {len(rows)} refused and audited")


async def test_row_45_payload_edited_to_ring(stage: Stage, figure: Figure) -> None:
    """@everyone edited into a stored payload is sent as text."""
    since = stage.world.sandbox.core.log.next
    entry = await lose(stage.world, "行45 決済エラー率")
    await _replay(stage, entry)
    await stage.until(lambda: _sent(stage, since), "the replay")
    [sent] = _sent(stage, since)
    assert not sent["response"]["mention_everyone"]
    assert sent["body"]["allowed_mentions"].get("parse", []) == []
    figure(f"allowed_mentions {json.dumps(sent['body']['allowed_mentions'])}")


async def test_row_46_same_replay_twice(stage: Stage, figure: Figure) -> None:
    """Two simultaneous presses replay once, and the second answer names who did it."""
    since = stage.world.sandbox.core.log.next
    entry = await lose(stage.world, "行46 決済エラー率")
    people = ("primary", "secondary")
    previews = [await stage.world.command("dlq replay", by=who, id=str(entry)) for who in people]
    said = await asyncio.gather(
        *(
            stage.world.human.press(who, preview.messages[-1], "再送する")
            for who, preview in zip(people, previews, strict=True)
        )
    )
    await stage.until(lambda: _sent(stage, since), "the replay")
    await stage.world.idle()
    assert len(_sent(stage, since)) == 1
    assert sum("再送済みです" in answer.text for answer in said) == 1
    figure(f"{len(_sent(stage, since))} message for 2 presses")


async def test_row_47_target_answers_404(stage: Stage, figure: Figure) -> None:
    """A missing target is requested once, given up, and requested again only by hand."""
    since, channel = stage.world.sandbox.core.log.next, await stage.world.channel_id("p2-deploys")
    gone = {"status": 404, "code": 10003, "message": "Unknown Channel", "times": None}
    await stage.world.fault(route=f"POST /channels/{channel}/messages", **gone)
    entry = await lose(stage.world, "行47 決済エラー率", channel="p2-deploys")
    await _replay(stage, entry)
    await stage.world.idle()
    await stage.world.shift(minutes=10)
    await stage.world.idle()

    def asked() -> int:
        return sum(channel in one["path"] for one in attempts(stage.world.sandbox, since=since))

    assert asked() == 1
    await _replay(stage, entry)
    await stage.world.idle()
    assert asked() == 2
    rows = await stage.world.rows(
        "SELECT status, http_status FROM deliveries WHERE kind = 'replay' AND target = 'channel:p2-deploys'"
    )
    assert [(row["status"], row["http_status"]) for row in rows] == [("failed", 404)] * 2
    figure("1 request, given up; 1 more by hand")


async def test_row_48_without_the_role_and_no_longer_with_it(stage: Stage, figure: Figure) -> None:
    """A person without the role, or who loses it half-way, is refused with the reason, and audited."""
    alert = await stage.sev1("行48 決済 API が 5xx")
    said = await stage.world.click(alert, "ack", by="observer")
    assert "ロールが必要です" in said.text
    title = "行48 途中で外れた"
    walk = TriageWalk(stage.world.human, "responder", "general")
    card = await walk.answer(await walk.begin(TriageReport(title)), YES, YES)
    await stage.world.human.change("member", user="responder", roles=[])
    said = await stage.world.human.press("responder", card, CONFIRM)
    await stage.world.human.change("member", user="responder", roles=["responder"])
    assert "ロールが必要です" in said.text
    assert await stage.numbers(title) == []
    refused = await stage.world.rows("SELECT actor_name, data ->> 'act' AS act FROM audit WHERE NOT allowed")
    found = [(row["actor_name"], row["act"]) for row in refused]
    assert ("observer", "acknowledge") in found
    assert any(name == "responder" for name, _ in found)
    figure(f"{len(found)} refusals audited, 0 effects")


class _Trap:
    """A server that counts connections."""

    def __init__(self) -> None:
        self.connections = 0
        self.port = 0

    async def connected(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Count a connection."""
        self.connections += 1
        writer.close()


@asynccontextmanager
async def _trap() -> AsyncIterator[_Trap]:
    trap = _Trap()
    server = await asyncio.start_server(trap.connected, "127.0.0.1", 0)
    trap.port = server.sockets[0].getsockname()[1]
    async with server:
        yield trap


async def _replay(stage: Stage, entry: UUID) -> Interaction:
    preview = await stage.world.command("dlq replay", by="primary", id=str(entry))
    return await stage.world.human.press("primary", preview.messages[-1], "再送する")


def _sent(stage: Stage, since: int) -> list[dict[str, Any]]:
    found = attempts(stage.world.sandbox, since=since)
    return [one for one in found if one["status"] == 200 and "決済エラー率" in str(one["body"]["content"])]


async def _command_in_ascii(stage: Stage, name: str, **options: str) -> dict[str, object]:
    """A command with text that no UTF-8 can hold, as JSON's escapes, which can; the answer to the request."""
    body = json.dumps({"user": "responder", "channel": "general", "name": name, "options": options})
    headers = {"Content-Type": "application/json"}
    url = f"{stage.world.sandbox.human}/command"
    async with stage.world.human._http.post(url, data=body, headers=headers) as answer:
        return dict(await answer.json())


async def _tables(stage: Stage) -> list[str]:
    rows = await stage.world.rows(
        "SELECT tablename FROM pg_tables WHERE schemaname IN ('incident_bot', 'admin') ORDER BY 1"
    )
    return [row["tablename"] for row in rows]
