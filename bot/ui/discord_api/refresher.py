"""Edits that keep an incident's posts true. An edit never pings.

It allows the `@here` of a post that still asks for people all the same: Discord rebuilds the mentions of what
is edited, and without that the alert would lose its highlight a second after it was posted.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http import HTTPStatus

import structlog

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.delivery.limits import LATER
from bot.domain.errors import UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, Crowded, DeliveryRefused, UpstreamUnavailable
from bot.domain.incident.incident import Incident
from bot.domain.incident.posting import by_attention, has_moved, shows_old_details
from bot.domain.oncall.people import OnCallPerson, id_of
from bot.domain.text import folded
from bot.domain.urgency import current, urgency
from bot.services.ports import Refreshed, soonest
from bot.ui.discord_api.client import Rest
from bot.ui.discord_api.reading.places import Places
from bot.ui.discord_api.routes import channel_route, message_route
from bot.ui.discord_api.threads import archive, in_thread, is_archived
from bot.ui.posts.incident.postings import left_name
from bot.ui.posts.incident.private import private_thread_name, unaddressed
from bot.ui.posts.incident.thread import thread_name
from bot.ui.posts.renderer import is_refreshed, render
from bot.ui.words.wording import Wording

log = structlog.get_logger(__name__)

#: Discord's error codes when the alert or the thread itself was deleted, by kind of delivery.
_GONE: Mapping[AnyDeliveryKind, Collection[int]] = {
    DeliveryKind.ALERT: {UNKNOWN_CHANNEL, UNKNOWN_MESSAGE},
    **{kind: {UNKNOWN_CHANNEL} for kind in DeliveryKind if kind.spec.opens_thread},
}


class Refresher:
    """Renders each post anew and puts it over the old one."""

    def __init__(self, rest: Rest, words: Wording, places: Places) -> None:
        self._rest = rest
        self._words = words
        self._places = places

    async def refresh(self, incident: Incident, posts: Sequence[Delivery]) -> Refreshed:
        """Edit what is shown of *incident*: what people look at first, the thread's name last.

        Posts that newer ones have replaced let the edits of other incidents pass: there may be so many that
        they use up the limit of their channel.

        What Discord refuses (deleted, no permission any more) is passed over: it would refuse again. What it
        wants later (too many edits of an old message, a third name in ten minutes) holds up nothing else.
        """
        gone: list[int] = []
        waits: list[timedelta | None] = []
        edited = [post for post in posts if is_refreshed(self._words, post, incident)]
        done = [post.id for post in posts if post not in edited and not post.kind.spec.opens_thread]
        awaited, replaced = by_attention(edited, incident)
        edits = [(self._edit_message, post, current()) for post in awaited]
        edits += [(self._edit_message, post, min(current(), LATER)) for post in replaced]
        renames = [(self._rename, post, current()) for post in posts if post.kind.spec.opens_thread]
        for edit, post, how_urgent in (*edits, *renames):
            try:
                with urgency(how_urgent):
                    await edit(incident, post)
            except DeliveryRefused as refused:
                _passed_over(post, refused)
                done.append(post.id)
                gone += [post.id] if refused.code in _GONE.get(post.kind, ()) else []
            except UpstreamUnavailable as away:
                waits.append(away.capacity_in)
                tell_of_wait("post.refresh_postponed", post, away)
                if away.http_status != HTTPStatus.TOO_MANY_REQUESTS:
                    break  # Discord is away: the others would wait for nothing
            else:
                done.append(post.id)
        return Refreshed(done, gone, soonest(waits))

    async def _edit_message(self, incident: Incident, post: Delivery) -> None:
        body = render(await self._words_for(incident, post), post, incident)
        if incident.is_private:
            body = unaddressed(body)
        edit = partial(self._rest.one, message_route("PATCH", post.channel_id, post.message_id), json=body)
        await in_thread(self._rest, post.channel_id, edit, sleeps_on=_was_put_to_sleep(incident))

    async def _words_for(self, incident: Incident, post: Delivery) -> Wording:
        """Return the wording that knows the account of a DM's reader: a responder is on record by it."""
        handle = post.recipient if post.kind is DeliveryKind.PAGE and incident.is_open else None
        if handle is None:
            return self._words
        person = OnCallPerson(handle, handle, user_id=id_of(handle))
        with suppress(DeliveryRefused, UpstreamUnavailable):  # then their name has to do
            user_id = await self._places.person(incident.guild_id, person)
            return replace(self._words, user_ids={handle: user_id})
        return self._words

    async def _rename(self, incident: Incident, post: Delivery) -> None:
        moved = has_moved(post, incident)
        if post.kind is DeliveryKind.PRIVATE_THREAD:  # one that was left is not there: it was deleted
            name = private_thread_name(self._words, incident)
        else:
            name = (left_name if moved else thread_name)(self._words, incident)
        thread = await self._rest.one(channel_route("GET", post.message_id))
        archived = is_archived(thread)
        # Discord may strip signs from a name: without folding, each refresh would rename it once more.
        is_other = folded(str(thread.get("name"))) != folded(name)
        is_wrong = shows_old_details(post, incident) and is_other
        if archived and (moved or not (incident.is_open or is_wrong)):
            return  # left asleep: its name shows in no list that anybody watches
        wanted = {"archived": False, "name": name} if archived else {"name": name}
        if archived or is_other:
            await self._rest.one(channel_route("PATCH", post.message_id), json=wanted)
        if archived and _was_put_to_sleep(incident):
            await archive(self._rest, post.message_id)


async def redraw(rest: Rest, post: Delivery, body: Mapping[str, object]) -> None:
    """Put *body* over a message; one that is gone, or that Discord refuses to edit, is passed over.

    Raises:
        UpstreamUnavailable: it may work later.
    """
    try:
        await rest.one(message_route("PATCH", post.channel_id, post.message_id), json=body)
    except DeliveryRefused as refused:
        _passed_over(post, refused)


def _was_put_to_sleep(incident: Incident) -> bool:
    """Return whether the incident has ended and its thread was archived; an edit must archive it again."""
    return not incident.is_open and incident.thread.archive_at is None


def tell_of_wait(event: str, post: Delivery, away: UpstreamUnavailable) -> None:
    """Log *event* when Discord puts a request off. A wait in the bot's own queue is not logged."""
    if not isinstance(away, Crowded):
        retry_s = None if away.capacity_in is None else away.capacity_in.total_seconds()
        log.info(event, delivery_id=post.id, http_status=away.http_status, retry_s=retry_s)


def _passed_over(post: Delivery, refused: DeliveryRefused) -> None:
    log.info(
        "post.not_refreshed",
        delivery_id=post.id,
        kind=post.kind,
        http_status=refused.http_status,
        code=refused.code,
    )
