"""Every command, button, select and form, by code: those that make a change, and those that do not."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from bot.demo.play import CONFIRM, STARTED, TITLE
from local_discord.people import Message
from tests.faults.scene import Change, Known, Scene, value_of

Prepare: TypeAlias = Callable[[Scene], Awaitable[Change]]

#: Changes of a triage that somebody has begun and left a while ago.
LEFT: Final = ("triage.unfinished.Continue", "triage.unfinished.Stop")

CHANGES: Final[dict[str, Prepare]] = {}

#: What changes nothing: it shows something, opens a form or asks before it does anything.
READS: Final = frozenset(
    {
        *("/triage", "/Triage this message", "triage.message.From", "triage.starting.Retry"),
        *("/incident update", "/incident edit", "incidents.updates.Update", "incidents.editing.Edit"),
        *("incidents.severity.ChooseSeverity", "incidents.timeline.WriteNote", "incidents.timeline.More"),
        *("incidents.timeline.ChooseEntry", "/incident resolve", "incidents.ending.Resolve"),
        *("bundles.All", "bundles.PickIncident", "oncall.looking.End", "oncall.files.LeaveImport"),
        *("/incident list", "/incident show", "/incident timeline", "incidents.looking.Page"),
        *("incidents.looking.OpenIncidentSelect", "incidents.looking.View", "incidents.looking.Quit"),
        *("incidents.timeline.ShowTimeline", "incidents.timeline.TurnPage", "incidents.timeline.SendFile"),
        *("/digest preview", "/dlq recent", "/dlq p0-email", "/dlq http-status", "/dlq show", "/dlq replay"),
        *(
            "dlq.Recent",
            "dlq.P0Email",
            "dlq.HttpStatus",
            "dlq.OpenEntrySelect",
            "dlq.RawJson",
            "dlq.PreviewReplay",
        ),
        *("/oncall show", "/oncall schedule export", "/oncall schedule import"),
        *("responding.First", "triage.answering.Show", "incidents.private.AskToDelete"),
    }
)

#: What does, by a callback that another one in the table shares; their own screens cost a story of their own.
SHARED: Final = {
    "triage.answering.ChooseAnswer": "triage.answering.AnswerButton",
    "triage.starting.Urgent": "/sev1",
    "/sev2": "/sev1",
    "/sev3": "/sev1",
}


def change(name: str) -> Callable[[Prepare], Prepare]:
    """Register a change."""

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


@change("triage.answering.AnswerButton")
async def _(scene: Scene) -> Change:
    return await scene.on_card(scene.presses(await scene.walked(), "はい"), "triage.answered")


@change("triage.answering.LeaveTriage")
async def _(scene: Scene) -> Change:
    return scene.walks(scene.presses(await scene.walked("はい"), "やめる"), "triage.cancelled")


@change("triage.answering.Revise")
async def _(scene: Scene) -> Change:
    card, label = await scene.walked("はい", "はい"), "前の答えを変える"
    act = scene.presses(card, label, value=value_of(card, label))
    return await scene.on_card(act, "triage.withdrawn")


@change("triage.answering.TriageSeverityButton")
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


@change("triage.unfinished.Continue")
async def _(scene: Scene) -> Change:
    return await _unfinished(scene, "続ける", "triage.continued")


@change("triage.unfinished.Stop")
async def _(scene: Scene) -> Change:
    return await _unfinished(scene, "やめる", "triage.cancelled")


async def _unfinished(scene: Scene, label: str, action: str) -> Change:
    """An answer to the DM about a triage that was left; see `LEFT`."""
    asked = await scene.showing("dm:responder", label, scene.title)
    return scene.walks(scene.presses(asked, label), action)


@change("alerts.Declare")
async def _(scene: Scene) -> Change:
    return await _tracked(scene, "インシデントにする", "declared")


@change("alerts.FalseAlarm")
async def _(scene: Scene) -> Change:
    return await _tracked(scene, "誤報", "cancelled")


@change("alerts.Track")
async def _(scene: Scene) -> Change:
    _, line = await _asked_about(scene)
    query = "SELECT count(*) FROM incidents WHERE title LIKE '%' || $1 || '%'"
    return Change(scene.presses(line, "追跡する"), query, (scene.title,), words=(scene.title,))


@change("alerts.Ignore")
async def _(scene: Scene) -> Change:
    posted, line = await _asked_about(scene)
    act = scene.presses(line, "この送信元は無視")
    return scene.acts(act, "sender_ignored", of=posted.id, words=(scene.title,))


@change("alerts.Heed")
async def _(scene: Scene) -> Change:
    posted, line = await _asked_about(scene)
    await scene.press(line, "この送信元は無視")
    act = scene.presses(await scene.showing("p1-ops", "無視をやめる", scene.title), "無視をやめる")
    return scene.acts(act, "sender_heeded", of=posted.id, words=(scene.title,))


async def _asked_about(scene: Scene) -> tuple[Message, Message]:
    """A message that nobody understands, of a sender of its own, and the line that asks about it."""
    posted = await scene.human.post_webhook("p1-ops", scene.title, f"{scene.title} exit code 1")
    return posted, await scene.showing("p1-ops", "追跡する", scene.title)


async def _tracked(scene: Scene, label: str, kind: str) -> Change:
    """A change of what a monitor has posted."""
    await scene.human.post_webhook("p1-ops", "monitor", f"[FIRING:1] {scene.title}")
    post = await scene.showing("p1-ops", label, scene.title)
    [row] = await scene.stage.world.rows("SELECT id FROM incidents WHERE title LIKE '%' || $1", scene.title)
    return Known(row["id"], post).change(scene.presses(post, label), kind)
