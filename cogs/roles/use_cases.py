"""Gives Discord roles to the people on call, and takes them back.

The bot stores a grant before it asks Discord to give the role, and deletes it after Discord has taken it
back. So the next look finishes what a dead process or a lost answer has left open. To give or take a role
twice is harmless.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

import structlog

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import NewDelivery
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.oncall.people import OnCallPerson
from bot.domain.people import Person
from bot.domain.server_roles import ServerRole, ServerRoles
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler
from bot.services.ports import Discord
from bot.services.shared.roster import OnCall
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.timeline import AuditWrites
from cogs.roles.policy import channel_of
from cogs.roles.rules import (
    Contests,
    FollowingRole,
    Grant,
    Refused,
    RoleDelivery,
    RoleProblem,
    RoleProblemData,
    RoleRule,
    RoleRules,
    following_role,
    found_roles,
)
from cogs.roles.store import RoleRows

log = structlog.get_logger(__name__)

#: How often it looks who is on call, seconds: a role follows within 10.
LOOK_S: Final = 4.0

#: How often it asks Discord whether the roles are still as they should be, seconds.
CHECK_S: Final = 120.0

_UNKNOWN_MEMBER: Final = frozenset({10007, 10013})
_UNKNOWN_ROLE: Final = 10011

#: Who is on record for what the bot does by itself.
_BOT: Final = Person(0, "incident-bot", is_bot=True)


class RoleKeeping:
    """Keeps the roles of one guild."""

    def __init__(
        self, store: Store, policy: Policy, discord: Discord, oncall: OnCall, *, guild_id: int
    ) -> None:
        self._store = store
        self._policy = policy
        self._discord = discord
        self._oncall = oncall
        self._guild_id = guild_id
        self._turn = asyncio.Lock()
        self._server: ServerRoles | None = None
        self._ids: dict[str, int | DeliveryRefused] = {}
        # Members who have the role from a person's hand, until the next check.
        self._others: set[tuple[int, int]] = set()
        # Refused changes: not repeated until the server's roles change or the process starts anew.
        self._refused: dict[tuple[int, int], Refused] = {}
        self._standing: dict[tuple[str, str], Refused] = {}
        self._contests = Contests()
        self._has_begun = False
        self._limited_until: datetime | None = None

    async def keep(self) -> None:
        """Give and take roles for the people on call now. Discord is asked only about changes.

        Raises:
            UpstreamUnavailable, StorageUnavailable: The next look continues.
        """
        async with self._turn:
            # A process that has not looked yet begins with a check.
            await self._look(self._server)

    async def check(self) -> None:
        """Compare the roles with Discord, correct changes made by hand, and update the roles.

        Raises:
            As `keep`.
        """
        async with self._turn:
            await self._look(None)

    async def _look(self, server: ServerRoles | None) -> None:
        """Update the roles of *server*, or check all if it is None; do nothing while a rate limit lasts."""
        if self._limited_until is not None and await self._store.now() < self._limited_until:
            return
        self._limited_until = None
        try:
            await (self._check() if server is None else self._keep(server, is_check=False))
        except UpstreamUnavailable as away:
            if (wait := away.capacity_in) is not None:
                self._limited_until = await self._store.now() + wait
            raise

    async def roles(self) -> list[FollowingRole]:
        """Return who has each role of the policy, from the database alone."""
        if not self._rules:
            return []
        rosters, now = await self._oncall.rosters(self._guild_id)
        holders, team = rosters.at(now), self._policy.team.values()
        problems = await self.problems()
        return [following_role(rule, rule.people(holders, team), problems) for rule in self._rules]

    async def problems(self) -> dict[Refused, datetime]:
        """Return the problems of the policy's roles, each with the time when the team was told."""
        stored = await RoleRows(self._store.sql, self._guild_id).problems() if self._rules else {}
        named = {rule.role for rule in self._rules}
        return {one: at for one, at in stored.items() if one.role in named}

    async def _check(self) -> None:
        if not self._rules and self._has_begun:
            return
        if not self._rules and not await RoleRows(self._store.sql, self._guild_id).grants():
            self._has_begun = True
            return
        server = await self._discord.server_roles(self._guild_id)
        if server != self._server:
            self._refused.clear()
        self._refused = {
            key: one for key, one in self._refused.items() if one.problem is not RoleProblem.NOT_MEMBER
        }
        self._server = server
        self._others.clear()
        self._ids.clear()
        self._standing.clear()
        self._contests.begin_check()
        await self._keep(server, is_check=True)
        self._contests.end_check()
        async with self._store.transaction() as tx:
            await RoleRows(tx.sql, self._guild_id).forget_others(self._standing.values())
        self._has_begun = True

    @property
    def _rules(self) -> Sequence[RoleRule]:
        return self._policy.of(RoleRules).roles

    async def _keep(self, server: ServerRoles, *, is_check: bool) -> None:
        rosters, now = await self._oncall.rosters(self._guild_id)
        holders = rosters.at(now)
        roles, refused = found_roles(self._rules, server)
        for each in refused if is_check else ():
            await self._tell(each)
        grants = await RoleRows(self._store.sql, self._guild_id).grants()
        wanted: set[tuple[int, int]] = set()
        for rule in self._rules:
            if (role := roles.get(rule.role)) is None:
                continue
            people = await self._people(rule, holders)
            wanted |= {(role.id, user_id) for user_id in people}
            for user_id, person in people.items():
                grant = grants.get((role.id, user_id))
                if is_check or not (grant and grant.is_given):
                    await self._give(rule, role, person, user_id, grant)
            if rule.is_exclusive and is_check:
                given = {user_id for role_id, user_id in grants if role_id == role.id}
                await self._take_others(rule, role, kept={*people, *given})
        # A role that cannot follow now keeps its members, and what is known of them.
        broken = {one.role for one in refused}
        kept = {role.id for role in server.roles if broken & {role.name, str(role.id)}}
        if any(one.problem is RoleProblem.UNKNOWN for one in refused):  # perhaps one of another name now
            kept |= {role.id for role in server.roles} - {role.id for role in roles.values()}
        unwanted = [one for key, one in grants.items() if key not in wanted and one.role_id not in kept]
        await self._take_back(server, roles, unwanted)

    async def _people(self, rule: RoleRule, holders: Mapping[str, OnCallPerson]) -> dict[int, OnCallPerson]:
        """Return the people who should have a role, by user id."""
        found = {}
        for person in rule.people(holders, self._policy.team.values()):
            try:
                found[await self._id(person)] = person
            except DeliveryRefused as refused:
                await self._tell(_refused(rule.role, refused, who=person.name))
        return found

    async def _id(self, person: OnCallPerson) -> int:
        if person.user_id is not None:
            return person.user_id
        if person.handle not in self._ids:
            try:
                self._ids[person.handle] = (await self._discord.person(self._guild_id, person.handle)).id
            except DeliveryRefused as refused:
                self._ids[person.handle] = refused
        found = self._ids[person.handle]
        if isinstance(found, DeliveryRefused):
            raise found
        return found

    async def _give(
        self, rule: RoleRule, role: ServerRole, person: OnCallPerson, user_id: int, grant: Grant | None
    ) -> None:
        """Give a role to a person who lacks it; note who has it from another hand."""
        key = role.id, user_id
        if key in self._refused:
            await self._tell(self._refused[key])
            return
        if key in self._others:
            return
        try:
            member = await self._discord.member(self._guild_id, str(user_id))
            if str(role.id) in member.roles and (grant is None or grant.is_given):
                if grant is None:
                    self._others.add(key)
                return
            if grant is not None and grant.is_given and not await self._mends(rule, key, who=person.name):
                return
            async with self._store.transaction() as tx:
                await RoleRows(tx.sql, self._guild_id).begin(role.id, user_id, member.name)
            await self._discord.give_role(self._guild_id, user_id=user_id, role_id=role.id)
        except DeliveryRefused as refused:
            await self._note(key, _refused(rule.role, refused, who=person.name))
            return
        async with self._store.transaction() as tx:
            await RoleRows(tx.sql, self._guild_id).finish(role.id, user_id, member.name)
            about = AuditData(facts={"role": role.name, "person": member.name})
            await AuditWrites(tx.sql).audit(guild_id=self._guild_id, by=_BOT, action="role_given", data=about)
        log.info("role.given", role_id=role.id, user_id=user_id)

    async def _take_back(
        self, server: ServerRoles, roles: Mapping[str, ServerRole], grants: Sequence[Grant]
    ) -> None:
        """Take roles that the bot gave from people who should no longer have them."""
        names = {role.id: rule for rule, role in roles.items()}
        known = {role.id: role.name for role in server.roles}
        for grant in grants:
            if grant.role_id in known:
                await self._take(grant, rule=names.get(grant.role_id, known[grant.role_id]))
            else:
                await self._forget(grant)  # the role is gone, and with it what was given

    async def _take_others(self, rule: RoleRule, role: ServerRole, *, kept: Collection[int]) -> None:
        """Take an exclusive role from every member who is not in *kept*."""
        try:
            members = await self._discord.role_members(self._guild_id, role.id)
        except DeliveryRefused as refused:
            await self._tell(Refused(rule.role, RoleProblem.NO_MEMBERS, code=refused.code))
            return
        for member in members:
            if member.id in kept or not await self._mends(rule, (role.id, member.id), who=member.name):
                continue
            await self._take(Grant(role.id, member.id, member.name, version=0, is_given=True), rule=rule.role)

    async def _mends(self, rule: RoleRule, key: tuple[int, int], *, who: str) -> bool:
        """Return True if the bot should repeat a change that was undone. Report a contest about it."""
        may_try = self._contests.undone(key, await self._store.now())
        if key in self._contests:
            await self._tell(Refused(rule.role, RoleProblem.CONTESTED, who=who))
        return may_try

    async def _take(self, grant: Grant, *, rule: str) -> None:
        key = grant.role_id, grant.user_id
        if key in self._refused:
            await self._tell(self._refused[key])
            return
        try:
            await self._discord.take_role(self._guild_id, user_id=grant.user_id, role_id=grant.role_id)
        except DeliveryRefused as refused:
            if refused.code in _UNKNOWN_MEMBER or refused.code == _UNKNOWN_ROLE:
                await self._forget(grant)  # who has left has no role
            else:
                await self._note(key, _refused(rule, refused, who=grant.name))
            return
        self._others.discard(key)
        async with self._store.transaction() as tx:
            await RoleRows(tx.sql, self._guild_id).end(grant)
            about = AuditData(facts={"role": rule, "person": grant.name})
            await AuditWrites(tx.sql).audit(guild_id=self._guild_id, by=_BOT, action="role_taken", data=about)
        log.info("role.taken", role_id=grant.role_id, user_id=grant.user_id)

    async def _forget(self, grant: Grant) -> None:
        async with self._store.transaction() as tx:
            await RoleRows(tx.sql, self._guild_id).end(grant)

    async def _note(self, key: tuple[int, int], refused: Refused) -> None:
        """Stop changing this role of this person, and tell the team why."""
        if refused.problem is RoleProblem.REFUSED:  # perhaps the roles have changed since the last check
            _, problems = found_roles(self._rules, await self._discord.server_roles(self._guild_id))
            refused = next((one for one in problems if one.role == refused.role), refused)
        self._refused[key] = refused
        await self._tell(refused)

    async def _tell(self, refused: Refused) -> None:
        """Tell the team about a problem, once until it is solved."""
        key = refused.role, refused.who
        if self._standing.get(key) == refused:
            return
        async with self._store.transaction() as tx:
            told_at = await RoleRows(tx.sql, self._guild_id).note(refused)
            if told_at is not None:
                await DeliveryWrites(tx.sql).insert_deliveries([self._line(refused, told_at)])
        self._standing[key] = refused
        if told_at is not None:
            log.warning("role.refused", role=refused.role, problem=refused.problem, code=refused.code)

    def _line(self, refused: Refused, told_at: datetime) -> NewDelivery:
        data = RoleProblemData(
            role=refused.role, problem=refused.problem.value, who=refused.who, code=refused.code
        )
        return NewDelivery(
            RoleDelivery.ROLE_PROBLEM,
            f"channel:{channel_of(self._policy)}",
            f"roles:{self._guild_id}:{refused.role}:{refused.who}:{told_at.isoformat()}",
            self._guild_id,
            data=data.to_json(),
        )


def _refused(role: str, refused: DeliveryRefused, *, who: str) -> Refused:
    is_gone = refused.code in _UNKNOWN_MEMBER
    problem = RoleProblem.NOT_MEMBER if is_gone else RoleProblem.REFUSED
    return Refused(role, problem, who=who, code=refused.code)


def build(core: Core) -> RoleKeeping:
    """Make the use cases of one guild."""
    return RoleKeeping(core.store, core.policy, core.discord, core.oncall, guild_id=core.guild_id)


def deliveries(_keeping: RoleKeeping, _core: Core) -> list[DeliveryHandler]:
    """Return the handler of the line about a problem, which needs no behaviour of its own."""
    return [DeliveryHandler(RoleDelivery.ROLE_PROBLEM)]


async def keep(keeping: RoleKeeping) -> None:
    """Update the roles for the people on call now."""
    await keeping.keep()


async def check(keeping: RoleKeeping) -> None:
    """Correct changes that people made by hand."""
    await keeping.check()
