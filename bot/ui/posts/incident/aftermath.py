"""What the posts say of an incident's end: how it was resolved, and who owes the postmortem."""

from collections.abc import Callable, Iterator
from typing import Final

from bot.domain.incident.incident import Incident, Status
from bot.domain.incident.parts import Postmortem, PostmortemState, Resolution
from bot.domain.incident.records import ResolutionCorrectedNotice, ResolvedNotice
from bot.services.shared.contributions import shown_postmortem
from bot.ui.posts.bodies import CONTENT_LIMIT, Body, NoticeLook, NoticeLooks, by, colour_of, embed, message
from bot.ui.words.inert import inert, inert_lines
from bot.ui.words.wording import Wording

_SEPARATOR: Final = " · "
_LINE_LIMIT: Final = 200  # a fact in a post: the thread has the rest
_WHOLE_LIMIT: Final = 1_400  # as typed 1,000 characters with some escapes; an embed holds two such texts

#: Makes the words of a person safe.
_Safe = Callable[[str], str]


def aftermath(words: Wording, incident: Incident, *, limit: int = _LINE_LIMIT) -> list[str]:
    """Return how a resolved incident was resolved, one fact a line, and its postmortem; else nothing.

    Args:
        limit: Characters of a fact.
    """
    if incident.status is not Status.RESOLVED:
        return []
    said, owed = incident.aftermath.resolution, shown_postmortem(words.policy, incident)
    return [
        *([] if said is None else said_lines(words, said, limit=limit)),
        *([] if owed is None else postmortem_line(words, owed)),
    ]


def said_lines(words: Wording, resolution: Resolution, *, limit: int = _LINE_LIMIT) -> list[str]:
    """Return how an incident was resolved, one fact a line, each cut to what a post has room for."""
    return list(_facts(words, resolution, lambda text: inert(text, limit=limit)))


def whole_lines(words: Wording, resolution: Resolution) -> list[str]:
    """Return the same with every word and line break, for the thread."""
    return list(_facts(words, resolution, lambda text: inert_lines(text, limit=_WHOLE_LIMIT)))


def with_whole(words: Wording, incident: Incident, first: str, rest: list[str]) -> Body:
    """Compose a message of *first* and *rest*; what is too long for its text goes into an embed."""
    body = "\n".join(rest)
    if len(first) + len(body) < CONTENT_LIMIT:
        return message("\n".join([first, *rest]))
    return message(first, embeds=[embed(colour=colour_of(words, incident), description=body)])


def resolve_lines(words: Wording, incident: Incident, notice: ResolvedNotice) -> list[str]:
    """Return what the line of a resolve in the thread says of the postmortem, and of nothing else."""
    duties = (one.postmortems for one in words.policy.capabilities if one.postmortems is not None)
    return [line for duty in duties for line in duty.notice_lines(words, incident, notice)]


def own_postmortem(words: Wording, incident: Incident, reader: str | None) -> str:
    """Say until when the person with the handle *reader* owes the postmortem; empty if they do not."""
    owed = shown_postmortem(words.policy, incident)
    if owed is None or not owed.is_owed or reader is None:
        return ""
    if not words.means(reader, user_id=owed.owner_id, name=owed.owner_name):
        return ""
    return words.say("page.dm.postmortem", due=words.date(owed.due_on))


def postmortem_line(words: Wording, owed: Postmortem) -> list[str]:
    """Return who owes the postmortem and by when, or who has finished it; nothing if it is not owed."""
    if owed.is_owed:
        due = words.date(owed.due_on)
        return [words.say("postmortem.line.owed", who=words.who(owed.owner_name), due=due)]
    if owed.state is not PostmortemState.DONE or owed.done_at is None:
        return []
    return [
        words.say("postmortem.line.done", who=words.who(owed.done_by_name), at=words.moment(owed.done_at))
    ]


def said_impact(words: Wording, resolution: Resolution, *, limit: int = _LINE_LIMIT) -> str:
    """Return the impact that was said at the resolve, with people and duration; empty without any."""
    return _impact(words, resolution, lambda text: inert(text, limit=limit))


def _facts(words: Wording, resolution: Resolution, safe: _Safe) -> Iterator[str]:
    """Yield how bad it was, then why, then what ended it."""
    if shown := _impact(words, resolution, safe):
        yield shown
    for name, text in (("cause", resolution.cause), ("fix", resolution.fix)):
        if text:
            yield words.say(f"resolution.fact.{name}", text=safe(text))


def _impact(words: Wording, resolution: Resolution, safe: _Safe) -> str:
    measured = [
        safe(resolution.impact) if resolution.impact else "",
        ""
        if resolution.people is None
        else words.say("resolution.fact.people", count=f"{resolution.people:,}"),
        "" if resolution.duration is None else words.span(resolution.duration),
    ]
    key = "impact" if any(measured[:-1]) else "duration"
    shown = _SEPARATOR.join(part for part in measured if part)
    return words.say(f"resolution.fact.{key}", text=shown) if shown else ""


def _corrected(words: Wording, incident: Incident, notice: ResolutionCorrectedNotice) -> Body:
    first = words.say("resolution.notice.corrected", who=by(words, notice))
    return with_whole(words, incident, first, whole_lines(words, notice.said))


NOTICES: Final[NoticeLooks] = (NoticeLook(ResolutionCorrectedNotice, _corrected),)
