"""What must be told without a database, from the tables in memory."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from bot.domain.delivery.delivery import ACK_PLACES, UNFINISHED, Delivery, DeliveryStatus
from bot.domain.escalation.ladder import StepStatus
from bot.domain.escalation.watches import Attempt, Change, Owed, Rung, Watch, Word, watch_key
from bot.domain.incident.incident import Incident, Status
from bot.services.shared.postings import private_thread_key
from tests.fakes.state import State


def watched(state: State, *, guild_id: int | None, without: Sequence[str]) -> list[Watch]:
    """All of a guild but of some severities, the most urgent first."""
    own = [
        one
        for _, one in sorted(state.incidents.items())
        if guild_id in (None, one.guild_id) and one.severity not in without
    ]
    return sorted(_found(state, own), key=_first)


def change(state: State, begun: Collection[int], ended: Collection[int]) -> Change | None:
    """What a transaction changes that has begun and ended these ladders."""
    if not begun and not ended:
        return None
    found = _found(state, [state.incidents[each] for each in sorted(begun)])
    keys = {watch_key(each) for each in {*begun, *ended}}
    return Change(tuple(found), frozenset(keys - {watch.key for watch in found}))


def _found(state: State, incidents: Iterable[Incident]) -> list[Watch]:
    waiting = [_watch(state, one) for one in incidents if one.status is Status.TRIGGERED]
    return [watch for watch in waiting if watch.rungs or watch.owed]


def _first(watch: Watch) -> datetime:
    return min([*(rung.due_at for rung in watch.rungs), *(owed.since for owed in watch.owed)])


def _watch(state: State, incident: Incident) -> Watch:
    own = (step for (number, _), step in state.steps.items() if number == incident.id)
    pending = sorted((step for step in own if step.status is StepStatus.PENDING), key=lambda s: s.due_at)
    deliveries = [stored.delivery for stored in state.deliveries.values()]
    known = [delivery for delivery in deliveries if delivery.incident_id == incident.id]
    sent = [d for d in known if d.status is DeliveryStatus.SENT and d.kind in ACK_PLACES]
    ended = incident.ack_ended
    old = [d for d in sent if ended is not None and (d.first_sent_at is None or d.first_sent_at < ended.at)]
    left = (
        user for (number, user), who in state.responders.items() if number == incident.id and who.has_left
    )
    to: str | None = "channel"
    if incident.is_private:
        room = next((d.message_id for d in known if d.key == private_thread_key(incident)), None)
        to = None if room is None else f"thread:{room}"
    return Watch(
        key=watch_key(incident.id),
        guild_id=incident.guild_id,
        label=incident.label,
        severity=incident.severity,
        title=incident.title,
        targets=incident.targets,
        raised_at=incident.triggered_at,
        to=to,
        rings=incident.rings,
        is_drill=incident.is_drill,
        is_private=incident.is_private,
        places=tuple((p.channel_id or 0, p.message_id or 0) for p in sent),
        left=() if ended is None else tuple(left),
        old_messages=tuple(d.message_id or 0 for d in old),
        rungs=tuple(Rung(s.index, s.due_at, s.rung.mention, s.rung.dm) for s in pending),
        owed=tuple(
            _owed(delivery, to)
            for delivery in known
            if _is_owed(delivery, to, is_private=incident.is_private)
        ),
    )


def _may_be_told(where: str, to: str | None, *, is_private: bool) -> bool:
    if where == "incident":
        return to is not None
    return not is_private or where.startswith("person:")


def _is_owed(delivery: Delivery, to: str | None, *, is_private: bool) -> bool:
    return (
        str(delivery.kind) in set(Word)
        and delivery.status in UNFINISHED
        and delivery.bundle_id is None
        and "quiet" not in delivery.data
        and _may_be_told(delivery.to, to, is_private=is_private)
    )


def _owed(delivery: Delivery, to: str | None) -> Owed:
    where = to if delivery.to == "incident" and to is not None else delivery.to
    attempt = None
    if delivery.first_sent_at is not None and delivery.request is not None:
        attempt = Attempt(delivery.first_sent_at, json.dumps(dict(delivery.request.body)))
    key, since = delivery.key, delivery.created_at
    rings = delivery.data.get("mention", "here") == "here"
    return Owed(key, Word(delivery.kind), where, since, rings, delivery.has_email, attempt)
