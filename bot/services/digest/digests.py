"""The week, told on Monday: once per ISO week, late rather than never."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.audit import AuditData
from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.charts import DrawnChart
from bot.domain.delivery.attachments import Attachment, FileRef
from bot.domain.delivery.delivery import Delivery, NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.digest import Digest, DigestData, digest_key, last_week, week_due
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.delivery.handling import DeliveryHandler
from bot.services.digest.counting import DigestCounting
from bot.services.ports import Store, Transaction
from bot.services.ports.charts import PATIENCE_S, DigestPictures
from bot.services.shared.access import Access

log = structlog.get_logger(__name__)

#: How long before its hour a digest's charts are drawn, so that they are ready then.
AHEAD: Final = timedelta(minutes=10)

#: How long before its hour the post is queued, to be sent at the hour: as often as the tick comes.
QUEUED_AHEAD: Final = timedelta(minutes=1)

#: How long the drawing may take before the hour, and for a post that is late anyway, seconds.
_UNHURRIED_S: Final = 45.0
_LATE: Final = timedelta(minutes=1)

#: How long a person waits for it, seconds.
_ASKED_S: Final = 10.0

#: The keys below ``[permissions]`` for a post by hand, and for a look at a week: as for `/stats`.
_PERMISSION: Final = "digest"
_LOOK_PERMISSION: Final = "acknowledge"


@dataclass(frozen=True, slots=True)
class PostedByHand:
    """The outcome of a post by hand.

    Attributes:
        post: Its delivery, posted or not so far.
        is_new: False: that week was posted before.
        due_at: When it goes out by itself, if its post is queued for a moment to come.
    """

    week: IsoWeek
    post: Delivery | None
    is_new: bool
    due_at: datetime | None = None


class Digests:
    """Posts the digest of each week, once."""

    def __init__(
        self,
        store: Store,
        policy: Policy,
        access: Access,
        *,
        counting: DigestCounting,
        pictures: DigestPictures,
    ) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._pictures = pictures
        #: Counts a week, for a post and for the command line.
        self.figures = counting.digest

    async def tick(self, guild_id: int) -> IsoWeek | None:
        """Post the last week's digest if it is due and not posted yet. A row decides, not the scheduler.

        A week that was due before the bot served this guild gets no digest. Shortly before the next one is
        due, its charts are drawn, and its post is queued for the hour: then nothing but the post itself is
        left to do, which a busy machine also manages in time.

        Returns:
            The week that was due by now and is queued now, or None.
        """
        now = await self._store.now()
        week, due_at = self._due(now)
        next_week, next_at = self._due(now + AHEAD)
        if next_at > due_at:
            await self._prepare(guild_id, next_week, next_at, now=now)
        if due_at < await self._store.register_guild(guild_id):
            return None
        within_s = PATIENCE_S if now - due_at < _LATE else _UNHURRIED_S
        if not await self._post(guild_id, week, due_at=due_at, within_s=within_s):
            return None
        log.info("digest.due", guild_id=guild_id, week=str(week))
        return week

    async def _prepare(self, guild_id: int, week: IsoWeek, due_at: datetime, *, now: datetime) -> None:
        if due_at - now > QUEUED_AHEAD:
            await self.pictures(await self.figures(guild_id, week), within_s=_UNHURRIED_S)
        elif await self._post(guild_id, week, due_at=due_at, within_s=_UNHURRIED_S):
            log.info("digest.queued", guild_id=guild_id, week=str(week), due_at=due_at.isoformat())

    async def post(self, guild_id: int, week: IsoWeek) -> bool:
        """Post the digest of *week* now, for the command line; False when it was posted before."""
        return await self._post(guild_id, week, due_at=await self._store.now())

    async def shown(self, guild_id: int, week: IsoWeek, *, by: Person) -> Digest:
        """Count *week* for one person.

        Raises:
            NotPermitted: *by* may not respond.
        """
        await self._access.require(by, _LOOK_PERMISSION, guild_id=guild_id, act="show_digest", week=str(week))
        return await self.figures(guild_id, week)

    async def post_by_hand(self, guild_id: int, *, by: Person) -> PostedByHand:
        """Post the digest of the last week now, unless it was posted or is queued for its hour.

        Raises:
            NotPermitted: *by* may not.
        """
        await self._access.require(by, _PERMISSION, guild_id=guild_id, act="post_digest")
        now = await self._store.now()
        week = last_week(now, self._policy.timezone)
        is_new = await self._post(guild_id, week, due_at=now, by=by)
        post, (due_week, due_at) = await self._delivery(guild_id, week), self._due(now + QUEUED_AHEAD)
        is_open = post is not None and post.finished_at is None
        waits = is_open and not is_new and due_week == week and due_at > now
        return PostedByHand(week, post, is_new, due_at if waits else None)

    async def seen_again(self, outcome: PostedByHand, guild_id: int) -> PostedByHand:
        """Return *outcome* with its delivery as it is now."""
        return replace(outcome, post=await self._delivery(guild_id, outcome.week))

    async def last_week(self) -> IsoWeek:
        """The latest ISO week that has ended in the policy's time zone."""
        return last_week(await self._store.now(), self._policy.timezone)

    async def pictures(self, digest: Digest, *, within_s: float = _ASKED_S) -> list[DrawnChart]:
        """Return the charts of a digest that can be drawn *within_s*; none for weeks of nothing."""
        return await self._pictures.draw(digest, within_s=within_s) if digest.has_trend else []

    async def _delivery(self, guild_id: int, week: IsoWeek) -> Delivery | None:
        return await self._store.delivery_by_key(digest_key(guild_id, week))

    def _due(self, now: datetime) -> tuple[IsoWeek, datetime]:
        rule = self._policy.digest
        return week_due(now=now, weekday=rule.day.number, at=rule.time, zone=self._policy.timezone)

    async def _post(
        self,
        guild_id: int,
        week: IsoWeek,
        *,
        due_at: datetime,
        by: Person | None = None,
        within_s: float = _ASKED_S,
    ) -> bool:
        """Queue the post of *week*, with its charts; False when another tick, process or person was first.

        Args:
            due_at: It is not sent before. Its figures are those of that time; its charts are those of now.
        """
        if await self._store.is_digest_claimed(guild_id, week):
            return False
        digest = await self.figures(guild_id, week)
        charts = await self.pictures(digest, within_s=within_s)
        async with self._store.transaction() as tx:
            if not await tx.claim_digest(guild_id, week, due_at=due_at):
                return False
            await self._queue(tx, guild_id, digest, charts, wait=due_at - await tx.now())
            if by is not None:
                data = AuditData(facts={"week": str(week)})
                await tx.audit(guild_id=guild_id, by=by, action="digest_posted", data=data)
        return True

    async def _queue(
        self, tx: Transaction, guild_id: int, digest: Digest, charts: list[DrawnChart], *, wait: timedelta
    ) -> None:
        key, files = digest_key(guild_id, digest.week), list[FileRef]()
        for chart in charts:
            ref = FileRef(
                key=f"{key}:{chart.filename}", filename=chart.filename, description=chart.description
            )
            await tx.add_attachment(Attachment(ref.key, guild_id, ref.filename, chart.png))
            files.append(ref)
        data = DigestData(week=str(digest.week), asked=digest.asked.numbers, files=tuple(files))
        to = f"channel:{self._policy.digest.channel}"
        new = NewDelivery(
            kind=DeliveryKind.DIGEST,
            to=to,
            key=key,
            guild_id=guild_id,
            data=data.to_json(),
            wait=max(wait, timedelta()),
        )
        await tx.insert_deliveries([new])


class DigestDeliveries(DeliveryHandler):
    """Handles the delivery that posts a week's digest."""

    def __init__(self, digests: Digests) -> None:
        super().__init__(DeliveryKind.DIGEST)
        self._digests = digests

    async def load(self, delivery: Delivery) -> Digest:
        """Return the week's figures."""
        data = DigestData.from_json(delivery.data)
        return await self._digests.figures(delivery.guild_id, IsoWeek.parse(data.week), asked=data.asked)

    async def give_up(self, tx: Transaction, delivery: Delivery, *, reason: str, code: int) -> None:
        """Report that the digest was given up, and remove its charts: the DLQ keeps its words."""
        await super().give_up(tx, delivery, reason=reason, code=code)
        await self.sent(tx, delivery)

    async def sent(self, tx: Transaction, delivery: Delivery) -> None:
        """Remove the charts of the posted digest: Discord has them, and no later edit needs them."""
        await tx.remove_attachments([one.key for one in DigestData.from_json(delivery.data).files])
