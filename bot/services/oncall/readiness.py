"""A daily check of people whose on-call shift has no end, with warnings about anything that is missing.

See docs/internals/oncall.md.

People who take turns are checked before each shift (see `handovers`). A shift without an end has no such
day, and a guild may have only shifts of this kind.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.delivery.delivery import Delivery, NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UpstreamUnavailable
from bot.domain.oncall.deliveries import GapData, HandoverData, ShiftCheckData
from bot.domain.oncall.people import OnCallPerson
from bot.domain.oncall.roster import Rosters, RosterWatch
from bot.runbook.model import Policy
from bot.services.delivery.handling import DeliveryHandler
from bot.services.ports import Store, Transaction
from bot.services.ports.oncall import Gap, Reachability, ReadinessFinding
from bot.services.shared.roster import OnCall

log = structlog.get_logger(__name__)

#: A shift that goes on for longer than this counts as a shift without an end.
HORIZON: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Lasting:
    """A person who is on call at *places* for longer than `HORIZON`."""

    person: OnCallPerson
    places: tuple[str, ...]


class StandingLooks:
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
            watch = await tx.lock_watch(guild_id)
            found, now = await self._oncall.rosters(guild_id, source=tx)
        if watch is None or not self.is_due(watch, now):
            return True
        lasting = _lasting(found, now)
        gaps_of: dict[str, Sequence[ReadinessFinding]] = {}
        for each in lasting:
            with suppress(UpstreamUnavailable):
                gaps_of[each.person.handle] = await self._reach.gaps(guild_id, each.person)
        await self._note(guild_id, lasting, gaps_of, now=now)
        return len(gaps_of) == len(lasting)

    async def _note(
        self,
        guild_id: int,
        lasting: Sequence[Lasting],
        gaps_of: Mapping[str, Sequence[ReadinessFinding]],
        *,
        now: datetime,
    ) -> None:
        """Queue warnings for new findings, and forget resolved ones: they count as new if they come back."""
        async with self._store.transaction() as tx:
            watch = await tx.lock_watch(guild_id)
            if watch is None or not self.is_due(watch, now):
                return  # another instance has looked meanwhile
            lacking: dict[str, tuple[str, ...]] = {}
            for each in lasting:
                handle = each.person.handle
                known = watch.lacking.get(handle, ())
                if handle in gaps_of:
                    known, before = _marks(gaps_of[handle]), known
                    if not set(known) <= set(before):
                        await tx.insert_deliveries(list(self._warnings(guild_id, each, gaps_of[handle], now)))
                        log.warning("oncall.lacks", guild_id=guild_id, lacks=list(known))
                if known:
                    lacking[handle] = known
            look_at = self.next_at(now) if len(gaps_of) == len(lasting) else watch.look_at
            await tx.save_watch(replace(watch, look_at=look_at, lacking=lacking))

    def _warnings(
        self, guild_id: int, lasting: Lasting, gaps: Sequence[ReadinessFinding], now: datetime
    ) -> Iterator[NewDelivery]:
        """Yield a warning for the channel and one for the person by DM.

        Most findings can be mended only by the person, or by people they know.
        """
        handle = lasting.person.handle
        key = f"oncall:{guild_id}:standing:{now.isoformat()}:{handle}"
        data = ShiftCheckData(
            handle=handle,
            places=tuple(lasting.places),
            starts=now,
            ends=None,
            standing=True,
            gaps=told(gaps),
        )
        yield from warnings(self._policy, guild_id, key, data, others=())
        if all(found.gap is not Gap.NOT_MEMBER for found in gaps):
            to = f"named:{handle}"
            yield NewDelivery(
                DeliveryKind.ON_DUTY_GAPS, to, f"{key}:gaps:{handle}", guild_id, data=data.to_json()
            )


def told(gaps: Sequence[ReadinessFinding]) -> tuple[GapData, ...]:
    """Return *gaps* as a message carries them."""
    return tuple(GapData(gap=found.gap.value, names=tuple(found.names)) for found in gaps)


def warnings(
    policy: Policy, guild_id: int, key: str, data: ShiftCheckData, *, others: Sequence[str]
) -> Iterator[NewDelivery]:
    """Yield warnings about gaps of a person on call: one for the channel, one for each person they relieve.

    Args:
        data: As `ON_DUTY_SOON` has it.
        others: Handles of the people who are on call there now.
    """
    if policy.handover.channel is not None:
        to = f"channel:{policy.handover.channel}"
        yield NewDelivery(DeliveryKind.ON_DUTY_GAPS, to, f"{key}:gaps", guild_id, data=data.to_json())
    for other in dict.fromkeys(others):
        if other != data.handle:
            yield NewDelivery(
                DeliveryKind.ON_DUTY_GAPS,
                f"named:{other}",
                f"{key}:gaps:{other}",
                guild_id,
                data=data.to_json(),
            )


_NO_DM: Final = told([ReadinessFinding(Gap.NO_DM)])


class OnCallDeliveries(DeliveryHandler):
    """Handles messages about handovers and about who is on call."""

    def __init__(self, policy: Policy, oncall: OnCall) -> None:
        super().__init__(
            DeliveryKind.HANDOVER, DeliveryKind.ON_DUTY, DeliveryKind.ON_DUTY_SOON, DeliveryKind.ON_DUTY_GAPS
        )
        self._policy = policy
        self._oncall = oncall

    async def report(self, tx: Transaction, delivery: Delivery) -> None:
        """Warn that a person who is or comes on call accepts no DM, which shows only when one is refused."""
        if delivery.kind is DeliveryKind.ON_DUTY_SOON:
            data = replace(ShiftCheckData.from_json(delivery.data), gaps=_NO_DM)
            holders = await self._oncall.holders(delivery.guild_id, source=tx)
            others = [holders[place].handle for place in data.places if place in holders]
            await self._warn(tx, delivery, data, others=others)
        elif delivery.kind is DeliveryKind.ON_DUTY:
            await self._warn_of_shift(tx, delivery)
        else:
            await super().report(tx, delivery)

    async def _warn_of_shift(self, tx: Transaction, delivery: Delivery) -> None:
        """Warn about a shift that has begun, unless it was checked, and hence warned of, a day ahead."""
        handover = HandoverData.from_json(delivery.data)
        watch = await tx.lock_watch(delivery.guild_id)
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
        await tx.insert_deliveries(list(warnings(self._policy, delivery.guild_id, key, data, others=others)))


def is_checked(checked: Sequence[str], place: str, handle: str, *, begun: datetime) -> bool:
    """Return True if the shift of that person at *place* that has *begun* is among the *checked* ones.

    Args:
        checked: As `RosterWatch` has them: "<start>|<place>|<handle>". Later shifts do not count.
    """
    return any(
        datetime.fromisoformat(key.partition("|")[0]) <= begun
        for key in checked
        if key.endswith(f"|{place}|{handle}")
    )


def _lasting(found: Rosters, now: datetime) -> list[Lasting]:
    """Return the people whose shift has no planned end, in the order of asking."""
    places: dict[str, list[str]] = {}
    for place, roster in found.places.items():
        shift = roster.shifts(now, now + HORIZON)[0]
        if shift.ends >= now + HORIZON:
            places.setdefault(shift.person, []).append(place)
    return [Lasting(found.people[handle], tuple(at)) for handle, at in places.items()]


def _marks(gaps: Sequence[ReadinessFinding]) -> tuple[str, ...]:
    """Return each gap by itself, such as "no_channel:p0-alerts", so that fewer gaps are no news."""
    return tuple(f"{found.gap}:{name}" for found in gaps for name in found.names or ("",))
