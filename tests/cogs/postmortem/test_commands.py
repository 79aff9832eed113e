"""Resolving by form, and `/postmortem`, as people use them."""

from bot.domain.incident.incident import Status
from bot.storage.tables.incidents import IncidentRows
from tests.integration.cogs.console_world import ConsoleWorld, alerted, shown, words


async def test_resolving_is_one_form(world: ConsoleWorld) -> None:
    """One form resolves an incident with cause, fix, impact, extent and owner, and the alert shows the cause.

    The form can be sent after a restart, and an extent that cannot be read is given back.
    """
    alert = await alerted(world)
    form = await world.click(alert, "inc:v1:resolve:1")
    assert [label["component"]["custom_id"] for label in form["modal"]["components"]] == [
        "cause",
        "fix",
        "impact",
        "extent",
        "owner",
    ]
    await world.restart()
    refused = shown(await world.send(form, cause="接続プールの枯渇", extent="たくさん"))["content"]
    assert "「たくさん」は読めません" in refused
    assert "接続プールの枯渇" in refused
    form = await world.command("incident resolve", number=1)
    done = words(
        shown(await world.send(form, cause="接続プールの枯渇", extent="約 120 人", owner=["secondary"]))
    )
    for told in ("INC-1 を解決にしました", "原因：接続プールの枯渇", "120 人", "担当：@secondary"):
        assert told in done
    assert (await IncidentRows(world.store.sql).incident(1)).status is Status.RESOLVED
    await world.until("p0-alerts", contains="原因：接続プールの枯渇")


async def test_a_resolution_is_corrected_by_the_same_form(world: ConsoleWorld) -> None:
    """The command, or the button under the alert, opens the form again to correct a resolution.

    The form is filled in with the earlier words; sending them unchanged is answered as such.
    """
    await alerted(world)
    await world.resolve(1)
    form = await world.command("incident resolve", number=1)
    assert form["modal"]["title"] == "INC-1 の解決の内容"
    said = words(shown(await world.send(form, fix="rollback")))
    assert "解決の内容を直しました" in said
    alert = await world.until("p0-alerts", contains="対処：rollback")
    form = await world.click(alert, "inc:v1:resolution:1")
    filled = {label["component"]["custom_id"]: label["component"] for label in form["modal"]["components"]}
    assert filled["fix"]["value"] == "rollback"
    assert "すでにそのとおりです" in words(shown(await world.send(form)))


async def test_the_button_of_an_older_version_still_resolves(world: ConsoleWorld) -> None:
    """The older version's question may still be on a screen during the upgrade."""
    alert = await alerted(world)
    posted = world.sandbox.core.world.messages[alert["channel_id"]][alert["id"]]
    posted.components[0]["components"][0]["custom_id"] = "inc:v1:resolve-now:1"
    await world.click(alert, "inc:v1:resolve-now:1")
    assert (await IncidentRows(world.store.sql).incident(1)).status is Status.RESOLVED


async def test_a_postmortem_is_done_and_owed_again(world: ConsoleWorld) -> None:
    """A postmortem is marked as done by a command, and as owed again by a button of the answer.

    Another person may be given the postmortem, and a new due date keeps that person.
    """
    await alerted(world)
    await world.resolve(1)
    said = shown(await world.command("postmortem done", number=1))
    assert "postmortem を済みにしました" in words(said)
    again = shown(await world.command("postmortem done", number=1))
    assert "@responder が済みにしています" in words(again)
    undone = shown(await world.click(again, "inc:v1:postmortem_undo:1"))["content"]
    assert "済みでない状態に戻しました" in undone
    given = shown(await world.command("postmortem owner", number=1, user="secondary"))["content"]
    assert "@secondary に任せました" in given
    dm = await world.until("dm:secondary", contains="postmortem を任されました")
    moved = shown(await world.command("postmortem owner", number=1, due="2週間後"))["content"]
    assert "期限を" in moved
    assert "担当：@secondary" in moved
    assert "少なくとも一方" in words(shown(await world.command("postmortem owner", number=1)))
    assert "済みにしました" in words(shown(await world.click(dm, "inc:v1:postmortem_done:1", by="secondary")))


async def test_a_postmortem_that_nobody_owes_is_refused_with_the_reason(world: ConsoleWorld) -> None:
    """`postmortem done` is refused with the reason if the incident owes no postmortem.

    A resolved SEV3, an unresolved SEV1, a reopened one and an unknown incident owe none.
    """
    await alerted(world, severity="sev3")
    await world.resolve(1)
    for title in ("表示が遅い", "検索が遅い"):
        await world.command("sev1", title=title)
    await world.resolve(3)
    await world.command("incident reopen", number=3)
    for number, told in (
        (1, "INC-1 に postmortem は必要ありません"),
        (2, "INC-2 に postmortem は必要ありません"),
        (3, "INC-3 の postmortem はいま必要ありません。再開したためです"),
        (9, "そのインシデントはありません"),
    ):
        said = shown(await world.command("postmortem done", number=number))["content"]
        assert told in said


async def test_a_postmortem_is_drafted_and_shown(world: ConsoleWorld) -> None:
    """`postmortem draft` and `show` take the incident's number, and the answer to `show` has the file.

    A new draft says whether the facts have changed since the last one.
    """
    await alerted(world)
    nothing = shown(await world.command("postmortem show", number=1))["content"]
    assert "下書きはまだありません" in nothing
    said = shown(await world.command("postmortem draft", number=1))["content"]
    assert "下書きを作りました" in said
    assert "`docs/ops/postmortems/" in said
    assert (
        "前の下書きから事実は変わっていません"
        in shown(await world.command("postmortem draft", number=1))["content"]
    )
    answer = shown(await world.command("postmortem show", number=1))
    assert "第 1 版" in answer["content"]
    [file] = answer["attachments"]
    assert file["filename"] == "INC-1-postmortem.md"
    await world.resolve(1)
    again = shown(await world.command("postmortem draft", number=1))["content"]
    assert "作り直しました" in again
    assert "📝 postmortem：" in shown(await world.command("postmortem show", number=1))["content"]


async def test_show_says_that_no_postmortem_is_needed(world: ConsoleWorld) -> None:
    """`postmortem show` says of a SEV3 that no postmortem is needed, with and without a draft.

    Of a severity that asks for a postmortem the command does not say so.
    """
    await alerted(world)
    await world.command("sev3", title="表示が遅い")
    assert "必要ありません" not in shown(await world.command("postmortem show", number=1))["content"]
    for _ in range(2):
        said = shown(await world.command("postmortem show", number=2))["content"]
        assert "INC-2 に postmortem は必要ありません" in said
        await world.command("postmortem draft", number=2)
    assert "第 1 版" in said


async def test_a_draft_of_no_incident_is_refused(world: ConsoleWorld) -> None:
    """Drafting or showing the postmortem of an unknown incident answers that there is no such incident."""
    for command in ("postmortem draft", "postmortem show"):
        assert "そのインシデントはありません" in shown(await world.command(command, number=9))["content"]
