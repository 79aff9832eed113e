"""[なぜ私に?]: why a page, or an escalation, came to a person. See docs/internals/escalation.md."""

from contextlib import suppress

from bot.domain.delivery.delivery import Delivery, Notice
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.escalation.why_me import CallEvidence, WhyMe, acknowledgements, why_me
from bot.domain.incident.incident import Incident
from bot.domain.incident.records import UpdateDueNotice
from bot.domain.people import Person
from bot.services.ports.discord import DiscordMembers
from bot.services.shared.access import Access
from bot.services.shared.roster import OnCall
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.oncall import OnCallRows
from bot.storage.tables.timeline import TimelineRows


class Explaining:
    """Answers "Why me?" for one person, as of the time of the call."""

    def __init__(self, store: Store, discord: DiscordMembers, access: Access, oncall: OnCall) -> None:
        self._store = store
        self._discord = discord
        self._access = access
        self._oncall = oncall

    async def why(self, incident_id: int, *, by: Person, message_id: int | None) -> WhyMe:
        """Return why *by* was called about an incident, or whom the ladder has called instead.

        Args:
            message_id: The DM, the message in the channel or the reminder below which they ask.

        Raises:
            IncidentNotFound: no such number, or not theirs to see.
        """
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        await self._access.require_visible(by, "show", incident, act="why")
        book = await OnCallRows(self._store.sql).oncall_book(incident.guild_id, since=incident.triggered_at)
        evidence = CallEvidence(
            incident=incident,
            pages=await DeliveryRows(self._store.sql).pages(incident.id),
            steps=await EscalationRows(self._store.sql).steps(incident.id),
            entries=await TimelineRows(self._store.sql).timeline(incident.id),
            rosters=self._oncall.combined(book),
            usernames=await self._usernames(incident),
        )
        return why_me(evidence, reader=by, pressed=await self._pressed(evidence, message_id))

    async def _usernames(self, incident: Incident) -> dict[int, str]:
        """Return the usernames of those who acknowledged, by id, as far as Discord tells them now."""
        usernames: dict[int, str] = {}
        for number in {act.id for act in acknowledgements(incident)}:
            with suppress(DeliveryRefused, UpstreamUnavailable):
                person = await self._discord.person(incident.guild_id, str(number))
                usernames |= {number: person.username} if person.username else {}
        return usernames

    async def _pressed(self, evidence: CallEvidence, message_id: int | None) -> Delivery | None:
        """Return the page, escalation or reminder with *message_id*; None if it is another message."""
        if message_id is None:
            return None
        page = next((page for page in evidence.pages if page.message_id == message_id), None)
        if page is not None:
            return page
        posts = await DeliveryRows(self._store.sql).posts(evidence.incident.id)
        return next((post for post in posts if post.message_id == message_id and _is_explained(post)), None)


def _is_explained(post: Delivery) -> bool:
    """Return True for an escalation, and for the reminder of a status update."""
    if post.kind is DeliveryKind.NOTICE:
        return Notice.name_in(post.data) == UpdateDueNotice.name
    return post.kind is DeliveryKind.ESCALATION
