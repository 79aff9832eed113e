"""Give a desk sources of changes, and read what it knows of them."""

from bot.services.core import Core
from bot.storage.tables.incidents import IncidentRows
from cogs.suspects.rules import ChangeSource, FirstLook, SuspectCard, first_look
from cogs.suspects.store import SuspectStore
from cogs.suspects.use_cases import SuspectUseCases
from tests.services.desk import Desk


class GivenSources:
    """Stands in for the sources that the settings allow."""

    def __init__(self, *sources: ChangeSource) -> None:
        self.sources = sources

    def of(self, _core: Core) -> tuple[ChangeSource, ...]:
        """Return them for each guild."""
        return self.sources


def read_from(desk: Desk, *sources: ChangeSource) -> None:
    """Let *sources* be those of the desk."""
    desk.opened["suspects"] = GivenSources(*sources)
    desk.use(desk.discord)


def sources_of(desk: Desk) -> tuple[ChangeSource, ...]:
    """The desk's."""
    given = desk.opened["suspects"]
    assert isinstance(given, GivenSources)
    return given.sources


def suspects(desk: Desk) -> SuspectUseCases:
    """The desk's use cases."""
    return desk.services.of(SuspectUseCases)


async def stored_card(desk: Desk, incident_id: int) -> SuspectCard | None:
    """The card of an incident, if there is one."""
    return await SuspectStore(desk.store.sql).card(incident_id)


async def shown_look(desk: Desk, incident_id: int) -> FirstLook:
    """What the incident's posts show."""
    return first_look(await IncidentRows(desk.store.sql).shown_incident(incident_id))
