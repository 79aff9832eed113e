"""The week, told on Monday: once per ISO week, late rather than never."""

import structlog

from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.delivery.delivery import Delivery, DeliveryKind, NewDelivery
from bot.domain.digest import Digest, DigestData, is_counted, week_due
from bot.domain.dlq.entries import DlqCounts
from bot.domain.errors import StorageUnavailable
from bot.domain.incident.incident import Incident, Status
from bot.domain.statistics.period import Span
from bot.runbook.model import Policy
from bot.services.delivery.handling import DeliveryHandler
from bot.services.ports import DlqStore, Store
from bot.services.statistics.statistics import Statistics

log = structlog.get_logger(__name__)


def digest_key(guild_id: int, week: IsoWeek) -> str:
    """The key of the delivery that tells *week*."""
    return f"digest:{guild_id}:{week}"


class Digests:
    """Counts a week and sees to it that it is posted."""

    def __init__(self, store: Store, failures: DlqStore, policy: Policy, statistics: Statistics) -> None:
        self._store = store
        self._statistics = statistics
        self._failures = failures
        self._policy = policy

    async def tick(self, guild_id: int) -> IsoWeek | None:
        """Post the last week's digest if it is due and not posted yet. A row decides, not the scheduler.

        A week that was due before the bot served this guild gets no digest.

        Returns:
            The week that was posted now, or None.
        """
        rule = self._policy.digest
        week, due_at = week_due(
            now=await self._store.now(), weekday=rule.day.number, at=rule.time, zone=self._policy.timezone
        )
        if due_at < await self._store.register_guild(guild_id):
            return None
        async with self._store.transaction() as tx:
            if not await tx.claim_digest(guild_id, week, due_at=due_at):
                return None
            await tx.insert_deliveries([self._delivery(guild_id, week)])
        log.info("digest.due", guild_id=guild_id, week=str(week))
        return week

    async def post(self, guild_id: int, week: IsoWeek) -> bool:
        """Post the digest of *week* now, by hand; False when it was posted before."""
        async with self._store.transaction() as tx:
            claimed = await tx.claim_digest(guild_id, week, due_at=await tx.now())
            if claimed:
                await tx.insert_deliveries([self._delivery(guild_id, week)])
        return claimed

    async def last_week(self) -> IsoWeek:
        """The latest ISO week that has ended in the policy's time zone."""
        now = await self._store.now()
        return IsoWeek.of(now.astimezone(self._policy.timezone).date()).previous()

    async def figures(self, guild_id: int, week: IsoWeek) -> Digest:
        """Count *week*; the DLQ's part is None while its database is away, and where it is not seen."""
        span, earlier = self._span(week), self._span(week.previous())
        still_open = filter(is_counted, await self._store.open_incidents(guild_id))
        failed, failed_before = await self._failed(week), await self._failed(week.previous())
        return Digest(
            week=week,
            figures=await self._statistics.incidents(guild_id, span),
            before=await self._statistics.incidents(guild_id, earlier),
            missed=await self._statistics.late_incidents(guild_id, span),
            open=tuple(sorted(still_open, key=lambda one: self._policy.rules(one.severity).rank)),
            postmortems_due=await self._postmortems_due(guild_id, span),
            dlq=failed,
            previous_dlq=None if failed_before is None else failed_before.total,
        )

    async def _postmortems_due(self, guild_id: int, span: Span) -> tuple[Incident, ...]:
        owing = {name for name, rules in self._policy.severities.items() if rules.postmortem}
        found = await self._store.incidents_between(guild_id, span.start, span.end)
        ended = (one for one in found if one.severity in owing and one.status is Status.RESOLVED)
        return tuple(filter(is_counted, ended))

    def _span(self, week: IsoWeek) -> Span:
        return Span(*week.bounds(self._policy.timezone))

    async def _failed(self, week: IsoWeek) -> DlqCounts | None:
        if not self._policy.sees_dlq:
            return None
        start, end = week.bounds(self._policy.timezone)
        try:
            return await self._failures.counts(start, end)
        except StorageUnavailable as error:
            log.warning("digest.dlq_unavailable", week=str(week), reason=str(error))
            return None

    def _delivery(self, guild_id: int, week: IsoWeek) -> NewDelivery:
        return NewDelivery(
            kind=DeliveryKind.DIGEST,
            to=f"channel:{self._policy.digest.channel}",
            key=digest_key(guild_id, week),
            guild_id=guild_id,
            data=DigestData(week=str(week)).to_json(),
        )


class DigestDeliveries(DeliveryHandler):
    """The post of a week."""

    def __init__(self, digests: Digests) -> None:
        super().__init__(DeliveryKind.DIGEST)
        self._digests = digests

    async def load(self, delivery: Delivery) -> Digest:
        """Return the week's figures."""
        return await self._digests.figures(
            delivery.guild_id, IsoWeek.parse(DigestData.from_json(delivery.data).week)
        )
