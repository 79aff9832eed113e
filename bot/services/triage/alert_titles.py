"""The titles of tracked alerts, for the form of a triage about one: both share the title."""

from bot.domain.incident.forms import digest_of
from bot.domain.incident.incident import Incident, IncidentKind
from bot.services.shared.shown_incidents import ShownIncidents
from bot.storage.store import Store
from bot.storage.tables.incidents import IncidentRows


class AlertTitles:
    """Finds the title of a tracked alert that everybody may see."""

    def __init__(self, store: Store, shown: ShownIncidents) -> None:
        self._store = store
        self._shown = shown

    def as_shown(self, incident_id: int, digest: str) -> str | None:
        """Return the title that the alert's post shows, without a query.

        Args:
            digest: The `digest_of` the title on the post.

        Returns:
            None if this process does not remember the alert with that title.
        """
        title = _public_title(self._shown.last(incident_id))
        return title if title is not None and digest_of(title) == digest else None

    async def of_message(self, message_id: int) -> str | None:
        """Return the title of the alert that a message was counted on; None without one that all may see.

        The person who asked for the form waits for this, so it is one round trip.
        """
        return _public_title(await IncidentRows(self._store.sql).incident_by_message(message_id))


def _public_title(alert: Incident | None) -> str | None:
    is_told = alert is not None and alert.kind is IncidentKind.ALERT and not alert.is_private
    return alert.title if alert is not None and is_told else None
