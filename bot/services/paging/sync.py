"""Pages in systems where people can answer, synchronised both ways. See docs/internals/paging.md."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.domain.errors import BotError, OutboundFailed
from bot.domain.incident.acknowledgement import AckVia
from bot.domain.incident.incident import Incident, Status
from bot.domain.oncall.people import OnCallPerson
from bot.domain.paging.sync import SyncedPage, SyncedState, is_given_up, next_look, pause_after
from bot.domain.paging.ways import Way
from bot.domain.people import Person
from bot.domain.privacy import is_out
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.acknowledging.email_links import stand_in
from bot.services.ports import Store
from bot.services.ports.discord import DiscordMembers
from bot.services.ports.paging import OutsideAnswer, SyncedSystem
from bot.services.shared.roster import OnCall

log = structlog.get_logger(__name__)

_VIA = {Way.PUSHOVER: AckVia.PUSHOVER, Way.PAGERDUTY: AckVia.PAGERDUTY}
_NAMES = {Way.PUSHOVER: "Pushover", Way.PAGERDUTY: "PagerDuty"}


class PageSync:
    """Passes answers between a paging system and the incident here.

    Handler of the queue's keep_in_step job; may run twice without harm.
    """

    def __init__(
        self,
        store: Store,
        discord: DiscordMembers,
        acknowledger: Acknowledger,
        oncall: OnCall,
        *,
        systems: dict[Way, SyncedSystem],
    ) -> None:
        self._store = store
        self._discord = discord
        self._acknowledger = acknowledger
        self._oncall = oncall
        self._systems = systems

    async def look(self, delivery_id: int) -> timedelta | None:
        """Ask for an answer to a page, or tell of one here; return when to look again, None: never."""
        page = await self._store.kept_page(delivery_id)
        if page is None:
            return None
        now = await self._store.now()
        system = self._systems.get(page.way)
        if system is None or is_given_up(page, now=now):
            return await self._save(page, wait=None)
        try:
            after = await self._step(page, system, await self._store.incident(page.incident_id))
        except OutboundFailed as failed:
            return await self._failed(page, failed)
        is_done = after.state is SyncedState.OVER or (
            after.state is SyncedState.ANSWERED and after.way is Way.PUSHOVER
        )
        return await self._save(
            replace(after, failures=0), wait=None if is_done else next_look(after, now=now)
        )

    async def _step(self, page: SyncedPage, system: SyncedSystem, incident: Incident) -> SyncedPage:
        """Do what is left to do for a page, and return it as the system knows it then."""
        if not incident.is_open:
            if page.state is not SyncedState.OVER:
                await system.tell(page.reference, SyncedState.OVER)
            return replace(page, state=SyncedState.OVER)
        if page.state is not SyncedState.RINGING:
            return page
        if incident.status is not Status.TRIGGERED:
            await system.tell(page.reference, SyncedState.ANSWERED)
            return replace(page, state=SyncedState.ANSWERED)
        answer = await system.answer(page.reference)
        if answer is None:
            return page
        await self._acknowledge(page, incident, answer)
        return replace(page, state=SyncedState.ANSWERED)

    async def _acknowledge(self, page: SyncedPage, seen: Incident, answer: OutsideAnswer) -> None:
        """Acknowledge as the person who answered outside, once: the page is answered in the same commit."""
        who = await self._known(seen.guild_id, answer, page.way)
        by = await self._person(seen.guild_id, who, answer, page.way)
        async with self._store.transaction() as tx:
            incident = await tx.incident(seen.id, lock=True)
            handle = by.username if who is None else who.handle
            if incident.status is Status.TRIGGERED and not is_out(
                handle, await tx.removed_members(incident.id)
            ):
                result = await self._acknowledger.record(tx, incident, by=by, via=_VIA[page.way])
                log.info(
                    "incident.acknowledged",
                    incident_id=incident.id,
                    outcome=result.outcome,
                    via=_VIA[page.way],
                )
            answered = replace(page, state=SyncedState.ANSWERED)
            await tx.save_kept_page(answered, wait=next_look(answered, now=await tx.now()))

    async def _known(self, guild_id: int, answer: OutsideAnswer, way: Way) -> OnCallPerson | None:
        """Return the person on call, or of the team, with the address that the system knows them by."""
        rosters, _ = await self._oncall.rosters(guild_id)
        return _with_address(rosters.people.values(), answer, way)

    async def _person(
        self, guild_id: int, who: OnCallPerson | None, answer: OutsideAnswer, way: Way
    ) -> Person:
        """Return the account of the person who answered, or a stand-in with the name that is given there."""
        if who is None:
            name = f"{answer.name} ({_NAMES[way]})" if answer.name else _NAMES[way]
            return Person(stand_in(name), name)
        try:
            return await self._discord.person(guild_id, who.handle)
        except BotError as unknown:
            log.info("page.person_not_asked", reason=type(unknown).__name__)
        return Person(who.user_id or stand_in(who.handle), who.name)

    async def _failed(self, page: SyncedPage, failed: OutboundFailed) -> timedelta | None:
        """Try again later, and say so the first time."""
        failures = page.failures + 1
        if failures == 1:
            log.warning("page.out_of_step", way=page.way, problem=failed.problem, reason=failed.reason)
        wait = pause_after(failures, asked_s=failed.retry_after_s)
        return await self._save(replace(page, failures=failures), wait=wait)

    async def _save(self, page: SyncedPage, *, wait: timedelta | None) -> timedelta | None:
        async with self._store.transaction() as tx:
            await tx.save_kept_page(page, wait=wait)
        return wait


def _with_address(people: Iterable[OnCallPerson], answer: OutsideAnswer, way: Way) -> OnCallPerson | None:
    key = Way.EMAIL if way is Way.PAGERDUTY else way
    wanted = answer.address.lower()
    return next((who for who in people if wanted and (who.address(key) or "").lower() == wanted), None)
