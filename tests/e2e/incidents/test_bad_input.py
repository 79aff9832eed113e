"""Wrong input and wrong set-ups get a clear answer, lose nothing, and do not stop the bot."""

from pathlib import Path

import pytest

from bot.demo.triage_walk import CONFIRM, TriageReport, TriageWalk
from bot.runbook import default_policy_text
from local_discord.client import HumanSideError
from local_discord.world.permissions import P
from tests.e2e.conftest import MakeWorld
from tests.e2e.world.severities import SEV1, SEV2, SEV3
from tests.e2e.world.world import World

EVIL = "@everyone <@&1100000000000000201> <@1100000000000000101> **太字** ||隠す|| `code` https://example.com"


async def test_titles(world: World) -> None:
    """Discord limits a title to the length that form and command accept; 200 characters are kept whole.

    A NUL, an override of direction and a sign of no width reach neither the database nor the channel. SQL
    is a title like any other, and one of blanks is refused. Mentions do not ping, markup is not rendered.
    """
    long = "あ" * 4000
    with pytest.raises(HumanSideError, match="title"):
        await world.command("sev1", title=long)
    walk = TriageWalk(world.human, "responder", "general")
    with pytest.raises(HumanSideError, match="title"):
        await walk.begin(TriageReport(long))
    said = await world.command("sev1", title="\u200b \u200b")
    assert "件名が空です" in said.text
    await world.declare(SEV1, title="あ" * 200)
    title = "'; DROP TABLE incidents; --"
    await world.command("sev3", title=f"決\0済\u202e\u200b {title}")
    alert = await world.expect_alert(SEV3, f"決済 {title}")
    [row] = await world.rows("SELECT title FROM incidents WHERE severity = 'SEV3'")
    assert row["title"] == f"決済 {title}"
    assert "\u202e" not in alert.post.text
    await walk.answer(await walk.begin(TriageReport(EVIL)), *SEV2.answers, CONFIRM)
    alert = await world.expect_alert(SEV2, "太字")
    for message in (alert.post, alert.root, alert.start, alert.card, *alert.dms.values()):
        assert message.raw["mentions"] == []
        assert message.raw["mention_roles"] == []
        assert "@everyone" not in message.text
    assert not alert.card.pings_here


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
