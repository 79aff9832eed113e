"""A private incident in Discord: its thread, its notices, and what other posts and the old thread tell."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.delivery.delivery import Delivery, Notice
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident, label_pattern
from bot.domain.privacy import PostPlaces
from bot.domain.privacy_payloads import (
    MadePrivateNotice,
    MemberAddedNotice,
    MemberRemovedNotice,
    NameWaitsNotice,
    NotLetInNotice,
    NotRedactedNotice,
    NotTakenOutNotice,
    OldThreadNotice,
    PostsClearedNotice,
    PostsWaitNotice,
    ThreadDeletedNotice,
    ThreadLeftNotice,
    ThreadNotClosedNotice,
)
from bot.domain.statistics.figures import ExampleOf
from bot.ui.buttons import ButtonStyle, Component, button, row
from bot.ui.posts.bodies import HERE, Body, NoticeLook, NoticeLooks, Renderers, alone, by, line, message
from bot.ui.words.inert import inert, joined, plain
from bot.ui.words.wording import Wording, channel_name, place_url, sign_of

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


#: A request about a member has no body.
RENDERERS: Final[Renderers] = {
    DeliveryKind.MEMBER: alone(lambda _words, _delivery: {}),
    DeliveryKind.MEMBER_REMOVED: alone(lambda _words, _delivery: {}),
}


#: What separates the facts of a line.
_BETWEEN: Final = " · "
#: What lines of figures lead to; that of drills ends as a line about an action item does.
_FIGURES: Final = [of for of in ExampleOf if of is not ExampleOf.DRILL]
#: How a line begins that belongs to the one above.
_SMALL_PRINT: Final = "-# "

#: Where the words for people are, by part of a message; all else are ids, addresses and numbers.
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "content": frozenset({"content"}),
    "embeds": frozenset({"title", "description", "text", "name", "value"}),
    "components": frozenset({"content", "label", "placeholder", "description"}),
}

#: A line with at least so much of a title is about its incident.
_TITLE_FROM: Final = 4
_TITLE_TO: Final = 30
_OTHERS: Final = re.compile(rf"(?<![A-Za-z0-9-]){label_pattern()}(?!\d)", re.ASCII)


def without_incident(words: Wording, incident: Incident, message: Mapping[str, object]) -> Body:
    """Return the edit that takes a private *incident* out of a message; empty if it is not there.

    A line that names it says that it is private instead, and the small print below goes. A line of figures
    only loses where it led; of a list of numbers its own becomes 🔒.

    Args:
        message: As Discord returns it.
    """
    number = rf"(?<![A-Za-z0-9-]){label_pattern(incident.id)}(?!\d)"
    own = rf"(?:\[\**{number}\**\]\([^)\s]*\)|\*\*{number}\*\*|{number})"  # as a link or in bold, too
    title = incident.title
    shown = (plain(title, limit=len(title) + 1), inert(title, limit=2 * len(title) + 1))
    # What the digest appends to a line, before and after the incident's number.
    ends = [words.say(f"figures.example.{of}", name="\0").partition("\0") for of in _FIGURES]
    cleaner = _Cleaner(
        hidden=str(redacted(words, incident)["content"]),
        own=re.compile(own),
        example=re.compile(
            "|".join(f"{re.escape(before)}{own}{re.escape(after)}" for before, _, after in ends)
        ),
        titles=tuple({each[:_TITLE_TO] for each in shown if len(each) >= _TITLE_FROM}),
    )
    before = {part: message[part] for part in _WORDS if message.get(part)}
    texts: list[str] = []
    _rewritten(before, texts.append)
    if not any(cleaner.own.search(text) for text in texts):
        return {}
    after = _rewritten(before, cleaner.text)
    changed = {part: value for part, value in after.items() if value != before[part]}
    if "embeds" in changed:
        changed["embeds"] = _with_files(changed["embeds"], message)
    return {**changed, "allowed_mentions": {"parse": []}} if changed else {}


@dataclass(frozen=True, slots=True)
class _Cleaner:
    """Rewrites one text.

    Attributes:
        hidden: The line in the place of one about the incident.
        own: Finds its number, with the link around it.
        example: Finds the end of a line of figures that leads to the incident.
        titles: How its title begins where it is shown: with and without escapes.
    """

    hidden: str
    own: re.Pattern[str]
    example: re.Pattern[str]
    titles: tuple[str, ...]

    def text(self, text: str) -> str:
        """Return *text*, with one line in the place of several that follow each other."""
        lines: list[str] = []
        for shown in map(self._line, text.split("\n")):
            is_below = bool(lines) and lines[-1] == self.hidden
            if not (is_below and (shown == self.hidden or shown.startswith(_SMALL_PRINT))):
                lines.append(shown)
        return "\n".join(lines)

    def _line(self, line: str) -> str:
        if self.hidden in line:
            return line
        if any(title in line for title in self.titles):
            return self.hidden
        rest = self.example.sub("", line)
        if not self.own.search(rest):
            return rest
        naming = (part for part in rest.split(_BETWEEN) if self.own.search(part))
        is_list = all(_OTHERS.search(self.own.sub("", part)) for part in naming)
        return self.own.sub("🔒", rest) if is_list else self.hidden


def _rewritten(parts: Mapping[str, object], rewrite: Callable[[str], str | None]) -> dict[str, object]:
    """Return the *parts* of a message with each text for people in them rewritten."""

    def walk(value: object, key: str, keys: frozenset[str]) -> object:
        if isinstance(value, Mapping):
            return {name: walk(inner, name, keys) for name, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner, key, keys) for inner in value]
        return rewrite(value) if isinstance(value, str) and key in keys else value

    return {part: walk(value, part, _WORDS[part]) for part, value in parts.items()}


def _with_files(embeds: object, message: Mapping[str, object]) -> object:
    """Return *embeds* as an edit takes them: a picture that is a file of the message is named as that file.

    Otherwise Discord would show the file twice.
    """
    files = message.get("attachments")
    names = {
        str(one.get("url")).partition("?")[0]: f"attachment://{one.get('filename')}"
        for one in (files if isinstance(files, list) else ())
    }

    def sent(embed: Mapping[str, object]) -> dict[str, object]:
        image = embed.get("image")
        url = str(image.get("url")) if isinstance(image, Mapping) else ""
        name = names.get(url.partition("?")[0])
        return {**embed, "image": {"url": name}} if name else dict(embed)

    return [sent(embed) for embed in embeds] if isinstance(embeds, list) else embeds


#: The custom id and the emoji of [🗑️ 元のスレッドを削除].
DELETE: Final = "inc:v1:thread-delete"
BIN: Final = "🗑️"

_NAME_LIMIT: Final = 200  # 100 characters as Discord takes them, escaped
_NAMES_LIMIT: Final = 1_200


def thread_left(words: Wording, incident: Incident, notice: ThreadLeftNotice) -> Body:
    """Compose a line in the private thread: what others still read in the old one; it can be deleted."""
    if notice.deleted_by is not None:
        return _gone(words, incident, notice)
    lines = [words.say("private.notice_left_open", url=place_url(incident.guild_id, notice.thread))]
    if notice.names:
        shown = [words.say("private.left_name", name=inert(name, limit=_NAME_LIMIT)) for name in notice.names]
        listed = joined(shown, separator=" ", limit=_NAMES_LIMIT, more="…")
        lines.append(words.say("private.notice_left_names", names=listed))
    if notice.written:
        lines.append(words.say("private.notice_left_written", count=notice.written))
    return message("\n".join(lines), components=_offer(words, incident, notice.thread))


def thread_not_closed(words: Wording, incident: Incident, notice: ThreadNotClosedNotice) -> Body:
    """Compose a line in the private thread: Discord refuses to rename the old one."""
    if notice.deleted_by is not None:
        return _gone(words, incident, notice)
    url = place_url(incident.guild_id, notice.thread)
    return message(words.say("private.notice_not_closed", url=url))


def name_waits(words: Wording, incident: Incident, notice: NameWaitsNotice) -> Body:
    """Compose a line in the private thread: the old one still has its old name."""
    if notice.deleted_by is not None:
        return _gone(words, incident, notice)
    line = words.say("private.notice_name_waits", url=place_url(incident.guild_id, notice.thread))
    return message(line, components=_offer(words, incident, notice.thread))


def _gone(words: Wording, incident: Incident, notice: OldThreadNotice) -> Body:
    who, at = words.who(notice.deleted_by), notice.deleted_at or incident.triggered_at
    clock = words.clock(at, on=incident.triggered_at)
    return message(words.say("private.notice_left_deleted", who=who, at=clock))


def _is_news(_words: Wording, _incident: Incident, notice: OldThreadNotice, post: Delivery) -> bool:
    """Return True if the thread was deleted, and the line does not say so yet."""
    return notice.deleted_by is not None and not post.shown_version


def _offer(words: Wording, incident: Incident, thread_id: int) -> Sequence[Component]:
    delete_id = f"{DELETE}:{incident.id}:{thread_id}"
    return row([button(words.say("private.delete"), delete_id, style=ButtonStyle.DANGER, emoji=BIN)])


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
    NoticeLook(ThreadLeftNotice, thread_left, _is_news),
    NoticeLook(ThreadNotClosedNotice, thread_not_closed, _is_news),
    NoticeLook(NameWaitsNotice, name_waits, _is_news),
    line(ThreadDeletedNotice, "private.notice_thread_deleted"),
)
