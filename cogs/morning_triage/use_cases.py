"""朝の triage: one post a business day about the incidents due, with reminders until each is taken."""

from datetime import date, datetime, timedelta
from typing import Final

import structlog

from bot.domain.delivery.delivery import Delivery, NewDelivery
from bot.domain.incident.incident import Incident
from bot.domain.jobs import Job
from bot.domain.severity import NEXT_BUSINESS_DAY
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler
from bot.services.ports import Discord
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.transaction import Transaction
from cogs.morning_triage.rules import (
    Morning,
    MorningData,
    MorningDelivery,
    MorningNagData,
    MorningRules,
    MorningView,
    end_of,
    first_nag,
    morning_of,
    next_gathering,
    next_nag,
)
from cogs.morning_triage.store import Mornings

log = structlog.get_logger(__name__)

#: The job that reminds of a morning's incidents; its payload is "guild_id:day".
NAG: Final = "morning"

#: The job that edits the post of a day; its payload is the same.
REFRESH: Final = "refresh_morning"

#: For how long an earlier day's post is kept true.
_SHOWN_FOR: Final = timedelta(days=7)


def morning_key(guild_id: int, day: date) -> str:
    """The key of the post that gathers *day*."""
    return f"morning:{guild_id}:{day}"


def day_of(delivery: Delivery) -> date:
    """The day that a delivery of a morning triage is about."""
    return MorningData.from_json(delivery.data).day


class MorningTriages:
    """Gathers, asks, and keeps the post true."""

    def __init__(self, guild_id: int, store: Store, discord: Discord, policy: Policy) -> None:
        self._guild_id = guild_id
        self._store = store
        self._discord = discord
        self._policy = policy
        self._rule = policy.of(MorningRules).triage

    async def tick(self) -> Morning | None:
        """Gather the incidents due today, if it is time and not done yet. A row decides, not the scheduler.

        Returns:
            What was gathered now; None when it is not time, or was done before. Nothing due: nothing posted.
        """
        rule, hours, guild_id = self._rule, self._policy.business_hours, self._guild_id
        if rule is None:
            return None
        now = await self._store.now()
        day = morning_of(now, hours, at=rule.time)
        if day is None or await Mornings(self._store.sql).view(guild_id, day) is not None:
            return None
        async with self._store.transaction() as tx:
            mornings = Mornings(tx.sql)
            severities = [
                severity.name
                for severity in self._policy.severities.values()
                if severity.ack_within is NEXT_BUSINESS_DAY
            ]
            due = await mornings.due(guild_id, severities=severities, before=end_of(day, hours))
            numbers = tuple(incident.id for incident in due)
            every = rule.nag_every if due else None
            nag_at = None if every is None else first_nag(now, hours, every=every)
            morning = Morning(guild_id, day, numbers, nag_at)
            if not await mornings.claim(morning):
                return None
            if due:
                post = NewDelivery(
                    kind=MorningDelivery.POST,
                    to=f"channel:{rule.channel}",
                    key=morning_key(guild_id, day),
                    guild_id=guild_id,
                    data=MorningData(day=day).to_json(),
                )
                await DeliveryWrites(tx.sql).insert_deliveries([post])
            await _wake(tx, morning, now=now)
        log.info("morning.gathered", guild_id=guild_id, day=str(day), incidents=len(numbers))
        return morning

    async def run_job(self, guild_id: int, day: date) -> None:
        """Remind of the morning's incidents that still wait. Running twice, or too early, is harmless."""
        rule, hours = self._rule, self._policy.business_hours
        post = await DeliveryRows(self._store.sql).delivery_by_key(morning_key(guild_id, day))
        async with self._store.transaction() as tx:
            mornings = Mornings(tx.sql)
            view, now = await mornings.locked(guild_id, day), await tx.now()
            if view is None or view.morning.nag_at is None:
                return
            morning = view.morning
            if morning.nag_at is not None and morning.nag_at > now:
                await _wake(tx, morning, now=now)
                return
            if rule is None or rule.nag_every is None or not view.waiting or not hours.is_open(now):
                await mornings.save(morning.over())  # the next morning gathers what is left
                return
            asked = morning.asked(following=next_nag(now, hours, every=rule.nag_every))
            answers = None if post is None else post.message_id
            nag = NewDelivery(
                kind=MorningDelivery.NAG,
                to=f"channel:{rule.channel}",
                key=f"{morning_key(guild_id, day)}:nag:{asked.nags}",
                guild_id=guild_id,
                data=MorningNagData(day=day, asks=rule.mention, answers=answers).to_json(),
            )
            await DeliveryWrites(tx.sql).insert_deliveries([nag])
            await mornings.save(asked)
            await _wake(tx, asked, now=now)
        log.info("morning.asked", guild_id=guild_id, day=str(day), waiting=len(view.waiting))

    async def view(self, delivery: Delivery) -> MorningView:
        """Return the current state of the morning that a delivery is about."""
        view = await Mornings(self._store.sql).view(delivery.guild_id, day_of(delivery))
        assert view is not None  # the row is written with the delivery
        return view

    async def touched(self, incident: Incident) -> None:
        """Queue an edit of the morning posts that list *incident*, which has changed."""
        if self._rule is None:
            return
        today = (await self._store.now()).astimezone(self._policy.timezone).date()
        if incident.triggered_at.astimezone(self._policy.timezone).date() == today:
            return  # gathered tomorrow at the earliest
        mornings = await Mornings(self._store.sql).listing(incident, since=today - _SHOWN_FOR)
        if mornings:
            async with self._store.transaction() as tx:
                await tx.enqueue(*(refresh_morning_job(one.guild_id, one.day) for one in mornings))

    async def refresh(self, guild_id: int, day: date) -> None:
        """Update the post of *day* with the people who have taken each incident.

        Raises:
            UpstreamUnavailable: the queue tries again.
        """
        post = await DeliveryRows(self._store.sql).delivery_by_key(morning_key(guild_id, day))
        if post is not None and post.message_id is not None:
            await self._discord.redraw(post, await self.view(post))


class MorningDeliveries(DeliveryHandler):
    """The post of a morning triage, and its reminders."""

    def __init__(self, triages: MorningTriages, policy: Policy) -> None:
        super().__init__(*MorningDelivery)
        self._triages = triages
        self._policy = policy

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True if the post is a day late, or if all incidents that it asks about have a responder."""
        view = await Mornings(tx.sql).locked(delivery.guild_id, day_of(delivery))
        today = (await tx.now()).astimezone(self._policy.timezone).date()
        return view is None or not view.waiting or view.morning.day != today

    async def load(self, delivery: Delivery) -> MorningView:
        """Read the morning triage that the post is about."""
        return await self._triages.view(delivery)

    async def sent(self, tx: Transaction, delivery: Delivery) -> None:
        """Refresh the post: an incident may have been acknowledged meanwhile."""
        if delivery.kind is MorningDelivery.POST:
            await tx.enqueue(refresh_morning_job(delivery.guild_id, day_of(delivery)))


def refresh_morning_job(guild_id: int, day: date) -> Job:
    """The job that edits the post of *day*: one at a time, so that two edits never race."""
    return Job(REFRESH, f"{guild_id}:{day}", f"refresh_{morning_key(guild_id, day)}")


async def _wake(tx: Transaction, morning: Morning, *, now: datetime) -> None:
    """Queue the next reminder."""
    if morning.nag_at is not None:
        key = morning_key(morning.guild_id, morning.day)
        after = max(morning.nag_at - now, timedelta())
        await tx.enqueue(Job(NAG, f"{morning.guild_id}:{morning.day}", key, after=after))


def build(core: Core) -> MorningTriages:
    """Return the morning triages of one guild."""
    return MorningTriages(core.guild_id, core.store, core.discord, core.policy)


def deliveries(triages: MorningTriages, core: Core) -> list[DeliveryHandler]:
    """Return what handles the post and its reminders."""
    return [MorningDeliveries(triages, core.policy)]


async def run_job(triages: MorningTriages, payload: str) -> None:
    """Remind of the incidents of a "guild_id:day"."""
    await triages.run_job(*_dated(payload))


async def refresh(triages: MorningTriages, payload: str) -> None:
    """Edit the post of a "guild_id:day"."""
    await triages.refresh(*_dated(payload))


def _dated(payload: str) -> tuple[int, date]:
    guild_id, _, day = payload.partition(":")
    return int(guild_id), date.fromisoformat(day)


def next_post(policy: Policy, now: datetime) -> datetime | None:
    """Return when the next morning triage gathers its incidents, later than *now*; None without one."""
    rule = policy.of(MorningRules).triage
    return None if rule is None else next_gathering(now, policy.business_hours, at=rule.time)
