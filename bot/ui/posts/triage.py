"""The posts of a triage: a re-evaluation, the question when it is due, and one that was left unfinished."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.incident.forms import digest_of
from bot.domain.incident.incident import Incident
from bot.domain.incident.parts import Source
from bot.domain.text import DIGEST_DIGITS
from bot.domain.triage.session import Triage, TriageData, TriageStatus
from bot.services.ports import Subject
from bot.services.triage.walk import raised_if_left
from bot.ui.buttons import ButtonStyle, Component, TriageVerb, button, row
from bot.ui.posts.bodies import GREY, Body, Renderers, about, embed, message
from bot.ui.words.inert import inert
from bot.ui.words.summary import summary
from bot.ui.words.triage_words import or_more_severe, path_words
from bot.ui.words.wording import Wording, alert_url, channel_name, place_url, relative

#: The custom id of the button that starts a triage of an alert's message: `triage_button` makes it. The end
#: is the alert's number and the digest of its title; buttons of older versions have none.
FROM: Final = (
    r"tri:v1:from:(?P<channel>\d{1,20}):(?P<message>\d{1,20})"
    rf"(?::(?P<alert>\d{{1,18}}):(?P<title>[0-9a-f]{{{DIGEST_DIGITS}}}))?"
)

#: The same for an alert that only the post with the button shows.
FROM_HERE: Final = rf"tri:v1:here:(?P<alert>\d{{1,18}}):(?P<title>[0-9a-f]{{{DIGEST_DIGITS}}})"

_TITLE_LIMIT = 420  # 200 characters as stored, escaped
_TARGETS_LIMIT = 160
_LINE_LIMIT = 900
_SILENT = 1 << 12  # Discord: SUPPRESS_NOTIFICATIONS, the message rings no phone

#: Those of a re-evaluation: one after the other, the newest counts.
_ROUNDS: Final = frozenset({DeliveryKind.REEVALUATION_HELD, DeliveryKind.REEVALUATION})

#: The posts that ask who continues a triage that was left unfinished.
_LEFT: Final = frozenset({DeliveryKind.UNFINISHED_DM, DeliveryKind.UNFINISHED})

_NO_DATA: Final = TriageData(triage=0)

_LINES = {
    TriageStatus.OPEN: "open",
    TriageStatus.CANCELLED: "cancelled",
    TriageStatus.DISMISSED: "dismissed",
    TriageStatus.EXPIRED: "expired",
}


def first_triage_post(
    words: Wording, kind: AnyDeliveryKind, triage: Triage, *, data: TriageData = _NO_DATA
) -> Body:
    """Compose the post as it is sent; a line answers the message that the triage is about.

    Args:
        words: The team's.
        kind: One that shows a triage.
        triage: As it is now.
        data: The delivery's.
    """
    body = triage_post(words, kind, triage, newer=None, data=data)
    if kind is not DeliveryKind.TRIAGE_LINE:
        return {**body, "flags": _SILENT} if data.quiet or kind is DeliveryKind.UNFINISHED else body
    if triage.source_message_id is None:
        return {**body, "flags": _SILENT}
    # If the message was deleted meanwhile, the line is posted without it.
    source = {"message_id": str(triage.source_message_id), "fail_if_not_exists": False}
    return {**body, "flags": _SILENT, "message_reference": source}


def triage_posts(words: Wording, triage: Triage, posts: Sequence[Delivery]) -> list[tuple[Delivery, Body]]:
    """Return each of *posts* with the body it should have now.

    Args:
        words: The team's.
        triage: Without an incident. The posts of a triage with one show the incident.
        posts: The existing ones, oldest first.
    """
    asked = [post for post in posts if post.kind in _ROUNDS]
    newest = asked[-1] if asked else None
    url = None
    if newest is not None and newest.channel_id is not None and newest.message_id is not None:
        url = place_url(newest.guild_id, newest.channel_id, newest.message_id)
    return [
        (
            post,
            triage_post(
                words,
                post.kind,
                triage,
                newer=None if post is newest else url,
                data=TriageData.from_json(post.data),
            ),
        )
        for post in posts
    ]


def triage_post(
    words: Wording,
    kind: AnyDeliveryKind,
    triage: Triage,
    *,
    newer: str | None,
    data: TriageData = _NO_DATA,
) -> Body:
    """Compose one post of a triage that has no incident.

    Args:
        words: The team's.
        kind: One that shows a triage.
        triage: As it is now.
        newer: The address of a later post that asks about it.
        data: The delivery's.
    """
    if kind in _LEFT and is_left(triage):
        return unfinished_post(words, kind, triage)
    if kind not in _ROUNDS:
        return _line(words, triage)
    if not triage.is_under_reevaluation:
        who, at = words.who(triage.ended_by_name), words.moment(triage.ended_at or triage.created_at)
        return _question(words, triage, [words.say("triaging.question.dismissed", who=who, at=at)])
    if newer is not None:
        moved = _question(words, triage, [words.say("triaging.question.moved")])
        return {**moved, "components": row([words.buttons.link("to_post", newer)])}
    return _asked(words, triage, kind, reporter=data.monitor or triage.user_name)


def triage_button(words: Wording, alert: Incident, source: Source | None) -> Component:
    """Return a button, for a post that shows *alert*, that starts a triage of the message it tracks.

    Args:
        source: That message; None: the alert came as an event, and no message but the post itself shows it.
    """
    place = "here" if source is None else f"from:{source.channel_id}:{source.message_id}"
    return button(
        words.say("buttons.triage"),
        f"tri:v1:{place}:{alert.id}:{digest_of(alert.title)}",
        style=ButtonStyle.SECONDARY,
        emoji="🔎",
    )


def triage_raised(words: Wording, incident: Incident) -> Body:
    """Compose any post of a triage that has become an incident: who has it, and the way to its post."""
    if incident.is_private:
        return message(words.say("triaging.line.private", label=incident.label))
    line = words.say("triaging.line.raised", summary=summary(words, incident), label=incident.label)
    return message(line, components=row([words.buttons.link("to_post", alert_url(incident))]))


def _line(words: Wording, triage: Triage) -> Body:
    title = inert(triage.title, limit=_TITLE_LIMIT)
    if triage.status is TriageStatus.REEVALUATING:
        key = "held" if triage.asked_at is None else "asked"
        due = words.moment(triage.due_at or triage.created_at)
        channel = channel_name(words.policy.reevaluate.channel)
        line = words.say(f"triaging.line.{key}", title=title, due=due, channel=channel)
        return message(line, components=_show(words, triage))
    name = triage.at_work_name if triage.status is TriageStatus.OPEN else triage.ended_by_name
    line = words.say(f"triaging.line.{_LINES[triage.status]}", who=words.who(name), title=title)
    return message(line, components=_show(words, triage) if triage.status is TriageStatus.OPEN else row([]))


def _show(words: Wording, triage: Triage) -> Sequence[Component]:
    return row([words.buttons.make(TriageVerb.SHOW, triage.id)])


def _asked(words: Wording, triage: Triage, kind: AnyDeliveryKind, *, reporter: str) -> Body:
    """Compose the question with its buttons; it mentions the reporter only when a re-evaluation is due."""
    is_due = kind is DeliveryKind.REEVALUATION
    due = triage.due_at or triage.created_at
    about = words.say(
        f"triaging.question.{'asked' if is_due else 'held'}",
        reporter=words.who(reporter),
        holder=words.who(triage.held_by_name),
        due=words.moment(due),
        left=relative(due),
    )
    started = triage.started_at
    began = words.say("triaging.question.facts", at=words.moment(started), ago=relative(started))
    if symptoms := words.symptoms(triage.symptoms, limit=_LINE_LIMIT):
        began = f"{began} · {words.say('alert.symptoms', symptoms=symptoms)}"
    facts = [about, began]
    if is_due:
        promise = words.say(
            "triaging.question.promise",
            due=words.moment(due),
            severity=words.policy.reevaluate.promote_to,
            left=relative(due),
        )
        facts.append(f"{promise}{or_more_severe(words, triage)}")
    if triage.taken_by_name is not None:
        facts.append(words.say("triaging.question.taken", who=words.who(triage.taken_by_name)))
    verbs = (TriageVerb.PROMOTE, TriageVerb.DISMISS, TriageVerb.AGAIN)
    buttons = row([words.buttons.make(verb, triage.id) for verb in verbs])
    body = _question(words, triage, facts, mention=f"<@{triage.user_id}>" if is_due else None)
    allowed: Mapping[str, list[str]] = (
        {"parse": [], "users": [str(triage.user_id)]} if is_due else {"parse": []}
    )
    return {**body, "components": buttons, "allowed_mentions": allowed}


def _question(
    words: Wording, triage: Triage, facts: Sequence[str], *, mention: str | None = None
) -> dict[str, object]:
    title = inert(triage.title, limit=_TITLE_LIMIT)
    key = "line" if mention is None else "line_to"
    line = words.say(f"triaging.question.{key}", title=title, who=mention)
    targets = words.targets(triage.targets, limit=_TARGETS_LIMIT)
    if targets:
        line = words.say("alert.line.targets", line=line, targets=targets)
    return message(line, embeds=[embed(colour=GREY, description="\n".join(facts))])


def _render(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    if isinstance(subject, Incident):
        return triage_raised(words, subject)
    data = TriageData.from_json(delivery.data)
    return first_triage_post(words, delivery.kind, about(Triage, delivery, subject), data=data)


RENDERERS: Final[Renderers] = {kind: _render for kind in DeliveryKind if kind.spec.shows_triage}


_PATH_LIMIT: Final = 900


def is_left(triage: Triage) -> bool:
    """Return whether the triage's person was asked to continue, and no one has continued it since."""
    return triage.is_unfinished and triage.idle.asked_at is not None


def unfinished_post(words: Wording, kind: AnyDeliveryKind, triage: Triage) -> Body:
    """Compose the question, with what happens if no one continues the triage; [続ける] [やめる].

    Args:
        words: The team's.
        kind: `UNFINISHED_DM` or `UNFINISHED`.
        triage: One that `is_left`.
    """
    content = words.say("triaging.unfinished.line", title=inert(triage.title, limit=_TITLE_LIMIT))
    buttons = row([words.buttons.make(verb, triage.id) for verb in (TriageVerb.CONTINUE, TriageVerb.STOP)])
    facts = "\n".join(_unfinished_facts(words, kind, triage))
    return message(content, embeds=[embed(colour=GREY, description=facts)], components=buttons)


def _unfinished_facts(words: Wording, kind: AnyDeliveryKind, triage: Triage) -> Iterator[str]:
    if kind is DeliveryKind.UNFINISHED:
        who = words.who(triage.idle.asked_name)
        yield words.say("triaging.unfinished.left", who=who)
    yield _consequence(words, triage)
    if triage.answers:
        steps = [path_words(words, given) for given in triage.answers]
        path = words.joined(steps, separator=" → ", limit=_PATH_LIMIT)
        yield words.say("triaging.unfinished.path", path=path)
    started = triage.started_at
    yield words.say("triaging.question.facts", at=words.moment(started), ago=relative(started))


def _consequence(words: Wording, triage: Triage) -> str:
    """Say what happens, and when, if no one continues the triage."""
    channel, due_at = channel_name(words.policy.unfinished.channel), triage.idle.due_at
    if due_at is None:
        return words.say("triaging.unfinished.open", channel=channel)
    due, left = words.moment(due_at), relative(due_at)
    severity = raised_if_left(words.policy, triage)
    if severity is None:
        return words.say("triaging.unfinished.offered", channel=channel, due=due, left=left)
    raised = words.say("triaging.unfinished.raised", severity=severity.name, due=due, left=left)
    return f"{raised}{or_more_severe(words, triage)}"
