"""An open incident that a triage may be about as well: offered before the triage is raised by itself."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.domain.incident.incident import Incident
from bot.domain.incident.relations import Rarity, TroubleReport, most_similar
from bot.domain.severity import SeverityPolicy
from bot.domain.triage.session import Triage, TriageStatus
from bot.runbook.model import Policy
from bot.storage.store import Store
from bot.storage.tables.triages import KnownMessage, TriageRows
from bot.storage.transaction import Transaction

#: How long ago an incident may have been raised to be offered.
OPENED_WITHIN: Final = timedelta(days=7)

#: How many open incidents a report is compared with, and among how many titles its words may be rare.
_MOST: Final = 100
_TITLES: Final = 300


@dataclass(frozen=True, slots=True)
class Similar:
    """A similar incident.

    Attributes:
        rises: The triage's result is a higher severity: by joining, the incident gets it.
    """

    incident: Incident
    rises: bool


async def similar_to(
    tx: Transaction, policy: Policy, triage: Triage, severity: SeverityPolicy | None
) -> Similar | None:
    """Return the open incident that is most similar to an open triage with *severity* as its result, or None.

    It is never a private incident: people who do not know of that one read the report.
    """
    if severity is None or triage.status is not TriageStatus.OPEN:
        return None
    incident = await _most_similar(tx, triage, triage.guild_id, message_id=triage.source_message_id)
    return None if incident is None else Similar(incident, rises(policy, incident, severity))


class SimilarIncidents:
    """Finds what an incident that was raised without questions may have in common with another open one."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def beside(self, incident: Incident) -> Incident | None:
        """Return the most similar of the open incidents raised before *incident*; None for a private one.

        Only the newer one names the older, so that two people do not merge each into the other. A drill has
        none either, nor has one that has ended.
        """
        if incident.is_private or incident.is_drill or not incident.is_open:
            return None
        async with self._store.transaction() as tx:
            return await _most_similar(tx, incident, incident.guild_id, before=incident.id)


async def _most_similar(
    tx: Transaction,
    report: TroubleReport,
    guild_id: int,
    *,
    message_id: int | None = None,
    before: int | None = None,
) -> Incident | None:
    known = await TriageRows(tx.sql).open_reports(
        guild_id, message_id=message_id, within=OPENED_WITHIN, limit=_MOST, titles=_TITLES
    )
    others = [one for one in known.open if before is None or one.number < before]
    found = most_similar(report, others, Rarity.of(known.titles))
    return None if found is None else found.incident()


def rises(policy: Policy, incident: Incident, severity: SeverityPolicy) -> bool:
    """Return True if *severity* is higher than the incident's."""
    return severity.rank < policy.rules(incident.severity).rank


def has_become(known: KnownMessage | None) -> bool:
    """Return True if a triage's message has become an incident: then it is about that one."""
    return known is not None and known.raised is not None
