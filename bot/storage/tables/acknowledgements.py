"""Acknowledgements, and the responders who made them."""

from collections.abc import Collection, Mapping

from bot.domain.audit import AuditData
from bot.domain.delivery.kinds import PAGING
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.incident.transitions import AckVia, FormerResponder
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.storage.database.sql import Sql, many
from bot.storage.tables.deliveries import end_ladder
from bot.storage.tables.incidents import saved
from bot.storage.transaction import Appends, TransactionSql


class AcknowledgementRows:
    """Responders, and acknowledge links."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def who_left(self, incident_id: int) -> dict[int, FormerResponder]:
        """Return the former responders by id: they released the incident, or were silent for too long."""
        rows = await self._sql.all("who_left", incident_id=incident_id)
        return {row["user_id"]: FormerResponder(row["left_at"], frozenset(row["unmarked"])) for row in rows}

    async def note_unmarked(
        self,
        incident_id: int,
        unmarked: Collection[tuple[int, int]],
        *,
        former: Mapping[int, FormerResponder],
    ) -> None:
        """Note messages on which former responders have no 👀, unless they have been responders again since.

        Args:
            unmarked: Ids of users and of messages.
            former: As `who_left` returned them before the messages were read.
        """
        await self._sql.all(
            "note_unmarked",
            incident_id=incident_id,
            left_at=[former[user_id].left_at for user_id, _ in unmarked],
            **_pairs(unmarked),
        )

    async def responders(self, incident_id: int) -> list[PersonRef]:
        """Return the responders who have acknowledged the incident or joined, in that order."""
        rows = await self._sql.all("responders", incident_id=incident_id)
        return [PersonRef(row["user_id"], row["name"]) for row in rows]

    async def is_link_used(self, link_id: str) -> bool:
        """Return True if an acknowledgement link was used."""
        return await self._sql.has("used_link", link_id=link_id)

    async def use_link(self, link_id: str, incident_id: int) -> bool:
        """Note that a link acknowledges; False when it has before."""
        return await self._sql.has("use_link", link_id=link_id, incident_id=incident_id)

    async def on_it(self, incident_id: int, *, has_acknowledged: bool = False) -> list[PersonRef]:
        """Return the responders who acknowledged or joined and have not left, in the order they joined.

        Args:
            has_acknowledged: Leave out the responders who merely took a role.
        """
        rows = await self._sql.all("on_it", incident_id=incident_id, has_acknowledged=has_acknowledged)
        return [PersonRef(row["user_id"], row["name"]) for row in rows]


class AcknowledgementWrites:
    """Acknowledges, and adds and removes responders, in a transaction."""

    def __init__(self, sql: TransactionSql) -> None:
        self._sql = sql

    async def acknowledge(
        self, incident: Incident, entry: TimelineEntry, *, by: Person, via: AckVia, data: AuditData
    ) -> list[int]:
        """Write the first acknowledgement of a locked incident in one statement; return the cancelled steps.

        Args:
            incident: After `acknowledgement.acknowledge`; saved, with the person who acknowledged as a
                responder.
            entry: Appended, and audited as what *by* did.
            data: For the audit row.
        """
        told = Appends()
        told.tell(incident.id, entry)
        told.audit(incident.guild_id, by, entry.kind, data)
        rows = await self._sql.all(
            "acknowledge",
            incident,
            **saved(incident),
            user_id=by.id,
            name=by.name,
            via=via,
            guild_id=self._sql.guild_id,
            kinds=sorted(PAGING),
            entries=many(told.entries),
            audited=many(told.audited),
        )
        if not any(row["is_saved"] for row in rows):
            raise RuntimeError(f"{incident.label} is not at version {incident.version - 1}")
        return await end_ladder(self._sql, incident.id, rows)

    async def join(self, incident_id: int, by: Person, *, via: AckVia) -> bool:
        """Make *by* a responder; return False if they are one already, or there is no such open incident.

        A responder who merely took a role, and acknowledges now, counts as new.
        """
        await self._sql.lock_incident(incident_id)
        return await self._sql.has(
            "join", incident_id=incident_id, user_id=by.id, name=by.name, via=via, guild_id=self._sql.guild_id
        )

    async def leave(
        self, incident_id: int, user_id: int | None = None, *, unmarked: Collection[tuple[int, int]] = ()
    ) -> None:
        """Remove one responder, or all of them.

        Args:
            unmarked: Ids of users and of messages that have no 👀 of theirs. Other messages may have one.
        """
        await self._sql.lock_incident(incident_id)
        await self._sql.all("leave_incident", incident_id=incident_id, leaving_id=user_id, **_pairs(unmarked))


def _pairs(unmarked: Collection[tuple[int, int]]) -> dict[str, list[int]]:
    """Return users and messages as the queries need them."""
    return {
        "user_ids": [user_id for user_id, _ in unmarked],
        "message_ids": [message_id for _, message_id in unmarked],
    }
