"""The use cases, put together from the parts that they are given."""

from dataclasses import dataclass
from datetime import timedelta

from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.access import Access
from bot.services.acknowledging import Acknowledger
from bot.services.auditor import Auditor
from bot.services.deliveries import Deliveries
from bot.services.digests import Digests
from bot.services.dlq import Dlq
from bot.services.escalations import Escalations
from bot.services.failures import Failures
from bot.services.incidents import Incidents
from bot.services.ports import Discord, DlqStore, JobName, Mailer, MailWriter, Store
from bot.services.reconciler import Reconciler
from bot.services.registry import Services
from bot.services.triages import Triages
from bot.storage.jobs import Handler


@dataclass(frozen=True, slots=True)
class Parts:
    """What the use cases stand on."""

    store: Store
    dlq: DlqStore
    policy: Policy
    texts: Texts
    writer: MailWriter
    mailer: Mailer | None


@dataclass(frozen=True, slots=True)
class UseCases:
    """What people ask for (`services`), and what the bot does by itself."""

    services: Services
    deliveries: Deliveries
    failures: Failures
    auditor: Auditor


def wire(parts: Parts, discord: Discord) -> UseCases:
    """Every use case, each given only what it needs."""
    store, policy = parts.store, parts.policy
    access = Access(store, policy)
    acknowledger = Acknowledger(store, policy, access)
    reconciler = Reconciler(store, discord, acknowledger, access)
    escalations = Escalations(store, policy, reconciler, access)
    incidents = Incidents(store, policy, access, escalations)
    digests = Digests(store, parts.dlq, policy)
    services = Services(
        policy=policy,
        access=access,
        incidents=incidents,
        triages=Triages(store, policy, access, incidents),
        acknowledger=acknowledger,
        escalations=escalations,
        reconciler=reconciler,
        dlq=Dlq(store, parts.dlq, access),
        digests=digests,
    )
    return UseCases(
        services=services,
        deliveries=Deliveries(store, discord, policy, digests),
        failures=Failures(store, parts.dlq, policy, writer=parts.writer, mailer=parts.mailer),
        auditor=Auditor(store),
    )


def handlers(cases: UseCases) -> dict[JobName, Handler]:
    """What each job of the queue does with its payload."""

    async def deliver(payload: str) -> timedelta | None:
        return await cases.deliveries.deliver(int(payload))

    async def escalate(payload: str) -> None:
        incident_id, _, index = payload.partition(":")
        await cases.services.escalations.decide(int(incident_id), int(index))

    async def refresh(payload: str) -> timedelta | None:
        return await cases.deliveries.refresh(int(payload))

    async def refresh_triage(payload: str) -> None:
        await cases.deliveries.refresh_triage(int(payload))

    async def reevaluate(payload: str) -> None:
        await cases.services.triages.promote(int(payload))

    async def record_failure(payload: str) -> timedelta | None:
        return await cases.failures.record(int(payload))

    return {
        JobName.DELIVER: deliver,
        JobName.ESCALATE: escalate,
        JobName.REFRESH: refresh,
        JobName.REFRESH_TRIAGE: refresh_triage,
        JobName.REEVALUATE: reevaluate,
        JobName.RECORD_FAILURE: record_failure,
    }
