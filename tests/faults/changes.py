"""Everything in Discord that changes something, by the name of its code; and what changes nothing."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeAlias

from bot.demo.play import CONFIRM, STARTED, TITLE
from tests.e2e.failures import lose
from tests.e2e.rosters import attached
from tests.faults.scene import Change, Known, Scene, value_of
from tests.faults.storm import open_many

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

Prepare: TypeAlias = Callable[[Scene], Awaitable[Change]]

#: Escalations that are told of in one message.
_TOGETHER: Final = 7

CHANGES: Final[dict[str, Prepare]] = {}

#: What changes nothing: it shows something, opens a form or asks before it does anything.
READS: Final = frozenset(
    {
        *("/triage", "/Triage this message", "triage.message.From", "triage.starting.Retry"),
        *("/incident update", "/incident edit", "incidents.updates.Update", "incidents.editing.Edit"),
        *("incidents.severity.ChooseSeverity", "incidents.timeline.WriteNote", "incidents.timeline.More"),
        *("incidents.timeline.ChooseEntry", "/incident resolve", "incidents.ending.Resolve"),
        *("bundles.All", "bundles.Pick", "oncall.looking.End", "oncall.files.Leave"),
        *("/incident list", "/incident show", "/incident timeline", "incidents.looking.Page"),
        *("incidents.looking.Open", "incidents.looking.View", "incidents.looking.Quit"),
        *("incidents.timeline.ShowTimeline", "incidents.timeline.TurnPage", "incidents.timeline.SendFile"),
        *("/digest preview", "/dlq recent", "/dlq p0-email", "/dlq http-status", "/dlq show", "/dlq replay"),
        *("dlq.Recent", "dlq.P0Email", "dlq.HttpStatus", "dlq.Open", "dlq.RawJson", "dlq.Preview"),
        *("/oncall show", "/oncall schedule export", "/oncall schedule import"),
        *("responding.First", "triage.answering.Show"),
    }
)

#: What does, by a callback that another one in the table shares; their own screens cost a story of their own.
SHARED: Final = {
    "triage.answering.ChooseAnswer": "triage.answering.Answer",
    "triage.starting.Urgent": "/sev1",
    "/sev2": "/sev1",
    "/sev3": "/sev1",
}


def change(name: str) -> Callable[[Prepare], Prepare]:
    """Put a change into the table."""

    def add(prepare: Prepare) -> Prepare:
        CHANGES[name] = prepare
        return prepare

    return add


# -- raising


@change("/sev1")
async def _(scene: Scene) -> Change:
    return scene.opens(scene.runs("sev1", title=scene.title))


@change("/incident declare")
async def _(scene: Scene) -> Change:
    return scene.opens(scene.runs("incident declare", title=scene.title, severity="SEV3"))


@change("triage.starting.send_triage")
async def _(scene: Scene) -> Change:
    form = await scene.human.command("responder", "general", "triage")
    started = {STARTED: ""}
    return scene.walks(scene.sends(form, **{TITLE: scene.title, **started}), "triage.begun")


@change("triage.answering.Answer")
async def _(scene: Scene) -> Change:
    return await scene.on_card(scene.presses(await scene.walked(), "はい"), "triage.answered")


@change("triage.answering.Leave")
async def _(scene: Scene) -> Change:
    return scene.walks(scene.presses(await scene.walked("はい"), "やめる"), "triage.cancelled")


@change("triage.answering.Revise")
async def _(scene: Scene) -> Change:
    card, label = await scene.walked("はい", "はい"), "前の答えを変える"
    act = scene.presses(card, label, value=value_of(card, label))
    return await scene.on_card(act, "triage.withdrawn")


@change("triage.answering.ChooseSeverity")
async def _(scene: Scene) -> Change:
    card, label = await scene.walked("はい", "いいえ"), "重大度を変える"
    act = scene.presses(card, label, value=value_of(card, label, last=True))
    return await scene.on_card(act, "triage.severity_chosen")


@change("triage.answering.Confirm")
async def _(scene: Scene) -> Change:
    return scene.opens(scene.presses(await scene.walked("いいえ", "はい"), CONFIRM))


@change("triage.reevaluating.Promote")
async def _(scene: Scene) -> Change:
    return scene.opens(scene.presses(await scene.held(), CONFIRM))


@change("triage.reevaluating.Dismiss")
async def _(scene: Scene) -> Change:
    return scene.walks(scene.presses(await scene.held(), "問題なし"), "triage.dismissed")


@change("triage.reevaluating.Again")
async def _(scene: Scene) -> Change:
    return scene.walks(scene.presses(await scene.held(), "もう一度見る"), "triage.reopened")


@change("alerts.Declare")
async def _(scene: Scene) -> Change:
    return await _tracked(scene, "インシデントにする", "declared")


@change("alerts.FalseAlarm")
async def _(scene: Scene) -> Change:
    return await _tracked(scene, "誤報", "cancelled")


# -- responding


@change("responding.Ack")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    return known.change(scene.presses(known.alert, "ack"), "acknowledged")


@change("responding.Decline")
async def _(scene: Scene) -> Change:
    known = await scene.raised("sev2")
    page = await scene.showing("dm:primary", "今は対応できない", scene.title)
    return known.change(scene.presses(page, "今は対応できない", by="primary"), "declined")


@change("incidents.checking.Steps")
async def _(scene: Scene) -> Change:
    known, label = await scene.raised(), "済んだ手順"
    card = await scene.showing(known.thread, label)
    return known.change(scene.presses(card, label, value=value_of(card, label)), "step_done")


@change("incidents.updates.send_update")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    form = await scene.press(known.alert, "更新")
    return known.change(scene.sends(form, known="rollback 中"), "updated")


@change("incidents.editing.send_details")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    form = await scene.human.command("responder", "general", "incident edit", {"number": known.number})
    return known.change(scene.sends(form, title=f"{scene.title} と Web"), "details_changed")


@change("incidents.severity.send_severity")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    form = await scene.press(known.alert, "重大度")
    return known.change(scene.sends(form, severity="SEV2", reason="広がった"), "severity_changed")


@change("/incident severity")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    act = scene.runs("incident severity", number=known.number, to="SEV2", reason="広がった")
    return known.change(act, "severity_changed")


@change("incidents.timeline.send_note")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    form = await scene.press(
        await scene.say("incident show", number=known.number), "ほかの操作", value="note"
    )
    return known.change(scene.sends(form, note="再起動した"), "note")


@change("/incident note")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    return known.change(scene.runs("incident note", number=known.number, text="再起動した"), "note")


@change("incidents.timeline.send_correction")
async def _(scene: Scene) -> Change:
    known, label = await scene.raised(), "訂正する"
    await scene.say("incident note", number=known.number, text="14:10 に再起動")
    page = await scene.say("incident timeline", number=known.number)
    form = await scene.press(page, label, value=value_of(page, label))
    return known.change(scene.sends(form, text="14:12 に再起動"), "corrected")


@change("/Add to timeline")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    said = await scene.human.say("observer", known.thread, "キャッシュが空です")
    return known.change(scene.uses_menu("Add to timeline", said), "pinned")


@change("/incident assign")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    act = scene.runs("incident assign", number=known.number, role="commander")
    return known.change(act, "role_changed")


@change("incidents.roles.Take")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    card = await scene.showing(known.thread, "指揮")
    return known.change(scene.presses(card, "指揮"), "role_changed")


@change("incidents.roles.StepDown")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    taken = await scene.say("incident assign", number=known.number, role="commander")
    return known.change(scene.presses(taken, "降りる"), "role_changed")


# -- ending, and what it has to do with others


@change("incidents.ending.ResolveNow")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    asked = await scene.say("incident resolve", number=known.number)
    return known.change(scene.presses(asked, "解決にする"), "resolved")


@change("/incident cancel")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    return known.change(scene.runs("incident cancel", number=known.number), "cancelled")


@change("/incident reopen")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    await scene.say("incident cancel", number=known.number)
    return known.change(scene.runs("incident reopen", number=known.number), "reopened")


@change("incidents.ending.Reopen")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    ended = await scene.say("incident cancel", number=known.number)
    return known.change(scene.presses(ended, "再開"), "reopened")


@change("/incident merge")
async def _(scene: Scene) -> Change:
    known, other = await scene.raised(), await scene.raised(title=f"{scene.title} other")
    return known.change(scene.runs("incident merge", number=known.number, into=other.number), "merged")


@change("/incident link")
async def _(scene: Scene) -> Change:
    known, other = await scene.raised(), await scene.raised(title=f"{scene.title} other")
    return known.change(scene.runs("incident link", number=known.number, **{"with": other.number}), "linked")


@change("/incident unlink")
async def _(scene: Scene) -> Change:
    known, other = await scene.raised(), await scene.raised(title=f"{scene.title} other")
    both = {"number": known.number, "with": other.number}
    await scene.say("incident link", **both)
    return known.change(scene.runs("incident unlink", **both), "unlinked")


@change("/incident private")
async def _(scene: Scene) -> Change:
    known = await scene.raised(by="primary", private=True)
    act = scene.runs("incident private", by="primary", number=known.number, user="observer")
    return known.change(act, "member_added")


@change("incidents.private.MakePrivate")
async def _(scene: Scene) -> Change:
    known = await scene.raised(by="primary")
    asked = await scene.say("incident private", by="primary", number=known.number)
    return known.change(scene.presses(asked, "非公開にする", by="primary"), "made_private")


# -- many at once


@change("bundles.Yes")
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


@change("morning.Take")
async def _(scene: Scene) -> Change:
    label = "引き受ける"
    post = await scene.showing("p2-deploys", label)
    number = int(value_of(post, label))
    known = Known(number, post)
    return known.change(scene.presses(post, label, value=str(number)), "acknowledged")


# -- the rest


@change("dlq.Replay")
async def _(scene: Scene) -> Change:
    entry = await lose(scene.stage.world, scene.title)
    asked = await scene.say("dlq replay", by="primary", id=str(entry))
    query = "SELECT count(*) FROM dlq_replays WHERE entry_id = $1"
    return Change(scene.presses(asked, "再送する", by="primary"), query, (entry,), words=("決済エラー率",))


@change("/drill stop")
async def _(scene: Scene) -> Change:
    await scene.say("drill start", by="primary")
    query = "SELECT count(*) FROM incidents WHERE is_drill AND status = 'cancelled'"
    return Change(scene.runs("drill stop", by="primary"), query, (), words=("【訓練】",))


@change("/drill start")
async def _(scene: Scene) -> Change:
    query = "SELECT count(*) FROM incidents WHERE is_drill"
    return Change(scene.runs("drill start", by="primary"), query, (), words=("【訓練】",))


@change("/oncall set")
async def _(scene: Scene) -> Change:
    act = scene.runs("oncall set", by="primary", user="responder", place="seatset")
    return scene.schedules(act, "set_on_call", place="seatset")


@change("/oncall override")
async def _(scene: Scene) -> Change:
    act = scene.runs("oncall override", by="primary", user="responder", until="8h", place="seatoverride")
    return scene.schedules(act, "override", place="seatoverride")


@change("oncall.looking.EndConfirmed")
async def _(scene: Scene) -> Change:
    await scene.say("oncall override", by="primary", user="responder", until="8h", place="seatend")
    shown = await scene.say("oncall show", by="primary")
    asked = await scene.press(shown, "を終える", by="primary")
    return scene.schedules(scene.presses(asked, "今終える", by="primary"), "end_override", place="seatend")


@change("/oncall swap")
async def _(scene: Scene) -> Change:
    offered = await scene.human.autocomplete("primary", "general", "oncall swap", "shift", "seatswap @")
    both = {"shift": offered[0]["value"], "with": offered[1]["value"]}
    return scene.schedules(scene.runs("oncall swap", by="primary", **both), "swap", place="seatswap")


@change("/oncall schedule rotate")
async def _(scene: Scene) -> Change:
    people = {"first": "responder", "second": "secondary"}
    act = scene.runs("oncall schedule rotate", by="primary", every="1d", place="seatrotate", **people)
    return scene.schedules(act, "set_rotation", place="seatrotate")


@change("/oncall schedule clear")
async def _(scene: Scene) -> Change:
    await scene.say("oncall set", by="primary", user="responder", place="seatclear")
    act = scene.runs("oncall schedule clear", by="primary", place="seatclear")
    return scene.schedules(act, "clear_schedule", place="seatclear")


@change("oncall.files.Import")
async def _(scene: Scene) -> Change:
    file = attached("calendar.ics", CALENDAR.replace("\n", "\r\n").encode())
    asked = await scene.say("oncall schedule import", by="primary", file=file, place="seatimport")
    act = scene.presses(asked, "取り込む", by="primary")
    return scene.schedules(act, "import_schedule", place="seatimport")


async def _tracked(scene: Scene, label: str, kind: str) -> Change:
    """A change of what a monitor has posted."""
    await scene.human.post_webhook("p1-ops", "monitor", f"[FIRING:1] {scene.title}")
    post = await scene.showing("p1-ops", label, scene.title)
    [row] = await scene.stage.world.rows("SELECT id FROM incidents WHERE title LIKE '%' || $1", scene.title)
    return Known(row["id"], post).change(scene.presses(post, label), kind)
