"""Sending deliveries, each by the system that it goes to. See docs/internals/paging.md."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from cachetools import LRUCache

from bot.domain.delivery.allowance import Allowance
from bot.domain.delivery.attachments import Attachment
from bot.domain.delivery.delivery import Delivery, Posted, Request
from bot.domain.delivery.kinds import Action
from bot.domain.errors import Crowded, DeliveryRefused, NewerVersion, OutboundFailed, UpstreamUnavailable
from bot.domain.escalation.deliveries import PagingData
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import OnCallPerson
from bot.domain.paging.ways import Way
from bot.domain.payloads import Payload
from bot.services.delivery.emails import DeliveryEmails, Links
from bot.services.paging.references import reference_of
from bot.services.ports import Store, Subject
from bot.services.ports.discord import DiscordSending
from bot.services.ports.paging import OutsideWriter, Systems
from bot.services.shared.roster import OnCall

#: Pushes and emails to one person by one way, a minute: a storm must not make a phone useless. Others wait.
_A_MINUTE: Final = 6

#: Pages that a process sends outside at once: a slow system must not keep the queue's workers from a DM.
_AT_ONCE: Final = 6
_SOON_S: Final = 0.5
_MOST_PEOPLE: Final = 500


@dataclass(frozen=True, slots=True)
class OutsideChannels:
    """The channels by which a page leaves Discord, and what writes its text.

    Attributes:
        systems: The configured paging systems, by their way.
        emails: The bot's own mail.
        links: Makes the link to acknowledge by.
        writer: Writes a page in the team's language.
    """

    systems: Systems
    emails: DeliveryEmails
    links: Links
    writer: OutsideWriter

    def has(self, way: Way) -> bool:
        """Return True if a page can go out by *way*."""
        return self.emails.can_send if way is Way.EMAIL else way in self.systems


class PageRequest(Payload):
    """The body of the request that sends a page outside Discord.

    Attributes:
        delivery: The number of the page's delivery, from which each attempt is written anew.
    """

    way: Way
    delivery: int


class OutsideSending:
    """Sends pages outside. What is stored of a request names no address: each attempt looks it up."""

    def __init__(
        self,
        store: Store,
        oncall: OnCall,
        channels: OutsideChannels,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._oncall = oncall
        self._channels = channels
        self._clock = clock
        self._under_way = 0
        self._allowances: LRUCache[tuple[str, Way], Allowance] = LRUCache(_MOST_PEOPLE)

    async def compose(self, delivery: Delivery) -> Request:
        """Return the request, with the person who is on call at its place now.

        Raises:
            DeliveryRefused: the way is not configured, or the person has no address for it.
        """
        way, who = _way(delivery), await self._reader(delivery)
        if not self._channels.has(way):
            raise DeliveryRefused(f"{way}: not configured", http_status=HTTPStatus.NOT_IMPLEMENTED)
        if delivery.to.startswith("person:") and (who is None or who.address(way) is None):
            raise DeliveryRefused(f"{way}: no address", http_status=HTTPStatus.NOT_FOUND)
        body = PageRequest(way=way, delivery=delivery.id).to_json()
        return Request(Action.OUTSIDE, 0, None, body, None if who is None else who.handle)

    def require_capacity(self, request: Request) -> None:
        """Raise Crowded if too many pages are on their way, or went to the person within a minute."""
        if self._under_way >= _AT_ONCE:
            raise Crowded(_SOON_S)
        if request.recipient is None:
            return
        key, now = (request.recipient, PageRequest.from_json(request.body).way), self._clock()
        allowance = self._allowances.setdefault(key, Allowance(per_s=_A_MINUTE / 60, burst=_A_MINUTE))
        if (wait_s := allowance.wait_s(now)) > 0:
            raise Crowded(wait_s)
        allowance.take(now)

    async def send(self, request: Request) -> Posted:
        """Send a page.

        Raises:
            DeliveryRefused: it will never be taken. UpstreamUnavailable: it may be, later.
        """
        delivery = await self._store.delivery(PageRequest.from_json(request.body).delivery)
        incident = await self._store.incident(delivery.incident_id or 0)
        self._under_way += 1
        try:
            reference = await self._page(delivery, incident, await self._reader(delivery))
        except OutboundFailed as failed:
            if failed.problem.is_final:
                said = f"{_way(delivery)}: {failed.reason}"
                raise DeliveryRefused(said, http_status=failed.http_status or 0) from None
            raise
        finally:
            self._under_way -= 1
        return Posted(channel_id=0, message_id=0, reference=reference)

    async def _reader(self, delivery: Delivery) -> OnCallPerson | None:
        """Return the person on call at the delivery's place; None: it is for no person."""
        kind, _, place = delivery.to.partition(":")
        if kind != "person":
            return None
        return (await self._oncall.holders(delivery.guild_id)).get(place)

    async def _page(self, delivery: Delivery, incident: Incident, who: OnCallPerson | None) -> str | None:
        way = _way(delivery)
        if way is Way.EMAIL:
            await self._email(delivery, incident, who)
            return None
        link = None
        if who is not None:
            link = (await self._channels.links.urls(delivery, [incident.id], who)).get(incident.id)
        reference = await reference_of(self._store, delivery, incident, way)
        message = self._channels.writer.write(delivery, incident, reference=reference, ack_link=link)
        return await self._channels.systems[way].page(message, to=None if who is None else who.address(way))

    async def _email(self, delivery: Delivery, incident: Incident, who: OnCallPerson | None) -> None:
        if who is None or not await self._channels.emails.send(delivery, incident, to=[who]):
            raise UpstreamUnavailable("email: not accepted")


class SendingByKind:
    """A `bot.services.ports.discord.DiscordSending` that lets pages outside go their own way."""

    def __init__(self, discord: DiscordSending, outside: OutsideSending) -> None:
        self._discord = discord
        self._outside = outside

    async def compose(self, delivery: Delivery, subject: Subject) -> Request:
        if delivery.kind.spec.is_outside:
            return await self._outside.compose(delivery)
        return await self._discord.compose(delivery, subject)

    def draft(self, delivery: Delivery, subject: Incident) -> Mapping[str, object]:
        if delivery.kind.spec.is_outside:
            return {"way": _way(delivery).value}
        return self._discord.draft(delivery, subject)

    async def send(self, request: Request, *, nonce: str, files: Sequence[Attachment] = ()) -> Posted:
        if request.action is Action.OUTSIDE:
            return await self._outside.send(request)
        return await self._discord.send(request, nonce=nonce, files=files)

    def require_capacity(self, request: Request) -> None:
        if request.action is Action.OUTSIDE:
            self._outside.require_capacity(request)
        else:
            self._discord.require_capacity(request)

    async def find(self, request: Request, *, since: datetime) -> Posted | None:
        if request.action is Action.OUTSIDE:
            return None  # it is sent again: its key says that it is the same
        return await self._discord.find(request, since=since)


def _way(delivery: Delivery) -> Way:
    """Return the way of a page outside.

    Raises:
        NewerVersion: only a newer version knows it; a process of that version sends the page.
    """
    way = PagingData.from_json(delivery.data).way
    if way is None:
        raise NewerVersion("a way of paging")
    return way
