"""The public thread that a private incident has left: what it still tells, and the offer to delete it."""

from collections.abc import Sequence
from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident
from bot.domain.privacy_payloads import (
    NameWaitsNotice,
    OldThreadNotice,
    ThreadDeletedNotice,
    ThreadLeftNotice,
    ThreadNotClosedNotice,
)
from bot.ui.buttons import ButtonStyle, Component, button, row
from bot.ui.posts.bodies import Body, message
from bot.ui.posts.looks import NoticeLook, NoticeLooks, line
from bot.ui.words.inert import inert, joined
from bot.ui.words.links import place_url
from bot.ui.words.wording import Wording

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
    NoticeLook(ThreadLeftNotice, thread_left, _is_news),
    NoticeLook(ThreadNotClosedNotice, thread_not_closed, _is_news),
    NoticeLook(NameWaitsNotice, name_waits, _is_news),
    line(ThreadDeletedNotice, "private.notice_thread_deleted"),
)
