"""Makes the card of suspects: reads every source at the same time, and posts what is known in time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.delivery.delivery import NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import OutboundFailed, UpstreamUnavailable
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident
from bot.domain.suspects.card import (
    RecentChange,
    SourceProblem,
    SuspectCard,
    UnreadSource,
    card_of,
    problem_of,
)
from bot.runbook.model import Policy
from bot.services.ports import Store, Transaction
from bot.services.ports.change_sources import ChangesCut, ChangeSource
from bot.services.shared.jobs import refresh_job
from bot.services.shared.postings import thread_line
from bot.services.suspects.card_requests import SuspectRequests
from bot.services.suspects.seen_before import SeenBefore

log = structlog.get_logger(__name__)

#: Seconds that a source has to answer. The card is due ten seconds after the alert.
DEADLINE_S: Final = 7.0

#: When a source is read again that was away, and how often all of them are read at most.
_AGAIN: Final = timedelta(minutes=1)
_MOST_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class _SourceReading:
    """What one source has answered: changes, a problem, or both if there were too many."""

    changes: Sequence[RecentChange] = ()
    unread: UnreadSource | None = None


class Suspects:
    """Handler of the queue's job; may run twice without harm.

    Args:
        deadline_s: As `DEADLINE_S`.
    """

    def __init__(
        self,
        store: Store,
        policy: Policy,
        sources: Sequence[ChangeSource],
        seen: SeenBefore,
        *,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._store = store
        self._policy = policy
        self._sources = sources
        self._seen = seen
        self._deadline_s = deadline_s
        self._requests = SuspectRequests(policy, has_sources=bool(sources))

    async def read(self, incident_id: int) -> timedelta | None:
        """Make the card of an incident, or make it anew, and post it unless its thread has it.

        Returns:
            When to come again, because a source was away; None: not at all.
        """
        incident = await self._store.incident(incident_id)
        if not self._requests.wants(incident):
            return None
        before = await self._store.suspect_card(incident_id)
        if before is not None and before.started_at == incident.started_at and not _is_due(before):
            card = before  # its thread may be another one by now
        else:
            card = await self._read(incident, before)
        if before is None and not self._is_worth_it(card):
            return None
        async with self._store.transaction() as tx:
            card = await _without_private(tx, incident.guild_id, card)
            now = await tx.incident(incident_id, lock=True)
            if not self._requests.wants(now):
                return None
            await self._show(tx, now, card, before)
        log.info("suspects.read", incident_id=incident_id, changes=len(card.changes), unread=len(card.unread))
        return _AGAIN if _is_due(card) else None

    async def forget(self, number: int) -> None:
        """Take a past incident that is private by now out of the cards of others."""
        incident = await self._store.incident(number)
        if not incident.is_private:
            return
        for other in await self._store.cards_with(incident.guild_id, number):
            async with self._store.transaction() as tx:
                locked = await tx.incident(other, lock=True)
                card = await tx.suspect_card(other)
                if card is not None:
                    await self._show(tx, locked, card.without(number), card)

    def _is_worth_it(self, card: SuspectCard) -> bool:
        """Return False for a card without a change, from sources that do not know that there was none."""
        return bool(card.changes) or not all(source.is_partial for source in self._sources)

    async def _show(
        self, tx: Transaction, incident: Incident, card: SuspectCard, before: SuspectCard | None
    ) -> None:
        """Store the card and have it posted; where it has been, it is edited if it differs."""
        if card != before:
            await tx.save_suspect_card(incident, card)
        if before is not None and card != before:
            await tx.save(transitions.renewed(incident))
            await tx.enqueue(refresh_job(incident, severity=self._policy.rules(incident.severity)))
        if self._requests.wants(incident):
            await tx.insert_deliveries([self._delivery(incident)])

    def _delivery(self, incident: Incident) -> NewDelivery:
        """Return the message: one for each thread that the incident has had."""
        line = thread_line(incident, self._policy, key=f"suspects:{incident.thread.posting}", stored={})
        return replace(line, kind=DeliveryKind.SUSPECTS)

    async def _read(self, incident: Incident, before: SuspectCard | None) -> SuspectCard:
        is_retry = before is not None and before.started_at == incident.started_at
        rules, start = self._policy.suspects, incident.started_at
        reading = (self._ask(source, start - rules.within, start) for source in self._sources)
        past, readings = await asyncio.gather(self._seen.like(incident), asyncio.gather(*reading))
        card = card_of(
            [change for one in readings for change in one.changes],
            [one.unread for one in readings if one.unread is not None],
            started_at=start,
            within=rules.within,
            tries=before.tries + 1 if is_retry and before is not None else 1,
        )
        return replace(card, past=past)

    async def _ask(self, source: ChangeSource, since: datetime, until: datetime) -> _SourceReading:
        try:
            async with asyncio.timeout(self._deadline_s):
                return _SourceReading(await source.read(since, until))
        except ChangesCut as cut:
            log.warning("suspects.source_cut", source=source.name, about=source.about)
            unread = UnreadSource(
                source=source.name, about=source.about, problem=SourceProblem.SLOW, read_from=cut.read_from
            )
            return _SourceReading(cut.found, unread)
        except TimeoutError:
            problem = SourceProblem.SLOW
        except OutboundFailed as failed:
            problem = problem_of(failed.problem)
        except UpstreamUnavailable:
            problem = SourceProblem.AWAY
        except Exception:  # a bug of one source must not cost the card, which has the others
            log.exception("suspects.source_broken", source=source.name)
            problem = SourceProblem.AWAY
        log.warning("suspects.source_unread", source=source.name, about=source.about, problem=problem)
        return _SourceReading(unread=UnreadSource(source=source.name, about=source.about, problem=problem))


async def _without_private(tx: Transaction, guild_id: int, card: SuspectCard) -> SuspectCard:
    """Return the card without what has become private while it was read; what does so later is forgotten.

    The past incidents have the lower numbers, so they are locked before the incident itself.
    """
    numbers = [one.number for one in card.past]
    public = await tx.still_public(guild_id, numbers) if numbers else frozenset()
    return replace(card, past=tuple(one for one in card.past if one.number in public))


def _is_due(card: SuspectCard) -> bool:
    """Return True if the incident's sources must be read again."""
    return card.may_grow and card.tries < _MOST_TRIES
