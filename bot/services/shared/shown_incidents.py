"""The incidents that this process rendered last, kept so that a form opens without asking the database.

A button under an alert carries a digest of the values that the alert shows. If it is the digest of the
incident kept here, the form shows that incident, which is what the person who presses the button sees.
Otherwise the incident is read. A submitted form is decided on the rows in any case. It says what it showed,
so that it undoes no other person's change.
"""

import time
from collections.abc import Callable
from typing import Final

from cachetools import TTLCache

from bot.domain.incident.forms import form_digest
from bot.domain.incident.incident import Incident
from bot.storage.store import Store
from bot.storage.tables.incidents import IncidentRows

#: How long an incident is kept, seconds: another process may have shown its end meanwhile.
_KEPT_S: Final = 600.0

_MOST: Final = 500


class ShownIncidents:
    """Reads the incidents that are about to be shown, and keeps the latest state of each.

    Args:
        timer: Seconds on a clock that never goes back.
    """

    def __init__(self, store: Store, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._known: TTLCache[int, Incident] = TTLCache(_MOST, _KEPT_S, timer=timer)

    async def read(self, incident_id: int) -> Incident:
        """Read an incident that is about to be shown, and keep it.

        Raises:
            IncidentNotFound: no such number.
        """
        return self._keep(await IncidentRows(self._store.sql).shown_incident(incident_id))

    async def read_for_delivery(self, delivery_id: int) -> Incident | None:
        """Read the incident that a delivery is about, and keep it; None if it is about none."""
        incident = await IncidentRows(self._store.sql).incident_of_delivery(delivery_id)
        return None if incident is None else self._keep(incident)

    def _keep(self, incident: Incident) -> Incident:
        known = self._known.get(incident.id)
        if known is None or known.version <= incident.version:  # two may read it at once
            self._known[incident.id] = incident
        return incident

    def last(self, incident_id: int) -> Incident | None:
        """Return an incident as it was rendered last; None if this process does not remember it."""
        return self._known.get(incident_id)

    async def as_shown(self, incident_id: int, digest: str | None) -> Incident:
        """Return an incident for a form to show, without a query if the alert already shows this state.

        Args:
            digest: What the pressed button carries; None: no button, or one that carries no digest.

        Raises:
            IncidentNotFound: no such number.
        """
        known = self._known.get(incident_id)
        return known if known is not None and digest == form_digest(known) else await self.read(incident_id)
