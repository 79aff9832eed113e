"""The posts of the demo's past: as the bot would have left them, each with its place and its moment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Final

from bot.demo.story.cast import CastMember, MessageLocation
from bot.demo.story.incidents import (
    PastItem,
    end_notice,
    incident_of,
    items_of,
    output_posts,
    pasts_of,
    update_lines,
)
from bot.demo.story.seeded_incidents import SeededIncident
from bot.domain.delivery.delivery import Delivery, DeliveryStatus, NewDelivery, Notice, Request
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.escalation.payloads import PagingData
from bot.domain.incident.incident import Incident, StatusUpdates
from bot.domain.incident.records import UpdateDueNotice
from bot.domain.oncall.people import marked
from bot.i18n import Texts
from bot.runbook import Policy
from bot.services.shared.postings import notice, posting_deliveries
from bot.ui.buttons import reaction_of
from bot.ui.discord_api.threads import answer_to
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Wording
from local_discord.world.snowflake import created_at, snowflake_of

Json = dict[str, object]

_SECOND: Final = timedelta(seconds=1)
_SEEN: Final = "✅"
#: How long after the alert the first messages of its thread follow.
_IN_THREAD: Final[dict[AnyDeliveryKind, timedelta]] = {
    DeliveryKind.THREAD_START: 1.4 * _SECOND,
    DeliveryKind.THREAD_CARD: 1.8 * _SECOND,
    DeliveryKind.THREAD_SHEET: 2.2 * _SECOND,
}


@dataclass(frozen=True, slots=True)
class Post:
    """A message of the past.

    Attributes:
        at: When it was written; for the end of a thread, when it was archived.
        entry: As the local Discord's history takes it; None for what comes with another one's.
        delivery: The bot's record of it; None for what people wrote.
        recipient: Of a DM: the handle of its reader.
        location: Where it is, if it has no entry.
    """

    at: datetime
    entry: Json | None
    delivery: NewDelivery | None = None
    recipient: str | None = None
    location: MessageLocation | None = None


class Posts:
    """Composes the posts of incidents, with ids that no two of them share.

    Args:
        items: The numbers of action items by their keys.
    """

    def __init__(self, policy: Policy, items: Mapping[str, int]) -> None:
        self._items = items
        self._words = Wording(Texts.load(), policy)
        self._numbers = count(1)

    def of(self, seeded: SeededIncident, incident_id: int) -> list[Post]:
        """Return the posts of one incident."""
        items = [(item, self._items[item.key]) for item in items_of(seeded)]
        return list(
            _Composer(self._words, self._numbers, seeded, incident_of(seeded, incident_id), items).posts()
        )


class _Composer:
    def __init__(
        self,
        words: Wording,
        numbers: Iterator[int],
        seeded: SeededIncident,
        incident: Incident,
        items: Sequence[tuple[PastItem, int]],
    ) -> None:
        self._words = words
        self._numbers = numbers
        self._seeded = seeded
        self._incident = incident
        self._items = items

    def posts(self) -> Iterator[Post]:
        if (alert := self._seeded.monitor_alert) is not None:
            yield from (Post(at, dict(entry)) for at, entry in alert.entries())
        yield from self._posting()
        yield from self._calls()
        yield from self._notes()
        if self._seeded.thread_id is not None:
            for new, at in output_posts(self._seeded, self._incident):
                yield self._message(new, at + _SECOND, str(self._seeded.thread_id))
        yield from self._end()

    def _posting(self) -> Iterator[Post]:
        """Yield the alert and its thread with the first messages."""
        seeded = self._seeded
        owed = posting_deliveries(self._incident, seeded.severity)
        thread = next((one for one in owed if one.kind is DeliveryKind.THREAD), None)
        for new in owed:
            match new.kind:
                case DeliveryKind.ALERT | DeliveryKind.THREAD_ROOT:
                    yield self._root(new, thread)
                case DeliveryKind.SEED_ACK:
                    yield Post(seeded.at + _SECOND, None, new, location=seeded.alert)
                case DeliveryKind.THREAD if seeded.root is not None:
                    yield Post(seeded.at + _SECOND, None, new, location=seeded.root)
                case DeliveryKind.THREAD_START | DeliveryKind.THREAD_CARD | DeliveryKind.THREAD_SHEET:
                    is_edited = new.kind is DeliveryKind.THREAD_CARD
                    at = seeded.at + _IN_THREAD[new.kind]
                    yield self._message(new, at, str(seeded.thread_id), is_edited=is_edited)

    def _root(self, new: NewDelivery, thread: NewDelivery | None) -> Post:
        seeded = self._seeded
        is_alert = new.kind is DeliveryKind.ALERT
        location = seeded.alert if is_alert or seeded.root is None else seeded.root
        at = created_at(str(location.message_id))
        post = self._message(new, at, str(location.channel_id), is_edited=True)
        assert post.entry is not None
        more: Json = {"id": str(location.message_id)}
        if is_alert and seeded.is_tracked and (source := self._incident.tracked.source) is not None:
            message = post.entry["message"]
            assert isinstance(message, dict)
            more["message"] = {**message, **answer_to(source.message_id)}
        if is_alert:
            seen_by = [str(seeded.guild.bot_id), *(str(who.id) for who, _ in seeded.responders)]
            more["reactions"] = _reactions({self._words.policy.ack_emoji: seen_by})
        if thread is not None and seeded.root == location:
            more["thread"] = self._body(thread, at)
        return replace(post, entry={**post.entry, **more})

    def _calls(self) -> Iterator[Post]:
        """Yield the DMs and the escalations of the steps that were taken."""
        seeded = self._seeded
        for index, step, at in seeded.steps():
            called = seeded.called(step)
            data = PagingData(
                waited_s=(at - seeded.at).total_seconds(),
                step=index,
                severity=seeded.severity.name,
                dm=tuple(marked(str(who.id)) for who in called.values()),
                mention=step.mention.value,
            )
            key = f"inc:{self._incident.id}:step:{index}"
            if step.after != timedelta():
                new = self._new(
                    DeliveryKind.ESCALATION, f"channel:{seeded.severity.channel}", f"{key}:channel", data
                )
                yield self._message(new, at + _SECOND, str(seeded.alert.channel_id), is_edited=True)
            for place, who in called.items():
                new = self._new(DeliveryKind.PAGE, f"person:{place}", f"{key}:dm:{place}", data)
                yield self._message(new, at + 2 * _SECOND, f"dm:{who.username}", is_edited=True, reader=who)

    def _notes(self) -> Iterator[Post]:
        """Yield what people wrote in the thread, pinned to the timeline."""
        seeded = self._seeded
        if seeded.thread_id is None:
            return
        pin = self._words.policy.timeline.pin_emoji
        for who, at, text in seeded.notes:
            reactions = _reactions({pin: [str(who.id)], _SEEN: [str(seeded.guild.bot_id)]})
            place: Json = {"id": note_id(at), "user": str(who.id), "channel": str(seeded.thread_id)}
            yield Post(at, {**place, "message": {"content": text}, "reactions": reactions})

    def _end(self) -> Iterator[Post]:
        """Yield the bot's lines until the one that says who resolved it, and the end of its thread."""
        seeded, ended_at = self._seeded, self._seeded.ended_at
        home = seeded.alert.channel_id if seeded.thread_id is None else seeded.thread_id
        lines = update_lines(seeded)
        for line, key, at in (*lines, *(() if ended_at is None else self._last_lines(ended_at))):
            new = notice(self._incident, seeded.policy, line, key=key)
            yield self._message(new, at + _SECOND, str(home), is_first=isinstance(line, UpdateDueNotice))
        if seeded.thread_id is not None and ended_at is not None:
            at = ended_at + seeded.policy.archive_after
            yield Post(at, {"channel": str(seeded.thread_id), "archived_at": at.isoformat()})

    def _last_lines(self, ended_at: datetime) -> Iterator[tuple[Notice, str, datetime]]:
        """Yield the lines about the end, the postmortem and action items, with their keys and moments."""
        seeded = self._seeded
        yield end_notice(self._incident, seeded), "resolved:3", ended_at
        for past in pasts_of(seeded, self._incident.id):
            yield from past.notices
        for item, number in self._items:
            yield from item.lines(number)

    def _new(self, kind: AnyDeliveryKind, to: str, key: str, data: PagingData) -> NewDelivery:
        return NewDelivery(kind, to, key, self._incident.guild_id, self._incident.id, data.to_json())

    def _message(
        self,
        new: NewDelivery,
        at: datetime,
        channel: str,
        *,
        is_edited: bool = False,
        is_first: bool = False,
        reader: CastMember | None = None,
    ) -> Post:
        """Return a message of the bot.

        Args:
            is_edited: It follows the incident, which changed later.
            is_first: It came before the first status update, so it tells of none.
        """
        recipient = None if reader is None else str(reader.id)
        entry: Json = {
            "id": str(int(snowflake_of(at)) + next(self._numbers)),
            "user": str(self._seeded.guild.bot_id),
            "channel": channel,
            "message": self._body(new, at, recipient=recipient, is_first=is_first),
        }
        changed_at = self._seeded.ended_at or self._seeded.acknowledged_at
        if is_edited and changed_at > at:
            entry["edited_at"] = (changed_at + _SECOND).isoformat()
        return Post(at, entry, new, recipient)

    def _body(
        self, new: NewDelivery, at: datetime, *, recipient: str | None = None, is_first: bool = False
    ) -> Json:
        request = None if recipient is None else Request(new.kind.spec.action, 0, None, {}, recipient)
        sent = Delivery(
            id=0,
            kind=new.kind,
            to=new.to,
            key=new.key,
            guild_id=new.guild_id,
            incident_id=new.incident_id,
            data=new.data,
            priority=new.priority,
            status=DeliveryStatus.SENT,
            nonce="",
            attempts=0,
            created_at=at,
            request=request,
            message_id=1,
        )
        about = replace(self._incident, updates=StatusUpdates()) if is_first else self._incident
        return dict(render(self._words, sent, about))


def _reactions(people: dict[str, list[str]]) -> Json:
    """Return the reactions without custom emojis: the local Discord has none."""
    reactions = {reaction_of(emoji): ids for emoji, ids in people.items()}
    return {emoji: ids for emoji, ids in reactions.items() if ":" not in emoji}


def note_id(at: datetime) -> str:
    """Return the id of the message that a person wrote at *at*."""
    return snowflake_of(at)
