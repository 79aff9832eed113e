"""A role that follows the rotation, as members of the server see it."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from local_discord.world.permissions import P
from local_discord.world.world import Role
from tests.e2e.conftest import MakeWorld
from tests.e2e.oncall.rosters import attached, evening, following, policy_file, turns
from tests.e2e.world.world import World
from tests.patience import PATIENCE_S

ROLE = "1100000000000000298"
_WITHIN: Final = timedelta(seconds=10)  # what is promised

#: Three days of responder, then three of secondary.
_CALENDAR: Final = "\r\n".join(
    [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//other//EN",
        *("BEGIN:VEVENT", "UID:1", "DTSTART;TZID=Asia/Tokyo:{first}", "DURATION:P3D", "SUMMARY:responder"),
        *("END:VEVENT", "BEGIN:VEVENT", "UID:2", "DTSTART;TZID=Asia/Tokyo:{second}", "DURATION:P3D"),
        *("SUMMARY:secondary", "END:VEVENT"),
        "END:VCALENDAR\r\n",
    ]
)


def prepare(world: World) -> None:
    """Add the role to the server, and let the bot manage roles."""
    roles = world.sandbox.core.world.roles
    roles[ROLE] = Role(ROLE, "current", 0, position=1)
    next(role for role in roles.values() if role.name == "incident-bot").permissions |= P.MANAGE_ROLES


def members(world: World) -> set[str]:
    """Who has the role, by username."""
    found = world.sandbox.core.world.members.values()
    return {member.user.username for member in found if ROLE in member.roles}


async def now_of(world: World) -> datetime:
    """The time on the bot's clock."""
    [row] = await world.rows("SELECT incident_bot.now() AS at")
    at: datetime = row["at"]
    return at


async def expect_member(world: World, name: str, *, since: datetime) -> None:
    """Wait until this person alone has the role: 10 seconds after *since* at the latest."""
    async with asyncio.timeout(PATIENCE_S):
        while members(world) != {name}:  # noqa: ASYNC110 -- Discord tells the bot alone
            await asyncio.sleep(0.1)
    took = await now_of(world) - since
    assert took <= _WITHIN, f"{name} after {took}"


def follow(folder: Path, handover: datetime, place: str) -> str:
    """Write the policy whose role follows this place, and return its path."""
    return policy_file(folder, f'{turns(handover)}[oncall.roles]\ncurrent = ["{place}"]\n\n')


async def test_the_role_follows_each_change_within_ten_seconds(make_world: MakeWorld, tmp_path: Path) -> None:
    """A handover, an import, a swap, an override, another policy, and a hand while no bot ran."""
    async with make_world(RUNBOOK_FILE=str(tmp_path / "policy.toml")) as world:
        world.ledger.forgive("p1-ops", "dm:primary", "dm:secondary", "dm:responder")  # the on-call posts
        prepare(world)
        handover = following(await evening(world))
        follow(tmp_path, handover, "primary")
        await world.start_bot()
        await expect_member(world, "primary", since=await now_of(world))
        await world.settle()
        await world.shift(hours=(handover - await now_of(world)).total_seconds() / 3600)
        await expect_member(world, "secondary", since=handover)

        starts = [f"{handover + timedelta(days=days):%Y%m%dT%H%M%S}" for days in (0, 3)]
        file = attached("other.ics", _CALENDAR.format(first=starts[0], second=starts[1]).encode())
        asked = await world.command("oncall schedule import", by="primary", file=file, place="primary")
        since = await now_of(world)
        await world.human.press("primary", asked.messages[-1], "取り込む")
        await expect_member(world, "responder", since=since)

        offered = await world.human.autocomplete("primary", "general", "oncall swap", "shift", "primary @")
        shifts = {"shift": offered[0]["value"], "with": offered[1]["value"]}
        since = await now_of(world)
        await world.command("oncall swap", by="primary", **shifts)
        await expect_member(world, "secondary", since=since)

        since = await now_of(world)
        await world.command("oncall override", by="primary", user="primary", place="primary", until="8h")
        await expect_member(world, "primary", since=since)
        assert "ロール @current：@primary" in (await world.command("oncall show", by="observer")).text

        await world.stop_bot()
        follow(tmp_path, handover, "secondary")
        await world.start_bot()
        await expect_member(world, "responder", since=await now_of(world))

        await world.stop_bot()
        await world.human.change("member", user="responder", roles=["on-call"])
        assert members(world) == set()
        await world.start_bot()
        await expect_member(world, "responder", since=await now_of(world))


async def test_a_restart_gives_and_takes_nothing(make_world: MakeWorld, tmp_path: Path) -> None:
    """The next process asks Discord about the role and the person, and finds them as they should be."""
    async with make_world(RUNBOOK_FILE=str(tmp_path / "policy.toml")) as world:
        prepare(world)
        follow(tmp_path, following(await evening(world), days=3), "primary")
        await world.start_bot()
        await expect_member(world, "primary", since=await now_of(world))
        await world.human.until(lambda: _acts(world), "the change on record")
        await world.kill_bot()
        since = await world.human.log_end()
        await world.start_bot()

        async def looked() -> bool | None:
            log = await world.human.log(since=since)
            return True if any(str(one.get("path", "")).endswith("/roles") for one in log) else None

        await world.human.until(looked, "the look at the roles")
        await world.settle()
        assert await _acts(world) == ["role_given"]
        assert members(world) == {"primary"}


async def _acts(world: World) -> list[str] | None:
    """The changes of roles on the audit log; None if there is none."""
    rows = await world.rows("SELECT action FROM audit WHERE action LIKE 'role_%' ORDER BY id")
    return [row["action"] for row in rows] or None
