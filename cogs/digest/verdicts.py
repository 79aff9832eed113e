"""Is an alert still needed? The team's answers, which the tracking of alerts keeps to."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import structlog

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import NewDelivery
from bot.domain.errors import UserError
from bot.domain.incident.incident import Incident
from bot.domain.jobs import IN_LINE, Job
from bot.domain.people import Person
from bot.domain.statistics.period import last_week
from bot.services.core import Core
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import AuditWrites
from bot.storage.transaction import Transaction
from cogs.digest.rules import (
    HOLDS_FOR,
    AlertVerdict,
    AlertVerdictData,
    AskedAlerts,
    DigestData,
    DigestDelivery,
    DigestSchedule,
    Verdict,
    digest_key,
)
from cogs.digest.store import VerdictRows

log = structlog.get_logger(__name__)

#: The job that shows an answer in a digest, as the queue stores its name; its payload is the delivery's id.
REFRESH: Final = "refresh_digest"

#: The key below ``[permissions]`` that allows an answer: of the people who post the digest, which asks.
_PERMISSION: Final = "digest"

#: The latest digests whose buttons are kept true: as many weeks as the longest answer holds, and the next.
_WEEKS: Final = max(HOLDS_FOR.values()).days // 7 + 1


class AlertVerdicts:
    """Records what becomes of an alert that a digest asks about."""

    def __init__(self, core: Core) -> None:
        self._store = core.store
        self._discord = core.discord
        self._zone = core.policy.timezone
        self._channel = core.policy.of(DigestSchedule).channel
        self._access = core.access

    async def look(self, number: int, *, by: Person) -> tuple[Incident, AlertVerdict | None]:
        """Return the alert that incident *number* tracks, and the verdict that holds. Raises as `give`."""
        alert, fingerprint = await self._alert(number, by=by, act="alert_verdict")
        verdicts = await VerdictRows(self._store.sql).holding(alert.guild_id, [fingerprint])
        return alert, next(iter(verdicts), None)

    async def give(self, number: int, verdict: Verdict, *, by: Person) -> AlertVerdict:
        """Record a verdict on the alert that incident *number* tracks, in the place of an earlier one.

        A line below the digest tells the team of a mute and of a rule that is to go.

        Raises:
            NotPermitted, IncidentNotFound. UserError: it is no alert.
        """
        alert, fingerprint = await self._alert(number, by=by, act=f"alert_{verdict}")
        async with self._store.transaction() as tx:
            await AlertRows(tx.sql).lock_fingerprint(alert.guild_id, fingerprint)
            now = await tx.now()
            given = AlertVerdict(
                guild_id=alert.guild_id,
                fingerprint=fingerprint,
                incident_id=alert.id,
                verdict=verdict,
                severity=alert.severity,
                by_id=by.id,
                by_name=by.name,
                at=now,
                holds_until=now + HOLDS_FOR[verdict],
            )
            await VerdictRows(tx.sql).save(given)
            await _audit(tx, given, by=by, action=f"alert_{verdict}")
            data = AlertVerdictData(verdict=verdict, by=by.name, until=given.holds_until)
            await self._show(tx, alert, None if verdict is Verdict.KEEP else data)
        log.info("alert.verdict_given", incident_id=alert.id, verdict=verdict, user_id=by.id)
        return given

    async def withdraw(self, number: int, *, by: Person) -> AlertVerdict | None:
        """Take back the last word on an alert, and return it; None when none holds. Raises as `give`."""
        alert, fingerprint = await self._alert(number, by=by, act="alert_verdict_withdrawn")
        async with self._store.transaction() as tx:
            await AlertRows(tx.sql).lock_fingerprint(alert.guild_id, fingerprint)
            taken = await VerdictRows(tx.sql).withdraw(alert.guild_id, fingerprint)
            if taken is None:
                await self._show(tx, alert, None)
                return None
            await _audit(tx, taken, by=by, action="alert_verdict_withdrawn")
            data = AlertVerdictData(by=by.name)
            await self._show(tx, alert, None if taken.verdict is Verdict.KEEP else data)
        log.info("alert.verdict_withdrawn", incident_id=alert.id, user_id=by.id)
        return taken

    async def refresh(self, digest_id: int) -> None:
        """Make the buttons of a digest say what was decided. Handler of the job `REFRESH`.

        Raises:
            UpstreamUnavailable: the queue tries again.
        """
        post = await DeliveryRows(self._store.sql).delivery(digest_id)
        if post.message_id is not None:
            numbers = DigestData.from_json(post.data).asked
            await self._discord.redraw(post, await asked_alerts(self._store, post.guild_id, numbers))

    async def _alert(self, number: int, *, by: Person, act: str) -> tuple[Incident, str]:
        alert = await IncidentRows(self._store.sql).incident(number)
        await self._access.require_visible(by, _PERMISSION, alert, act=act)
        await self._access.require(by, _PERMISSION, guild_id=alert.guild_id, act=act, incident_id=number)
        if alert.tracked.fingerprint is None:
            raise UserError("alert_not_tracked", label=alert.label)
        return alert, alert.tracked.fingerprint

    async def _show(self, tx: Transaction, alert: Incident, data: AlertVerdictData | None) -> None:
        """Let the digests of the last weeks show the answer, and tell the team below the latest one.

        On a Monday morning that is not the last week's, which comes in the evening.
        """
        now = await tx.now()
        last = last_week(now, self._zone)
        keys = [digest_key(alert.guild_id, last.back(ago)) for ago in range(_WEEKS)]
        digests = [
            one for key in keys if (one := await DeliveryRows(tx.sql).delivery_by_key(key)) is not None
        ]
        for digest in (one for one in digests if DigestData.from_json(one.data).asked):
            key = f"refresh_digest:{digest.id}"
            await tx.enqueue(Job(REFRESH, str(digest.id), key, sooner=True, patience=IN_LINE))
        if data is not None:
            posted = next((one for one in digests if one.message_id is not None), None)
            answers = None if posted is None else posted.message_id
            line = NewDelivery(
                kind=DigestDelivery.VERDICT,
                to=f"channel:{self._channel}",
                key=f"alert_verdict:{alert.id}:{data.verdict or 'withdrawn'}:{now.timestamp():.6f}",
                guild_id=alert.guild_id,
                incident_id=alert.id,
                data=replace(data, answers=answers).to_json(),
            )
            await DeliveryWrites(tx.sql).insert_deliveries([line])


async def asked_alerts(store: Store, guild_id: int, numbers: Sequence[int]) -> AskedAlerts:
    """Return the alerts with these *numbers*, in their order, with the verdicts that hold."""
    if not numbers:
        return AskedAlerts()
    alerts = tuple([await IncidentRows(store.sql).incident(number) for number in numbers])
    by_fingerprint = {one.tracked.fingerprint: one.id for one in alerts if one.tracked.fingerprint}
    verdicts = await VerdictRows(store.sql).holding(guild_id, list(by_fingerprint))
    return AskedAlerts(alerts, {by_fingerprint[one.fingerprint]: one for one in verdicts})


async def _audit(tx: Transaction, verdict: AlertVerdict, *, by: Person, action: str) -> None:
    data = AuditData(verdict.incident_id, facts={"fingerprint": verdict.fingerprint})
    await AuditWrites(tx.sql).audit(guild_id=verdict.guild_id, by=by, action=action, data=data)
