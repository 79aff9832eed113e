"""A role that follows the rotation, as members of the server see it over a night."""

import asyncio
from pathlib import Path

from local_discord.world.permissions import P
from local_discord.world.world import Role
from tests.e2e.conftest import MakeWorld
from tests.e2e.oncall.rosters import evening, following, policy_file, turns
from tests.e2e.world.world import World

ROLE = "1100000000000000298"
_WITHIN_S = 10.0  # what is promised


def prepare(world: World) -> None:
    """Add the role to the server, and let the bot manage roles."""
    roles = world.sandbox.core.world.roles
    roles[ROLE] = Role(ROLE, "current", 0, position=1)
    next(role for role in roles.values() if role.name == "incident-bot").permissions |= P.MANAGE_ROLES


def members(world: World) -> set[str]:
    """Who has the role, by username."""
    found = world.sandbox.core.world.members.values()
    return {member.user.username for member in found if ROLE in member.roles}


async def expect_members(world: World, *names: str) -> None:
    """Wait until exactly these have the role."""
    async with asyncio.timeout(_WITHIN_S):
        while members(world) != set(names):  # noqa: ASYNC110 -- Discord tells the bot alone
            await asyncio.sleep(0.1)


async def test_the_role_is_handed_over_in_the_morning(make_world: MakeWorld, tmp_path: Path) -> None:
    """Primary has the role in the evening and secondary after 10:00; a restart changes nothing."""
    path = tmp_path / "policy.toml"
    async with make_world(RUNBOOK_FILE=str(path)) as world:
        prepare(world)
        handover = following(await evening(world), days=1)
        policy_file(tmp_path, turns(handover) + '[oncall.roles]\ncurrent = ["primary"]\n\n')
        await world.start_bot()
        await expect_members(world, "primary")
        await world.expect_dm("secondary", contains="から当番です")
        await world.fast_forward(hours=14.5)
        await expect_members(world, "secondary")
        await world.expect_message("p1-ops", contains="primary：@primary → @secondary", pings_here=False)
        await world.expect_dm("secondary", contains="当番になりました")
        await world.restart_bot()
        await expect_members(world, "secondary")
        rows = await world.rows("SELECT action FROM audit WHERE action LIKE 'role_%' ORDER BY id")
        assert [row["action"] for row in rows] == ["role_given", "role_given", "role_taken"]
