"""`/dlq` as people use it: its three questions, filters, files and replays."""

import csv
import io
import json
from uuid import UUID

import httpx
import pytest

from bot.domain.dlq import DlqEntry
from bot.ui import interaction
from tests.integration.cogs.console_world import (
    ConsoleWorld,
    older_button,
    presses,
    shown,
    words,
)

ENTRY = "11111111-2222-3333-4444-555555555555"


async def failed(world: ConsoleWorld, *, entry_id: str = ENTRY, title: str = "決済 API が 5xx") -> None:
    """A failure on record."""
    entry = DlqEntry(
        id=entry_id,
        attempted_at=world.clock.time,
        channel="p0-alerts",
        severity="P0",
        title=title,
        http_status=503,
        retry_count=3,
        error_message="upstream timeout",
        status="failed",
        fallback_email_sent=True,
        payload={"content": "@here 決済 API が 5xx", "embeds": [{"title": "詳細"}], "username": "hook"},
    )
    await world.database.put_dlq_entry(entry)


async def test_the_three_questions_lead_to_each_other(world: ConsoleWorld) -> None:
    """直近, P0 メール, HTTP 別; a filter survives the turning of pages."""
    for number in range(12):
        await failed(world, entry_id=str(UUID(int=number)))
    page = shown(await world.command("dlq recent", hours=48, severity="P0", channel="#p0-alerts"))
    assert "HTTP 503 · 再試行 3 · upstream timeout" in words(page)
    (older,) = [press for press in presses(page) if ";o" in press]
    page = shown(await world.click(page, older))
    assert words(page).count("再試行 3") == 2
    (newer,) = [press for press in presses(page) if ";n" in press]
    assert words(shown(await world.click(page, newer))).count("再試行 3") == 10
    numbered = await older_button(world, "dlq:v1:turn:48:P0:p0-alerts:2")
    page = shown(await world.click(numbered, "dlq:v1:turn:48:P0:p0-alerts:2"))
    assert words(page).count("再試行 3") == 10, "a button of a version before"
    page = shown(await world.click(page, "dlq:v2:p0:h48"))
    assert "メール 12/12" in words(page)
    page = shown(await world.click(page, "dlq:v2:http:h48"))
    assert "HTTP 別 · 直近 48 時間" in words(page)
    assert "`HTTP 503` ████████████ 12 件" in words(page)
    assert "直近 24 時間 · 失敗 12" in words(shown(await world.command("dlq http-status")))
    page = shown(await world.click(page, "dlq:v2:page:h48"))
    assert "直近 48 時間 · 失敗 12" in words(page)
    for older, said in (("dlq:v1:p0", "メール 12/12"), ("dlq:v1:http:1", "直近 1 時間")):
        button = await older_button(world, older)
        assert said in words(shown(await world.click(button, older)))
    assert "メール 12/12" in words(shown(await world.command("dlq p0-email")))
    assert str(UUID(int=3)) in words(shown(await world.command("dlq show", id=str(UUID(int=3)))))
    offered = await world.choices("dlq recent", focused="severity", typed="p1")
    assert [choice["value"] for choice in offered] == ["P1"]


async def test_a_filter_is_typed_into_a_form_and_outlives_a_restart(world: ConsoleWorld) -> None:
    """The DLQ's filter form is filled in with the present filter, even with a long one after a restart.

    A word that cannot be read is given back. A button whose stored filter was deleted says so.
    """
    await failed(world)
    await failed(world, entry_id=str(UUID(int=1)), title="検索が遅い " + "長" * 70)
    page = shown(await world.command("dlq recent", status="503"))
    (narrow,) = [press for press in presses(page) if press.startswith("dlq:v2:filter:")]
    form = await world.click(page, narrow)
    inputs = {label["component"]["custom_id"]: label["component"] for label in form["modal"]["components"]}
    assert inputs["dlq_status"]["value"] == "503"
    refused = shown(await world.send(form, dlq_status="503 404", dlq_text="検索"))
    assert "「503 404」は読めません" in refused["content"]
    assert "検索" in refused["content"]
    form = await world.click(page, narrow)
    page = shown(await world.send(form, dlq_text="検索が遅い " + "長" * 70, dlq_period="3h"))
    assert "直近 3 時間 · 失敗 1" in words(page)
    assert "HTTP 503" in words(page)
    await world.restart()
    (narrow,) = [press for press in presses(page) if press.startswith("dlq:v2:filter:~")]
    form = await world.click(page, narrow)
    inputs = {label["component"]["custom_id"]: label["component"] for label in form["modal"]["components"]}
    assert (inputs["dlq_text"]["value"], inputs["dlq_period"]["value"]) == ("検索が遅い " + "長" * 70, "3h")
    await world.database.fetch("DELETE FROM dlq_views")
    (file,) = [press for press in presses(page) if press.startswith("dlq:v2:csv:~")]
    outdated = shown(await world.click(page, file))
    assert "開き直してください" in outdated["content"]


async def test_what_a_filter_matches_becomes_a_file(world: ConsoleWorld) -> None:
    """Only the DLQ entries that a filter matches become a CSV or JSON file; each export is in the audit.

    If no entry matches, the answer says so.
    """
    await failed(world)
    await failed(world, entry_id=str(UUID(int=1)), title="検索が遅い")
    page = shown(await world.command("dlq recent", text="決済"))
    as_table, as_json = (
        next(press for press in presses(page) if press.startswith(f"dlq:v2:{kind}:"))
        for kind in ("csv", "json")
    )
    contents: dict[str, str] = {}
    async with httpx.AsyncClient() as http:
        for press in (as_table, as_json):
            answer = shown(await world.click(page, press))
            assert "1 件です" in answer["content"]
            [file] = answer["attachments"]
            contents[file["filename"]] = (await http.get(file["url"])).raise_for_status().text
    [row] = csv.DictReader(io.StringIO(contents["dlq.csv"].removeprefix("\ufeff")))
    [entry] = json.loads(contents["dlq.json"])
    assert row["id"] == entry["id"] == ENTRY
    await world.database.fetch("DELETE FROM admin.notification_failures")
    none = shown(await world.click(page, as_table))
    assert "条件に合う記録はありません" in none["content"]
    exported = [row.data["act"] for row in await world.database.audit_rows() if row.allowed]
    assert exported == ["export"] * 3


async def test_an_entry_is_replayed_once_after_a_preview(world: ConsoleWorld) -> None:
    """A DLQ entry is replayed without its mentions, after a preview that says what is left out.

    The answer links to the new message, and a second replay is not offered.
    """
    await failed(world)
    page = shown(await world.command("dlq recent", by="primary"))
    entry = shown(await world.click(page, "dlq:v1:open", by="primary", values=[ENTRY]))
    assert "> ＠here 決済 API が 5xx" in words(entry)
    raw = shown(await world.click(entry, f"dlq:v1:json:{ENTRY}", by="primary"))
    assert '"username": "hook"' in raw["content"]
    preview = shown(await world.click(entry, f"dlq:v1:preview:{ENTRY}", by="primary"))
    assert "取り除くもの：メンションの通知、`username`" in words(preview)
    assert "embed は保存されたまま送ります" in words(preview)
    await world.restart()
    await world.click(preview, f"dlq:v1:replay:{ENTRY}", by="primary")
    done = await world.until("general", contains="再送した投稿へ", by="primary")
    assert "@primary が" in words(done)
    sent = await world.until("p0-alerts", contains="決済 API が 5xx")
    assert not sent["mention_everyone"]
    again = shown(await world.command("dlq replay", by="primary", id=ENTRY))
    assert f"dlq:v1:replay:{ENTRY}" not in presses(again)
    assert "再送済みです" in words(again)


@pytest.mark.parametrize(
    ("payload", "sent"),
    [
        ("[1, 2]", None),
        ('"満車"', None),
        ('{"content": ["満車"], "embeds": "x"}', None),
        ('{"content": "満車 \\ud83d \\u0000 @everyone <@1>"}', "満車"),
        (json.dumps({"content": "満車" * 170_000, "more": "x" * 400_000}), None),
        ('{"content": "満車", "embeds": [{"title": "古い", "timestamp": "2019-01-01T00:00:00Z"}]}', "満車"),
    ],
    ids=["list", "text", "wrong kinds", "no text", "1 MB", "old embed"],
)
async def test_a_payload_of_any_shape_is_shown_and_pings_no_one(
    world: ConsoleWorld, payload: str, sent: str | None
) -> None:
    """A payload of any shape is shown, and its replay is offered only if the payload can be sent again.

    Another program wrote the payload. The replayed message mentions nobody.
    """
    await failed(world)
    await world.database.fetch("ALTER TABLE admin.notification_failures ALTER payload TYPE json")
    await world.database.fetch("UPDATE admin.notification_failures SET payload = $1::text::json", payload)
    entry = shown(await world.command("dlq show", by="primary", id=ENTRY))
    assert "HTTP 503" in words(entry)
    assert shown(await world.click(entry, f"dlq:v1:json:{ENTRY}", by="primary"))["content"]
    preview = shown(await world.command("dlq replay", by="primary", id=ENTRY))
    assert (f"dlq:v1:replay:{ENTRY}" in presses(preview)) is (sent is not None)
    if sent is not None:
        await world.click(preview, f"dlq:v1:replay:{ENTRY}", by="primary")
        message = await world.until("p0-alerts", contains=sent)
        assert (message["mention_everyone"], message["mentions"]) == (False, [])


async def test_a_replay_may_ping_or_go_elsewhere_when_a_person_says_so(world: ConsoleWorld) -> None:
    """The preview says whom it would ping; only the button that says so lets it."""
    await failed(world)
    offered = await world.choices("dlq replay", focused="send_to", typed="ops")
    assert [choice["value"] for choice in offered] == ["p1-ops"]
    preview = shown(await world.command("dlq replay", by="primary", id=ENTRY, send_to="p1-ops"))
    assert "#p1-ops に再送しますか" in words(preview)
    assert "メンションは鳴りません (元の相手：@here)" in words(preview)
    ringing = shown(await world.click(preview, f"dlq:v2:ask:bm:p1-ops:{ENTRY}", by="primary"))
    assert "🔔 **@here に通知が鳴ります。**" in words(ringing)
    await world.click(ringing, f"dlq:v2:send:bm:p1-ops:{ENTRY}", by="primary")
    sent = await world.until("p1-ops", contains="決済 API が 5xx")
    assert sent["mention_everyone"]


async def test_all_that_a_filter_matches_is_replayed_and_stopped(world: ConsoleWorld) -> None:
    """A question with the count, then one message with how it goes; a stop, and the result of each entry."""
    for number in range(12):
        await failed(world, entry_id=str(UUID(int=number)))
    asked = shown(await world.command("dlq replay-all", by="primary", severity="P0"))
    assert "**12 件を再送しますか？**" in words(asked)
    assert "送り先：#p0-alerts 12" in words(asked)
    start = next(one for one in presses(asked) if one.startswith("dlq:v1:batch:start:"))
    await world.click(asked, start, by="primary")
    batch = start.rpartition(":")[2]
    progress = await world.until("general", contains="DLQ をまとめて再送しています")
    await world.until("p0-alerts", contains="決済 API が 5xx")
    stopped = shown(await world.click(progress, f"dlq:v1:batch:stop:{batch}", by="primary"))
    assert "止めた人：@primary" in words(stopped)
    await world.pass_time(seconds=5)
    ended = await world.until("general", contains="再送を止め")
    result = shown(await world.click(ended, f"dlq:v1:batch:result:{batch}:1", by="primary"))
    assert "✅ 投稿しました · [投稿](https://discord.com/channels/" in words(result)
    assert "↩️ 送っていません" in words(result)
    late = shown(await world.click(asked, f"dlq:v1:batch:stop:{batch}", by="primary"))
    assert "もう終わっているか" in late["content"]
    nothing = shown(await world.command("dlq replay-all", by="primary", severity="P1"))
    assert "この条件に合う失敗はありません" in nothing["content"]
    refused = shown(await world.command("dlq replay-all"))
    assert "DLQ の再送には" in refused["content"]


async def test_a_persons_own_screen_follows_the_replay(
    world: ConsoleWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person's screen of a replay is edited as the replay goes on, and also when it is stopped.

    The screen stays on the page that the person has turned to.
    """
    monkeypatch.setattr(interaction, "_FOLLOW_EVERY_S", 0.02)
    for number in range(20):
        await failed(world, entry_id=str(UUID(int=number)))
    asked = shown(await world.command("dlq replay-all", by="primary"))
    start = next(one for one in presses(asked) if one.startswith("dlq:v1:batch:start:"))
    batch = start.rpartition(":")[2]
    await world.click(asked, start, by="primary")
    screen = await world.until("general", contains="15 分間は自動で更新します", by="primary")
    screen = await world.until("general", contains="✅ 投稿 1\n-# 15 分間は", by="primary")
    await world.click(screen, f"dlq:v1:batch:turn:{batch}:2", by="primary")
    turned = (await world.human("GET", "log?since=1000000000"))["next"]
    for posted in (2, 3):
        await world.pass_time(seconds=5)
        second = await world.until("general", contains=f"✅ 投稿 {posted}\n-# 15 分間は", by="primary")
    log = (await world.human("GET", f"log?since={turned}"))["entries"]
    edits = [str(one) for one in log if one.get("path", "").endswith("/messages/@original")]
    assert len(edits) >= 2
    assert all("-# 2 / 2 ページ" in edit for edit in edits)
    await world.click(second, f"dlq:v1:batch:stop:{batch}", by="primary")
    ended = await world.until("general", contains="↩️ 送っていません", by="primary")
    assert ended["id"] == screen["id"], "the same message"


async def test_replaying_needs_its_role(world: ConsoleWorld) -> None:
    """A replay without the needed role is refused; only the person reads which roles would do."""
    await failed(world)
    refused = shown(await world.command("dlq replay", id=ENTRY))
    assert "DLQ の再送には @on-call / @admin のいずれかのロールが必要です" in refused["content"]
    assert refused["only_for"] == "responder"
