"""The messages that a triage may be about, with their text and titles, kept until the form comes back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from cachetools import LRUCache

from bot.domain.audit import AuditData
from bot.domain.errors import UserError
from bot.domain.incident.forms import digest_of
from bot.domain.incident.incident import Incident, IncidentKind
from bot.domain.people import Person
from bot.domain.triage.session import Evidence
from bot.services.running_triages import is_confided
from bot.services.shared.shown_incidents import ShownIncidents
from bot.storage.store import Store
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import AuditRows
from bot.storage.tables.triages import KnownMessage, TriageRows
from bot.storage.transaction import Transaction

#: How many messages are remembered until they are written down.
_UNWRITTEN: Final = 200

#: How many messages of triages are remembered.
_TRIAGED: Final = 2_000


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


class AlreadyRaised(Exception):  # a signal to the caller, who shows it
    """The message to triage has become an incident that is still open, or shows one."""

    def __init__(self, incident: Incident) -> None:
        super().__init__()
        self.incident = incident


class SourceRefused(UserError):
    """No triage is about this message.

    Args:
        why: The end of the text's key: "of_drill" or "confided".
        guild_id, channel_id, message_id: Where it is.
    """

    def __init__(self, why: str, guild_id: int, channel_id: int, message_id: int) -> None:
        super().__init__(f"triage_{why}")
        self.guild_id, self.channel_id, self.message_id = guild_id, channel_id, message_id


async def require_open(
    tx: Transaction, guild_id: int, channel_id: int | None, message_id: int | None
) -> None:
    """Let a triage be about a message; one that is about none may always be.

    Raises:
        SourceRefused: it is a drill's, or from the thread of an incident that is private now.
    """
    if channel_id is None or message_id is None:
        return
    _require(await TriageRows(tx.sql).known_message(channel_id, message_id), guild_id, channel_id, message_id)


def _require(known: KnownMessage, guild_id: int, channel_id: int, message_id: int) -> None:
    if known.is_of_drill:
        raise SourceRefused("of_drill", guild_id, channel_id, message_id)
    if known.is_confided:
        raise SourceRefused("confided", guild_id, channel_id, message_id)


class TriageSources:
    """Remembers and reads the messages that triages start from."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._unwritten: LRUCache[tuple[int, int], Evidence] = LRUCache(_UNWRITTEN)
        self._triaged: LRUCache[int, None] = LRUCache(_TRIAGED)

    def remember_triaged(self, message_id: int) -> None:
        """Remember that a triage about a message began in this process."""
        self._triaged[message_id] = None

    def was_triaged(self, message_id: int) -> bool:
        """Return True if this process remembers a triage about the message, which may have an incident."""
        return message_id in self._triaged

    @asynccontextmanager
    async def recording(self, *, by: Person, act: str) -> AsyncIterator[None]:
        """Put the refusal of a message on record, once the transaction that has refused it is gone."""
        try:
            yield
        except SourceRefused as refused:
            facts = {
                "refused": refused.key,
                "channel_id": refused.channel_id,
                "message_id": refused.message_id,
            }
            data = AuditData(act=act, facts=facts)
            await AuditRows(self._store.sql).audit(
                guild_id=refused.guild_id, by=by, action="triage", allowed=False, data=data
            )
            raise

    async def require_open(self, guild_id: int, channel_id: int, message_id: int, *, by: Person) -> None:
        """Check that the form about a message may be opened. The check is repeated when the form is sent.

        The person who asked for the form waits for this, so it is one round trip.

        Raises:
            AlreadyRaised: the message has become an incident that is still open, or shows one.
            SourceRefused: as `require_open`; on record.
        """
        async with self.recording(by=by, act="triage.begin"):
            known = await TriageRows(self._store.sql).known_message(channel_id, message_id)
            _require(known, guild_id, channel_id, message_id)
            if known.raised is not None:
                raise AlreadyRaised(known.raised)

    def remember_message(self, channel_id: int, message_id: int, evidence: Evidence) -> None:
        """Remember a message before its form is shown: the form may be sent before `note_message` is done."""
        self._unwritten[channel_id, message_id] = evidence

    async def note_message(self, channel_id: int, message_id: int, evidence: Evidence) -> None:
        """Keep the message that a form was opened from until the form comes back, without its secrets.

        Nothing is kept of what was said in the thread of an incident that is private by now.
        """
        async with self._store.transaction() as tx:
            is_kept = not await is_confided(tx, channel_id, message_id)
        if is_kept:
            await TriageRows(self._store.sql).note_message(channel_id, message_id, evidence.masked())
        if self._unwritten.get((channel_id, message_id)) is evidence:
            del self._unwritten[channel_id, message_id]

    async def noted_message(self, channel_id: int, message_id: int) -> Evidence | None:
        """Return the kept message; None if it could not be kept, or was kept more than a day ago."""
        if unwritten := self._unwritten.get((channel_id, message_id)):
            return unwritten
        return await TriageRows(self._store.sql).noted_message(channel_id, message_id)
