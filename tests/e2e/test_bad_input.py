"""Wrong input and wrong set-ups get a clear answer, lose nothing, and do not stop the bot."""

from pathlib import Path

import pytest

from bot.demo.play import CONFIRM, TriageReport, TriageWalk
from bot.runbook import default_policy_text
from local_discord.people import HumanSideError
from local_discord.world.permissions import P
from tests.e2e.conftest import MakeWorld
from tests.e2e.severities import SEV1, SEV2, SEV3, YES
from tests.e2e.world import World

EVIL = "@everyone <@&1100000000000000201> <@1100000000000000101> **太字** ||隠す|| `code` https://example.com"


async def test_title_of_4000_characters(world: World) -> None:
    """Discord limits a title to the length that form and command accept; 200 characters are kept whole."""
    long = "あ" * 4000
    with pytest.raises(HumanSideError, match="title"):
        await world.command("sev1", title=long)
    walk = TriageWalk(world.human, "responder", "general")
    with pytest.raises(HumanSideError, match="title"):
        await walk.begin(TriageReport(long))
    await world.declare(SEV1, title="あ" * 200)


async def test_mentions_and_markup_in_a_title_are_inert(world: World) -> None:
    """@everyone, roles, people and markup in a title do not ping and are not rendered."""
    for severity in (SEV1, SEV2):
        walk = TriageWalk(world.human, "responder", "general")
        report = TriageReport(f"{severity.name} {EVIL}")
        await walk.answer(await walk.begin(report), *severity.answers, CONFIRM)
        alert = await world.expect_alert(severity, "太字")
        for message in (alert.post, alert.root, alert.start, alert.card, *alert.dms.values()):
            assert message.raw["mentions"] == []
            assert message.raw["mention_roles"] == []
            assert "@everyone" not in message.text
        assert not alert.card.pings_here


async def test_nul_and_invisible_signs_are_cleaned(world: World) -> None:
    """A NUL, an override of direction and a sign of no width do not reach the database or the channel."""
    await world.command("sev3", title="決\0済\u202e\u200b API")
    alert = await world.expect_alert(SEV3, "決済 API")
    [row] = await world.rows("SELECT title FROM incidents")
    assert row["title"] == "決済 API"
    assert "\u202e" not in alert.post.text


async def test_signs_in_a_title_do_no_harm(world: World) -> None:
    """'; DROP TABLE incidents; -- is a title like any other, and one of blanks is refused."""
    said = await world.command("sev1", title="\u200b \u200b")
    assert "件名が空です" in said.text
    title = "'; DROP TABLE incidents; --"
    await world.command("sev3", title=title)
    await world.expect_alert(SEV3, title)
    [row] = await world.rows("SELECT title FROM incidents")
    assert row["title"] == title


async def test_start_times_that_cannot_be(world: World) -> None:
    """Invalid, very old and future start times are refused, and the form keeps the typed text."""
    walk = TriageWalk(world.human, "responder", "general")
    report = TriageReport("決済 API が 5xx", targets=["api.parky.co.jp"], started="さっき")
    refused = await walk.begin(report)
    assert "読めません" in refused.text
    for typed, told in (("2001-01-01 10:00", "古すぎます"), ("2099-01-01 10:00", "未来です")):
        form = await world.human.press("responder", refused, "直して送る")
        refused = (await world.human.submit("responder", form, {"started": typed})).messages[-1]
        assert told in refused.text
    form = await world.human.press("responder", refused, "直して送る")
    sent = await world.human.submit("responder", form, {"started": "5分前"})
    card = await walk.answer(sent.messages[-1], YES, YES, CONFIRM)
    assert "発報しました" in card.text
    alert = await world.expect_alert(SEV1, "決済 API が 5xx")
    assert "api.parky.co.jp" in alert.post.text


async def test_unknown_incident(world: World) -> None:
    """A number that is none says how to name one."""
    for name in ("incident show", "incident resolve"):
        said = await world.command(name, number=999)
        assert "そのインシデントはありません" in said.text


async def test_person_without_the_role(world: World) -> None:
    """Reporting and acking without the role are refused by the role's name, and audited."""
    for name, options in (("triage", {}), ("sev1", {"title": "いたずら"})):
        said = await world.command(name, by="observer", **options)
        assert "@responder" in said.text
        assert said.modal is None
    alert = await world.triage(SEV1, title="決済 API が 5xx")
    said = await world.click(alert, "ack", by="observer")
    assert "ロールが必要です" in said.text
    [row] = await world.rows("SELECT status FROM incidents")
    assert row["status"] == "triggered"
    refused = await world.rows("SELECT data ->> 'act' AS act FROM audit WHERE NOT allowed ORDER BY id")
    assert [row["act"] for row in refused] == ["triage.begin", "open", "acknowledge"]


async def test_policy_with_an_unknown_channel(make_world: MakeWorld, tmp_path: Path) -> None:
    """The alert's channel does not exist: the incident is kept, the failure is in the DLQ, the bot is up."""
    policy = tmp_path / "policy.toml"
    text = default_policy_text().replace('channel = "p2-deploys"', 'channel = "no-such-channel"')
    policy.write_text(text, encoding="utf-8")
    async with make_world(RUNBOOK_FILE=str(policy)) as world:
        await world.start_bot()
        said = await world.command("sev3", title="どこにも出ない")
        assert "INC-1" in said.text
        await world.idle()
        failed = await world.rows("SELECT channel, title, error_message FROM admin.notification_failures")
        assert ("no-such-channel", "どこにも出ない") in [(row["channel"], row["title"]) for row in failed]
        await world.declare(SEV1, title="次は届く")


async def test_channel_that_the_bot_may_not_write_to(world: World) -> None:
    """Without SEND_MESSAGES the person is answered, the failure is in the DLQ, and other channels work."""
    deny = int(P.SEND_MESSAGES)
    await world.human.change("channel", channel="p2-deploys", role="incident-bot", deny=deny)
    said = await world.command("sev3", title="書けない")
    assert "INC-1" in said.text
    await world.idle()
    failed = await world.rows("SELECT channel, http_status FROM admin.notification_failures")
    assert ("p2-deploys", 403) in [tuple(row) for row in failed]
    await world.expect_nothing_more()
    await world.declare(SEV1, title="次は届く")
