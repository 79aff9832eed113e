"""A private incident in Discord: its thread, its notices, and what is left of its earlier posts."""

from collections.abc import Sequence
from typing import Final

from bot.domain.delivery.delivery import Notice
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.privacy import PostPlaces
from bot.domain.privacy_payloads import (
    MadePrivateNotice,
    MemberAddedNotice,
    MemberRemovedNotice,
    NotLetInNotice,
    NotRedactedNotice,
    NotTakenOutNotice,
    PostsClearedNotice,
    PostsWaitNotice,
)
from bot.ui.posts.bodies import HERE, Body, message
from bot.ui.posts.looks import NoticeLooks, Renderers, alone, by, line
from bot.ui.words.links import place_url
from bot.ui.words.voice import channel_name
from bot.ui.words.wording import Wording, sign_of

_PRIVATE_THREAD: Final = 12  # Discord: the channel type
_PLACES_LIMIT: Final = 500
_URLS_LIMIT: Final = 1_400
_WEEK_MIN: Final = 10_080  # auto_archive_duration, the longest there is


def private_thread(words: Wording, incident: Incident) -> Body:
    """Return the body of Start Thread without Message; members cannot let others in."""
    return {
        "name": private_thread_name(words, incident),
        "type": _PRIVATE_THREAD,
        "invitable": False,
        "auto_archive_duration": _WEEK_MIN,
    }


def private_thread_name(words: Wording, incident: Incident) -> str:
    """Return the name of a private thread, such as "🔒 INC-42 🔴"; the title appears only inside."""
    return words.drilled(incident, words.say("private.name", label=incident.label, sign=sign_of(incident)))


def left_thread_name(words: Wording, incident: Incident) -> str:
    """Return the final name of the public thread that a private incident has left, such as "🔒 INC-42"."""
    return words.drilled(incident, words.say("private.name_left", label=incident.label))


def redacted(words: Wording, incident: Incident) -> Body:
    """Compose the text that replaces a public post of an incident that is now private."""
    return message(words.drilled(incident, words.say("private.redacted", label=incident.label)))


def addressed(body: Body, role_ids: Sequence[int]) -> Body:
    """Return *body* with ``@here`` replaced by the roles that see private incidents.

    In a private thread ``@here`` reaches only those of its members who are online. A role that is not in the
    server leaves it as it is.
    """
    content = str(body["content"])
    if not role_ids or not content.startswith(HERE):
        return body
    roles = " ".join(f"<@&{role_id}>" for role_id in role_ids)
    allowed = {"parse": [], "roles": [str(role_id) for role_id in role_ids]}
    return {**body, "content": content.replace(HERE, roles, 1), "allowed_mentions": allowed}


def unaddressed(body: Body) -> Body:
    """Return *body* without ``@here``, for an edit: the people it was for have been pinged."""
    content = str(body["content"]).removeprefix(f"{HERE} ")
    return {**body, "content": content, "allowed_mentions": {"parse": []}}


def around(incident: Incident) -> str:
    """Return the name of the channel that holds the thread; only people who see it can be added."""
    return channel_name(incident.thread.channel or "?")


def place_lines(words: Wording, places: PostPlaces) -> list[str]:
    """Say where Discord holds a post about a private incident: its thread, DMs, and posts from before."""
    thread = [words.say("private.where")] if places.is_in_thread else []
    direct = [words.say("private.told_dm", people=words.on_call(places.people))] if places.people else []
    parts = {
        "told": [*thread, *direct],
        "told_emptied": [f"<#{channel}>" for channel in places.emptied],
        "told_readable": [f"<#{channel}>" for channel in places.readable],
    }
    return [
        words.say(f"private.{key}", places=words.joined(shown, limit=_PLACES_LIMIT))
        for key, shown in parts.items()
        if shown
    ]


def _member(
    words: Wording, _incident: Incident, notice: MemberAddedNotice | MemberRemovedNotice | NotTakenOutNotice
) -> str:
    return words.who(notice.who or "?")


def _actor(words: Wording, _incident: Incident, notice: Notice) -> str:
    return by(words, notice)


def _outsider(words: Wording, _incident: Incident, notice: NotLetInNotice) -> str:
    return words.on_call([notice.place or "?"]) if notice.who is None else words.who(notice.who)


def _places(words: Wording, incident: Incident, notice: PostsWaitNotice) -> str:
    urls = (f"<{place_url(incident.guild_id, *map(int, post.split('/')))}>" for post in notice.posts)
    return words.joined(urls, limit=_URLS_LIMIT)


NOTICES: Final[NoticeLooks] = (
    line(MadePrivateNotice, "private.notice_made"),
    line(PostsClearedNotice, "private.notice_cleared"),
    line(MemberAddedNotice, "private.notice_added", who=_member, by=_actor),
    line(
        MemberRemovedNotice,
        lambda notice: "private.notice_left" if notice.is_own else "private.notice_removed",
        who=_member,
        by=_actor,
    ),
    line(
        NotLetInNotice,
        "private.notice_not_let_in",
        who=_outsider,
        channel=lambda _words, incident, _notice: around(incident),
    ),
    line(NotTakenOutNotice, "private.notice_not_taken_out", who=_member),
    line(
        PostsWaitNotice,
        "private.notice_posts_wait",
        count=lambda _words, _incident, notice: len(notice.posts),
        urls=_places,
    ),
    line(
        NotRedactedNotice,
        "private.notice_not_redacted",
        url=lambda _words, incident, notice: place_url(incident.guild_id, notice.channel, notice.message),
    ),
)

#: A request about a member has no body.
RENDERERS: Final[Renderers] = {
    DeliveryKind.MEMBER: alone(lambda _words, _delivery: {}),
    DeliveryKind.MEMBER_REMOVED: alone(lambda _words, _delivery: {}),
}
