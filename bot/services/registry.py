"""The use cases in one value per guild, and the guilds: what the client hands to its cogs."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import structlog
from structlog.contextvars import bound_contextvars

from bot.domain.errors import DeliveryRefused, Superseded, UnavailableError, UserError
from bot.domain.paging import Way
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.acknowledging.reconciliation import Reconciler
from bot.services.alerts.answers import AlertAnswers
from bot.services.alerts.arrivals import LiveAlerts, MissedAlerts
from bot.services.alerts.decisions import AlertHistory
from bot.services.alerts.events import AlertEvents
from bot.services.alerts.questions import MessageQuestions
from bot.services.alerts.tracking import AlertTracking
from bot.services.escalation.decisions import Escalations
from bot.services.escalation.deliveries import Bundles
from bot.services.escalation.passing_on import Explaining, PassingOn
from bot.services.escalation.release import Releasing
from bot.services.incidents.details import Checklists, Details, Resolutions
from bot.services.incidents.lifecycle import Lifecycle, Merging
from bot.services.incidents.opening import Incidents
from bot.services.incidents.posts import Reposting
from bot.services.incidents.queries import IncidentQueries
from bot.services.incidents.roles import Roles
from bot.services.incidents.updates import Promises, Updates
from bot.services.outage.emergency import Emergency
from bot.services.ports.systems import Charts
from bot.services.privacy import Privacy, Removals
from bot.services.shared.access import Access, Auditing
from bot.services.shared.roster import OnCall
from bot.services.sheets import Pasting
from bot.services.statistics import Statistics
from bot.services.timeline.pins import Pins
from bot.services.timeline.timelines import Timelines
from bot.services.triage.answers import Triages
from bot.services.triage.clocks import Reevaluations, Unfinished
from bot.services.triage.joining import Joining
from bot.services.triage.sources import AlertTitles
from bot.services.triage.walk import SimilarIncidents
from bot.storage.tables.installation import GuildFinder

log = structlog.get_logger(__name__)

_UseCases = TypeVar("_UseCases")


@dataclass(frozen=True, kw_only=True)
class Services:
    """The use cases of one guild that people ask for.

    Attributes:
        built: Those of the capabilities that it has not switched off, by name; see `of`.
        ways: The systems outside Discord that the bot is set up for.
    """

    guild_id: int
    policy: Policy
    access: Access
    emergency: Emergency
    built: Mapping[str, object]

    # incidents: opened, changed, shown, ended
    incidents: Incidents
    lifecycle: Lifecycle
    resolutions: Resolutions
    merging: Merging
    looking: IncidentQueries
    reposting: Reposting
    roles: Roles
    checklists: Checklists
    privacy: Privacy
    removals: Removals
    updates: Updates
    promises: Promises
    details: Details
    timelines: Timelines
    pasting: Pasting
    pins: Pins

    # alerts of monitors, and the team's word on them
    alerts: AlertTracking
    live_alerts: LiveAlerts
    alert_events: AlertEvents
    missed_alerts: MissedAlerts
    questions: MessageQuestions
    alert_answers: AlertAnswers
    alert_history: AlertHistory

    # reports that walk through the decision tree
    triages: Triages
    reevaluations: Reevaluations
    unfinished: Unfinished
    joining: Joining
    similar: SimilarIncidents
    alert_titles: AlertTitles

    # who answers an alert, and what happens while no one does
    ways: frozenset[Way]
    oncall: OnCall
    acknowledger: Acknowledger
    escalations: Escalations
    passing_on: PassingOn
    explaining: Explaining
    releasing: Releasing
    bundles: Bundles
    reconciler: Reconciler

    # figures and their charts, and the audit
    statistics: Statistics
    charts: Charts
    auditing: Auditing

    def of(self, use_cases: type[_UseCases]) -> _UseCases:
        """Return the use cases of a capability, as it has built them.

        Raises:
            UserError: the guild has switched it off.
        """
        found = next((each for each in self.built.values() if isinstance(each, use_cases)), None)
        if found is None:
            raise UserError("capability_off")
        return found


#: How many guilds are looked after at once: one that waits for Discord must not hold up the others.
_AT_A_TIME: Final = 10


class Guilds:
    """The guilds that are served, each with use cases of its own. What belongs to another one is refused.

    Args:
        served: By guild.
        home: The guild whose policy and language apply where the guild is not known.
        find: Finds the guild of a row by its number.
    """

    def __init__(self, served: Mapping[int, Services], *, home: int, find: GuildFinder) -> None:
        self._served = dict(served)
        self._find = find
        self.home = self._served[home]

    def __iter__(self) -> Iterator[Services]:
        return iter(self._served.values())

    def __len__(self) -> int:
        return len(self._served)

    def get(self, guild_id: int | None) -> Services | None:
        """Return the guild's use cases; None if it is not served, or for no guild."""
        return None if guild_id is None else self._served.get(guild_id)

    def at(self, guild_id: int | None) -> Services:
        """Return the guild's use cases.

        Raises:
            UserError: it is not served.
        """
        if found := self.get(guild_id):
            return found
        raise UserError("foreign_guild")

    async def each(
        self, work: Callable[[Services], Awaitable[object]], *, at_a_time: int = _AT_A_TIME
    ) -> None:
        """Do *work* for every guild, a few at a time; an error in one does not reach the others."""
        turns = asyncio.Semaphore(at_a_time)

        async def do(services: Services) -> None:
            async with turns:
                with bound_contextvars(guild_id=services.guild_id):
                    await _survived(work, services)

        await asyncio.gather(*map(do, self))

    async def of_incident(self, incident_id: int) -> Services:
        """Return the use cases of an incident's guild, for a number without one: a button under a DM.

        Raises:
            UserError: its guild is not served. StorageUnavailable.
        """
        return self.at(await self._guild_of(self._find.guild_of_incident, incident_id))

    async def of_triage(self, triage_id: int) -> Services:
        """Return the guild and use cases of a triage."""
        return self.at(await self._guild_of(self._find.guild_of_triage, triage_id))

    async def of_delivery(self, delivery_id: int) -> Services:
        """Return the guild and use cases of a delivery, such as a bundle."""
        return self.at(await self._guild_of(self._find.guild_of_delivery, delivery_id))

    async def of_number(self, query: str, number: int) -> Services:
        """Return the guild and use cases that a capability's query finds for a number of its own."""
        return self.at(await self._guild_of(partial(self._find.guild_of, query), number))

    async def of_message(self, message_id: int) -> Services | None:
        """Return the guild and use cases of a message on which a 👀 counts; None for any other message."""
        return self.get(await self._guild_of(self._find.guild_of_message, message_id))

    async def _guild_of(self, find: Callable[[int], Awaitable[int | None]], number: int) -> int | None:
        return self.home.guild_id if len(self) == 1 else await find(number)

    async def note_missed(self, services: Services, incident_id: int, *, by: Person) -> None:
        """Record that *by* asked for an incident that was not found, if it is another guild's.

        Raises:
            StorageUnavailable.
        """
        if await self._find.guild_of_incident(incident_id) not in (None, services.guild_id):
            await services.access.note_refused(
                by, "show", guild_id=services.guild_id, act="see_foreign", incident_id=incident_id
            )


async def _survived(work: Callable[[Services], Awaitable[object]], services: Services) -> None:
    try:
        await work(services)
    except (UnavailableError, DeliveryRefused) as error:
        log.warning("guild.postponed", reason=str(error))
    except Superseded:  # another process listens now, and does the same
        log.info("guild.superseded")
    except Exception:  # a policy that does not fit its server any more, a bug: the others come next
        log.exception("guild.failed")
