"""A link in an email that acknowledges: signed, for one person, once. See docs/internals/acknowledging.md."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

import structlog
from itsdangerous import BadData, URLSafeSerializer

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import Delivery
from bot.domain.errors import BotError, IncidentNotFound
from bot.domain.incident.incident import Incident
from bot.domain.incident.transitions import AckOutcome, AckVia
from bot.domain.installation import Installation
from bot.domain.oncall.people import OnCallPerson
from bot.domain.people import Person
from bot.domain.privacy import is_out
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.ports import Discord
from bot.services.shared.access import Act
from bot.storage.store import Store
from bot.storage.tables.acknowledgements import AcknowledgementRows
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, MemberRows
from bot.storage.tables.installation import InstallationRows
from bot.storage.tables.timeline import AuditRows

log = structlog.get_logger(__name__)

#: How long a link is valid, counted from when the delivery that went by email was stored.
VALID_FOR: Final = timedelta(hours=24)

#: Where the links lead, below PUBLIC_URL.
PATH: Final = "/ack/"

_TOKEN: Final = re.compile(r"[A-Za-z0-9_.-]+")
_GUILD: Final = re.compile(r"[0-9]{1,20}")
_SALT: Final = "incident-bot.ack.v1"

#: Characters of the installation's id in front of the token: they tell a foreign link from a broken one.
_MARK_LENGTH: Final = 8


class LinkState(StrEnum):
    """What the acknowledge link of an email can do, or has done."""

    READY = "ready"
    DONE = "done"  # it has acknowledged just now
    USED = "used"
    EXPIRED = "expired"
    OVER = "over"  # the incident has ended
    FOREIGN = "foreign"  # of another installation, or of an incident that is not here, or not theirs any more
    INVALID = "invalid"  # not as it was signed


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """The facts to show about a link.

    Attributes:
        name: The person for whom it acknowledges; None when the link does not say.
        is_first: The acknowledgement (`DONE`) was the first; if not, the person joined.
    """

    state: LinkState
    incident: Incident | None = None
    name: str | None = None
    is_first: bool = True


@dataclass(frozen=True, slots=True)
class _Claim:
    """The signed content of a link."""

    incident_id: int
    person: str
    expires_at: datetime
    nonce: str

    @property
    def id(self) -> str:
        return f"{self.nonce}:{self.person}"


class AckLinks:
    """Makes the links in emails, and acknowledges when one of them is used.

    Args:
        public_url: Where people reach this bot by HTTP; None makes no links.
    """

    def __init__(
        self, store: Store, discord: Discord, acknowledger: Acknowledger, *, public_url: str | None
    ) -> None:
        self._store = store
        self._discord = discord
        self._acknowledger = acknowledger
        self._public_url = public_url
        self._known: Installation | None = None

    async def learn_key(self) -> None:
        """Read the key by which `signed_id` verifies links, once: all guilds have the same one.

        Raises:
            StorageUnavailable: the key is in the database.
        """
        if self._known is None:
            self._known = await InstallationRows(self._store.sql).installation()

    def signed_id(self, token: str) -> str | None:
        """Return the id of the link *token*, however it is spelt; None if it is not signed by us.

        Return None also while no key is known. It reads no database, so a stranger's request costs next to
        nothing.
        """
        claim = None if self._known is None else _claim(self._known, _signed(token))
        return None if claim is None else claim.id

    async def urls(
        self, delivery: Delivery, incident_ids: Iterable[int], who: OnCallPerson
    ) -> Mapping[int, str]:
        """Return the links in the email to *who* for *delivery*, by incident, the same each time.

        A bundle has one for each incident, so that no press acknowledges an incident that the person has not
        read. There are none without a public address.

        Raises:
            StorageUnavailable: the key is in the database.
        """
        if self._public_url is None:
            return {}
        installation = await InstallationRows(self._store.sql).installation()
        begin = f"{self._public_url}{PATH}{_mark(installation)}.{delivery.guild_id}."
        until_s = int((delivery.created_at + VALID_FOR).timestamp())

        def signed(incident_id: int) -> str:
            is_alone = incident_id == delivery.incident_id
            nonce = delivery.nonce if is_alone else f"{delivery.nonce}.{incident_id}"
            return _serializer(installation).dumps([incident_id, who.handle, until_s, nonce])

        return {incident_id: f"{begin}{signed(incident_id)}" for incident_id in incident_ids}

    async def preview(self, token: str) -> LinkFacts:
        """Return what pressing the button would do. It changes nothing, because scanners open every link.

        Raises:
            StorageUnavailable.
        """
        seen, _ = await self._read(token)
        return seen

    async def acknowledge(self, token: str) -> LinkFacts:
        """Acknowledge as the person the email was for, once.

        Raises:
            StorageUnavailable.
        """
        seen, claim = await self._read(token)
        if claim is not None and seen.state is LinkState.FOREIGN:
            return await self._refused(claim)
        if claim is None or seen.state is not LinkState.READY:
            log.info("link.refused", state=seen.state)
            return seen
        return await self._use(claim, seen) or await self._refused(claim)

    async def _use(self, claim: _Claim, seen: LinkFacts) -> LinkFacts | None:
        """Acknowledge; return None if the person was removed from the incident meanwhile."""
        by = await self._person(claim, guild_id=seen.incident.guild_id if seen.incident else 0)
        async with self._store.transaction() as tx:
            incident = await IncidentWrites(tx.sql).incident(claim.incident_id, lock=True)
            if is_out(claim.person, await MemberRows(tx.sql).removed_members(incident.id)):
                return None
            if not incident.is_open:
                return LinkFacts(LinkState.OVER, incident, seen.name)
            if not await AcknowledgementRows(tx.sql).use_link(claim.id, claim.incident_id):
                return LinkFacts(LinkState.USED, incident, seen.name)
            result = await self._acknowledger.record(tx, incident, by=by, via=AckVia.EMAIL)
        log.info("incident.acknowledged", incident_id=incident.id, outcome=result.outcome, via=AckVia.EMAIL)
        is_first = result.outcome is AckOutcome.FIRST
        return LinkFacts(LinkState.DONE, result.incident, by.name, is_first=is_first)

    async def _refused(self, claim: _Claim) -> LinkFacts:
        """Refuse a person who was removed from a private incident, show no facts, and record their press."""
        incident = await IncidentRows(self._store.sql).incident(claim.incident_id)
        by = await self._person(claim, guild_id=incident.guild_id)
        facts = AuditData(incident.id, Act.ACKNOWLEDGE, {"private": True, "via": AckVia.EMAIL})
        await AuditRows(self._store.sql).audit(
            guild_id=incident.guild_id, by=by, action="acknowledge", allowed=False, data=facts
        )
        log.info("link.refused", state=LinkState.FOREIGN)
        return LinkFacts(LinkState.FOREIGN)

    async def _read(self, token: str) -> tuple[LinkFacts, _Claim | None]:
        installation = await InstallationRows(self._store.sql).installation()
        mark = token.partition(".")[0]
        if len(mark) == _MARK_LENGTH and mark != _mark(installation):
            return LinkFacts(LinkState.FOREIGN), None
        claim = _claim(installation, _signed(token))
        if claim is None:
            return LinkFacts(LinkState.INVALID), None
        try:
            incident = await IncidentRows(self._store.sql).incident(claim.incident_id)
        except IncidentNotFound:
            return LinkFacts(LinkState.FOREIGN), None
        if is_out(claim.person, await MemberRows(self._store.sql).removed_members(incident.id)):
            return LinkFacts(LinkState.FOREIGN), claim
        return LinkFacts(await self._state(claim, incident), incident, claim.person), claim

    async def _state(self, claim: _Claim, incident: Incident) -> LinkState:
        if not incident.is_open:
            return LinkState.OVER
        if await AcknowledgementRows(self._store.sql).is_link_used(claim.id):
            return LinkState.USED
        is_past = await self._store.now() > claim.expires_at
        return LinkState.EXPIRED if is_past else LinkState.READY

    async def _person(self, claim: _Claim, *, guild_id: int) -> Person:
        """Return the person the email was for; one with a made-up id if Discord tells no other."""
        try:
            return await self._discord.person(guild_id, claim.person)
        except BotError as unknown:
            log.info("link.person_not_asked", reason=type(unknown).__name__)
        is_id = claim.person.isdigit()
        return Person(int(claim.person) if is_id else stand_in(claim.person), claim.person)


def stand_in(username: str) -> int:
    """Return a number for a person without a known Discord id: the same each time, and no real id (< 0)."""
    return -int.from_bytes(sha256(username.lower().encode()).digest()[:7], "big") - 1


def _serializer(installation: Installation) -> URLSafeSerializer:
    return URLSafeSerializer(installation.link_key, salt=_SALT)


def _mark(installation: Installation) -> str:
    return sha256(installation.id.encode()).hexdigest()[:_MARK_LENGTH]


def _signed(token: str) -> str:
    """Return the signed part of *token*: all that follows the marks of the installation and the guild."""
    return token.partition(".")[2].partition(".")[2]


def _claim(installation: Installation, signed: str) -> _Claim | None:
    if not _TOKEN.fullmatch(signed):
        return None  # base64's decoder passes over what it does not know
    try:
        incident_id, person, expires_s, nonce = _serializer(installation).loads(signed)
    except (BadData, TypeError, ValueError):
        return None
    return _Claim(int(incident_id), str(person), datetime.fromtimestamp(expires_s, UTC), str(nonce))


def guild_of(token: str) -> int | None:
    """Return the guild that a link names, or None. The link is not verified yet."""
    guild_id = token.split(".", 2)[1:2]
    return int(guild_id[0]) if guild_id and _GUILD.fullmatch(guild_id[0]) else None
