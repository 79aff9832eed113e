"""Changes of action items, as people make them."""

from typing import Final

from cogs.actions.screens import DUE, OWNER, REASON, VERIFICATION, WHAT
from tests.faults.changes.catalogue import change
from tests.faults.changes.scene import Change, Known, Scene

#: A form that passes: what, who, by when, and how it will be verified.
FILLED: Final = {
    WHAT: "リトライ上限を 3 回にする",
    OWNER: ["secondary"],
    DUE: "in 2 weeks",
    VERIFICATION: "負荷試験で 5xx が 0.1% 未満のまま 30 分",
}

_NEWEST: Final = "SELECT id FROM action_items WHERE incident_id = $1 ORDER BY id DESC LIMIT 1"


async def added(scene: Scene) -> tuple[Known, str]:
    """An incident with an action item, by its name."""
    known = await scene.raised()
    form = await scene.human.command("responder", known.thread, "action add")
    await scene.human.submit("responder", form, FILLED)
    [row] = await scene.stage.until(
        lambda: scene.stage.world.rows(_NEWEST, known.number), "the action item", within_s=30.0
    )
    return known, f"AI-{row['id']}"


@change("actions.commands.send_item")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    form = await scene.human.command("responder", known.thread, "action add")
    return known.change(scene.sends(form, **FILLED), "action_added")


@change("actions.commands.send_edit")
async def _(scene: Scene) -> Change:
    known, item = await added(scene)
    form = await scene.human.command("responder", "general", "action edit", {"item": item})
    return known.change(scene.sends(form, **{DUE: "in 3 weeks"}), "action_edited")


@change("/action done")
async def _(scene: Scene) -> Change:
    known, item = await added(scene)
    return known.change(scene.runs("action done", item=item), "action_done")


@change("actions.commands.press_done")
async def _(scene: Scene) -> Change:
    known, item = await added(scene)
    line = await scene.showing(known.thread, "完了", item)
    return known.change(scene.presses(line, "完了"), "action_done")


@change("/action drop")
async def _(scene: Scene) -> Change:
    known, item = await added(scene)
    return known.change(scene.runs("action drop", item=item, reason="別の対策で足りる"), "action_dropped")


@change("actions.commands.send_drop")
async def _(scene: Scene) -> Change:
    known, item = await added(scene)
    line = await scene.showing(known.thread, "やめる", item)
    form = await scene.press(line, "やめる")
    return known.change(scene.sends(form, **{REASON: "別の対策で足りる"}), "action_dropped")


@change("/action reopen")
async def _(scene: Scene) -> Change:
    known, item = await added(scene)
    await scene.say("action done", item=item)
    return known.change(scene.runs("action reopen", item=item), "action_reopened")


@change("actions.commands.press_reopen")
async def _(scene: Scene) -> Change:
    known, item = await added(scene)
    await scene.say("action done", item=item)
    line = await scene.showing(known.thread, "再開", item)
    return known.change(scene.presses(line, "再開"), "action_reopened")
