"""A server with channels that the bot may not view, which Discord obfuscates since 2026-11-16."""

from typing import Final

from local_discord.world.permissions import P
from tests.e2e.conftest import MakeWorld
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

FORUM: Final = 15
PLACEHOLDER: Final = "___hidden___"


async def hide(world: World, channel: str, *, deny: P = P.VIEW_CHANNEL) -> None:
    """Take View Channel from the bot in *channel*, or give it back with no permission denied."""
    await world.human.change("channel", channel=channel, role="incident-bot", deny=int(deny))


async def offered(world: World) -> list[str]:
    """The channels that `/dlq recent` offers to an administrator, who sees all of them."""
    choices = await world.human.autocomplete("admin", "general", "dlq recent", "channel")
    return [choice["value"] for choice in choices]


async def test_hidden_channels_are_passed_over(make_world: MakeWorld) -> None:
    """The server loads although every field of a hidden forum is null, and a P0 is announced.

    No hidden channel is offered. One is as soon as the bot may view it, and no longer when that ends.
    """
    async with make_world() as world:
        await world.human.add("channel", channel="plans")
        await world.human.add("channel", channel="ideas", type=FORUM)
        await hide(world, "plans")
        await hide(world, "ideas")
        await world.human.change("application", obfuscates_to_null=True)
        await world.start_bot()
        await world.declare(SEV1, title="決済 API が 5xx")
        before = await offered(world)
        assert "general" in before
        assert not {PLACEHOLDER, "plans"} & set(before)

        async def is_offered() -> bool | None:
            return True if "plans" in await offered(world) else None

        async def is_gone() -> bool | None:
            return True if await offered(world) == before else None

        await hide(world, "plans", deny=P(0))
        await hide(world, "ideas", deny=P(0))
        await world.human.until(is_offered, "the channel that may be viewed now")
        await hide(world, "plans")
        await world.human.until(is_gone, "the choices without the hidden channel")
