"""Test the tour's check that no page is sent, at every hour and on every day."""

import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import asyncpg
import pytest
from rich.console import Console

from bot.demo import clock
from bot.demo.running_demo import RunningDemo
from bot.demo.setup import Setup
from bot.demo.story.cast import SATO, TURNS
from bot.demo.tour import TourSteps
from bot.demo.transcript import Transcript
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.runbook import load_policy
from cogs.actions.rules import ActionDelivery
from cogs.morning_triage.rules import MorningDelivery
from cogs.oncall.rules import OnCallDelivery
from cogs.postmortem.rules import PostmortemDelivery
from local_discord.client import Human, NotSeen
from local_discord.running import running_discord
from local_discord.world.snowflake import snowflake_of
from tests.postgres import connect

_PLACES = ("p0-alerts", f"dm:{SATO}")
_SENT = """
INSERT INTO deliveries (guild_id, kind, target, key, data, priority, status, nonce, message_id,
                        next_try_at, finished_at)
VALUES (7, $1, 'channel:p0-alerts', $2::bigint::text, '{}', 0, 'sent', $2::bigint::text, $2, now(), now())
"""


class Messages(RunningDemo):
    """A demo in which the bot sends a message of each kind in each place, as time passes."""

    kinds: tuple[AnyDeliveryKind, ...]

    @classmethod
    def of(cls, connection: asyncpg.Connection, human: Human, *kinds: AnyDeliveryKind) -> "Messages":
        """Return a demo for these kinds."""
        unused: Any = None
        made = cls(human, "", "", connection, unused, Setup())
        made.__dict__["kinds"] = kinds
        return made

    async def rest(self) -> None:
        """Nothing runs."""

    async def fast_forward(self, span: timedelta) -> None:
        """Send them."""
        bot_id = (await self.human.state())["application"]["id"]
        at = datetime.now(UTC) - span
        for kind, place in product(self.kinds, _PLACES):
            said = {"id": snowflake_of(at), "user": bot_id, "channel": place, "message": {"content": kind}}
            (sent,) = await self.human.write_history([said])
            await self.connection.execute(_SENT, kind.value, int(sent["message_id"]))
            at += timedelta(seconds=1)


@pytest.fixture
async def onlooker(database_url: str) -> AsyncIterator[tuple[asyncpg.Connection, Human]]:
    """A database whose clock can be moved, and a local Discord with the people of the story."""
    connection = await connect(database_url)
    await clock.install(connection)
    async with running_discord(bot_name="incident-bot") as discord:
        for user in TURNS["primary"]:
            await discord.human.add("member", user=user)
        yield connection, discord.human
    await connection.close()


def tour_on(demo: RunningDemo) -> TourSteps:
    """Return the people of the tour, who print nothing."""
    return TourSteps(demo, Transcript(Console(file=io.StringIO()), names={}, zone=load_policy(None).timezone))


async def test_messages_of_the_calendar_are_no_page(onlooker: tuple[asyncpg.Connection, Human]) -> None:
    """The DM before Monday's handover is due within the 40 minutes of a tour on Sunday morning."""
    tour = tour_on(
        Messages.of(
            *onlooker,
            OnCallDelivery.ON_DUTY_SOON,
            OnCallDelivery.HANDOVER,
            MorningDelivery.POST,
            ActionDelivery.DM,
            PostmortemDelivery.DM,
        )
    )
    await tour.silence(timedelta(minutes=40), "40 分後", "nobody is paged")
    assert tour.steps == 1


async def test_each_kind_of_page_breaks_the_silence(onlooker: tuple[asyncpg.Connection, Human]) -> None:
    """A page after the acknowledge ends the tour, which says what was sent."""
    for kind in (DeliveryKind.PAGE, DeliveryKind.ESCALATION, DeliveryKind.ALERT):
        tour = tour_on(Messages.of(*onlooker, kind))
        with pytest.raises(NotSeen, match=f"nobody is paged, but there is: {kind}"):
            await tour.silence(timedelta(minutes=40), "40 分後", "nobody is paged")
