"""What changed before a SEV1, on a card in its thread; the decision to roll back; what was seen before."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio

from tests.e2e.conftest import MakeWorld
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World
from tests.standins.github.deployments import Deployed
from tests.standins.github.server import TOKEN, GitHub, running_github
from tests.standins.github.state import now_in_seconds

TITLE = "決済 API が 5xx"


@pytest_asyncio.fixture
async def github() -> AsyncIterator[GitHub]:
    """A GitHub where something was deployed twelve minutes ago."""
    async with running_github() as made:
        at = now_in_seconds() - timedelta(minutes=12, seconds=20)
        made.deployments = [Deployed(1, at=at, states=["success"])]
        yield made


@pytest_asyncio.fixture
async def world(github: GitHub, make_world: MakeWorld) -> AsyncIterator[World]:
    """A world whose bot reads it."""
    env = {
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_REPOSITORY": github.repository.full_name,
        "GITHUB_API_URL": github.url,
        "OUTBOUND_PRIVATE_HOSTS": "127.0.0.1",
    }
    async with make_world(**env) as made:
        await made.start_bot()
        yield made


async def test_a_rollback_is_decided_over_a_restart_and_remembered_by_the_next(world: World) -> None:
    """The card has the deployment; the decision is on it, in the thread, in the sheet; the next one knows."""
    alert = await world.declare(SEV1, title=TITLE)
    card = await world.expect_message(alert.thread, contains="直前の変更")
    await world.expect_text(card, "🚀 **開始の 12 分前** [main (a1b2c3d)]")
    form = await world.human.press("primary", card, "ロールバック")
    said = await world.human.submit("primary", form, {"reason": "直後から 5xx"})
    assert "戻すと記録しました" in said.text
    assert "scripts/deploy/rollback.sh" in said.text
    await world.expect_message(alert.thread, contains="@primary が **戻す** と決めました：直後から 5xx")
    await world.expect_text(card, "↩️ **戻す** · @primary")
    await world.expect_text(alert.card, "**初動：** 1/4")
    await world.restart_bot()
    card = await world.reread(card)
    form = await world.human.press("secondary", card, "戻さないと記録")
    await world.human.submit("secondary", form, {"reason": "DB の障害"})
    await world.expect_message(alert.thread, contains="@secondary が **戻さない** と決めました")
    await world.expect_text(card, "✋ **戻さない** · @secondary")
    shown = await world.command("incident show", number=1)
    assert "DB の障害" in shown.text
    form = await world.command("incident resolve", channel=alert.thread, by="primary")
    await world.human.submit("primary", form, {"cause": "プールが枯渇した"})
    await world.expect_message(alert.thread, contains="INC-1 解決")
    await world.expect_draft(alert.thread)
    await world.expect_message(alert.thread, contains="postmortem の pull request")
    again = await world.declare(SEV1, title=TITLE)
    next_card = await world.expect_message(again.thread, contains="直前の変更")
    await world.expect_text(next_card, "原因：プールが枯渇した")
    similar = await world.command("incident similar", channel=again.thread)
    assert "INC-1" in similar.text
