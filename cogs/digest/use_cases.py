"""The week, told on Monday: counted part by part, posted once per ISO week, late rather than never."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

import structlog

from bot.domain.audit import AuditData
from bot.domain.charts import DrawnChart
from bot.domain.delivery.delivery import Attachment, Delivery, FileRef, NewDelivery
from bot.domain.dlq import DlqCounts
from bot.domain.errors import UnavailableError
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.statistics.figures import AlertQuality, Examples, IncidentFigures, needs_owner
from bot.domain.statistics.period import IsoWeek, Span, last_week
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler
from bot.services.ports import DlqStore
from bot.services.ports.systems import PATIENCE_S
from bot.services.shared.contributions import open_action_items, owed_postmortems
from bot.services.statistics import Statistics
from bot.storage.store import Store
from bot.storage.tables.deliveries import AttachmentRows, DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.installation import InstallationRows
from bot.storage.tables.timeline import AuditWrites
from bot.storage.transaction import Transaction
from bot.ui.pictures import Picture, drawn, incidents_picture, times_picture
from bot.ui.words.wording import Wording
from cogs.digest.posts import digest_text
from cogs.digest.rules import (
    ActionsDue,
    AskedAlerts,
    Digest,
    DigestData,
    DigestDelivery,
    DigestPart,
    DigestSchedule,
    actions_due,
    alerts_to_ask_about,
    digest_key,
    next_due,
    week_due,
)
from cogs.digest.store import DigestWeeks
from cogs.digest.verdicts import AlertVerdicts, asked_alerts

log = structlog.get_logger(__name__)

_Value = TypeVar("_Value")

#: Action items that lead to their incident: more do not fit into a message.
_LINKED: Final = 20


@dataclass(slots=True)
class _PartCounter:
    """Counts the parts of one digest, and notes those that could not be counted."""

    week: IsoWeek
    missing: set[DigestPart] = field(default_factory=set)

    async def count(self, part: DigestPart, counted: Awaitable[_Value], *, otherwise: _Value) -> _Value:
        """Return what *counted* gives, or *otherwise* with a note that *part* is missing."""
        try:
            return await counted
        except UnavailableError as error:
            log.warning("digest.part_unavailable", week=str(self.week), part=part, reason=str(error))
        except Exception:  # whatever is wrong with one part, the others are posted in time
            log.exception("digest.part_failed", week=str(self.week), part=part)
        self.missing.add(part)
        return otherwise


class DigestCounting:
    """Counts the digest of a week."""

    def __init__(
        self,
        store: Store,
        failures: DlqStore,
        policy: Policy,
        *,
        statistics: Statistics,
    ) -> None:
        self._store = store
        self._failures = failures
        self._policy = policy
        self._statistics = statistics

    async def digest(self, guild_id: int, week: IsoWeek, *, numbers: Sequence[int] | None = None) -> Digest:
        """Count *week*.

        Args:
            numbers: The alerts that its post asks about; None: those that it would ask about now.
        """
        parts = _PartCounter(week)
        # Beside our own database, because the other one may take its time before it is given up.
        (failed, before), digest = await asyncio.gather(
            self._failed(parts), self._counted(parts, guild_id, numbers=numbers)
        )
        return replace(
            digest,
            dlq=failed,
            previous_dlq=None if before is None else before.total,
            missing=frozenset(parts.missing),
        )

    async def _counted(self, parts: _PartCounter, guild_id: int, *, numbers: Sequence[int] | None) -> Digest:
        statistics, week = self._statistics, parts.week
        span, earlier, nothing = self._span(week), self._span(week.previous()), IncidentFigures()
        alerts = await parts.count(
            DigestPart.ALERTS, statistics.alerts(guild_id, span), otherwise=AlertQuality()
        )
        numbers = alerts_to_ask_about(alerts) if numbers is None else numbers
        count, today = parts.count, (await statistics.now()).date()
        return Digest(
            week=week,
            figures=await count(
                DigestPart.INCIDENTS, statistics.incidents(guild_id, span), otherwise=nothing
            ),
            before=await count(
                DigestPart.INCIDENTS, statistics.incidents(guild_id, earlier), otherwise=nothing
            ),
            trend=await count(DigestPart.TREND, statistics.trend(guild_id, week), otherwise=()),
            missed=await count(DigestPart.LATE, statistics.late_incidents(guild_id, span), otherwise=()),
            open=await count(DigestPart.OPEN, self._open(guild_id), otherwise=()),
            load=await count(DigestPart.LOAD, statistics.load(guild_id, span), otherwise=()),
            load_before=await count(DigestPart.LOAD, statistics.load(guild_id, earlier), otherwise=()),
            examples=await count(
                DigestPart.EXAMPLES, statistics.examples(guild_id, span), otherwise=Examples()
            ),
            alerts=alerts,
            asked_alerts=await count(
                DigestPart.ALERTS, asked_alerts(self._store, guild_id, numbers), otherwise=AskedAlerts()
            ),
            postmortems=tuple(
                await count(
                    DigestPart.POSTMORTEMS,
                    owed_postmortems(self._store.sql, self._policy, guild_id),
                    otherwise=[],
                )
            ),
            teams=await count(DigestPart.INCIDENTS, statistics.teams(guild_id, span), otherwise=()),
            actions=await count(DigestPart.ACTIONS, self._actions(guild_id, today), otherwise=ActionsDue()),
            today=today,
        )

    async def _open(self, guild_id: int) -> tuple[Incident, ...]:
        found = await IncidentRows(self._store.sql).open_incidents(guild_id)
        still_open = (one for one in found if needs_owner(one, ringing=self._policy.ringing_alerts))
        return tuple(sorted(still_open, key=lambda one: self._policy.rules_of(one).rank))

    async def _actions(self, guild_id: int, today: date) -> ActionsDue:
        items = await open_action_items(self._store.sql, self._policy, guild_id)
        numbers = {one.item.incident_id for one in items[:_LINKED] if one.item.incident_id is not None}
        incidents = {
            number: await IncidentRows(self._store.sql).incident(number) for number in sorted(numbers)
        }
        return actions_due(items, incidents, today=today)

    async def _failed(self, parts: _PartCounter) -> tuple[DlqCounts | None, DlqCounts | None]:
        """Return the failures of the week and of the one before; None: not to be seen, or missing."""
        if not self._policy.sees_dlq:
            return None, None
        week = self._span(parts.week)
        failed = await parts.count(
            DigestPart.DLQ, self._failures.counts(week.start, week.end), otherwise=None
        )
        if failed is None:
            return None, None
        earlier = self._span(parts.week.previous())
        before = await parts.count(
            DigestPart.DLQ, self._failures.counts(earlier.start, earlier.end), otherwise=None
        )
        return failed, before

    def _span(self, week: IsoWeek) -> Span:
        return Span(*week.bounds(self._policy.timezone))


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
    """Posts the digest of each week, once. It counts one too: for a post, a person, or the command line.

    Attributes:
        verdicts: The team's answers about the alerts that it asks about.
    """

    def __init__(self, core: Core) -> None:
        self._guild_id = core.guild_id
        self._store = core.store
        self._policy = core.policy
        self._access = core.access
        self._rule = core.policy.of(DigestSchedule)
        self._counting = DigestCounting(core.store, core.dlq, core.policy, statistics=core.statistics)
        self._charts = core.charts
        self._texts = Texts.load()
        self.verdicts = AlertVerdicts(core)

    async def figures(self, week: IsoWeek, *, numbers: Sequence[int] | None = None) -> Digest:
        """Count *week*; *numbers* as in `DigestCounting.digest`."""
        return await self._counting.digest(self._guild_id, week, numbers=numbers)

    async def tick(self) -> IsoWeek | None:
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
            if next_at - now > QUEUED_AHEAD:
                await self.pictures(await self.figures(next_week), within_s=_UNHURRIED_S)
            elif await self._post(next_week, due_at=next_at, within_s=_UNHURRIED_S):
                log.info(
                    "digest.queued",
                    guild_id=self._guild_id,
                    week=str(next_week),
                    due_at=next_at.isoformat(),
                )
        if due_at < await InstallationRows(self._store.sql).register_guild(self._guild_id):
            return None
        within_s = PATIENCE_S if now - due_at < _LATE else _UNHURRIED_S
        if not await self._post(week, due_at=due_at, within_s=within_s):
            return None
        log.info("digest.due", guild_id=self._guild_id, week=str(week))
        return week

    async def post(self, week: IsoWeek) -> bool:
        """Post the digest of *week* now, for the command line; False when it was posted before."""
        return await self._post(week, due_at=await self._store.now())

    async def shown(self, week: IsoWeek, *, by: Person) -> Digest:
        """Count *week* for one person.

        Raises:
            NotPermitted: *by* may not respond.
        """
        await self._access.require(
            by, _LOOK_PERMISSION, guild_id=self._guild_id, act="show_digest", week=str(week)
        )
        return await self.figures(week)

    async def post_by_hand(self, *, by: Person) -> PostedByHand:
        """Post the digest of the last week now, unless it was posted or is queued for its hour.

        Raises:
            NotPermitted: *by* may not.
        """
        await self._access.require(by, _PERMISSION, guild_id=self._guild_id, act="post_digest")
        now = await self._store.now()
        week = last_week(now, self._policy.timezone)
        is_new = await self._post(week, due_at=now, by=by)
        post, (due_week, due_at) = await self._delivery(week), self._due(now + QUEUED_AHEAD)
        is_open = post is not None and post.finished_at is None
        waits = is_open and not is_new and due_week == week and due_at > now
        return PostedByHand(week, post, is_new, due_at if waits else None)

    async def seen_again(self, outcome: PostedByHand) -> PostedByHand:
        """Return *outcome* with its delivery as it is now."""
        return replace(outcome, post=await self._delivery(outcome.week))

    async def last_week(self) -> IsoWeek:
        """The latest ISO week that has ended in the policy's time zone."""
        return last_week(await self._store.now(), self._policy.timezone)

    async def pictures(self, digest: Digest, *, within_s: float = _ASKED_S) -> list[DrawnChart]:
        """Return the chart of a digest's post if it can be drawn *within_s*; none for a quiet week."""
        words = Wording(self._texts, self._policy)
        return await self._drawn([] if digest.is_quiet else incidents_picture(words, digest.trend), within_s)

    async def more_pictures(self, digest: Digest) -> list[DrawnChart]:
        """Return the charts that the post leaves out, as `pictures`."""
        return await self._drawn(times_picture(Wording(self._texts, self._policy), digest.trend), _ASKED_S)

    async def _drawn(self, pictures: Iterable[Picture], within_s: float) -> list[DrawnChart]:
        return await drawn(self._charts, list(pictures), within_s=within_s)

    async def text(self, week: IsoWeek) -> str:
        """Return the digest of *week* for a terminal."""
        return digest_text(await self.figures(week), texts=self._texts, policy=self._policy)

    def key(self, week: IsoWeek) -> str:
        """Return the key of the delivery that tells *week*."""
        return digest_key(self._guild_id, week)

    async def _delivery(self, week: IsoWeek) -> Delivery | None:
        return await DeliveryRows(self._store.sql).delivery_by_key(self.key(week))

    def _due(self, now: datetime) -> tuple[IsoWeek, datetime]:
        rule = self._rule
        return week_due(now=now, weekday=rule.day.number, at=rule.time, zone=self._policy.timezone)

    async def _post(
        self,
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
        if await DigestWeeks(self._store.sql).is_claimed(self._guild_id, week):
            return False
        digest = await self.figures(week)
        charts = await self.pictures(digest, within_s=within_s)
        async with self._store.transaction() as tx:
            if not await DigestWeeks(tx.sql).claim(self._guild_id, week, due_at=due_at):
                return False
            await self._queue(tx, digest, charts, wait=due_at - await tx.now())
            if by is not None:
                data = AuditData(facts={"week": str(week)})
                await AuditWrites(tx.sql).audit(
                    guild_id=self._guild_id, by=by, action="digest_posted", data=data
                )
        return True

    async def _queue(
        self, tx: Transaction, digest: Digest, charts: list[DrawnChart], *, wait: timedelta
    ) -> None:
        key, files = self.key(digest.week), list[FileRef]()
        for chart in charts:
            ref = FileRef(
                key=f"{key}:{chart.filename}", filename=chart.filename, description=chart.description
            )
            await AttachmentRows(tx.sql).add_attachment(
                Attachment(ref.key, self._guild_id, ref.filename, chart.png)
            )
            files.append(ref)
        data = DigestData(week=str(digest.week), asked=digest.asked_alerts.numbers, files=tuple(files))
        new = NewDelivery(
            kind=DigestDelivery.POST,
            to=f"channel:{self._rule.channel}",
            key=key,
            guild_id=self._guild_id,
            data=data.to_json(),
            wait=max(wait, timedelta()),
        )
        await DeliveryWrites(tx.sql).insert_deliveries([new])


class DigestDeliveries(DeliveryHandler):
    """Handles the delivery that posts a week's digest."""

    def __init__(self, digests: Digests) -> None:
        super().__init__(DigestDelivery.POST)
        self._digests = digests

    async def load(self, delivery: Delivery) -> Digest:
        """Return the week's figures."""
        data = DigestData.from_json(delivery.data)
        return await self._digests.figures(IsoWeek.parse(data.week), numbers=data.asked)

    async def give_up(self, tx: Transaction, delivery: Delivery, *, reason: str, code: int) -> None:
        """Report that the digest was given up, and remove its charts: the DLQ keeps its words."""
        await super().give_up(tx, delivery, reason=reason, code=code)
        await self.sent(tx, delivery)

    async def sent(self, tx: Transaction, delivery: Delivery) -> None:
        """Remove the charts of the posted digest: Discord has them, and no later edit needs them."""
        await AttachmentRows(tx.sql).remove_attachments(
            [one.key for one in DigestData.from_json(delivery.data).files]
        )


def build(core: Core) -> Digests:
    """Return the use cases of a guild."""
    return Digests(core)


def deliveries(digests: Digests, _core: Core) -> Sequence[DeliveryHandler]:
    """Return the handlers of the digest's post, and of the lines below it."""
    return [DigestDeliveries(digests), DeliveryHandler(DigestDelivery.VERDICT)]


async def refresh(digests: Digests, payload: str) -> None:
    """Make the buttons of a digest say what was decided; *payload* is the id of its delivery."""
    await digests.verdicts.refresh(int(payload))


def next_post(policy: Policy, now: datetime) -> datetime:
    """Return when the next digest is due, later than *now*."""
    rule = policy.of(DigestSchedule)
    return next_due(now, weekday=rule.day.number, at=rule.time, zone=policy.timezone)
