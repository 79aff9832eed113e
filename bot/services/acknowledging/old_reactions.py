"""Old 👀: reactions from an acknowledge that has ended. They stay under their messages, and count no more."""

import asyncio
from typing import Final, TypeAlias

import structlog

from bot.domain.delivery.kinds import ACK_KINDS
from bot.domain.errors import DeliveryRefused, UnavailableError
from bot.domain.incident.incident import Incident
from bot.services.ports import Discord
from bot.storage.store import Store
from bot.storage.tables.acknowledgements import AcknowledgementRows
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.deliveries import DeliveryRows

log = structlog.get_logger(__name__)

#: How long the end of an acknowledge waits for Discord to say who has a 👀 where, seconds.
READ_WITHIN_S: Final = 1.5

_AT_ONCE: Final = 8

#: The id of a user, and of a message on which their 👀 acknowledges.
UserOnMessage: TypeAlias = tuple[int, int]


class OldReactions:
    """Tells the 👀 of ended acknowledges from new ones. See docs/internals/escalation.md.

    Of a responder who leaves, every earlier message is suspected to have an old 👀, until it is seen without
    one.
    """

    def __init__(self, store: Store, discord: Discord) -> None:
        self._store = store
        self._discord = discord

    async def old(self, incident: Incident) -> frozenset[UserOnMessage]:
        """Return the users and messages whose 👀 belongs, or may belong, to an acknowledge that has ended.

        A 👀 under a message posted since then is new, and one of any other responder counts under every
        message.
        """
        ended = incident.ack_ended
        if ended is None:
            return frozenset()
        former, posts = (
            await AcknowledgementRows(self._store.sql).who_left(incident.id),
            await DeliveryRows(self._store.sql).posts(incident.id),
        )
        since = {
            post.message_id
            for post in posts
            if post.first_sent_at is not None and post.first_sent_at >= ended.at
        }
        earlier = {post.message_id for post in posts if post.message_id is not None} - since
        earlier |= {
            message_id for _, message_id in await AlertRows(self._store.sql).alert_messages(incident.id)
        }
        return frozenset((user_id, one) for user_id, has in former.items() for one in earlier - has.unmarked)

    async def places(self, incident: Incident) -> list[tuple[int, int]]:
        """Return the messages on which a 👀 acknowledges the incident, by channel and message."""
        posts = await DeliveryRows(self._store.sql).posts(incident.id)
        places = [(p.channel_id, p.message_id) for p in posts if p.kind in ACK_KINDS]
        known = [(c, m) for c, m in places if c is not None and m is not None]
        return known + list(await AlertRows(self._store.sql).alert_messages(incident.id))

    async def unmarked(self, incident: Incident) -> list[UserOnMessage]:
        """Return the responders and the messages that have no 👀 of theirs, before some of them leave.

        Messages that Discord does not show within `READ_WITHIN_S` are left out, and so remain suspected.
        """
        if not (
            people := [one.id for one in await AcknowledgementRows(self._store.sql).responders(incident.id)]
        ):
            return []
        marks: dict[int, frozenset[int]] = {}
        waiting = iter(sorted(await self.places(incident), key=lambda place: place[1], reverse=True))

        async def work() -> None:
            for channel_id, message_id in waiting:
                users = await self._users(channel_id, message_id)
                if users is not None:
                    marks[message_id] = users

        try:
            async with asyncio.timeout(READ_WITHIN_S), asyncio.TaskGroup() as group:
                for _ in range(_AT_ONCE):
                    group.create_task(work())
        except TimeoutError:
            log.warning("reactions.cut_short", incident_id=incident.id, after_s=READ_WITHIN_S)
        return [(user_id, one) for one, users in marks.items() for user_id in people if user_id not in users]

    async def look_again(self, incident: Incident) -> None:
        """Clear the suspicion of messages that have no 👀 of the former responder: the next one is new."""
        if not (old := await self.old(incident)):
            return
        former, gone = await AcknowledgementRows(self._store.sql).who_left(incident.id), list[UserOnMessage]()
        suspected = {message_id for _, message_id in old}
        for channel_id, message_id in await self.places(incident):
            if message_id in suspected:
                users = await self._users(channel_id, message_id)
                gone += [(u, m) for u, m in old if users is not None and m == message_id and u not in users]
        if gone:
            await AcknowledgementRows(self._store.sql).note_unmarked(incident.id, gone, former=former)

    async def removed(self, incident: Incident, *, user_id: int, message_id: int) -> None:
        """Note that a former responder has removed a 👀: the next one on that message is new."""
        former = await AcknowledgementRows(self._store.sql).who_left(incident.id)
        if user_id in former:
            await AcknowledgementRows(self._store.sql).note_unmarked(
                incident.id, [(user_id, message_id)], former=former
            )

    async def _users(self, channel_id: int, message_id: int) -> frozenset[int] | None:
        """Return the ids of those who have a 👀 on a message; None if Discord does not say."""
        try:
            return await self._discord.acknowledging_users(channel_id, message_id)
        except (UnavailableError, DeliveryRefused) as error:
            log.warning("reactions.not_read", message_id=message_id, reason=str(error))
        except Exception:  # an acknowledge must end all the same
            log.exception("reactions.failed", message_id=message_id)
        return None
