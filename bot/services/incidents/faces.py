"""The incidents that this process has shown, kept so that a form opens without asking the database.

A button under a post that is edited carries the post's face (`domain/incident/face`). While that is the face
that this process knows, the form shows the incident as the person who presses it sees it. Otherwise the
incident is read. A sent form is decided on the rows. It says what it showed, so that it undoes no other
person's change.
"""

import time
from collections.abc import Callable
from typing import Final

from cachetools import TTLCache

from bot.domain.incident.face import face_of
from bot.domain.incident.incident import Incident
from bot.services.ports import Store

#: How long it is believed, seconds: another process may have shown the end of an incident meanwhile.
_BELIEVED_S: Final = 600.0

_MOST: Final = 500


class Faces:
    """The latest that is known of the incidents shown last.

    Args:
        store: Where they are read.
        timer: Seconds on a clock that only goes on.
    """

    def __init__(self, store: Store, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._known: TTLCache[int, Incident] = TTLCache(_MOST, _BELIEVED_S, timer=timer)

    async def read(self, incident_id: int) -> Incident:
        """An incident that is about to be shown.

        Raises:
            IncidentNotFound: no such number.
        """
        return self.keep(await self._store.incident(incident_id))

    async def read_for(self, delivery_id: int) -> Incident | None:
        """Read the incident that a delivery is about, and keep it; None if it is about none."""
        incident = await self._store.incident_of_delivery(delivery_id)
        return None if incident is None else self.keep(incident)

    def keep(self, incident: Incident) -> Incident:
        """*incident*, which has just been read."""
        known = self._known.get(incident.id)
        if known is None or known.version <= incident.version:  # two may read it at once
            self._known[incident.id] = incident
        return incident

    async def as_shown(self, incident_id: int, face: str | None) -> Incident:
        """An incident as a form may show it that was opened from a post with *face*; None: from none.

        Raises:
            IncidentNotFound: no such number.
        """
        known = self._known.get(incident_id)
        return known if known is not None and face == face_of(known) else await self.read(incident_id)
