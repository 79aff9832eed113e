"""A SEV1 is resolved: the draft of its postmortem is in the thread, with the right times, as one file."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from markdown_it import MarkdownIt

from local_discord.client import Message
from tests.e2e.world.alert import Alert
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"
TOKYO = ZoneInfo("Asia/Tokyo")
FILE = "INC-1-postmortem.md"
KINDS = {"opened": "発報", "acknowledged": "👀 ack", "resolved": "🟢 解決", "note": "📝 メモ"}


async def resolved(world: World) -> tuple[Alert, Message]:
    """Return a SEV1 that the primary acknowledged and resolved, and the message with the draft."""
    alert = await world.declare(SEV1, title=TITLE)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    await world.shift(minutes=7)
    form = await world.command("incident resolve", channel=alert.thread, by="primary")
    await world.human.submit("primary", form, {"cause": "接続プールの枯渇", "extent": "120"})
    await world.expect_message(alert.thread, contains="INC-1 解決")
    return alert, await world.expect_draft(alert.thread)


def timeline(text: str) -> Mapping[str, tuple[str, str]]:
    """The time and offset of each event of a document's timeline, by what happened."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    cells = [tokens[at + 1].content for at, each in enumerate(tokens) if each.type in ("th_open", "td_open")]
    start = cells.index("時刻")
    rows = [cells[at : at + 6] for at in range(start + 6, len(cells) - 5, 6)]
    return {row[2]: (row[0][-8:], row[1]) for row in rows if row[0].count(":") == 2}  # without the date


async def expected(world: World) -> Mapping[str, tuple[str, str]]:
    """The same from the rows, worked out by hand."""
    [incident] = await world.rows("SELECT started_at FROM incidents WHERE id = 1")
    start: datetime = incident["started_at"]
    rows = await world.rows("SELECT kind, at FROM timeline WHERE kind = ANY ($1)", list(KINDS))
    found = {}
    for row in rows:
        minutes = row["at"].replace(second=0, microsecond=0) - start.replace(second=0, microsecond=0)
        passed = int(minutes.total_seconds()) // 60
        local = row["at"].astimezone(TOKYO)
        found[KINDS[row["kind"]]] = (f"{local:%H:%M:%S}", f"+{passed // 60}:{passed % 60:02}")
    return found


async def test_the_draft_has_the_times_of_the_incident(world: World) -> None:
    """Exact, local, counted from the start; with what the resolve form said, and where it goes."""
    _, draft = await resolved(world)
    assert "`docs/ops/postmortems/" in draft.text
    text = await world.human.read_file(draft, FILE)
    assert text.startswith(f"# INC-1 {TITLE}\n")
    assert "- 原因：接続プールの枯渇\n" in text
    assert "120 人" in text
    shown, wanted = timeline(text), await expected(world)
    assert sorted(wanted) == sorted({"発報", "👀 ack", "🟢 解決"})
    assert {what: shown[what] for what in wanted} == wanted
    [took] = await world.rows("SELECT resolved_at - triggered_at AS took FROM incidents WHERE id = 1")
    assert f"MTTR (発報から解決まで)：{int(took['took'].total_seconds()) // 60} 分\n" in text
    assert "@" not in text  # and the picture of its course lies beside it
    assert "](INC-1-timeline.png)\n" in text
    assert [each["filename"] for each in draft.raw["attachments"]] == [FILE, "INC-1-timeline.png"]


async def test_later_facts_replace_the_file_across_a_kill(world: World) -> None:
    """A draft is one message that is edited, also across a SIGKILL; a deleted one is posted again."""
    alert, draft = await resolved(world)
    await world.command("incident note", channel=alert.thread, text="DNS だった", by="primary")
    await world.expect_message(alert.thread, contains="DNS だった")
    said = await world.command("postmortem draft", channel=alert.thread, by="primary")
    assert "作り直しました" in said.text
    await world.kill_bot()
    await world.start_bot()
    await world.settle()
    edited = await world.reread(draft)
    assert "DNS だった" in await world.human.read_file(edited, FILE)
    drafts = [one for one in await world.posts(alert.thread) if "postmortem の下書き" in one.text]
    assert [one.id for one in drafts] == [draft.id]
    shown = await world.command("postmortem show", channel=alert.thread, by="secondary")
    assert "第 2 版" in shown.text
    assert "📝 postmortem：@primary" in shown.text

    await world.human.delete("admin", edited)
    await world.command("postmortem draft", channel=alert.thread, by="primary")
    again = await world.expect_message(alert.thread, contains="postmortem の下書き")
    assert again.id != draft.id
    assert "DNS だった" in await world.human.read_file(again, FILE)
