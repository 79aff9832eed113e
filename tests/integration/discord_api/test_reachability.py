"""Test the check that people on call can be reached, against the local Discord."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UpstreamUnavailable
from bot.domain.oncall.people import OnCallPerson
from bot.runbook import default_policy_text, parse_policy
from bot.services.ports.discord import Gap, ReadinessFinding
from bot.ui.discord_api.places import DiscordReachability
from cogs.oncall.rules import OnCallDelivery
from local_discord.world.permissions import P
from local_discord.world.world import Overwrite
from tests.integration.discord_api.notifier_world import (
    GUILD,
    INCIDENT,
    POLICY,
    PRIMARY,
    SECONDARY,
    TEXTS,
    NotifierWorld,
    owed,
    running_world,
)

PAYMENTS = """
[oncall.pay]
discord = "ai"

[teams.payments]
channel = "general"
schedule = ["pay"]
"""
AI = OnCallPerson("primary", "ai", "ai@example.com")


@pytest_asyncio.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NotifierWorld]:
    """A client that has logged in."""
    async with running_world(monkeypatch) as made:
        yield made


async def test_nothing_is_missing(world: NotifierWorld) -> None:
    """A person who can be reached has no gaps, whether the policy names them by username or by id."""
    reach = DiscordReachability(world.client, POLICY)
    assert await reach.gaps(GUILD, AI, ("primary",)) == []
    assert await reach.gaps(GUILD, replace(AI, handle=str(PRIMARY), user_id=PRIMARY), ("primary",)) == []


async def test_each_gap_is_found(world: NotifierWorld) -> None:
    """No member; no role; a channel that is not seen; no email, which matters only where email is set up."""
    reach = DiscordReachability(world.client, POLICY)
    assert await reach.gaps(GUILD, replace(AI, handle="stranger"), ("primary",)) == [
        ReadinessFinding(Gap.NOT_MEMBER)
    ]
    left = replace(AI, handle="1100000000000000999", user_id=1100000000000000999)
    assert await reach.gaps(GUILD, left, ("primary",)) == [ReadinessFinding(Gap.NOT_MEMBER)]
    observer = replace(AI, handle="observer")
    assert await reach.gaps(GUILD, observer, ("primary",)) == [
        ReadinessFinding(Gap.NO_ROLE, ("responder", "on-call", "admin")),
    ]
    nameless = replace(AI, email=None)
    assert await reach.gaps(GUILD, nameless, ("primary",)) == [ReadinessFinding(Gap.NO_EMAIL)]
    assert (
        await DiscordReachability(world.client, POLICY, mails=False).gaps(GUILD, nameless, ("primary",)) == []
    )
    channel = next(one for one in world.world.channels.values() if one.name == "p0-alerts")
    channel.overwrites[str(PRIMARY)] = Overwrite(str(PRIMARY), 1, deny=int(P.VIEW_CHANNEL))
    assert await reach.gaps(GUILD, AI, ("primary",)) == [ReadinessFinding(Gap.NO_CHANNEL, ("p0-alerts",))]


async def test_a_channel_that_is_not_seen_is_a_gap_of_its_own_team(world: NotifierWorld) -> None:
    """A person has to see the channels of the teams whose places they are at, and no others."""
    policy = parse_policy(default_policy_text() + PAYMENTS, name="x.toml")
    reach = DiscordReachability(world.client, policy)
    for name in ("general", "p0-alerts"):
        channel = next(one for one in world.world.channels.values() if one.name == name)
        channel.overwrites[str(PRIMARY)] = Overwrite(str(PRIMARY), 1, deny=int(P.VIEW_CHANNEL))
    found = {
        places: [gap.names for gap in await reach.gaps(GUILD, AI, places)]
        for places in (("primary",), ("pay",), ("secondary", "pay"))
    }
    assert found == {
        ("primary",): [("p0-alerts",)],
        ("pay",): [("general",)],
        ("secondary", "pay"): [("p0-alerts", "general")],
    }


async def test_a_member_is_found_by_username_or_id(world: NotifierWorld) -> None:
    """A member is found by the exact user name or id; a bot is not."""
    reach = DiscordReachability(world.client, POLICY)
    for handle in ("secondary", str(SECONDARY)):
        found = await reach.member(GUILD, handle)
        assert found is not None
        assert (found.id, found.username) == (SECONDARY, "secondary")
    assert world.client.user is not None
    for handle in ("second", "1100000000000000999", str(world.client.user.id)):
        assert await reach.member(GUILD, handle) is None


async def test_discord_away_is_no_finding(world: NotifierWorld) -> None:
    """If Discord is away, the check raises UpstreamUnavailable instead of reporting a gap."""
    world.break_down({"status": 503, "times": 5}, route="GET /guilds/*")
    by_id = replace(AI, handle=str(PRIMARY), user_id=PRIMARY)
    with pytest.raises(UpstreamUnavailable):
        await DiscordReachability(world.client, POLICY).gaps(GUILD, by_id, ("primary",))


async def test_a_page_goes_to_whoever_stands_there_when_it_is_rendered(world: NotifierWorld) -> None:
    """A page goes to the person who is on call when it is rendered, not to whom the policy file names.

    The request keeps its recipient, and a named person is reached independently of the rota.
    """
    holders = {"primary": OnCallPerson("secondary", "ben")}

    async def now(_guild_id: int) -> dict[str, OnCallPerson]:
        return holders

    notifier = type(world.notifier)(world.client, texts=TEXTS, policy=POLICY, holders=now)
    asked = owed(DeliveryKind.PAGE, to="person:primary", data={"step": 0})
    request = await notifier.compose(asked, INCIDENT)
    assert request.recipient == "secondary"
    holders["primary"] = OnCallPerson(str(PRIMARY), "ai", user_id=PRIMARY)
    other = await notifier.compose(asked, INCIDENT)
    assert other.recipient == str(PRIMARY)
    assert other.channel_id != request.channel_id
    named = owed(
        OnCallDelivery.ON_DUTY,
        to="named:secondary",
        data={"changes": [], "incidents": [], "handle": "secondary"},
    )
    assert (await notifier.compose(named, None)).channel_id == request.channel_id
