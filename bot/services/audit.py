"""Show the audit log, to admins and their own rows to everybody."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bot.domain.audit import AuditQuestion, AuditRow
from bot.domain.people import Person
from bot.services.shared.access import Access
from bot.storage.store import Store
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import AuditRows

PAGE_SIZE: Final = 12


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the audit log, the latest first.

    Attributes:
        hidden: How many of its rows are about private incidents that the reader may not see.
        following: The id before which the next page begins; None: this is the last one.
    """

    asked: AuditQuestion
    rows: tuple[AuditRow, ...]
    hidden: int
    following: int | None


class Auditing:
    """Reads the audit log of one guild."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    async def page(self, asked: AuditQuestion, *, by: Person, guild_id: int) -> AuditPage:
        """Return a page of the audit log.

        Raises:
            NotPermitted: *by* may not read it; on record.
            IncidentNotFound: there is no such incident, or it is not theirs to see.
        """
        await self._access.require(by, "audit", guild_id=guild_id, act="audit")
        if asked.incident_id is not None:
            incident = await IncidentRows(self._store.sql).incident(asked.incident_id)
            await self._access.require_visible(by, "audit", incident, act="audit")
        found = await AuditRows(self._store.sql).audit_rows(guild_id, asked, limit=PAGE_SIZE + 1)
        shown = found[:PAGE_SIZE]
        visible = await self._visible(shown, by)
        following = shown[-1].id if len(found) > PAGE_SIZE else None
        return AuditPage(asked, tuple(visible), len(shown) - len(visible), following)

    async def _visible(self, rows: Iterable[AuditRow], by: Person) -> list[AuditRow]:
        known = list(rows)
        numbers = {row.incident_id for row in known if row.incident_id is not None}
        incidents = [await IncidentRows(self._store.sql).incident(number) for number in sorted(numbers)]
        hidden = {one.id for one in incidents if not await self._access.sees(by, one)}
        return [row for row in known if row.incident_id not in hidden]
