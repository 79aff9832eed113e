"""Words that several kinds of notices share."""

from bot.domain.delivery.notices import Notice
from bot.domain.incident.incident import Incident, label_of
from bot.ui.posts.bodies import Body, message
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording

_REASON_LIMIT = 620  # 300 characters as typed, escaped


def by(words: Wording, notice: Notice) -> str:
    """Return the person who acted."""
    return words.who(notice.by or "?")


def said(
    words: Wording, incident: Incident, notice: Notice, *, other: int | None = None, reason: str | None = None
) -> Body:
    """Compose a line that says who acted, why, and which other incident is concerned."""
    line = words.say(
        f"thread.notice.{notice.name}",
        label=incident.label,
        who=by(words, notice),
        other="" if other is None else label_of(other),
    )
    return message(with_reason(words, line, reason))


def with_reason(words: Wording, line: str, reason: str | None) -> str:
    """Append the person's reason to *line*, if there is one."""
    shown = inert(reason or "", limit=_REASON_LIMIT)
    return words.say("thread.notice.reason", line=line, reason=shown) if shown else line
