"""What doctor says of roles that follow the rotation: what it sees on Discord, and what was refused."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import discord
import pytest
import pytest_asyncio

from bot.doctor.finding import State
from bot.doctor.guild import INVITED, invitation
from bot.runbook import Policy, default_policy_text, parse_policy
from local_discord.server import LocalDiscord
from local_discord.world.permissions import P
from tests.integration.cli.command_line import incident_bot, settings_for
from tests.integration.doctor.test_doctor import POLICY, examine, open_sandbox
from tests.postgres import connect


@pytest_asyncio.fixture(loop_scope="session")
async def sandbox(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LocalDiscord]:
    """A local Discord that discord.py in this process talks to."""
    async with open_sandbox(monkeypatch) as started:
        yield started


def with_roles(keys: str) -> Policy:
    """Parky's policy with these keys of [oncall.roles]."""
    text = f"{default_policy_text()}\n[oncall.roles]\n{keys}\n"
    return replace(parse_policy(text, name="policy.toml"), guild_id=None)


def following(role: str, *, exclusive: bool = False) -> Policy:
    """A policy whose primary has a role."""
    return with_roles(f'"{role}" = {{ places = ["primary"], exclusive = {str(exclusive).lower()} }}')


async def test_a_role_that_follows_the_rotation(sandbox: LocalDiscord) -> None:
    """Doctor names what keeps the bot from giving a role, and a role that hands out dangerous rights."""
    roles = sandbox.core.world.roles
    bots = next(role for role in roles.values() if role.name == "incident-bot")
    found = await examine(sandbox, following("on-call"))
    assert (found["role @on-call"].state, found["role @on-call"].said) == (
        State.FAIL,
        "missing: MANAGE_ROLES",
    )
    bots.permissions |= P.MANAGE_ROLES
    said = {
        name: (await examine(sandbox, following(name)))[f"role @{name}"] for name in ("on-call", "admin", "x")
    }
    assert [one.state for one in said.values()] == [State.OK, State.WARN, State.FAIL]
    assert "ADMINISTRATOR" in said["admin"].said
    on_call = next(role for role in roles.values() if role.name == "on-call")
    for right in ("MODERATE_MEMBERS", "MANAGE_MESSAGES", "MENTION_EVERYONE"):
        on_call.permissions = P[right]
        assert right in (await examine(sandbox, following("on-call")))["role @on-call"].said
    on_call.position = bots.position + 1
    assert "above" in (await examine(sandbox, following("on-call")))["role @on-call"].said
    assert (
        "belongs to a bot" in (await examine(sandbox, following("incident-bot")))["role @incident-bot"].said
    )


async def test_an_exclusive_role_needs_the_list_of_members(sandbox: LocalDiscord) -> None:
    """Without the Server Members Intent doctor says so; without an exclusive role it is not asked for."""
    sandbox.core.world.application.members = False
    assert "members" not in await examine(sandbox, following("on-call"))
    found = await examine(sandbox, following("on-call", exclusive=True))
    assert found["members"].state is State.FAIL


async def test_the_invitation_asks_for_manage_roles_only_then(sandbox: LocalDiscord) -> None:
    """A policy whose role follows the rotation needs one permission more."""
    async with discord.Client(intents=discord.Intents.none()) as client:
        await client.login(sandbox.address.token)
        wanted = INVITED | discord.Permissions(manage_roles=True)
        assert f"permissions={wanted.value}&" in f"{invitation(client, following('on-call'))}&"
        assert f"permissions={INVITED.value}&" in f"{invitation(client, POLICY)}&"


async def test_two_names_of_one_role_are_found(sandbox: LocalDiscord) -> None:
    """The doctor finds a role that the policy names both by name and by id."""
    roles = sandbox.core.world.roles.values()
    next(role for role in roles if role.name == "incident-bot").permissions |= P.MANAGE_ROLES
    number = next(role.id for role in roles if role.name == "on-call")
    found = await examine(sandbox, with_roles(f'on-call = ["primary"]\n{number} = ["secondary"]'))
    assert found["role @on-call"].state is State.OK
    assert found[f"role @{number}"].said == "it is the same role as on-call"


async def test_a_stored_refusal_is_a_row(database_url: str, tmp_path: Path) -> None:
    """What Discord has refused and is not gone is in the table with its words; of another role it is not."""
    path = tmp_path / "policy.toml"
    path.write_text(f'{default_policy_text()}\n[oncall.roles]\non-call = ["primary"]\n', encoding="utf-8")
    async with LocalDiscord() as discord_:
        env = settings_for(discord_, DATABASE_URL=database_url, RUNBOOK_FILE=str(path))
        connection = await connect(database_url)
        await connection.executemany(
            "INSERT INTO role_problems (guild_id, role, who, problem, code) VALUES ($1, $2, $3, $4, $5)",
            [
                (int(discord_.address.guild_id), "on-call", "alice", "refused", 50013),
                (int(discord_.address.guild_id), "gone", "", "unknown", None),
            ],
        )
        await connection.close()
        found = await incident_bot("doctor", folder=tmp_path, **env)
    assert "role @on-call: refused" in found.out
    assert "50013" in found.out
    assert "@gone" not in found.out
