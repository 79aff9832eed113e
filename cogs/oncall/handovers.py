"""On-call handovers: announce each one, and check ahead that people on call can be reached. See README.md.

A row per guild, `RosterWatch`, decides: it keeps the people announced last and the time of the next look. It
also keeps the time of the next look at shifts without an end (`DailyChecks`): people who take turns are
checked before each shift, but such a shift has no day before it, and a guild may have only shifts of this
kind. A handover is announced when a place has another person than the one announced last. So it is announced
once, however late, by the instance that looks first.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.delivery.delivery import Delivery, NewDelivery
from bot.domain.errors import UpstreamUnavailable
from bot.domain.incident.incident import Incident, Status
from bot.domain.jobs import Job
from bot.domain.oncall.book import Rosters
from bot.domain.oncall.people import OnCallPerson
from bot.runbook.model import Policy
from bot.services.delivery.handling import DeliveryHandler
from bot.services.ports.discord import Gap, Reachability, ReadinessFinding
from bot.services.shared.roster import OnCall
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentRows
from bot.storage.transaction import Transaction
from cogs.oncall.rules import (
    GapData,
    HandoverData,
    OnCallDelivery,
    OpenIncident,
    PlaceChange,
    RosterWatch,
    ShiftCheckData,
)
from cogs.oncall.store import RosterWatches

log = structlog.get_logger(__name__)

#: The jobs; each payload is a guild's id.
HANDOVER: Final = "handover"  # a shift begins, or soon will
REACH: Final = "reach"  # checks that people soon on call can be reached

#: A shift that begins sooner needs no announcement: the handover itself is near.
_SOON: Final = timedelta(hours=1)
_TRY_AGAIN: Final = timedelta(minutes=1)
_MOST_INCIDENTS: Final = 10

#: A shift that goes on for longer than this counts as a shift without an end.
HORIZON: Final = timedelta(days=30)


def handover_key(guild_id: int) -> str:
    """Return the queue's key for the next look at a guild's on-call."""
    return f"handover:{guild_id}"


def handover_job(guild_id: int, *, after: timedelta = timedelta()) -> Job:
    """Return the job that looks who is on call at each place."""
    return Job(HANDOVER, str(guild_id), handover_key(guild_id), after=after, sooner=True)


async def wake(tx: Transaction, guild_id: int) -> None:
    """Queue a look at a guild's on-call right after this commit, because it has changed."""
    await RosterWatches(tx.sql).wake(guild_id)
    await tx.enqueue(handover_job(guild_id))


@dataclass(frozen=True, slots=True)
class ComingShift:
    """A shift that begins soon, at one place or several.

    Attributes:
        starts, ends: Aware; *ends* is None for a shift without a known end.
        keys: As `RosterWatch.checked` keeps them.
    """

    person: OnCallPerson
    places: tuple[str, ...]
    starts: datetime
    ends: datetime | None
    keys: tuple[str, ...]


class Handovers:
    """Handlers of the queue's handover and reach jobs; each may run twice without harm."""

    def __init__(self, store: Store, policy: Policy, oncall: OnCall, reach: Reachability) -> None:
        self._store = store
        self._policy = policy
        self._oncall = oncall
        self._reach = reach
        self._looks = DailyChecks(store, policy, oncall, reach)

    async def begin(self, guild_id: int) -> None:
        """Begin the watch at each start of the process, and look at once for a change of the policy file.

        The people on call at a guild's very first start get no announcement.
        """
        async with self._store.transaction() as tx:
            rosters, now = await self._oncall.rosters(guild_id, source=tx)
            first = RosterWatch(guild_id, _handles(rosters, now), told=0, checked=(), next_at=now)
            await RosterWatches(tx.sql).begin(first)
            await wake(tx, guild_id)

    async def run_job(self, guild_id: int) -> None:
        """Announce handovers, queue the checks that are due, and set the time of the next look."""
        incidents = await IncidentRows(self._store.sql).open_incidents(guild_id)
        async with self._store.transaction() as tx:
            watch = await RosterWatches(tx.sql).lock(guild_id)
            if watch is None:
                return
            rosters, now = await self._oncall.rosters(guild_id, source=tx)
            watch = await self._tell(tx, watch, rosters, now, incidents=incidents)
            look_at = watch.look_at or self._looks.next_at(now)
            watch = replace(watch, next_at=self._next_look(rosters, now), look_at=look_at)
            await RosterWatches(tx.sql).save(watch)
            await tx.enqueue(handover_job(guild_id, after=watch.next_at - now))
            if self._coming(watch, rosters, now) or self._looks.is_due(watch, now):
                await tx.enqueue(Job(REACH, str(guild_id), f"reach:{guild_id}"))

    async def look_ahead(self, guild_id: int) -> timedelta | None:
        """Check that people who come on call soon, or have a shift without an end, can be paged and answer.

        A job of its own, because Discord may be slow and a handover must not wait for it.

        Returns:
            When to try again what Discord could not be asked now, or None.
        """
        async with self._store.transaction() as tx:
            watch = await RosterWatches(tx.sql).lock(guild_id)
            rosters, now = await self._oncall.rosters(guild_id, source=tx)
        owed: list[NewDelivery] = []
        checked: list[str] = []
        coming = [] if watch is None else self._coming(watch, rosters, now)
        for each in coming:
            with suppress(UpstreamUnavailable):
                gaps = await self._reach.gaps(guild_id, each.person, each.places)
                owed += self._ahead(guild_id, each, gaps, rosters.at(now), now=now)
                checked += each.keys
        await self._note(guild_id, owed, checked, now=now)
        is_done = await self._looks.look(guild_id) and len(checked) == sum(len(each.keys) for each in coming)
        return None if is_done else _TRY_AGAIN

    async def _tell(
        self,
        tx: Transaction,
        watch: RosterWatch,
        rosters: Rosters,
        now: datetime,
        *,
        incidents: list[Incident],
    ) -> RosterWatch:
        """Queue a line and a DM to each person who comes on call; a place new in the file is no handover."""
        holders = _handles(rosters, now)
        changed = {
            place: former for place, former in watch.standing.items() if holders.get(place, former) != former
        }
        told = watch.told + bool(changed)
        if changed:
            urgent_first = sorted(
                (one for one in incidents if not one.is_drill),
                key=lambda one: (one.status is not Status.TRIGGERED, self._policy.rules_of(one).rank),
            )
            data = HandoverData(
                at=now,
                changes=tuple(_change(rosters, place, now, former=one) for place, one in changed.items()),
                incidents=tuple(_open_incident(one) for one in urgent_first[:_MOST_INCIDENTS]),
            )
            await DeliveryWrites(tx.sql).insert_deliveries(
                list(self._owed(watch.guild_id, told, data, changed, holders))
            )
            log.info("oncall.handed_over", guild_id=watch.guild_id, places=len(changed))
        return replace(watch, standing=holders, told=told)

    def _owed(
        self,
        guild_id: int,
        number: int,
        data: HandoverData,
        changed: Mapping[str, str],
        holders: Mapping[str, str],
    ) -> Iterator[NewDelivery]:
        key = f"oncall:{guild_id}:handover:{number}"
        if self._policy.handover.channel is not None:
            to = f"channel:{self._policy.handover.channel}"
            yield NewDelivery(OnCallDelivery.HANDOVER, to, key, guild_id, data=data.to_json())
        for handle in dict.fromkeys(holders[place] for place in changed):
            own = replace(data, handle=handle).to_json()
            yield NewDelivery(
                OnCallDelivery.ON_DUTY, f"named:{handle}", f"{key}:{handle}", guild_id, data=own
            )

    def _next_look(self, rosters: Rosters, now: datetime) -> datetime:
        """Return the time of the next handover, or of the next check of a person, if that is earlier."""
        ahead = self._policy.handover.check_before or timedelta()
        changes = rosters.changes(now, now + HORIZON)
        looks = [at - ahead for at in changes if at - ahead > now]
        return min([*changes, *looks, self._looks.next_at(now) or now + HORIZON])

    def _coming(self, watch: RosterWatch, rosters: Rosters, now: datetime) -> list[ComingShift]:
        """Return the shifts that begin within `check_before` and were not checked."""
        before = self._policy.handover.check_before
        return [] if before is None else _coming(rosters, now, now + before, known=watch.checked)

    async def _note(
        self, guild_id: int, owed: Sequence[NewDelivery], checked: Sequence[str], *, now: datetime
    ) -> None:
        """Record the checked shifts and queue their messages. Known keys are skipped: none is sent twice."""
        if not checked:
            return
        async with self._store.transaction() as tx:
            watch = await RosterWatches(tx.sql).lock(guild_id)
            if watch is None:
                return
            kept = [key for key in watch.checked if _begins(key) > now]
            await DeliveryWrites(tx.sql).insert_deliveries(owed)
            await RosterWatches(tx.sql).save(replace(watch, checked=tuple(dict.fromkeys([*kept, *checked]))))

    def _ahead(
        self,
        guild_id: int,
        coming: ComingShift,
        gaps: Sequence[ReadinessFinding],
        holders: Mapping[str, OnCallPerson],
        *,
        now: datetime,
    ) -> Iterator[NewDelivery]:
        """Yield the DM to the person who comes on call, and warnings to people who can mend a gap."""
        handle = coming.person.handle
        key = f"oncall:{guild_id}:{coming.starts.isoformat()}:{handle}"
        data = ShiftCheckData(
            handle=handle,
            places=tuple(coming.places),
            starts=coming.starts,
            ends=coming.ends,
            gaps=gap_data(gaps),
        )
        is_member = all(finding.gap is not Gap.NOT_MEMBER for finding in gaps)
        if is_member and (gaps or coming.starts - now >= _SOON):
            yield NewDelivery(
                OnCallDelivery.ON_DUTY_SOON, f"named:{handle}", f"{key}:soon", guild_id, data=data.to_json()
            )
        if gaps:
            others = [holders[place].handle for place in coming.places if place in holders]
            yield from warnings(self._policy, guild_id, key, data, others=others)


def _handles(rosters: Rosters, now: datetime) -> dict[str, str]:
    return {place: person.handle for place, person in rosters.at(now).items()}


def _change(rosters: Rosters, place: str, now: datetime, *, former: str) -> PlaceChange:
    until = rosters.places[place].shifts(now, now + HORIZON)[0].ends
    return PlaceChange(
        place=place,
        former=former,
        handle=rosters.at(now)[place].handle,
        until=None if until >= now + HORIZON else until,
    )


def _open_incident(incident: Incident) -> OpenIncident:
    """Return what is said about an open incident for a handover; for a private one only that there is one."""
    known = None if incident.is_private else incident.title
    where = None
    if not incident.is_private and incident.post.channel_id is not None:
        where = incident.guild_id, incident.thread.id or incident.post.channel_id
    return OpenIncident(
        label=incident.label,
        severity=incident.severity,
        status=incident.status.value,
        title=known,
        where=where,
    )


def _coming(rosters: Rosters, now: datetime, until: datetime, *, known: Sequence[str]) -> list[ComingShift]:
    """Return the shifts that begin in (now, until] and were not checked, by person and time."""
    groups: dict[tuple[datetime, str], list[tuple[str, datetime | None]]] = {}
    for place, roster in rosters.places.items():
        for shift in roster.shifts(now, until + HORIZON)[1:]:
            if shift.starts <= until and _key(place, shift.starts, shift.person) not in known:
                ends = None if shift.ends >= until + HORIZON else shift.ends
                groups.setdefault((shift.starts, shift.person), []).append((place, ends))
    return [
        ComingShift(
            person=rosters.people[handle],
            places=tuple(place for place, _ in at),
            starts=starts,
            ends=at[0][1],
            keys=tuple(_key(place, starts, handle) for place, _ in at),
        )
        for (starts, handle), at in sorted(groups.items())
    ]


def _key(place: str, starts: datetime, handle: str) -> str:
    return f"{starts.isoformat()}|{place}|{handle}"


def _begins(key: str) -> datetime:
    return datetime.fromisoformat(key.partition("|")[0])


@dataclass(frozen=True, slots=True)
class EndlessShift:
    """A person who is on call at *places* for longer than `HORIZON`."""

    person: OnCallPerson
    places: tuple[str, ...]


class DailyChecks:
    """Checks people whose shift has no end, once a day as business hours begin. A repeat is harmless."""

    def __init__(self, store: Store, policy: Policy, oncall: OnCall, reach: Reachability) -> None:
        self._store = store
        self._policy = policy
        self._oncall = oncall
        self._reach = reach

    def next_at(self, now: datetime) -> datetime | None:
        """Return the next look, later than *now*; None when the policy wants none (`check_before`)."""
        if self._policy.handover.check_before is None:
            return None
        return self._policy.business_hours.next_morning(now)

    def is_due(self, watch: RosterWatch, now: datetime) -> bool:
        """Return True if the daily check is due now."""
        is_wanted = self._policy.handover.check_before is not None
        return is_wanted and watch.look_at is not None and watch.look_at <= now

    async def look(self, guild_id: int) -> bool:
        """Check in Discord the people whose shift has no end, if that is due, and warn about new findings.

        Returns:
            True when the check is complete or not due; False when Discord could not be asked about a person.
        """
        async with self._store.transaction() as tx:
            watch = await RosterWatches(tx.sql).lock(guild_id)
            rosters, now = await self._oncall.rosters(guild_id, source=tx)
        if watch is None or not self.is_due(watch, now):
            return True
        endless = _endless(rosters, now)
        gaps_of: dict[str, Sequence[ReadinessFinding]] = {}
        for each in endless:
            with suppress(UpstreamUnavailable):
                gaps_of[each.person.handle] = await self._reach.gaps(guild_id, each.person, each.places)
        await self._note(guild_id, endless, gaps_of, now=now)
        return len(gaps_of) == len(endless)

    async def _note(
        self,
        guild_id: int,
        endless: Sequence[EndlessShift],
        gaps_of: Mapping[str, Sequence[ReadinessFinding]],
        *,
        now: datetime,
    ) -> None:
        """Queue warnings for new findings, and forget resolved ones: they count as new if they come back."""
        async with self._store.transaction() as tx:
            watch = await RosterWatches(tx.sql).lock(guild_id)
            if watch is None or not self.is_due(watch, now):
                return  # another instance has looked meanwhile
            lacking: dict[str, tuple[str, ...]] = {}
            for each in endless:
                handle = each.person.handle
                known = watch.lacking.get(handle, ())
                if handle in gaps_of:
                    # Each gap by itself, such as "no_channel:p0-alerts", so that fewer gaps are no news.
                    marks = tuple(
                        f"{finding.gap}:{name}"
                        for finding in gaps_of[handle]
                        for name in finding.names or ("",)
                    )
                    known, before = marks, known
                    if not set(known) <= set(before):
                        await DeliveryWrites(tx.sql).insert_deliveries(
                            list(self._warnings(guild_id, each, gaps_of[handle], now))
                        )
                        log.warning("oncall.lacks", guild_id=guild_id, lacks=list(known))
                if known:
                    lacking[handle] = known
            look_at = self.next_at(now) if len(gaps_of) == len(endless) else watch.look_at
            await RosterWatches(tx.sql).save(replace(watch, look_at=look_at, lacking=lacking))

    def _warnings(
        self, guild_id: int, endless: EndlessShift, gaps: Sequence[ReadinessFinding], now: datetime
    ) -> Iterator[NewDelivery]:
        """Yield a warning for the channel and one for the person by DM.

        Most findings can be mended only by the person, or by people they know.
        """
        handle = endless.person.handle
        key = f"oncall:{guild_id}:standing:{now.isoformat()}:{handle}"
        data = ShiftCheckData(
            handle=handle,
            places=tuple(endless.places),
            starts=now,
            ends=None,
            standing=True,
            gaps=gap_data(gaps),
        )
        yield from warnings(self._policy, guild_id, key, data, others=())
        if all(finding.gap is not Gap.NOT_MEMBER for finding in gaps):
            to = f"named:{handle}"
            yield NewDelivery(
                OnCallDelivery.ON_DUTY_GAPS, to, f"{key}:gaps:{handle}", guild_id, data=data.to_json()
            )


def gap_data(gaps: Sequence[ReadinessFinding]) -> tuple[GapData, ...]:
    """Return *gaps* as a message carries them."""
    return tuple(GapData(gap=finding.gap.value, names=tuple(finding.names)) for finding in gaps)


def warnings(
    policy: Policy, guild_id: int, key: str, data: ShiftCheckData, *, others: Sequence[str]
) -> Iterator[NewDelivery]:
    """Yield warnings about a person's gaps: to the channel of their team, and to each person they relieve.

    Args:
        data: As `ON_DUTY_SOON` has it.
        others: Handles of the people who are on call there now.
    """
    for channel in dict.fromkeys(_channel_of(policy, place) for place in data.places):
        if channel is not None:
            own = f"{key}:gaps" if channel == policy.handover.channel else f"{key}:gaps:#{channel}"
            to = f"channel:{channel}"
            yield NewDelivery(OnCallDelivery.ON_DUTY_GAPS, to, own, guild_id, data=data.to_json())
    for other in dict.fromkeys(others):
        if other != data.handle:
            yield NewDelivery(
                OnCallDelivery.ON_DUTY_GAPS,
                f"named:{other}",
                f"{key}:gaps:{other}",
                guild_id,
                data=data.to_json(),
            )


def _channel_of(policy: Policy, place: str) -> str | None:
    """Return where warnings about *place* are posted: the team's own channel, if any warnings are posted."""
    own = (team.channel for team in policy.teams.values() if place in team.schedule)
    return policy.handover.channel and (next(own, None) or policy.handover.channel)


_NO_DM: Final = gap_data([ReadinessFinding(Gap.NO_DM)])


class OnCallDeliveries(DeliveryHandler):
    """Handles messages about handovers and about who is on call."""

    def __init__(self, policy: Policy, oncall: OnCall) -> None:
        super().__init__(
            OnCallDelivery.HANDOVER,
            OnCallDelivery.ON_DUTY,
            OnCallDelivery.ON_DUTY_SOON,
            OnCallDelivery.ON_DUTY_GAPS,
        )
        self._policy = policy
        self._oncall = oncall

    async def report(self, tx: Transaction, delivery: Delivery) -> None:
        """Warn that a person who is or comes on call accepts no DM, which shows only when one is refused."""
        if delivery.kind is OnCallDelivery.ON_DUTY_SOON:
            data = replace(ShiftCheckData.from_json(delivery.data), gaps=_NO_DM)
            holders = await self._oncall.holders(delivery.guild_id, source=tx)
            others = [holders[place].handle for place in data.places if place in holders]
            await self._warn(tx, delivery, data, others=others)
        elif delivery.kind is OnCallDelivery.ON_DUTY:
            await self._warn_of_shift(tx, delivery)
        else:
            await super().report(tx, delivery)

    async def _warn_of_shift(self, tx: Transaction, delivery: Delivery) -> None:
        """Warn about a shift that has begun, unless it was checked, and hence warned of, a day ahead."""
        handover = HandoverData.from_json(delivery.data)
        watch = await RosterWatches(tx.sql).lock(delivery.guild_id)
        checked = () if watch is None else watch.checked
        begun = handover.at or delivery.created_at
        own = [
            change
            for change in handover.changes
            if change.handle == handover.handle
            and not is_checked(checked, change.place, change.handle, begun=begun)
        ]
        if not own:
            return
        data = ShiftCheckData(
            handle=handover.handle,
            places=tuple(change.place for change in own),
            starts=begun,
            ends=own[0].until,
            standing=True,
            gaps=_NO_DM,
        )
        await self._warn(tx, delivery, data, others=[change.former for change in own])

    async def _warn(
        self, tx: Transaction, delivery: Delivery, data: ShiftCheckData, *, others: Sequence[str]
    ) -> None:
        key = f"{delivery.key}:refused"
        await DeliveryWrites(tx.sql).insert_deliveries(
            list(warnings(self._policy, delivery.guild_id, key, data, others=others))
        )


def is_checked(checked: Sequence[str], place: str, handle: str, *, begun: datetime) -> bool:
    """Return True if the shift of that person at *place* that has *begun* is among the *checked* ones.

    Args:
        checked: As `RosterWatch` has them: "<start>|<place>|<handle>". Later shifts do not count.
    """
    return any(_begins(key) <= begun for key in checked if key.endswith(f"|{place}|{handle}"))


def _endless(rosters: Rosters, now: datetime) -> list[EndlessShift]:
    """Return the people whose shift has no planned end, in the order of asking."""
    places: dict[str, list[str]] = {}
    for place, roster in rosters.places.items():
        shift = roster.shifts(now, now + HORIZON)[0]
        if shift.ends >= now + HORIZON:
            places.setdefault(shift.person, []).append(place)
    return [EndlessShift(rosters.people[handle], tuple(at)) for handle, at in places.items()]
