"""Discord as the use cases see it: takes what it is given, remembers it, fails when told to."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from bot.domain.delivery import Action, Delivery, DeliveryKind, Posted, Request
from bot.domain.digest import Digest
from bot.domain.errors import BotError, DeliveryRefused, UpstreamUnavailable
from bot.domain.incident import Incident
from bot.domain.people import Person
from bot.domain.triage_session import Triage, TriageStatus


@dataclass(slots=True)
class FakeDiscord:
    """A `bot.services.ports.Discord`.

    Attributes:
        sent: What arrived, in order: (kind, to).
        failures: Raised by the next sends, one each; None lets one through.
        swallow: The next send arrives, but its answer is lost.
        reactions: Message id -> who put a 👀 there.
        is_away: While set, reading raises UpstreamUnavailable.
        refreshed: (incident version, kinds of the posts) of each refresh.
        answered: (status, kind of the post) of each refresh of a triage.
        refused: Places ("person:primary") that Discord will never deliver to.
        unrenderable: Kinds that cannot be rendered: a bug.
        broken: Message ids whose reactions cannot be read: a bug.
        rings: Whether `@here` is allowed to ring.
        postponed: Kinds that cannot be edited now.
    """

    sent: list[tuple[DeliveryKind, str]] = field(default_factory=list)
    failures: list[BotError | None] = field(default_factory=list)
    swallow: bool = False
    reactions: dict[int, list[Person]] = field(default_factory=dict)
    is_away: bool = False
    refreshed: list[tuple[int, list[DeliveryKind]]] = field(default_factory=list)
    rings: bool = True
    refused: set[str] = field(default_factory=set)
    unrenderable: set[DeliveryKind] = field(default_factory=set)
    broken: set[int] = field(default_factory=set)
    answered: list[tuple[TriageStatus, DeliveryKind]] = field(default_factory=list)
    postponed: set[DeliveryKind] = field(default_factory=set)
    _ids: "count[int]" = field(default_factory=lambda: count(1000))
    _kinds: dict[str, tuple[DeliveryKind, str]] = field(default_factory=dict)
    _there: dict[str, Posted] = field(default_factory=dict)

    async def compose(self, delivery: Delivery, subject: Incident | Digest | None) -> Request:
        self._kinds[delivery.key] = (delivery.kind, delivery.to)
        if delivery.kind in self.unrenderable:
            raise RuntimeError(f"cannot render {delivery.kind}")
        if delivery.to in self.refused:
            raise DeliveryRefused("Cannot send messages to this user", http_status=403, code=50007)
        mention = delivery.data.get("mention") == "here" or delivery.kind is DeliveryKind.ALERT
        body = {"content": delivery.key, "allowed_mentions": {"parse": ["everyone"] if mention else []}}
        action = Action.THREAD if delivery.kind is DeliveryKind.THREAD else Action.MESSAGE
        return Request(action, channel_id=7, message_id=None, body=body)

    async def send(self, request: Request, *, nonce: str) -> Posted:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        key = str(request.body["content"])
        if key not in self._there:
            self._there[key] = Posted(7, next(self._ids), pinged=self.rings)
            self.sent.append(self._kinds[key])
        if self.swallow:
            self.swallow = False
            raise UpstreamUnavailable("the answer never came")
        return self._there[key]

    async def find(self, request: Request, *, since: datetime) -> Posted | None:
        return self._there.get(str(request.body["content"]))

    async def refresh(self, incident: Incident, posts: Sequence[Delivery]) -> list[int]:
        self.refreshed.append((incident.version, [post.kind for post in posts]))
        return [post.id for post in posts if post.kind not in self.postponed]

    async def refresh_triage(self, triage: Triage, post: Delivery) -> None:
        self.answered.append((triage.status, post.kind))

    async def acknowledgers(
        self, places: Sequence[tuple[int, int]], *, guild_id: int
    ) -> AsyncIterator[tuple[Person, int]]:
        if self.is_away:
            raise UpstreamUnavailable("Discord is away")
        for _channel_id, message_id in places:
            if message_id in self.broken:
                raise RuntimeError(f"cannot read {message_id}")
            for person in self.reactions.get(message_id, []):
                yield person, message_id
