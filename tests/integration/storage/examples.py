"""Values that the tests of the store begin with."""

from datetime import UTC, datetime, timedelta

from bot.domain.alerts.alert import FiredAlert
from bot.domain.alerts.decisions import AlertDecision, AlertOutcome
from bot.domain.delivery.delivery import NewDelivery, Posted
from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.incident.incident import Incident, NewIncident
from bot.domain.people import Person
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryAttempts, DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentWrites

GUILD = 100
OLIVE = Person(id=7, name="Olive")
PERRY = Person(id=8, name="Perry")


def new_incident(now: datetime, *, key: str = "interaction:1", severity: str = "SEV1") -> NewIncident:
    """An incident that began two minutes ago."""
    return NewIncident(
        guild_id=GUILD,
        severity=severity,
        title="決済 API が 5xx",
        targets=("api.parky.co.jp",),
        symptoms=("error_rate",),
        started_at=now - timedelta(minutes=2),
        reported_by=PERRY,
        path=(("production", "yes"), ("large", "yes")),
        key=key,
    )


async def open_incident(store: Store, *, key: str = "interaction:1", severity: str = "SEV1") -> Incident:
    """A committed incident."""
    async with store.transaction() as tx:
        now = await tx.now()
        incident, _ = await IncidentWrites(tx.sql).insert_incident(
            new_incident(now, key=key, severity=severity),
            priority=severity.replace("SEV1", "P0"),
            ack_due_at=now + timedelta(minutes=15),
        )
    return incident


def owed(
    kind: AnyDeliveryKind, *, incident: int | None, after: str | None = None, key: str | None = None
) -> NewDelivery:
    """A delivery whose key is its kind unless given."""
    return NewDelivery(
        kind=kind,
        to="channel:p0-alerts",
        key=key or kind.value,
        guild_id=GUILD,
        incident_id=incident,
        after=after,
        priority=100,
    )


async def delivery_ids(store: Store, *new: NewDelivery) -> list[int]:
    """Store *new* in one commit; their ids, which are given out from 1 in order."""
    async with store.transaction() as tx:
        await DeliveryWrites(tx.sql).insert_deliveries(new)
    found: list[int] = []
    number = 1
    while len(found) < len(new):
        delivery = await DeliveryRows(store.sql).delivery(number)
        if delivery.key in {one.key for one in new}:
            found.append(number)
        number += 1
    return found


async def send(store: Store, delivery_id: int, *, message_id: int) -> list[str]:
    """Send it; the keys of what was waiting for it."""
    async with store.transaction() as tx:
        return [
            d.key
            for d in await DeliveryAttempts(tx.sql).finish_sent(
                delivery_id, Posted(channel_id=50, message_id=message_id)
            )
        ]


def counted_on(
    incident: Incident, *, channel_id: int, message_id: int, sender: str, fired: FiredAlert | None = None
) -> AlertDecision:
    """The decision to count a message on an incident."""
    return AlertDecision(
        guild_id=incident.guild_id,
        sender=sender,
        said_id=message_id,
        channel_id=channel_id,
        said_at=datetime.now(UTC) if fired is None else fired.at,
        outcome=AlertOutcome.COUNTED,
        label=sender,
        title=incident.title,
        fingerprint="" if fired is None else fired.fingerprint,
        incident_id=incident.id,
    )
