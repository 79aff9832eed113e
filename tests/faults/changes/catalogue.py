"""Every command, button, select and form, by code: those that make a change, and those that do not."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

from bot.demo.triage_walk import CONFIRM, STARTED, TITLE
from local_discord.client import Message
from tests.faults.changes.scene import Change, Known, Scene, value_of
from tests.pressing import with_control

Prepare: TypeAlias = Callable[[Scene], Awaitable[Change]]

_COGS: Final = Path(__file__).parents[3] / "cogs"

#: Whose commands these are: a capability's folder may be deleted. The others are the core's.
_FOLDERS: Final = {
    "/action": "actions",
    "/Make an action item": "actions",
    "/check": "checks",
    "/digest": "digest",
    "/dlq": "dlq",
    "/drill": "drill",
    "/heartbeats": "heartbeats",
    "/incident similar": "suspects",
    "/incident call": "teams",
    "/incident snooze": "snooze",
    "/incident team": "teams",
    "/mute": "maintenance",
    "/oncall": "oncall",
    "/oncall away": "absence",
    "/oncall calendar": "feeds",
    "/oncall hours": "hours",
    "/postmortem": "postmortem",
    "/probes": "probes",
    "/stats": "stats",
}

#: Changes of a triage that somebody has begun and left a while ago.
LEFT: Final = ("triage.answering.press_continue", "triage.answering.press_stop")

CHANGES: Final[dict[str, Prepare]] = {}

#: What changes nothing: it shows something, opens a form or asks before it does anything.
READS: Final = frozenset(
    {
        *("/triage", "/Triage this message", "triage.form.press_triage", "triage.starting.press_retry"),
        "triage.form.press_triage_here",
        *(
            "/incident update",
            "/incident edit",
            "incidents.editing.press_update",
            "incidents.editing.press_edit",
            "incidents.editing.press_again",
        ),
        *(
            "incidents.editing.press_severity",
            "incidents.timeline.press_note",
        ),
        *("incidents.timeline.choose_entry", "/incident resolve", "incidents.lifecycle.press_resolve"),
        *("incidents.lifecycle.press_resolution", "suspects.commands.press_roll_back"),
        "announcements.commands.press_edit",
        *("suspects.commands.press_keep_change", "/incident similar"),
        *(
            "responding.press_all",
            "responding.choose_incident",
            "oncall.commands.press_end",
            "oncall.commands.choose_end",
            "oncall.commands.press_month",
            "oncall.commands.press_leave_import",
        ),
        *(
            "/incident list",
            "/postmortem show",
            "postmortem.commands.press_show",
            "/incident show",
            "/incident timeline",
            "incidents.looking.turn_page",
        ),
        *("/incident audit", "incidents.looking.turn_audit_page"),
        *("incidents.looking.open_chosen", "incidents.looking.press_view", "incidents.looking.press_quit"),
        *("incidents.looking.press_others", "incidents.looking.choose_more"),
        *(
            "incidents.timeline.press_timeline",
            "incidents.timeline.turn_page",
            "incidents.timeline.press_file",
        ),
        *("/runbook", "sheets.choose_topic_of_incident", "sheets.choose_topic_of_target"),
        *("sheets.press_paste", "sheets.send_output", "/Add output to timeline"),
        "sheets.press_discard",
        *(
            "/stats show",
            "/stats fairness",
            "stats.commands.press_show",
            "stats.commands.press_show_person",
            "stats.commands.press_fairness",
        ),
        *("/alerts recent", "alerts.press_page", "/mute list", "/mute edit", "/probes", "/heartbeats"),
        *("absence.commands.press_page", "maintenance.commands.press_page"),
        "maintenance.commands.choose_plan",
        *("/alerts rules", "alerts.press_rules"),
        *("/digest week", "digest.commands.press_ask", "digest.commands.press_more"),
        *("/digest preview", "/dlq recent", "/dlq p0-email", "/dlq http-status", "/dlq show"),
        *("/dlq replay", "/dlq replay-all", "dlq.commands.press_preview", "dlq.commands.press_other_target"),
        *("dlq.commands.press_all", "dlq.commands.press_results", "dlq.commands.press_turn"),
        *(
            "dlq.commands.press_page",
            "dlq.commands.press_numbered",
            "dlq.commands.press_filter",
            "dlq.commands.send_filter",
            "dlq.commands.press_csv",
            "dlq.commands.press_json_file",
            "dlq.commands.press_p0_email",
            "dlq.commands.press_http_status",
            "dlq.commands.choose_entry",
            "dlq.commands.press_json",
        ),
        *(
            "/action add",
            "/action edit",
            "/action list",
            "/Make an action item",
            "actions.commands.press_add",
        ),
        *(
            "actions.commands.press_edit",
            "actions.commands.press_drop",
            "actions.commands.turn_page",
            "actions.commands.open_chosen",
        ),
        *(
            "/oncall notify",
            "/oncall show",
            "/oncall hours",
            "/oncall schedule export",
            "/oncall schedule import",
            "/oncall schedule clear",
            "/oncall schedule rotate",
        ),
        *(
            "incidents.looking.press_why",
            "responding.press_first",
            "triage.answering.press_show",
            "incidents.private.press_delete",
        ),
    }
)

#: What does, by a callback that another one in the table shares; their own screens cost a story of their own.
SHARED: Final = {
    "triage.answering.choose_answer": "triage.answering.press_answer",
    "triage.starting.press_urgent": "/sev1",
    "/sev2": "/sev1",
    "incidents.lifecycle.press_resolve_now": "incidents.lifecycle.send_resolution",
    "postmortem.commands.press_done": "/postmortem done",
    "/sev3": "/sev1",
    # Its webhook: tests/e2e/announcements/test_announcements.py presses it.
    "announcements.commands.press_send": "announcements.commands.press_copied",
    # Only where a target depends on another: tests/cogs/dependencies presses it.
    "dependencies.commands.choose_apart": "alerts.press_track",
    # Nobody else sees what they change: tests/cogs/feeds/test_commands.py presses them.
    "/oncall calendar": "/oncall set",
    "feeds.commands.press_renew": "/oncall set",
    "feeds.commands.press_revoke": "/oncall set",
    "checks.commands.press_check": "/check",  # ten seconds later: tests/cogs/checks presses it
    # Only where the policy has absences: tests/cogs/absence takes and withdraws them.
    "/oncall away": "/oncall override",
    "absence.commands.press_take": "/oncall override",
    "absence.commands.withdraw": "/oncall override",
    # Under a digest, which asks about a whole week: tests/e2e/digest/test_digest.py presses them.
    "digest.commands.press_keep": "alerts.press_ignore",
    "digest.commands.press_mute": "alerts.press_ignore",
    "digest.commands.press_drop": "alerts.press_ignore",
    "digest.commands.press_withdraw": "alerts.press_heed",
}


def is_there(name: str) -> bool:
    """Whether the folder is there that has the command, button, select or form called *name*."""
    if name.startswith("/"):
        folders = [folder for command, folder in _FOLDERS.items() if f"{name} ".startswith(f"{command} ")]
    else:
        folders = [name.partition(".")[0]]
    return all(any(_COGS.glob(f"{folder}*")) for folder in folders)


def change(name: str) -> Callable[[Prepare], Prepare]:
    """Register a change, if its folder is there."""

    def add(prepare: Prepare) -> Prepare:
        if is_there(name):
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


@change("triage.answering.press_answer")
async def _(scene: Scene) -> Change:
    return await scene.on_card(scene.presses(await scene.walked(), "はい"), "triage.answered")


@change("triage.answering.press_leave")
async def _(scene: Scene) -> Change:
    return scene.walks(scene.presses(await scene.walked("はい"), "やめる"), "triage.cancelled")


@change("triage.answering.choose_question")
async def _(scene: Scene) -> Change:
    card, label = await scene.walked("はい", "はい"), "前の答えを変える"
    act = scene.presses(card, label, value=value_of(card, label))
    return await scene.on_card(act, "triage.withdrawn")


@change("triage.answering.choose_severity")
async def _(scene: Scene) -> Change:
    card, label = await scene.walked("はい", "いいえ"), "重大度を変える"
    act = scene.presses(card, label, value=value_of(card, label, last=True))
    return await scene.on_card(act, "triage.severity_chosen")


@change("triage.answering.press_confirm")
async def _(scene: Scene) -> Change:
    return scene.opens(scene.presses(await scene.walked("いいえ", "はい"), CONFIRM))


@change("triage.answering.press_join")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    act = scene.presses(await scene.walked("いいえ", "はい"), "これに合流")
    return replace(scene.walks(act, "triage.raised"), places=(known.thread,))


@change("triage.answering.press_promote")
async def _(scene: Scene) -> Change:
    return scene.opens(scene.presses(await scene.held(), CONFIRM))


@change("triage.answering.press_dismiss")
async def _(scene: Scene) -> Change:
    return scene.walks(scene.presses(await scene.held(), "問題なし"), "triage.dismissed")


@change("triage.answering.press_again")
async def _(scene: Scene) -> Change:
    return scene.walks(scene.presses(await scene.held(), "もう一度見る"), "triage.reopened")


@change("triage.answering.press_continue")
async def _(scene: Scene) -> Change:
    return await _unfinished(scene, "続ける", "triage.continued")


@change("triage.answering.press_stop")
async def _(scene: Scene) -> Change:
    return await _unfinished(scene, "やめる", "triage.cancelled")


async def _unfinished(scene: Scene, label: str, action: str) -> Change:
    """An answer to the DM about a triage that was left; see `LEFT`."""
    asked = await scene.showing("dm:responder", label, scene.title)
    return scene.walks(scene.presses(asked, label), action)


@change("reports.commands.send_report")
async def _(scene: Scene) -> Change:
    form = await scene.human.command("observer", "general", "triage")
    act = scene.sends(form, "observer", **{TITLE: scene.title})
    query = "SELECT count(*) FROM reports WHERE title = $1"
    return Change(act, query, (scene.title,), words=(scene.title,))


@change("reports.commands.press_take_up")
async def _(scene: Scene) -> Change:
    await scene.say("sev1", by="observer", title=scene.title)
    post = await scene.showing("p1-ops", "取り上げる", scene.title)
    return scene.walks(scene.presses(post, "取り上げる"), "triage.begun")


@change("alerts.press_declare")
async def _(scene: Scene) -> Change:
    return await _tracked(scene, "インシデントにする", "declared")


@change("alerts.press_false_alarm")
async def _(scene: Scene) -> Change:
    return await _tracked(scene, "誤報", "cancelled")


@change("alerts.press_track")
async def _(scene: Scene) -> Change:
    _, line = await _asked_about(scene)
    query = "SELECT count(*) FROM incidents WHERE title LIKE '%' || $1 || '%'"
    return Change(scene.presses(line, "障害"), query, (scene.title,), words=(scene.title,))


@change("alerts.press_ignore")
async def _(scene: Scene) -> Change:
    posted, line = await _asked_about(scene)
    answer = await scene.press(line, "関係なし")
    act = scene.presses(answer, "この送信元は無視")
    return scene.acts(act, "sender_ignored", of=posted.id, words=(scene.title,))


@change("alerts.press_resolved")
async def _(scene: Scene) -> Change:
    return await _answered(scene, "復旧", "alert_resolved")


@change("alerts.press_chatter")
async def _(scene: Scene) -> Change:
    return await _answered(scene, "関係なし", "alert_chatter")


async def _answered(scene: Scene, label: str, action: str) -> Change:
    """An answer to the question about a message."""
    posted, line = await _asked_about(scene)
    return scene.acts(scene.presses(line, label), action, of=posted.id, words=(scene.title,))


@change("alerts.press_always")
async def _(scene: Scene) -> Change:
    _, line = await _asked_about(scene)
    act = scene.presses(await scene.press(line, "関係なし"), "同じ形はいつも")
    return replace(scene.acts(act, "alert_lesson_taught", of=scene.title), screen=_rules(scene))


@change("alerts.choose_lesson")
async def _(scene: Scene) -> Change:
    _, line = await _asked_about(scene)
    await scene.press(await scene.press(line, "関係なし"), "同じ形はいつも")
    query = "SELECT id FROM alert_lessons WHERE sender LIKE '%:' || $1"
    [row] = await scene.stage.world.rows(query, scene.title)
    shown = await scene.say("alerts rules", by="primary")
    act = scene.presses(shown, "削除するルールを選ぶ", by="primary", value=str(row["id"]))
    return replace(scene.acts(act, "alert_lesson_forgotten", of=scene.title), screen=_rules(scene))


def _rules(scene: Scene) -> Callable[[], Awaitable[str]]:
    """What only the list of rules shows."""

    async def rules() -> str:
        return (await scene.say("alerts rules")).text

    return rules


@change("alerts.press_heed")
async def _(scene: Scene) -> Change:
    posted, line = await _asked_about(scene)
    await scene.press(await scene.press(line, "関係なし"), "この送信元は無視")
    act = scene.presses(await scene.showing("p1-ops", "無視をやめる", scene.title), "無視をやめる")
    return scene.acts(act, "sender_heeded", of=posted.id, words=(scene.title,))


async def _asked_about(scene: Scene) -> tuple[Message, Message]:
    """Post a message that the bot does not understand, and return it with the bot's question about it."""
    posted = await scene.human.post_webhook("p1-ops", scene.title, f"{scene.title} exit code 1")
    return posted, await scene.showing("p1-ops", "障害", scene.title)


async def _tracked(scene: Scene, label: str, kind: str) -> Change:
    """A change of what a monitor has posted."""
    await scene.human.post_webhook("p1-ops", "monitor", f"[FIRING:1] {scene.title}")
    post = await scene.showing("p1-ops", "インシデントにする", scene.title)
    [row] = await scene.stage.world.rows("SELECT id FROM incidents WHERE title LIKE '%' || $1", scene.title)
    there = await with_control(scene.human, post, label, by="responder")
    return Known(row["id"], post).change(scene.presses(there, label), kind)
