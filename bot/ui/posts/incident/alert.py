"""The alert post, and the quiet post that carries a thread in another channel than the alert's."""

from collections.abc import Iterator

from bot.domain.alerts.alert import mention_of
from bot.domain.escalation.ladder import is_overdue, present_deadline
from bot.domain.incident.incident import Incident, Status, number_label
from bot.domain.incident.parts import Resolution
from bot.ui.buttons import Component, IncidentVerb, row
from bot.ui.posts.bodies import HERE, Body, colour_of, embed, message
from bot.ui.posts.calls import called_so_far, cannot, on_call_for, otherwise, tried
from bot.ui.posts.incident.aftermath import aftermath, said_impact
from bot.ui.posts.incident.controls import first_buttons, others_button
from bot.ui.words.inert import inert
from bot.ui.words.summary import summary
from bot.ui.words.wording import Wording, alert_url, relative

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
    line, small = summary(words, incident), seeded(words, incident)
    return message(
        f"{HERE} {line}" if rings else line,
        embeds=[_embed(words, incident, _facts(words, incident), small=small)],
        components=row([*first_buttons(words, incident, is_edited=True), others_button(words, incident)]),
        rings=rings,
    )


def seeded(words: Wording, incident: Incident) -> str:
    """Return that the 👀 below an unacknowledged post is the bot's: it looks like an ack."""
    if incident.status is not Status.TRIGGERED or incident.acknowledged is not None:
        return ""
    return words.say("alert.small.seeded", emoji=words.policy.ack_emoji)


def thread_root(words: Wording, incident: Incident) -> Body:
    """Compose the post that carries the thread when the alert is in another channel; it pings no one."""
    return message(
        summary(words, incident),
        embeds=[_embed(words, incident, [how_bad(words, incident), words.say("alert.root")])],
        components=row([_ack(words, incident), words.buttons.link("to_post", alert_url(incident))]),
    )


def second(words: Wording, incident: Incident) -> Body:
    """Compose the text of a duplicate alert: it says that it is a duplicate and links to the original."""
    line = words.say("alert.second", emoji=words.policy.ack_emoji)
    return message(
        summary(words, incident),
        embeds=[_embed(words, incident, [line])],
        components=row([_ack(words, incident), words.buttons.link("to_post", alert_url(incident))]),
    )


def shown_targets(words: Wording, incident: Incident) -> str:
    """Return the targets; empty if there are none, or if the title names them."""
    targets = words.targets(incident.targets, limit=_TARGETS_LIMIT)
    is_named = not targets or mention_of(targets).search(words.bare_title(incident))
    return "" if is_named else targets


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
    """Return the last status update's first line: "✏️ 14:20 JST (5 分前) rollback 中"; empty without one."""
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


def impact(words: Wording, incident: Incident, *, limit: int = _LINE_LIMIT) -> str:
    """Return how bad it is: a person's sentence as soon as there is one, else what the triage found.

    "2 階でカード決済ができません", or "影響：エラー率上昇 · 本番影響あり → 影響大"; else empty.
    The answers of the triage are left out once the severity was changed: they led to another one.

    Args:
        limit: Characters of the symptoms, and of the answers; the sentence has the room of both.
    """
    if said := incident.updates.impact:
        return inert(said, limit=2 * limit)
    symptoms = words.symptoms(incident.symptoms, limit=limit)
    answers = words.answers(incident, limit=limit) if incident.regraded is None else ""
    if not symptoms:
        return words.say("alert.path", path=answers) if answers else ""
    return words.say("alert.affected", what=_SEPARATOR.join(filter(None, (symptoms, answers))))


def _embed(words: Wording, incident: Incident, lines: list[str], *, small: str = "") -> Body:
    rest = _SEPARATOR.join(part for part in (*_small_print(words, incident), small) if part)
    shown = "\n".join(line for line in (*lines, f"-# {rest}") if line)
    return embed(colour=colour_of(words, incident), description=shown)


def _facts(words: Wording, incident: Incident) -> list[str]:
    """Return one fact a line: how bad, what happens otherwise, what happened so far, how it ended."""
    is_vague = incident.is_open and not (incident.targets or incident.symptoms)
    regraded = incident.regraded is not None
    now: list[str] = []
    if incident.is_open:
        now = [last_update(words, incident), otherwise(words, incident), *_progress(words, incident)]
    return [
        how_bad(words, incident) if _impact_said(incident) is None else "",
        words.say("alert.path", path=words.path(incident, limit=_LINE_LIMIT)) if regraded else "",
        *now,
        again(words, incident),
        *aftermath(words, incident),
        related(words, incident),
        roles(words, incident) if incident.is_open else "",
        words.say("alert.nothing_known") if is_vague else "",
    ]


def how_bad(words: Wording, incident: Incident) -> str:
    """Return the impact, by the resolution if that says it; a false alarm or a duplicate had none."""
    if incident.status in (Status.CANCELLED, Status.MERGED):
        return ""
    said = _impact_said(incident)
    return impact(words, incident) if said is None else said_impact(words, said)


def _impact_said(incident: Incident) -> Resolution | None:
    """Return the resolution if it says the impact."""
    said = incident.aftermath.resolution
    return said if incident.status is Status.RESOLVED and said is not None and said.impact else None


def _progress(words: Wording, incident: Incident) -> Iterator[str]:
    """Yield what became of an unacknowledged incident so far: deadline, last responder, who was asked."""
    if incident.status is not Status.TRIGGERED:
        return
    deadline, ended = present_deadline(incident), incident.ack_ended
    if deadline is not None and is_overdue(incident):
        at = words.clock(deadline, on=incident.triggered_at)
        yield words.say("alert.ack_missed", at=at, ago=relative(deadline))
    if ended is not None:
        key = "alert.ack_lapsed" if ended.lapsed else "alert.ack_released"
        yield words.say(key, who=words.who(ended.who))
    yield called_so_far(words, incident) or on_call_for(words, incident)
    yield from (tried(words, incident), cannot(words, incident))
    if incident.unreached and not is_overdue(incident):
        yield words.say("alert.unreached", people=words.on_call(incident.unreached))


def _small_print(words: Wording, incident: Incident) -> Iterator[str]:
    """Yield the rest: "api.parky.co.jp", "開始 11/24 14:05 JST", "報告 @responder", "INC-42"."""
    thread, ack, end = incident.thread.id, incident.acknowledged, incident.ended
    is_resolved, on = incident.status is Status.RESOLVED, incident.triggered_at
    said = incident.aftermath.resolution
    yield shown_targets(words, incident)
    yield words.say("alert.small.started", at=words.moment(incident.started_at))
    if is_resolved and end is not None and (said is None or said.duration is None):
        yield words.say("alert.small.took", took=words.span(end.at - on))
    yield words.say("alert.small.reporter", who=words.who(incident.reported_by.name))
    yield incident.label
    if (incident.is_open or is_resolved) and ack is not None and incident.owner.since != ack.at:
        yield words.say(
            "alert.acknowledged_before",
            emoji=words.policy.ack_emoji,
            who=words.who(ack.name),
            at=words.clock(ack.at, on=on),
            took=words.span(ack.at - on),
        )
    if incident.is_open and incident.reopened is not None:
        yield words.say("alert.small.reopened", at=words.clock(incident.reopened.at, on=on))
    if incident.is_open and thread not in (None, incident.post.message_id):
        yield words.say("alert.thread", thread=thread)  # Discord shows one that hangs on this post


def _ack(words: Wording, incident: Incident) -> Component | None:
    """Acknowledge, then join; nothing once it is over."""
    if not incident.is_open:
        return None
    label = None if incident.status is Status.TRIGGERED else "join"
    return words.buttons.make(IncidentVerb.ACK, incident.id, words=label)
