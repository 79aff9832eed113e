"""Changes of one incident, as people make them."""

from dataclasses import replace
from typing import Any

from local_discord.client import Interaction, Message
from tests.faults.changes.catalogue import change
from tests.faults.changes.scene import Act, Change, Known, Scene, value_of

# -- responding


@change("responding.press_ack")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    return known.change(scene.presses(known.alert, "ack"), "acknowledged")


@change("responding.press_decline")
async def _(scene: Scene) -> Change:
    known = await scene.raised("sev2", by="primary", private=True)  # its DM is not bundled with others
    page = await scene.showing("dm:primary", "対応できない", scene.title)
    return known.change(scene.presses(page, "対応できない", by="primary"), "declined")


@change("responding.press_release")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    taken = await scene.press(known.alert, "ack")
    return known.change(scene.presses(taken, "手を離す"), "released")


@change("incidents.card.choose_steps")
async def _(scene: Scene) -> Change:
    known, label = await scene.raised(), "完了した手順を選ぶ"
    card = await scene.showing(known.thread, label)
    return known.change(scene.presses(card, label, value=value_of(card, label)), "step_done")


@change("incidents.editing.send_update")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    form = await scene.press(known.alert, "更新")
    return known.change(scene.sends(form, known="rollback 中"), "updated")


@change("incidents.editing.send_details")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    form = await scene.human.command("responder", "general", "incident edit", {"number": known.number})
    return known.change(scene.sends(form, title=f"{scene.title} と Web"), "details_changed")


@change("incidents.editing.send_severity")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    form = await scene.press(known.alert, "重大度")
    return known.change(scene.sends(form, severity="SEV2", reason="広がった"), "severity_changed")


@change("/incident severity")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    act = scene.runs("incident severity", number=known.number, to="SEV2", reason="広がった")
    return known.change(act, "severity_changed")


@change("/incident snooze")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    await scene.press(known.alert, "ack")
    return known.change(scene.runs("incident snooze", number=known.number, until="1h"), "snoozed")


@change("/incident team")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    act = scene.runs("incident team", number=known.number, team="payments")
    return known.change(act, "team_handed")


@change("/incident call")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    act = scene.runs("incident call", number=known.number, team="payments")
    return known.change(act, "team_called")


@change("incidents.editing.press_next_update")
async def _(scene: Scene) -> Change:
    known = await scene.raised("sev2")
    await scene.press(known.alert, "ack")
    lowered = await scene.say("incident severity", number=known.number, to="SEV3", reason="dev だけ")
    return known.change(scene.presses(lowered, "次の更新"), "updated")


@change("incidents.timeline.send_note")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    form = await scene.press(await scene.say("incident show", number=known.number), "メモ")
    return known.change(scene.sends(form, note="再起動した"), "note")


@change("sheets.press_post")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    commands = await scene.press(await scene.showing(known.thread, "コマンド"), "コマンド")
    form = await scene.press(commands, "出力を貼る")
    preview = await scene.human.submit("responder", form, {"output": "upstream timeout"})
    return known.change(scene.presses(preview, "投稿する"), "output")


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


@change("incidents.card.press_role")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    others = await scene.others(await scene.showing(known.thread, "その他"))
    return known.change(scene.presses(others, "🧭"), "role_changed")


@change("incidents.card.press_step_down")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    taken = await scene.say("incident assign", number=known.number, role="commander")
    return known.change(scene.presses(taken, "降りる"), "role_changed")


# -- ending, and what it has to do with others


@change("incidents.lifecycle.send_resolution")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    form = await scene.form("incident resolve", number=known.number)
    return known.change(scene.sends(form, cause="a deploy"), "resolved")


@change("incidents.lifecycle.send_correction")
async def _(scene: Scene) -> Change:
    known = await scene.resolved()
    form = await scene.form("incident resolve", number=known.number)
    return known.change(scene.sends(form, cause="a deploy"), "resolution_corrected")


@change("suspects.commands.send_rollback")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    shown = await scene.say("incident show", number=known.number)
    form = await scene.press(shown, "ロールバックを記録")
    return known.change(scene.sends(form, reason="a deploy"), "rollback_decided")


@change("/postmortem draft")
async def _(scene: Scene) -> Change:
    known = await scene.resolved()
    query = "SELECT count(*) FROM postmortem_documents WHERE incident_id = $1"
    return Change(
        scene.runs("postmortem draft", number=known.number), query, (known.number,), (known.thread,)
    )


@change("/postmortem done")
async def _(scene: Scene) -> Change:
    known = await scene.resolved("sev1")
    return known.change(scene.runs("postmortem done", number=known.number), "postmortem_done")


@change("/postmortem owner")
async def _(scene: Scene) -> Change:
    known = await scene.resolved("sev1")
    act = scene.runs("postmortem owner", number=known.number, user="secondary")
    return known.change(act, "postmortem_owner")


@change("postmortem.commands.press_undo")
async def _(scene: Scene) -> Change:
    known = await scene.resolved("sev1")
    said = await scene.say("postmortem done", number=known.number)
    return known.change(scene.presses(said, "元に戻す"), "postmortem_owed")


@change("/incident cancel")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    return known.change(scene.runs("incident cancel", number=known.number), "cancelled")


@change("/incident reopen")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    await scene.say("incident cancel", number=known.number)
    return known.change(scene.runs("incident reopen", number=known.number), "reopened")


@change("incidents.lifecycle.press_reopen")
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
    both: dict[str, Any] = {"number": known.number, "with": other.number}
    return known.change(scene.runs("incident link", **both), "linked")


@change("/incident unlink")
async def _(scene: Scene) -> Change:
    known, other = await scene.raised(), await scene.raised(title=f"{scene.title} other")
    both: dict[str, Any] = {"number": known.number, "with": other.number}
    await scene.say("incident link", **both)
    return known.change(scene.runs("incident unlink", **both), "unlinked")


@change("/incident private")
async def _(scene: Scene) -> Change:
    known = await scene.raised(by="primary", private=True)
    act = scene.runs("incident private", by="primary", number=known.number, user="observer")
    return known.change(act, "member_added")


@change("incidents.private.press_private")
async def _(scene: Scene) -> Change:
    known = await scene.raised(by="primary")
    asked = await scene.say("incident private", by="primary", number=known.number)
    return known.change(scene.presses(asked, "非公開にする", by="primary"), "made_private")


@change("incidents.private.press_delete_now")
async def _(scene: Scene) -> Change:
    known, label = await scene.raised(by="primary"), "元のスレッドを削除"
    await scene.human.say("observer", known.thread, "顧客の名前が見えています")
    asked = await scene.say("incident private", by="primary", number=known.number)
    await scene.press(asked, "非公開にする", by="primary")
    thread = await scene.moved(known)
    question = await scene.press(await scene.showing(thread, label), label, by="primary")
    act = scene.presses(question, "削除する", by="primary")
    return scene.acts(act, "delete_thread", of=known.thread, places=(thread,))


@change("/check")
async def _(scene: Scene) -> Change:
    known = await scene.raised()
    query = "SELECT count(*) FROM timeline WHERE incident_id = $1 AND kind = 'checked'"
    return Change(scene.runs("check", where=known.thread), query, (known.number,), places=(known.thread,))


# -- telling users


async def _announcing(scene: Scene) -> tuple[Known, Message]:
    """An incident whose users are affected, and the message with the button."""
    known = await scene.raised("sev2")
    form = await scene.press(known.alert, "更新")
    await scene.human.submit("responder", form, {"phase": ["users:yes"]})
    return known, await scene.showing(known.thread, "告知")


async def _drafting(scene: Scene) -> tuple[Known, Interaction]:
    """The screen behind that button, too."""
    known, card = await _announcing(scene)
    return known, await scene.press(card, "告知")


def _drafted(scene: Scene, known: Known, act: Act, action: str) -> Change:
    """A change of an announcement that only the screen of the person shows."""

    async def screen() -> str:
        shown = await scene.say("incident show", number=known.number)
        if action == "announcement_drafted":  # to open it would draft it
            return shown.text
        return (await scene.press(await scene.showing(known.thread, "告知"), "告知")).text

    return replace(scene.acts(act, action, of=f'"incident_id": {known.number}}}'), screen=screen)


@change("announcements.commands.press_announce")
async def _(scene: Scene) -> Change:
    known, card = await _announcing(scene)
    return _drafted(scene, known, scene.presses(card, "告知"), "announcement_drafted")


@change("announcements.commands.send_texts")
async def _(scene: Scene) -> Change:
    known, screen = await _drafting(scene)
    form = await scene.press(screen, "編集")
    return _drafted(scene, known, scene.sends(form, **{"x:ja": "復旧しました。"}), "announcement_edited")


@change("announcements.commands.press_redraft")
async def _(scene: Scene) -> Change:
    known, screen = await _drafting(scene)
    await scene.human.submit("responder", await scene.press(screen, "編集"), {"x:ja": "調査中です。"})
    update = await scene.press(known.alert, "更新")
    await scene.human.submit("responder", update, {"phase": ["identified"]})
    screen = await scene.press(await scene.showing(known.thread, "告知"), "告知")
    return _drafted(scene, known, scene.presses(screen, "下書きを作り直す"), "announcement_redrafted")


@change("announcements.commands.press_copied")
async def _(scene: Scene) -> Change:
    known, screen = await _drafting(scene)
    return known.change(scene.presses(screen, "コピーして公開した"), "announced")
