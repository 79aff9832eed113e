"""Hands an incident over to another team, or calls that team's person on call to join."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from bot.domain.delivery.delivery import Delivery, NewDelivery, priority_of
from bot.domain.errors import DeliveryRefused, InvalidTransition, UpstreamUnavailable
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident
from bot.domain.jobs import Job
from bot.domain.people import Person
from bot.domain.text import one_line
from bot.runbook.teams import DEFAULT_TEAM
from bot.services.acknowledging.acknowledge import stop_ladder
from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler
from bot.services.shared.access import AnyAct
from bot.services.shared.changes import Change
from bot.services.shared.jobs import remind_later
from bot.services.shared.postings import notice, posting_deliveries
from bot.storage.tables.acknowledgements import AcknowledgementRows, AcknowledgementWrites
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.transaction import Transaction
from cogs.teams import rules
from cogs.teams.rules import (
    CallData,
    CalledEntry,
    CalledNotice,
    HandedEntry,
    HandedNotice,
    TeamCall,
    TeamDelivery,
    TeamOnCall,
    UnansweredEntry,
    UnansweredNotice,
)
from cogs.teams.store import TeamCalls

#: The name of the job, as the queue stores it; its payload is the numbers of the incident and of the call.
CALL: Final = "team_call"
_REASON: Final = 200


class TeamAct(AnyAct):
    """The acts of this capability."""

    HAND_OVER = "team_hand_over"
    CALL = "team_call"


@dataclass(frozen=True, slots=True)
class Called:
    """A call that has begun, with the place that is called now."""

    incident: Incident
    call: TeamCall
    place: str
    is_last: bool


def called(team: str | None) -> str:
    """Return the display name of a team."""
    return team or DEFAULT_TEAM


class Teams:
    """Hands incidents of one guild over, and calls people of other teams."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._store = core.store
        self._policy = core.policy

    async def hand_over(self, incident_id: int, to: str | None, *, by: Person, reason: str = "") -> Incident:
        """Hand an incident over to another team, whose ladder and channel get it at once.

        The current responder is released, and may join again.

        Raises:
            InvalidTransition: see `rules.handed_over`. Otherwise as `Changes.change`.
        """
        seen = await IncidentRows(self._store.sql).incident(incident_id)
        holder = seen.on_it
        # Before anything is locked: Discord is asked whose old 👀 are there.
        known = await self._core.releasing.absent(incident_id, () if holder is None else (holder.id,))
        async with self._core.changes.change(incident_id, by=by, act=TeamAct.HAND_OVER) as change:
            before, tx = change.incident, change.tx
            severity = self._policy.rules(before.severity, team=to)
            due = self._policy.ack_due(severity, at=change.now)
            moved = rules.handed_over(before, to, name=called(to), ack_due_at=due, at=change.now)
            await stop_ladder(tx, incident_id)
            await AcknowledgementWrites(tx.sql).leave(incident_id, unmarked=known.unmarked)
            await change.save(rules.with_thread(moved, severity.thread_channel))
            await DeliveryWrites(tx.sql).insert_deliveries(posting_deliveries(change.incident, severity))
            await self._core.escalations.start(tx, change.incident, severity, now=change.now)
            await remind_later(tx, change.incident, now=change.now)
            why = one_line(reason, limit=_REASON) or None
            line = f"team:{change.incident.version}"
            told = HandedEntry(before=called(before.team), after=called(to), begins_ladder=True, reason=why)
            await change.record(told, line=line)
            await change.say(HandedNotice(before=told.before, after=told.after, reason=why), key=line)
        return change.incident

    async def call(self, incident_id: int, team: str | None, *, by: Person) -> Called:
        """Call a team's person on call to join, with a deadline for the answer.

        Raises:
            InvalidTransition: The incident has ended or is with that team, the team is already called, or its
                people are on the incident. Otherwise as `Changes.change`.
        """
        # Discord is asked before anything is locked.
        oncall = await self._oncall(await IncidentRows(self._store.sql).incident(incident_id), team)
        async with self._core.changes.change(incident_id, by=by, act=TeamAct.CALL) as change:
            incident, calls = change.incident, TeamCalls(change.tx.sql)
            transitions.require_open(incident)
            if incident.team == team:
                raise InvalidTransition("team_same", incident=incident.label, team=called(team))
            if await calls.waiting(incident_id, team) is not None:
                raise InvalidTransition("team_called_already", incident=incident.label, team=called(team))
            due = self._policy.ack_due(self._policy.rules(incident.severity, team=team), at=change.now)
            on_it = await self._on_it(change.tx, incident_id)
            first = oncall.next_asked(after=-1, on_it=on_it)
            if first is None:
                raise InvalidTransition("team_on_it", incident=incident.label, team=called(team))
            place = oncall.places[first]
            new = TeamCall(0, incident_id, incident.guild_id, team, first, due, before_ids=tuple(on_it))
            call = await calls.add(replace(new, called_ids=_id_at(oncall, place)))
            is_last = oncall.next_asked(after=first, on_it=on_it) is None
            await self._ask(change, call, place, again=False, is_last=is_last)
        return Called(incident, call, place, is_last)

    async def follow(self, call_id: int) -> timedelta | None:
        """Call the next place after an unanswered deadline; return the time left if it lies ahead.

        It can be repeated safely: the row records what was done.
        """
        call = await TeamCalls(self._store.sql).call(call_id)
        if call is None or call.done_at is not None:
            return None
        incident = await IncidentRows(self._store.sql).incident(call.incident_id)
        oncall = await self._oncall(incident, call.team)
        async with self._store.transaction() as tx:
            locked = await IncidentWrites(tx.sql).incident(call.incident_id, lock=True)
            calls, now = TeamCalls(tx.sql), await tx.now()
            current = await calls.call(call_id)
            if current is None or current.done_at is not None or current != call:
                return None
            on_it = await self._on_it(tx, locked.id)
            has_joined = on_it.difference(call.before_ids) & {*call.called_ids, *oncall.ids.values()}
            is_theirs = locked.team == call.team  # by a hand-over: their ladder pages them
            if has_joined or is_theirs or not locked.is_open:
                await calls.finish(call, at=now)
                return None
            if call.due_at > now:
                return call.due_at - now
            change = Change(tx, self._policy, locked, Person(id=0, name=""), now, is_by_clock=True)
            if (following := oncall.next_asked(after=call.asked, on_it=on_it)) is None:
                await calls.finish(call, at=now)
                await self._give_up(change, call, tuple(oncall.holders))
                return None
            due = self._policy.ack_due(self._policy.rules(locked.severity, team=call.team), at=now)
            place = oncall.places[following]
            called_ids = (*call.called_ids, *_id_at(oncall, place))
            moved = replace(call, asked=following, due_at=due, called_ids=called_ids)
            await calls.move(moved)
            is_last = oncall.next_asked(after=following, on_it=on_it) is None
            await self._ask(change, moved, place, again=True, is_last=is_last)
        return due - now

    async def _on_it(self, tx: Transaction, incident_id: int) -> set[int]:
        return {one.id for one in await AcknowledgementRows(tx.sql).on_it(incident_id)}

    async def _oncall(self, incident: Incident, team: str | None) -> TeamOnCall:
        places = self._policy.places_of(replace(incident, team=team))
        holders = await self._core.oncall.distinct_holders(self._core.guild_id, places)
        ids: dict[str, int] = {}
        for place, person in holders.items():
            with suppress(DeliveryRefused, UpstreamUnavailable):
                ids[place] = (await self._core.discord.person(self._core.guild_id, person.handle)).id
        return TeamOnCall(places, holders, ids)

    async def _ask(self, change: Change, call: TeamCall, place: str, *, again: bool, is_last: bool) -> None:
        team, line = called(call.team), f"team_call:{call.id}:{call.asked}"
        told = CalledNotice(team=team, place=place, due_at=call.due_at, again=again)
        await change.record(CalledEntry(team=team, place=place), line=line)
        await self._say(change, told, key=line)
        dm = self._delivery(change, TeamDelivery.CALL, call, to=f"person:{place}", is_last=is_last)
        await DeliveryWrites(change.tx.sql).insert_deliveries([dm])
        if not again:
            await change.tx.enqueue(_job(call, after=call.due_at - change.now))

    async def _give_up(self, change: Change, call: TeamCall, places: tuple[str, ...]) -> None:
        """Tell the thread and the team's channel that nobody has joined.

        For a private incident, the team's people on call at *places* get a DM instead of the channel.
        """
        team, line, incident = called(call.team), f"team_call:{call.id}:unanswered", change.incident
        await change.record(UnansweredEntry(team=team), line=line)
        await self._say(change, UnansweredNotice(team=team), key=line)
        channel = self._policy.rules(incident.severity, team=call.team).channel
        whom = [f"person:{place}" for place in places] if incident.is_private else [f"channel:{channel}"]
        posts = [self._delivery(change, TeamDelivery.UNANSWERED, call, to=to) for to in whom]
        await DeliveryWrites(change.tx.sql).insert_deliveries(posts)

    async def _say(self, change: Change, told: CalledNotice | UnansweredNotice, *, key: str) -> None:
        if change.is_by_clock:
            line = notice(change.incident, self._policy, told, key=key)
            await DeliveryWrites(change.tx.sql).insert_deliveries([line])
        else:
            await change.say(told, key=key)

    def _delivery(
        self, change: Change, kind: TeamDelivery, call: TeamCall, *, to: str, is_last: bool = False
    ) -> NewDelivery:
        data = CallData(
            call=call.id,
            team=called(call.team),
            by=change.by.name,
            due_at=call.due_at,
            rings_team=call.team,
            is_last=is_last,
        )
        return NewDelivery(
            kind=kind,
            to=to,
            key=f"inc:{call.incident_id}:{kind}:{call.id}:{call.asked}:{to}",
            guild_id=call.guild_id,
            incident_id=call.incident_id,
            data=data.to_json(),
            priority=priority_of(self._policy.rules_of(change.incident).rank),
        )


class CallDeliveries(DeliveryHandler):
    """Skips messages to another team about an incident that has ended."""

    def __init__(self) -> None:
        super().__init__(*TeamDelivery)

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True if the incident has ended."""
        assert delivery.incident_id is not None
        return not (await IncidentWrites(tx.sql).incident(delivery.incident_id)).is_open


def build(core: Core) -> Teams:
    """Return the use cases of one guild."""
    return Teams(core)


def deliveries(_teams: Teams, _core: Core) -> list[DeliveryHandler]:
    """Return the handlers of messages to people on another team."""
    return [CallDeliveries()]


async def follow(teams: Teams, payload: str) -> timedelta | None:
    """Handle the deadline of a call."""
    return await teams.follow(int(payload.partition(":")[2]))


def _id_at(oncall: TeamOnCall, place: str) -> tuple[int, ...]:
    """Return the id of the person at *place*, if Discord told it."""
    return tuple(number for at, number in oncall.ids.items() if at == place)


def _job(call: TeamCall, *, after: timedelta) -> Job:
    payload = f"{call.incident_id}:{call.id}"
    return Job(CALL, payload, f"{CALL}:{payload}", after=after)
