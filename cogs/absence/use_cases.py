"""Record and withdraw absences, announce the shifts in them, and let others take these as overrides."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import Delivery, NewDelivery
from bot.domain.errors import UnavailableError, UserError
from bot.domain.oncall.absences import TimeAway
from bot.domain.oncall.book import NewOverride
from bot.domain.oncall.people import Who
from bot.domain.oncall.rotation import Shift
from bot.domain.people import Person
from bot.domain.text import one_line
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler
from bot.services.ports import Discord
from bot.services.shared.access import Access
from bot.services.shared.roster import OnCall
from bot.storage.database.sql import Sql
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.tables.timeline import AuditWrites
from bot.storage.transaction import Transaction
from cogs.absence.calendars import AbsenceCalendars
from cogs.absence.policy import channel_of
from cogs.absence.rules import (
    COUNTED_BEFORE,
    AbsenceDelivery,
    AbsenceRules,
    AwayData,
    AwayShift,
    NewAwayShift,
    away_shifts,
    fairest,
    show_job,
)
from cogs.absence.store import Absences

log = structlog.get_logger(__name__)

_REASON_LIMIT: Final = 200


class Away:
    """Records who is away, and finds others for their shifts."""

    def __init__(self, core: Core) -> None:
        self._store: Store = core.store
        self._policy: Policy = core.policy
        self._access: Access = core.access
        self._oncall: OnCall = core.oncall
        self._discord: Discord = core.discord
        self.guild_id = core.guild_id
        self._calendars = AbsenceCalendars(core.store, core.policy, core.guild_id)

    async def now(self) -> datetime:
        """Return the database's time in the team's zone: the times that people type count from it."""
        return (await self._store.now()).astimezone(self._policy.timezone)

    async def open_ones(self, *, by: Person) -> list[TimeAway]:
        """Return the absences that are not over, the earliest first.

        Raises:
            NotPermitted: *by* may not respond.
        """
        await self._access.require(by, "acknowledge", guild_id=self.guild_id, act="list_absences")
        return await Absences(self._store.sql).open_ones(self.guild_id)

    async def add(self, new: TimeAway, *, by: Person) -> TimeAway:
        """Record an absence, and announce the shifts in it that are near, in one commit.

        Raises:
            NotPermitted: *by* may not respond or, for another person, change who is on call.
        """
        await self._require(by, new.who, act="add_absence")
        async with self._store.transaction() as tx:
            made = await Absences(tx.sql).add(self.guild_id, _clean(new), by=by)
            await self._audit(tx, made, by=by, action="absence_added")
            await self._tell(tx, made.id)
        log.info("absence.added", absence_id=made.id, user_id=by.id)
        return made

    async def end(self, number: int, *, by: Person) -> TimeAway:
        """Withdraw an absence. A shift that was taken stays taken: it is an override like others.

        Raises:
            NotPermitted: as `add`. UserError: it is over, or comes from a calendar file.
        """
        known = await Absences(self._store.sql).open_ones(self.guild_id)
        absence = next((one for one in known if one.id == number), None)
        if absence is None:
            raise UserError("absence_over")
        if absence.calendar is not None:
            raise UserError("absence_of_calendar", file=absence.by_name)
        await self._require(by, absence.who, act="end_absence")
        async with self._store.transaction() as tx:
            if await Absences(tx.sql).lock(self.guild_id, number) is None:
                raise UserError("absence_over")
            for shift in await Absences(tx.sql).end(number, by_name=by.name):
                await tx.enqueue(show_job(self.guild_id, shift))
            await self._audit(tx, absence, by=by, action="absence_ended")
        log.info("absence.ended", absence_id=number, user_id=by.id)
        return absence

    async def look(self) -> None:
        """Read the calendar files that have changed, and announce the shifts that are near now."""
        await self._calendars.look()
        absences = await Absences(self._store.sql).open_ones(self.guild_id)
        if not absences:
            return
        near = await self._store.now() + self._policy.of(AbsenceRules).ahead
        for absence in (one for one in absences if one.starts < near):
            try:
                async with self._store.transaction() as tx:
                    await self._tell(tx, absence.id)
            except UnavailableError:
                raise
            except Exception:  # one bad absence must not silence the others
                log.exception("absence.look_failed", absence_id=absence.id)

    async def take(self, number: int, *, by: Person) -> tuple[AwayShift, list[tuple[str, Shift]]]:
        """Give what is left of a shift to *by* as an override, once, in one commit.

        Returns:
            The shift, and where else *by* is on call in that time: the first shift at each other place.

        Raises:
            NotPermitted: *by* may not respond. UserError: it is taken, over, or another person's already, or
                *by* is away then themselves.
        """
        await self._access.require(
            by, "acknowledge", guild_id=self.guild_id, act="take_away_shift", shift=number
        )
        who = Who(by.id, by.username, by.name)
        async with self._store.transaction() as tx:
            is_taken = await Absences(tx.sql).take(self.guild_id, number, by=by)
            shift = await Absences(tx.sql).shift(self.guild_id, number)
            if shift is None or shift.is_void:
                raise UserError("absence_over")
            if shift.is_merged:
                raise UserError("away_shift_gone")
            if not is_taken:
                raise UserError("away_shift_taken", who=shift.taken_by_name)
            pieces, elsewhere = await self._left(tx, shift, who)
            for piece in pieces:
                new = NewOverride(shift.place, who, piece.starts, piece.ends)
                await self._record(tx, new, by=by)
            await tx.enqueue(show_job(self.guild_id, number))
        log.info("absence.shift_taken", shift=number, user_id=by.id)
        return shift, elsewhere

    async def show(self, number: int) -> None:
        """Edit the posts about a shift to show it as it is now."""
        shift = await Absences(self._store.sql).shift(self.guild_id, number)
        if shift is None:
            return
        for key in (key for told in range(1, shift.told + 1) for key in _keys(number, told)):
            post = await DeliveryRows(self._store.sql).delivery_by_key(key)
            if post is not None and post.message_id is not None:
                await self._discord.redraw(post, shift)

    async def _require(self, by: Person, who: Who, *, act: str) -> None:
        action = "acknowledge" if who.user_id == by.id else "oncall"
        await self._access.require(by, action, guild_id=self.guild_id, act=act, who=who.handle)

    async def _left(
        self, tx: Transaction, shift: AwayShift, who: Who
    ) -> tuple[list[Shift], list[tuple[str, Shift]]]:
        """Return the parts of a shift that its person still holds, and where *who* is on call in its time.

        Other people may stand in for the rest already.
        """
        rosters, now = await self._oncall.rosters(self.guild_id, source=tx)
        absences = await Absences(tx.sql).open_ones(self.guild_id)
        taker = rosters.person(who).handle
        for one in absences:
            if rosters.person(one.who).handle == taker and one.overlaps(shift.starts, shift.ends):
                raise UserError("away_taker_is_away", starts=one.starts, ends=one.ends)
        roster = rosters.places.get(shift.place)
        held = (
            () if roster is None or shift.ends <= now else roster.shifts(max(shift.starts, now), shift.ends)
        )
        left = [each for each in held if each.person == shift.handle]
        if not left:
            raise UserError("away_shift_gone")
        elsewhere = {
            place: each
            for place, other in rosters.places.items()
            if place != shift.place
            for piece in reversed(left)
            for each in reversed(other.shifts(piece.starts, piece.ends))
            if each.person == taker
        }
        return left, list(elsewhere.items())

    async def _record(self, tx: Transaction, new: NewOverride, *, by: Person) -> None:
        recording = next((one.overrides for one in self._policy.capabilities if one.overrides), None)
        if recording is None:
            raise UserError("capability_off")
        await recording(tx, self.guild_id, new, by)

    async def _tell(self, tx: Transaction, number: int) -> None:
        """Queue a post and a DM for each shift of an absence that is new, has come back, or has grown.

        The posts of the others name another person if the one whom they suggest is not free any more.
        """
        own = Absences(tx.sql)
        absences = await own.lock_open_ones(self.guild_id)
        # Before the rosters: a shift that is taken in between was still waiting here, and is not told again.
        known = await own.open_shifts(self.guild_id)
        now = await tx.now()
        since = min([now - COUNTED_BEFORE, *(one.starts for one in absences)])
        rosters, _ = await self._oncall.rosters(self.guild_id, source=tx, past=now - since)
        found = list(away_shifts(rosters, absences, now=now, ahead=self._policy.of(AbsenceRules).ahead))
        waiting: list[NewAwayShift] = [
            one for one in known if one.waits and any(one.includes(each) for each in found)
        ]
        for each in (each for each in found if each.absence_id == number):
            before = next((one for one in known if one.waits and one.includes(each)), None)
            others = [one for one in waiting if one is not before]
            suggested = fairest(rosters, absences, before or each, now=now, waiting=others)
            new = replace(before or each, suggested=suggested)
            waiting = [*others, new]
            if before is None:
                await self._tell_of(tx, new, known)
            elif before.suggested != suggested:
                await own.suggest(before.id, suggested)
                await tx.enqueue(show_job(self.guild_id, before.id))

    async def _tell_of(self, tx: Transaction, new: NewAwayShift, known: Sequence[AwayShift]) -> None:
        own = Absences(tx.sql)
        same = [one for one in known if one.becomes(new)]
        if not same:
            await self._post(tx, await own.add_shift(self.guild_id, new), new.handle, told=1)
            return
        # The row that begins with it, if there is one: no two rows of a place begin at the same moment.
        former = min(same, key=lambda one: one.starts != new.starts)
        if (told := await own.tell_again(former, new)) is not None:
            await self._post(tx, former.id, new.handle, told=told)
            merged = [one.id for one in same if one.id != former.id and one.waits]
            await own.merge(merged)
            for each in (former.id, *merged):  # the former posts show it as it is now
                await tx.enqueue(show_job(self.guild_id, each))

    async def _post(self, tx: Transaction, number: int, handle: str, *, told: int) -> None:
        data = AwayData(shift=number).to_json()
        channel, person = f"channel:{channel_of(self._policy)}", f"named:{handle}"
        post, dm = _keys(number, told)
        posts = [
            NewDelivery(AbsenceDelivery.AWAY_SHIFT, channel, post, self.guild_id, data=data),
            NewDelivery(AbsenceDelivery.AWAY_SHIFT_DM, person, dm, self.guild_id, data=data),
        ]
        await DeliveryWrites(tx.sql).insert_deliveries(posts)
        log.info("absence.shift_told", shift=number, told=told)

    async def _audit(self, tx: Transaction, absence: TimeAway, *, by: Person, action: str) -> None:
        data = AuditData(facts={"absence": absence.id, "who": absence.who.handle})
        await AuditWrites(tx.sql).audit(guild_id=self.guild_id, by=by, action=action, data=data)


class AwayDeliveries(DeliveryHandler):
    """The posts about shifts whose people are away."""

    def __init__(self, store: Store) -> None:
        super().__init__(AbsenceDelivery.AWAY_SHIFT, AbsenceDelivery.AWAY_SHIFT_DM)
        self._store = store

    async def load(self, delivery: Delivery) -> AwayShift | None:
        """Read the shift that a post is about, as it is now."""
        return await _shift(self._store.sql, delivery)

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True if the shift needs no other person any more."""
        shift = await _shift(tx.sql, delivery)
        return shift is None or not shift.waits

    async def sent(self, tx: Transaction, delivery: Delivery) -> None:
        """Edit the post once more if a person took the shift while it was being sent."""
        shift = await _shift(tx.sql, delivery)
        if shift is not None and not shift.waits:
            await tx.enqueue(show_job(shift.guild_id, shift.id))


async def _shift(sql: Sql, delivery: Delivery) -> AwayShift | None:
    return await Absences(sql).shift(delivery.guild_id, AwayData.from_json(delivery.data).shift)


def _keys(number: int, told: int) -> tuple[str, str]:
    """Return the keys of the post in the channel and of the DM, of the first time and of each later one."""
    post = f"away_shift:{number}" if told == 1 else f"away_shift:{number}:{told}"
    return post, f"{post}:dm"


def _clean(new: TimeAway) -> TimeAway:
    return TimeAway(new.who, new.starts, new.ends, one_line(new.reason, limit=_REASON_LIMIT))


def build(core: Core) -> Away:
    """Make the use cases of one guild."""
    return Away(core)


def deliveries(_away: Away, core: Core) -> list[DeliveryHandler]:
    """Return the handler of the posts."""
    return [AwayDeliveries(core.store), DeliveryHandler(AbsenceDelivery.AWAY_CALENDAR)]


async def look(away: Away) -> None:
    """Read changed calendar files, and announce the shifts that are near now."""
    await away.look()


async def show(away: Away, payload: str) -> timedelta | None:
    """Edit the posts about a shift."""
    await away.show(int(payload.partition(":")[2]))
    return None


async def open_absences(sql: Sql, guild_id: int) -> list[TimeAway]:
    """Return the absences of a guild that are not over."""
    return await Absences(sql).open_ones(guild_id)
