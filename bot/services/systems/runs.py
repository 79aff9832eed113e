"""The queue's job of a round: look at every system, fill in the message, record the results once.

A job that dies is run again: checks only read. Only the first to finish a round writes its timeline entry.
"""

import asyncio
from dataclasses import replace
from typing import Final

import structlog

from bot.domain.delivery.delivery import Delivery
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.privacy import SETTLED, exposed
from bot.domain.systems.results import worst_first
from bot.domain.systems.rounds import CheckedEntry, CheckRound, ChecksShown
from bot.domain.timeline.entries import TimelineEntry
from bot.services.ports import Discord, Store
from bot.services.systems.rounds import CheckRounds, shown_in
from bot.services.systems.running import results_in_steps

log = structlog.get_logger(__name__)

#: Seconds that an edit on the way may take; the last one may take its time.
_EDIT_S: Final = 1.5


class CheckRuns:
    """Handler of the queue's job about rounds; may run twice without harm."""

    def __init__(self, store: Store, discord: Discord, rounds: CheckRounds) -> None:
        self._store = store
        self._discord = discord
        self._rounds = rounds

    async def run_job(self, incident_id: int) -> None:
        """Run the round that has begun, or show the results of a round that has ended.

        Raises:
            UpstreamUnavailable: Discord did not take the last edit; the queue tries again.
        """
        incident = await self._store.incident(incident_id)
        begun = await self._store.live_check(incident)
        if begun is None:
            return
        if begun.finished_at is None:
            begun = await self._run(incident, begun)
        if begun is not None:
            await self._show_end(incident, begun)

    async def _run(self, incident: Incident, begun: CheckRound) -> CheckRound | None:
        """Look at every system; return the round with its results, None if another one has begun."""
        checks = await self._rounds.checks_of(_targets(incident, begun))
        shown = self._rounds.beginning(checks, asked_by=begun.asked_by)
        async for results in results_in_steps(checks):
            shown = shown.with_results(results)
            if len(shown.results) < shown.systems:
                await self._show_on_the_way(incident, begun, shown)
        return await self._finish(incident, begun, shown)

    async def _finish(self, incident: Incident, begun: CheckRound, shown: ChecksShown) -> CheckRound | None:
        async with self._store.transaction(locking=incident.id) as tx:
            ended = await tx.finish_live_check(begun, shown.results)
            if ended is None:
                return None
            entry = CheckedEntry(results=shown.results)
            await tx.add_timeline(incident.id, TimelineEntry.of(entry, await tx.now(), by=_person(begun)))
        states = [each.state.value for each in ended.results]
        log.info("check.finished", incident_id=incident.id, round=ended.round, states=states)
        return ended

    async def _show_on_the_way(self, incident: Incident, begun: CheckRound, shown: ChecksShown) -> None:
        """Edit the message if it is there and Discord is quick; the next edit has the same and more."""
        try:
            async with asyncio.timeout(_EDIT_S):
                await self._show(incident.id, begun, shown)
        except (TimeoutError, UpstreamUnavailable, DeliveryRefused):
            log.info("check.edit_skipped", incident_id=incident.id)

    async def _show_end(self, incident: Incident, ended: CheckRound) -> None:
        shown = replace(
            self._rounds.beginning((), asked_by=ended.asked_by),
            results=tuple(worst_first(ended.results)),
            systems=len(ended.results),
            finished_at=ended.finished_at,
        )
        try:
            await self._show(incident.id, ended, shown)
        except DeliveryRefused as refused:  # the message is deleted, or the thread is locked
            log.info("check.edit_refused", incident_id=incident.id, code=refused.code)

    async def _show(self, incident_id: int, begun: CheckRound, shown: ChecksShown) -> None:
        """Edit the message, unless others could read a private incident there."""
        incident, post = await self._readable(incident_id, begun)
        if post is None:
            return  # once it is posted, its handler asks for this
        await self._discord.redraw(shown_in(post, shown), incident)
        hidden, left = await self._readable(incident_id, begun)
        if left is None:  # it was made private, and perhaps emptied, while this edit was under way
            await self._discord.redact(hidden, [post])

    async def _readable(self, incident_id: int, begun: CheckRound) -> tuple[Incident, Delivery | None]:
        """Return the incident as it is now, and its message if that may show something."""
        incident = await self._store.incident(incident_id)
        post = await self._store.delivery_by_key(f"inc:{incident_id}:{begun.post_key}")
        if post is None or post.message_id is None or post.shown_version >= SETTLED:
            return incident, None
        if incident.is_private:
            posts = await self._store.posts(incident_id)
            if post.id in {each.id for each in exposed(posts)}:
                return incident, None
        return incident, post


def _targets(incident: Incident, begun: CheckRound) -> tuple[str, ...]:
    return tuple(incident.targets) if begun.target is None else (begun.target,)


def _person(begun: CheckRound) -> Person | None:
    if begun.asked_by_id is None:
        return None
    return Person(id=begun.asked_by_id, name=begun.asked_by or "?")
