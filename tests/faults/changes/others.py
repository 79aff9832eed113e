"""Changes of many incidents at once, of the DLQ, of drills, and of who is on call."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from local_discord.client import Interaction, Message
from tests.e2e.dlq.failures import lose
from tests.e2e.oncall.rosters import attached
from tests.faults.changes.catalogue import change
from tests.faults.changes.scene import Change, Known, Scene, value_of
from tests.faults.stage.storm import open_many

#: Days on call, from before now on.
CALENDAR: Final = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//other//EN
BEGIN:VEVENT
UID:1
DTSTART;TZID=Asia/Tokyo:20240101T000000
DURATION:P1D
RRULE:FREQ=DAILY
SUMMARY:responder
END:VEVENT
END:VCALENDAR
"""

#: Escalations that are told of in one message.
_TOGETHER: Final = 7

#: The last week is not posted yet (`hold_digests`), nor is it due: the server has just installed the bot.
_UNPOSTED: Final = """
WITH served AS (UPDATE guilds SET installed_at = now())
DELETE FROM digests
 WHERE week = to_char(now() AT TIME ZONE 'Asia/Tokyo' - interval '7 days', 'IYYY"-W"IW')
"""


# -- many at once


@change("responding.press_yes")
async def _(scene: Scene) -> Change:
    made = await open_many(scene.stage.world, {"SEV2": _TOGETHER}, due_in=timedelta(seconds=2))
    rung = await scene.showing("p1-ops", "すべて ack", f"{_TOGETHER} 件")
    asked = await scene.press(rung, "すべて ack")
    query = """
    SELECT (count(*) = cardinality($1::bigint[]))::integer AS count
      FROM incidents WHERE id = ANY($1::bigint[]) AND status = 'acknowledged'
    """
    act = scene.presses(asked, "件すべて ack する")
    return Change(act, query, ([*made],), words=(f"{_TOGETHER} 件",))


@change("morning_triage.commands.choose_item")
async def _(scene: Scene) -> Change:
    label = "引き受ける"
    post = await scene.showing("p2-deploys", label)
    number = int(value_of(post, label))
    known = Known(number, post)
    return known.change(scene.presses(post, label, value=str(number)), "acknowledged")


# -- the rest


@change("/digest now")
async def _(scene: Scene) -> Change:
    await scene.stage.world.rows(_UNPOSTED)
    query = "SELECT count(*) FROM digests"
    return Change(scene.runs("digest now", by="primary"), query, (), words=("先週",))


@change("dlq.commands.press_replay")
async def _(scene: Scene) -> Change:
    entry = await lose(scene.stage.world, scene.title)
    asked = await scene.say("dlq replay", by="primary", id=str(entry))
    query = "SELECT count(*) FROM dlq_replays WHERE entry_id = $1"
    return Change(scene.presses(asked, "再送する", by="primary"), query, (entry,), words=("決済エラー率",))


@change("dlq.commands.press_replay_to")
async def _(scene: Scene) -> Change:
    entry = await lose(scene.stage.world, scene.title)
    asked = await scene.say("dlq replay", by="primary", id=str(entry), send_to="p1-ops")
    query = "SELECT count(*) FROM dlq_replays WHERE entry_id = $1 AND channel = 'p1-ops'"
    return Change(scene.presses(asked, "再送する", by="primary"), query, (entry,), words=("決済エラー率",))


@change("dlq.commands.press_start")
async def _(scene: Scene) -> Change:
    asked, batch = await _previewed(scene)
    query = "SELECT count(*) FROM replay_batches WHERE id = $1 AND state <> 'previewed'"
    return Change(scene.presses(asked, "再送する", by="primary"), query, (batch,), words=("再送",))


@change("dlq.commands.press_stop")
async def _(scene: Scene) -> Change:
    asked, batch = await _previewed(scene, entries=6)
    shown = await scene.press(asked, "再送する", by="primary")
    query = "SELECT count(*) FROM replay_batches WHERE id = $1 AND stopped_at IS NOT NULL"
    return Change(scene.presses(shown, "止める", by="primary"), query, (batch,), words=("再送",))


async def _previewed(scene: Scene, *, entries: int = 2) -> tuple[Message, int]:
    """Ask for a batch of failures in a channel of their own, and return the question with its number."""
    channel = f"p1-{scene.title}"[:40]
    for _ in range(entries):
        await lose(scene.stage.world, scene.title, channel=channel, severity="P1")
    asked = await scene.say("dlq replay-all", by="primary", channel=channel, send_to="p1-ops")
    question = asked.messages[-1]
    return question, int(str(question.control("再送する").custom_id).split(":")[-1])


@change("/drill stop")
async def _(scene: Scene) -> Change:
    await scene.say("drill start", by="primary")
    query = "SELECT count(*) FROM incidents WHERE is_drill AND status = 'cancelled'"
    return Change(scene.runs("drill stop", by="primary"), query, (), words=("【訓練】",))


@change("/drill start")
async def _(scene: Scene) -> Change:
    query = "SELECT count(*) FROM incidents WHERE is_drill"
    return Change(scene.runs("drill start", by="primary"), query, (), words=("【訓練】",))


@change("/mute start")
async def _(scene: Scene) -> Change:
    act = scene.runs("mute start", by="primary", target="windowstart", until="2h")
    return scene.acts(act, "alert_window_began", of="windowstart")


@change("/mute end")
async def _(scene: Scene) -> Change:
    await scene.say("mute start", by="primary", target="windowend", until="2h")
    act = scene.runs("mute end", by="primary", target="windowend")
    return scene.acts(act, "alert_window_ended", of="windowend")


@change("maintenance.commands.press_end")
async def _(scene: Scene) -> Change:
    await scene.say("mute start", by="primary", target="windowpress", until="2h")
    shown = await scene.say("mute list", by="primary")
    act = scene.presses(shown, "windowpress", by="primary")
    return scene.acts(act, "alert_window_ended", of="windowpress")


async def _planned(scene: Scene, name: str) -> Interaction:
    """Plan maintenance each month; return the plan, as the list shows it."""
    shown = await scene.say("mute start", by="primary", target=name, every="毎月1日 4:00", until="2h")
    await scene.press(shown, "この予定で登録", by="primary")
    [plan] = await scene.human.autocomplete("primary", "general", "mute edit", "plan", name)
    listed = await scene.say("mute list", by="primary")
    return await scene.press(listed, "飛ばす・削除", by="primary", value=str(plan["value"]))


@change("maintenance.commands.press_keep")
async def _(scene: Scene) -> Change:
    shown = await scene.say("mute start", by="primary", target="plankeep", every="毎月1日 4:00", until="2h")
    act = scene.presses(shown, "この予定で登録", by="primary")
    return scene.acts(act, "alert_plan_kept", of="plankeep")


@change("maintenance.commands.press_skip")
async def _(scene: Scene) -> Change:
    act = scene.presses(await _planned(scene, "planskip"), "次を飛ばす", by="primary")
    return scene.acts(act, "alert_plan_skipped", of="planskip")


@change("maintenance.commands.press_drop")
async def _(scene: Scene) -> Change:
    act = scene.presses(await _planned(scene, "plandrop"), "予定を削除", by="primary")
    return scene.acts(act, "alert_plan_dropped", of="plandrop")


@change("/oncall set")
async def _(scene: Scene) -> Change:
    act = scene.runs("oncall set", by="primary", user="responder", place="seatset")
    return scene.acts(act, "set_on_call", of="seatset")


@change("oncall.commands.send_notify")
async def _(scene: Scene) -> Change:
    form = await scene.human.command("responder", "general", "oncall notify")

    async def own() -> str:
        return str((await scene.human.command("responder", "general", "oncall notify")).modal)

    return replace(scene.acts(scene.sends(form, ways=["push"]), "set_notify", of="push"), screen=own)


@change("/oncall override")
async def _(scene: Scene) -> Change:
    act = scene.runs("oncall override", by="primary", user="responder", until="8h", place="seatoverride")
    return scene.acts(act, "override", of="seatoverride")


@change("oncall.commands.press_end_confirmed")
async def _(scene: Scene) -> Change:
    await scene.say("oncall override", by="primary", user="responder", until="8h", place="seatend")
    shown = await scene.say("oncall show", by="primary")
    asked = await scene.press(shown, "を終える", by="primary")
    return scene.acts(scene.presses(asked, "いま終える", by="primary"), "end_override", of="seatend")


@change("oncall.commands.press_undo")
async def _(scene: Scene) -> Change:
    said = await scene.say("oncall override", by="primary", user="responder", until="8h", place="seatundo")
    return scene.acts(scene.presses(said, "元に戻す", by="primary"), "undo_schedule", of="seatundo")


@change("/oncall swap")
async def _(scene: Scene) -> Change:
    offered = await scene.human.autocomplete("primary", "general", "oncall swap", "shift", "seatswap @")
    both = {"shift": offered[0]["value"], "with": offered[1]["value"]}
    return scene.acts(scene.runs("oncall swap", by="primary", **both), "swap", of="seatswap")


@change("oncall.commands.press_rotate")
async def _(scene: Scene) -> Change:
    people = {"first": "responder", "second": "secondary"}
    asked = await scene.say("oncall schedule rotate", by="primary", every="1d", place="seatrotate", **people)
    return scene.acts(scene.presses(asked, "設定する", by="primary"), "set_rotation", of="seatrotate")


@change("oncall.commands.press_clear")
async def _(scene: Scene) -> Change:
    await scene.say("oncall set", by="primary", user="responder", place="seatclear")
    asked = await scene.say("oncall schedule clear", by="primary", place="seatclear")
    return scene.acts(scene.presses(asked, "消す", by="primary"), "clear_schedule", of="seatclear")


@change("oncall.commands.press_import")
async def _(scene: Scene) -> Change:
    file = attached("calendar.ics", CALENDAR.replace("\n", "\r\n").encode())
    asked = await scene.say("oncall schedule import", by="primary", file=file, place="seatimport")
    act = scene.presses(asked, "取り込む", by="primary")
    return scene.acts(act, "import_schedule", of="seatimport")
