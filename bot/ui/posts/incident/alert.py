"""The alert post, and the quiet post that carries a thread in another channel than the alert's."""

from collections.abc import Iterator
from datetime import timedelta

from bot.domain.alerts.alert import mention_of
from bot.domain.escalation.ladder import is_again, is_overdue, present_deadline
from bot.domain.incident.incident import Incident, Status, number_label
from bot.ui.buttons import Component, IncidentVerb, row
from bot.ui.posts.bodies import HERE, Body, colour_of, embed, message
from bot.ui.posts.calls import called_so_far, cannot, next_step, on_call_for, otherwise, tried
from bot.ui.posts.incident.aftermath import aftermath
from bot.ui.posts.incident.controls import first_buttons, others_button
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording, alert_url, relative, state_key

_TARGETS_LIMIT = 160  # what a lock screen may show besides the title
_LINE_LIMIT = 900  # one line of the embed
_UPDATE_LIMIT = 200  # of the last status update: the thread has the rest
_RELATED_LIMIT = 120  # of the other incidents' numbers
_SEPARATOR = " · "


def alert(words: Wording, incident: Incident, *, rings: bool) -> Body:
    """Compose the post in the severity's channel: one message that stays true.

    Args:
        words: The team's.
        incident: As it is now.
        rings: It carries ``@here``; an edit pings no one all the same.
    """
    line = headline(words, incident)
    return message(
        f"{HERE} {line}" if rings else line,
        embeds=[_embed(words, incident, _facts(words, incident))],
        components=row([*first_buttons(words, incident, is_edited=True), others_button(words, incident)]),
        rings=rings,
    )


def thread_root(words: Wording, incident: Incident) -> Body:
    """Compose the post that carries the thread when the alert is in another channel; it pings no one."""
    lines = [started(words, incident), words.say("alert.root")]
    return message(
        headline(words, incident),
        embeds=[_state_embed(words, incident, lines=lines)],
        components=row([_ack(words, incident), words.buttons.link("to_post", alert_url(incident))]),
    )


def second(words: Wording, incident: Incident) -> Body:
    """Compose the text of a duplicate alert: it says that it is a duplicate and links to the original."""
    line = words.say("alert.second", emoji=words.policy.ack_emoji)
    return message(
        headline(words, incident),
        embeds=[_state_embed(words, incident, lines=[line])],
        components=row([_ack(words, incident), words.buttons.link("to_post", alert_url(incident))]),
    )


def headline(words: Wording, incident: Incident) -> str:
    """Return the alert's first line in its current state: "🔴 SEV1 · 決済 API が 5xx · api.parky.co.jp".

    It begins with the severity's sign until a person is on it; then the state has its own sign. A target that
    the title names is not repeated.
    """
    line = words.say(
        f"alert.line.{state_key(incident)}",
        sign=words.severity_sign(incident.severity, is_drill=incident.is_drill),
        severity=incident.severity,
        state=words.state(incident),
        title=words.bare_title(incident),
    )
    return words.marked(incident, with_targets(words, incident, line))


def with_targets(words: Wording, incident: Incident, line: str) -> str:
    """Append the targets to *line*, which has the title, unless the title names them."""
    targets = words.targets(incident.targets, limit=_TARGETS_LIMIT)
    if not targets or mention_of(targets).search(words.bare_title(incident)):
        return line
    return words.say("alert.line.targets", line=line, targets=targets)


def head(words: Wording, incident: Incident) -> str:
    """Return the state in bold, and who took it: "🟠 対応中 · 👀 @responder 14:07 JST (9 日前、2 分で ack)".

    Discord counts how long ago: the post is not edited when a day is over, and a time alone looks like
    today's. Without a responder it says so, and since when the acknowledgement is overdue.
    """
    name, took, other = state_key(incident), incident.took_to_acknowledge, incident.told_merged_into
    act = incident.acknowledged
    if incident.ended is not None:
        act, took = incident.ended, incident.ended.at - incident.triggered_at
        name = f"{name}_unseen" if incident.merged_into_hidden else name
    elif incident.status is Status.TRIGGERED:
        name = "overdue" if is_overdue(incident) else "again" if is_again(incident) else name
        act = None
    elif incident.is_taken_last:
        name, act = "taken", incident.taken
    elif incident.reopened is not None:
        name, act = "reopened", incident.reopened
    moment = (present_deadline(incident) or incident.ack_due_at) if act is None else act.at
    return words.say(
        f"alert.head.{name}",
        state=words.state(incident),
        emoji=words.policy.ack_emoji,
        who=words.who(None if act is None else act.name),
        at=words.clock(moment, on=incident.triggered_at),
        ago=relative(moment),
        took=words.span(took or timedelta()),
        other="?" if other is None else number_label(other),
    )


def related(words: Wording, incident: Incident) -> str:
    """Return the related incidents: "関連：No.43 (同じもの), No.40"; empty when there are none."""
    others = related_labels(words, incident)
    return words.say("alert.related", related=others) if others else ""


def related_labels(words: Wording, incident: Incident) -> str:
    """Return the merged incidents, then the linked ones: "No.43 (同じもの), No.40"."""
    same = [words.say("alert.duplicate", label=number_label(number)) for number in incident.duplicates]
    labels = [
        *same,
        *(number_label(number) for number in incident.linked if number not in incident.duplicates),
    ]
    return words.joined(labels, limit=_RELATED_LIMIT)


def roles(words: Wording, incident: Incident) -> str:
    """Return the roles and their holders: "指揮：@primary · 記録：@responder"; empty when none is taken."""
    return _SEPARATOR.join(
        words.say("alert.role", role=words.say(f"roles.name.{role.value}"), who=words.who(holder.name))
        for role, holder in incident.roles.items()
    )


def last_update(words: Wording, incident: Incident, *, limit: int = _UPDATE_LIMIT) -> str:
    """Return the last status update's first line: "📣 14:20 JST (5 分前) rollback 中"; empty without one."""
    told = incident.updates.last
    first = "" if told is None else next((line for line in told.known.splitlines() if line.strip()), "")
    if told is None or not first:
        return ""
    at = words.clock(told.at, on=incident.triggered_at)
    return words.say("alert.update", at=at, ago=relative(told.at), known=inert(first, limit=limit))


def again(words: Wording, incident: Incident) -> str:
    """Return how often the alert came, and when last: "×7 · 最終 14:12 JST"; empty if it came only once."""
    if incident.tracked.occurrences == 1 or incident.tracked.last_seen_at is None:
        return ""
    at = words.clock(incident.tracked.last_seen_at, on=incident.triggered_at)
    return words.say("tracked.again", count=incident.tracked.occurrences, at=at)


def started(words: Wording, incident: Incident) -> str:
    """Return when the trouble began, once: "開始：11/24 14:05 JST (12 分前)"."""
    at = incident.started_at
    return words.say("alert.started", at=words.moment(at), ago=relative(at))


def _state_embed(words: Wording, incident: Incident, *, lines: list[str]) -> Body:
    return _embed(words, incident, [head(words, incident), next_step(words, incident), *lines])


def _embed(words: Wording, incident: Incident, lines: list[str]) -> Body:
    shown = [line for line in (*lines, incident.label) if line]
    return embed(colour=colour_of(words, incident), description="\n".join(shown))


def _facts(words: Wording, incident: Incident) -> list[str]:
    """Return one fact a line: how bad, what to do by when, what happens otherwise, what happened so far."""
    thread = incident.thread.id
    # Discord shows the thread that hangs on this post.
    is_elsewhere = incident.is_open and thread not in (None, incident.post.message_id)
    regraded = incident.regraded is not None
    is_vague = incident.is_open and not (incident.targets or incident.symptoms)
    first = head(words, incident)
    if incident.status is Status.TRIGGERED and incident.acknowledged is None:  # whose 👀 is below the post
        first = words.say("alert.head.seeded", head=first, emoji=words.policy.ack_emoji)
    return [
        first,
        impact(words, incident),
        next_step(words, incident),
        otherwise(words, incident),
        *aftermath(words, incident),
        words.say("alert.path", path=words.path(incident, limit=_LINE_LIMIT)) if regraded else "",
        *_progress(words, incident),
        roles(words, incident),
        last_update(words, incident),
        again(words, incident),
        started(words, incident),
        words.say("alert.reporter", who=words.who(incident.reported_by.name)),
        related(words, incident),
        words.say("alert.thread", thread=thread) if is_elsewhere else "",
        words.say("alert.nothing_known") if is_vague else "",
    ]


def impact(words: Wording, incident: Incident, *, limit: int = _LINE_LIMIT) -> str:
    """Return how bad it is: "影響：エラー率上昇 · 本番影響あり → 影響大"; empty when nothing is known.

    The answers of the triage are left out once the severity was changed: they led to another one.

    Args:
        limit: Characters of the symptoms, and of the answers.
    """
    symptoms = words.symptoms(incident.symptoms, limit=limit)
    answers = words.answers(incident, limit=limit) if incident.regraded is None else ""
    if not symptoms:
        return words.say("alert.path", path=answers) if answers else ""
    return words.say("alert.affected", what=_SEPARATOR.join(filter(None, (symptoms, answers))))


def _progress(words: Wording, incident: Incident) -> Iterator[str]:
    """Yield the people who are asked, before an acknowledgement.

    Then yield the first acknowledgement, if the head shows a later event: that the incident was opened again,
    or how it ended.
    """
    if incident.status is Status.TRIGGERED:
        yield on_call_for(words, incident)
        yield from (called_so_far(words, incident), tried(words, incident), cannot(words, incident))
        if (ended := incident.ack_ended) is not None:
            key = "alert.ack_lapsed" if ended.lapsed else "alert.ack_released"
            at, ago = words.clock(ended.at, on=incident.triggered_at), relative(ended.at)
            yield words.say(key, who=words.who(ended.who), at=at, ago=ago)
        if incident.unreached and not is_overdue(incident):
            yield words.say("alert.unreached", people=words.on_call(incident.unreached))
        return
    is_in_head = incident.is_open and incident.reopened is None and incident.taken is None
    if incident.acknowledged is not None and not is_in_head:
        yield words.say(
            "alert.acknowledged_before",
            emoji=words.policy.ack_emoji,
            who=words.who(incident.acknowledged.name),
            at=words.clock(incident.acknowledged.at, on=incident.triggered_at),
            took=words.span(incident.took_to_acknowledge or timedelta()),
        )


def _ack(words: Wording, incident: Incident) -> Component | None:
    """Acknowledge, then join; nothing once it is over."""
    if not incident.is_open:
        return None
    label = None if incident.status is Status.TRIGGERED else "join"
    return words.buttons.make(IncidentVerb.ACK, incident.id, words=label)
