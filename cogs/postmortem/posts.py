"""What the bot posts of a postmortem: DMs to its owner, lines in the thread, the message with the draft."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.incident.parts import PostmortemReminderStage, PostmortemState
from bot.domain.incident.records import ResolvedNotice
from bot.runbook.model import Policy
from bot.services.ports import Subject
from bot.ui.buttons import OwnVerb, row
from bot.ui.posts.bodies import (
    Body,
    NoticeLook,
    NoticeLooks,
    Renderers,
    about,
    by,
    carrying,
    colour_of,
    embed,
    line,
    message,
)
from bot.ui.words.inert import code_span, inert
from bot.ui.words.systems import unmarked, url_of, with_marker
from bot.ui.words.timeline_details import EntryLook, owed_fact
from bot.ui.words.wording import Wording, home, home_url
from cogs.postmortem.facts import PostmortemData, UndraftedNotice, document_path
from cogs.postmortem.pulls import PullRequestClosedNotice, PullRequestConflictNotice, PullRequestNotice
from cogs.postmortem.rules import (
    Occasion,
    PostmortemDelivery,
    PostmortemDm,
    PostmortemDoneEntry,
    PostmortemDoneNotice,
    PostmortemDueNotice,
    PostmortemOccasion,
    PostmortemOwedEntry,
    PostmortemOwedNotice,
    PostmortemOwnerEntry,
    PostmortemOwnerNotice,
    PostmortemRemindedEntry,
    PostmortemRules,
)

#: [📄 ふりかえり]: the draft, its owner and date.
SHOW: Final = OwnVerb("postmortem", "📄", is_primary=True)
DONE: Final = OwnVerb("postmortem_done", "✅", is_success=True)
UNDO: Final = OwnVerb("postmortem_undo", "↩️")

#: The owner is there and asked by name.
_PRESENT: Final = frozenset({PostmortemOccasion.OVERDUE, PostmortemOccasion.UNDELIVERED})

_DUE: Final = frozenset({*Occasion, *PostmortemReminderStage})


def postmortem_dm(words: Wording, incident: Incident, data: PostmortemDm) -> Body:
    """Compose the DM: what is due, when, and what happens otherwise; or that nothing is to be done."""
    state = _state(incident, data)
    owed = incident.aftermath.postmortem
    due_on = data.due_on if owed is None else owed.due_on
    done = words.buttons.make(DONE, incident.id)
    first = words.say(
        f"postmortem.dm.{state}",
        label=incident.label,
        due=words.date(due_on),
        title=words.title(incident),
        who=words.who(data.by if state == Occasion.GIVEN or owed is None else owed.owner_name),
    )
    is_due = state in _DUE
    lines = _task(words, incident, state, due_on) if is_due else [words.say("postmortem.dm.nothing")]
    return message(
        first,
        embeds=[embed(colour=colour_of(words, incident), description="\n".join(lines))],
        components=row([done if is_due else None, words.buttons.link(*home(incident))]),
    )


def _state(incident: Incident, data: PostmortemDm) -> str:
    """Return the text key of what the DM says: its reminder while that holds, else what has changed."""
    owed = incident.aftermath.postmortem
    if owed is None or owed.state is PostmortemState.NOT_OWED:
        return "not_owed"
    if owed.state is PostmortemState.DONE:
        return "done"
    if owed.owner_id != data.owner_id:
        return "moved"
    if owed.due_on != data.due_on:
        return Occasion.REDATED
    return data.occasion if data.stage is None else data.stage


def _task(words: Wording, incident: Incident, state: str, due_on: date) -> list[str]:
    when = "after" if state == PostmortemReminderStage.AFTER else "before"
    path = postmortem_path(words.policy, incident)
    return [
        words.say(f"postmortem.dm.task_{when}", path=path, due=words.date(due_on)),
        words.say(f"postmortem.dm.otherwise_{when}"),
        words.say("postmortem.dm.hand_over"),
    ]


def _due(words: Wording, incident: Incident, notice: PostmortemDueNotice) -> Body:
    """Compose the line that asks the owner, or else those who decide; it pings the person it asks."""
    asked = notice.owner if notice.why in _PRESENT else notice.lead
    first = words.say(
        f"postmortem.notice.{notice.why.value}",
        owner=_named(words, notice.owner, mention=asked is notice.owner),
        lead="" if notice.lead is None else _named(words, notice.lead, mention=asked is notice.lead),
        label=incident.label,
        due=words.date(notice.due_on),
    )
    done = words.buttons.make(DONE, incident.id)
    how = words.say(f"postmortem.notice.{'how' if notice.why in _PRESENT else 'how_away'}")
    body = message(f"{first}\n{how}", components=row([done]))
    if asked is not None and asked.id > 0:
        body["allowed_mentions"] = {"parse": [], "users": [str(asked.id)]}
    return body


def _named(words: Wording, who: PersonRef, *, mention: bool) -> str:
    return f"<@{who.id}>" if mention and who.id > 0 else words.who(who.name)


def _done(words: Wording, _incident: Incident, notice: PostmortemDoneNotice) -> Body:
    if notice.merged is None:
        return message(words.say("postmortem.notice.done", who=by(words, notice)))
    return message(words.say("postmortem.notice.merged", url=notice.merged))


def _given(words: Wording, _incident: Incident, notice: PostmortemOwnerNotice) -> Body:
    how = "given" if notice.owner.id != notice.former.id else "redated"
    said = words.say(
        f"postmortem.notice.{how}",
        owner=words.who(notice.owner.name),
        former=words.who(notice.former.name),
        due=words.date(notice.due_on),
        due_before=words.date(notice.due_before or notice.due_on),
        who=by(words, notice),
    )
    return message(said)


def _dm(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    return postmortem_dm(words, about(Incident, delivery, subject), PostmortemDm.from_json(delivery.data))


_PATH: Final = 400
_PROBLEM: Final = 400
_CONFLICT_PATH: Final = 300


def draft(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Compose the message: what it is, where it goes, what is left to do."""
    incident = about(Incident, delivery, subject)
    data = PostmortemData.from_json(delivery.data)
    title = words.drilled(incident, words.say("document.post.title", label=incident.label))
    lines = [
        title,
        path_line(words, data.path),
        words.say("document.post.todo"),
        *problem_line(words, data.problem),
    ]
    return carrying(message("\n".join(lines)), data.files)


def path_line(words: Wording, path: str) -> str:
    """Return the line that says where in the repository the document goes."""
    return words.say("document.post.path", path=code_span(path, limit=_PATH))


def problem_line(words: Wording, problem: str | None) -> list[str]:
    """Return the line that the team's own template has failed, with the reason; none if it has not."""
    if problem is None:
        return []
    return [words.say("document.post.problem", problem=code_span(problem, limit=_PROBLEM))]


def _undrafted(words: Wording, incident: Incident, _notice: UndraftedNotice) -> Body:
    return message(words.say("document.notice.undrafted", label=incident.label))


def _conflict(words: Wording, _incident: Incident, notice: PullRequestConflictNotice) -> Body:
    """Compose the line about a draft that was not written, with what to do instead."""
    key = "conflict_removed" if notice.is_removed else "conflict"
    path = inert(notice.path, limit=_CONFLICT_PATH)
    return message(words.say(f"exports.notice.{key}", path=path, url=url_of(notice.url or "")).strip())


@dataclass(frozen=True, slots=True)
class PullText:
    """What the bot writes about a postmortem on the code host, in the team's language.

    Nothing in it notifies people, refers to issues or closes one.

    Attributes:
        title, body: Of the pull request.
        message: Of the commit.
    """

    title: str
    body: str
    message: str


def pull_text(words: Wording, incident: Incident, *, marker: str) -> PullText:
    """Write the pull request of a postmortem. The body has no words of people, which could close an issue.

    Args:
        marker: By which the bot finds again what it was about to note when it was killed; it is not shown.
    """
    say, ended = words.say, incident.ended
    body = say(
        "exports.pull.body",
        label=incident.label,
        severity=incident.severity,
        started=words.full(incident.started_at),
        ended="-" if ended is None else words.full(ended.at),
        url=home_url(incident) or "-",
    )
    return PullText(
        title=say("exports.pull.title", label=incident.label, title=unmarked(incident.title)),
        body=with_marker(body, marker),
        message=say("exports.pull.message", label=incident.label),
    )


def resolved_lines(words: Wording, incident: Incident, notice: ResolvedNotice) -> list[str]:
    """Return what the line of a resolve says of the postmortem; no owner in a row of an older version."""
    if not words.severity(incident).postmortem:
        return []
    path, started = postmortem_path(words.policy, incident), words.full(incident.started_at)
    asked = words.say("thread.notice.postmortem", path=path, started=started)
    if notice.owner is None or notice.due_on is None:
        return [asked]
    due = words.date(notice.due_on)
    return [asked, words.say("postmortem.notice.owner", who=words.who(notice.owner.name), due=due)]


def postmortem_path(policy: Policy, incident: Incident) -> str:
    """Return the path of the postmortem: the policy's pattern with the local start day and the title."""
    day = incident.started_at.astimezone(policy.timezone).date()
    pattern = policy.of(PostmortemRules).path
    return document_path(pattern, title=incident.title, label=incident.label, day=day)


def _handed_over(words: Wording, data: PostmortemOwnerEntry, _limit: int) -> Iterator[str]:
    """Yield the new owner with the date, and the former one, or the former date."""
    if data.due_on is not None:
        yield owed_fact(words, data.owner.name, data.due_on)
    if data.former.id != data.owner.id:
        yield words.say("history.fact.former", who=words.who(data.former.name))
    if data.due_before is not None:
        yield words.say("history.fact.former", who=words.date(data.due_before))


def _reminded(words: Wording, data: PostmortemRemindedEntry, _limit: int) -> Iterator[str]:
    """Yield who was reminded, or that they are away."""
    who = words.who(data.owner)
    yield words.say("history.fact.postmortem_away", who=who) if data.is_away else who


NOTICES: Final[NoticeLooks] = (
    NoticeLook(PostmortemDueNotice, _due),
    NoticeLook(PostmortemDoneNotice, _done),
    line(
        PostmortemOwedNotice,
        "postmortem.notice.owed",
        owner=lambda words, _incident, notice: words.who(notice.owner.name),
        due=lambda words, _incident, notice: words.date(notice.due_on),
    ),
    NoticeLook(PostmortemOwnerNotice, _given),
    NoticeLook(UndraftedNotice, _undrafted),
    line(PullRequestNotice, "exports.notice.pull_request", url=lambda _w, _i, notice: url_of(notice.url)),
    line(PullRequestClosedNotice, "exports.notice.closed", url=lambda _w, _i, notice: url_of(notice.url)),
    NoticeLook(PullRequestConflictNotice, _conflict),
)

RENDERERS: Final[Renderers] = {PostmortemDelivery.DM: _dm, PostmortemDelivery.FILE: draft}

ENTRIES: Final[tuple[EntryLook[Any], ...]] = (
    EntryLook(PostmortemOwnerEntry, _handed_over),
    EntryLook(PostmortemRemindedEntry, _reminded),
    EntryLook(PostmortemDoneEntry, lambda _words, _data, _limit: ()),
    EntryLook(PostmortemOwedEntry, lambda _words, _data, _limit: ()),
)
