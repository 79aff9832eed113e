"""The questions that a change of an incident asks first, and what each says once it is done.

An answer stays below its button while the incident goes on. So it says what the person did and when, in the
past tense, and neither the state nor a promise: these are on the alert and in the thread.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from discord import ButtonStyle, ui

from bot.domain.escalation.pages import Bundle
from bot.domain.incident.incident import Incident, IncidentKind, Status, number_label
from bot.domain.incident.transitions import Acknowledgement, AckOutcome
from bot.domain.severity import Mention
from bot.services.escalation.deliveries import AllAcknowledged
from bot.services.escalation.passing_on import PassedOn
from bot.services.escalation.release import Released, ReleaseOutcome
from bot.services.incidents.details import CorrectedResolution
from bot.services.incidents.lifecycle import Merged
from bot.services.incidents.severity_change import Regraded
from bot.services.incidents.updates import UpdateResult
from bot.services.shared.contributions import shown_postmortem
from bot.ui.buttons import BundleVerb, IncidentVerb, custom_id
from bot.ui.components import ID_LIMIT, Screen, button, buttons_view, made_of, or_quit, row, text, to_places
from bot.ui.posts.bodies import colour_of
from bot.ui.posts.incident.aftermath import said_lines
from bot.ui.posts.incident.updates import is_unanswered
from bot.ui.words.wording import Voice, home, state_key

_PEOPLE_LIMIT = 300


def merged_screen(voice: Voice, merged: Merged) -> Screen:
    """Show 統合しました, and what holds now for the merge target if its severity was raised."""
    raised = merged.raised
    return ended_screen(voice, merged.incident, also=[] if raised is None else _regraded(voice, raised))


def ended_screen(voice: Voice, incident: Incident, *, also: Sequence[str] = ()) -> Screen:
    """Show 解決 / 取消 / 統合 にしました, what is left to do, and the way back.

    Args:
        also: Further lines.
    """
    other, is_resolved = incident.merged_into_id, incident.status is Status.RESOLVED
    ended = voice.say(
        f"consoles.said.{state_key(incident)}",
        label=incident.label,
        other="?" if other is None else number_label(other),
    )
    make = voice.buttons.make
    return Screen(
        text(ended, voice.title(incident), *resolved_lines(voice, incident), *also),
        rows=[
            row(
                None if other is None else made_of(make(IncidentVerb.VIEW, other)),
                made_of(make(IncidentVerb.RESOLUTION, incident.id)) if is_resolved else None,
                None if incident.is_drill else made_of(make(IncidentVerb.REOPEN, incident.id)),
                *to_places(voice, incident),
            )
        ],
        colour=colour_of(voice, incident),
    )


def resolved_lines(voice: Voice, incident: Incident) -> list[str]:
    """Return how it was resolved, and who owes the postmortem by when; nothing of another end."""
    resolution, owed = incident.aftermath.resolution, shown_postmortem(voice.policy, incident)
    lines = []
    if resolution is not None and incident.status is Status.RESOLVED:
        lines = said_lines(voice, resolution)
    if owed is None or not owed.is_owed:
        return lines
    who, due = voice.who(owed.owner_name), voice.date(owed.due_on)
    return [*lines, voice.say("postmortem.said.owed", who=who, due=due)]


def corrected_screen(voice: Voice, corrected: CorrectedResolution) -> Screen:
    """Show how the incident was resolved, after a correction of that."""
    incident = corrected.incident
    key = "corrected" if corrected.changed else "corrected_before"
    said = incident.aftermath.resolution
    return Screen(
        text(
            voice.say(f"resolution.said.{key}", label=incident.label),
            *([] if said is None else said_lines(voice, said)),
        ),
        rows=[row(*to_places(voice, incident))],
        colour=colour_of(voice, incident),
    )


def reopened_screen(voice: Voice, incident: Incident) -> Screen:
    """Show 再開しました: the person has taken it on, and no one was pinged."""
    act = incident.reopened
    at = "" if act is None else voice.clock(act.at, on=incident.triggered_at)
    return Screen(
        text(voice.say("consoles.said.reopened", label=incident.label, at=at), voice.title(incident)),
        rows=[row(*to_places(voice, incident))],
        colour=colour_of(voice, incident),
    )


def regraded_screen(voice: Voice, result: Regraded) -> Screen:
    """Show the effect of the new severity: its channel, whom it pings, and when the ack is due."""
    incident = result.incident
    return Screen(
        text(*_regraded(voice, result)),
        rows=[row(_other_time(voice, result), *to_places(voice, incident))],
        colour=colour_of(voice, incident),
    )


def linked(voice: Voice, number: int, *, other: int, is_new: bool) -> str:
    """Say what `/incident link` has changed."""
    key = "linked" if is_new else "linked_before"
    return voice.say(f"consoles.said.{key}", label=number_label(number), other=number_label(other))


def unlinked(voice: Voice, number: int, *, other: int, was_linked: bool) -> str:
    """Say what `/incident unlink` has changed."""
    key = "unlinked" if was_linked else "unlinked_before"
    return voice.say(f"consoles.said.{key}", label=number_label(number), other=number_label(other))


def quit_screen(voice: Voice) -> Screen:
    """Show やめました."""
    return Screen(text(voice.say("consoles.quit_done")))


def acknowledged(voice: Voice, result: Acknowledgement) -> str:
    """Say what pressing ack has changed, when, and where the state is."""
    incident = result.incident
    took = incident.took_to_acknowledge
    first_at = None if incident.acknowledged is None else incident.acknowledged.at
    is_first_ever = incident.taken is None or incident.taken.at == first_at
    is_again = result.outcome is AckOutcome.FIRST and not is_first_ever
    changed = voice.say(
        "consoles.ack.first_again" if is_again else f"consoles.ack.{result.outcome.value}",
        label=incident.label,
        at=voice.clock(result.at, on=incident.triggered_at),
        span="" if took is None or result.outcome is not AckOutcome.FIRST else voice.span(took),
        by=voice.who(incident.on_it.name if incident.on_it else None),
        state=voice.state(incident),
    )
    return f"{changed}\n{voice.say('consoles.ack.where')}"


def acknowledged_view(voice: Voice, result: Acknowledgement) -> ui.View | None:
    """Build the next steps of the person who has just acknowledged: the thread, update, command, hand back.

    None when their ack came too late. A person who joined another responder gets only the link and the
    button that hands back.
    """
    incident, make = result.incident, voice.buttons.make
    if result.outcome is AckOutcome.TOO_LATE:
        return None
    is_theirs = _is_responder(result) and incident.kind is IncidentKind.INCIDENT  # an alert has no updates
    leads = incident.commander is not None and incident.commander.id == result.by.id
    return buttons_view(
        made_of(voice.buttons.link(*home(incident))),
        made_of(make(IncidentVerb.DETAILS, incident.id)) if is_theirs else None,
        made_of(make(IncidentVerb.COMMAND, incident.id)) if is_theirs and not leads else None,
        made_of(make(IncidentVerb.HAND_BACK, incident.id)),
    )


def _is_responder(result: Acknowledgement) -> bool:
    on_it = result.incident.on_it
    return result.incident.is_open and on_it is not None and on_it.id == result.by.id


def ack_view(voice: Voice, result: UpdateResult) -> ui.View | None:
    """Build the answer's [👀 ack]; None once the incident is acknowledged."""
    if not is_unanswered(result):
        return None
    return buttons_view(made_of(voice.buttons.make(IncidentVerb.ACK, result.incident.id)))


def released(voice: Voice, result: Released) -> str:
    """Say what 手を離す has changed, and who was asked to take the incident."""
    on_it, outcome = result.incident.on_it, result.outcome.value
    if result.outcome is ReleaseOutcome.RESUMED and not voice.severity(result.incident).ladder:
        outcome = "open"  # there is no ladder to resume: the incident waits for a responder
    left = voice.say(
        f"consoles.ack.released_{outcome}",
        label=result.incident.label,
        at=voice.clock(result.at, on=result.incident.triggered_at),
        by=voice.who(None if on_it is None else on_it.name),
    )
    people = voice.joined((voice.who(one.name) for one in result.asked), limit=_PEOPLE_LIMIT)
    asked = voice.say("consoles.ack.released_asked", people=people) if people else ""
    return "\n".join([voice.sentences(left, asked), voice.say("consoles.ack.where")])


def passed_on(voice: Voice, result: PassedOn) -> str:
    """Say whom 対応できない has passed the incident to, and what happens if they do not answer either."""
    incident, following = result.incident, result.following
    channel = voice.place(incident)
    if result.is_offer:
        answer = voice.say("consoles.said.offer_declined", label=incident.label)
    elif result.to is None:
        answer = voice.say("consoles.said.passed_on_nobody", label=incident.label, channel=channel)
    else:
        key = "passed_on_at" if result.told_at else "passed_on_refused" if result.is_refused else "passed_on"
        at = "" if result.told_at is None else voice.clock(result.told_at, on=incident.triggered_at)
        people = voice.on_call([result.to])
        answer = voice.say(f"consoles.said.{key}", label=incident.label, people=people, at=at)
    if following is None:
        return answer
    at = voice.clock(following.due_at, on=incident.triggered_at)
    key = "passed_on_again" if result.to is None and not result.is_offer else "passed_on_then"
    then = voice.say(f"consoles.said.{key}", at=at, channel=channel)
    return voice.sentences(answer, then)


def _regraded(voice: Voice, result: Regraded) -> list[str]:
    incident = result.incident
    severity = voice.severity(incident)
    if not incident.rings:
        severity = replace(severity, mention=Mention.NONE)
    if incident.status is Status.TRIGGERED:
        responder = voice.deadline(severity, due_at=incident.ack_due_at)
    else:
        by = voice.who(incident.on_it.name if incident.on_it else None)
        responder = voice.say("consoles.said.regraded_taken", by=by)
    return [
        voice.say(
            "consoles.said.regraded",
            sign=voice.regrade_sign(result.before, incident.severity),
            label=incident.label,
            before=result.before,
            after=incident.severity,
            priority=severity.priority,
        ),
        voice.title(incident),
        voice.rings(severity, about=incident) if result.reposts else voice.say("consoles.said.regraded_here"),
        responder,
        _next_update(voice, result),
    ]


def _next_update(voice: Voice, result: Regraded) -> str:
    """Say when the next update is due, and that a promise stays or is due earlier; empty without one."""
    due_at = result.incident.updates.due_at
    if due_at is None:
        return ""
    key = "next" if result.promised is None else "next_kept" if result.keeps_promise else "next_sooner"
    at = voice.clock(due_at, on=result.incident.triggered_at)
    return voice.say(f"updates.said.{key}", at=at)


def _other_time(voice: Voice, result: Regraded) -> ui.Button[Any] | None:
    """Build the button that moves a promise to what a lower severity asks for; else None."""
    incident, every = result.incident, voice.severity(result.incident).update_every
    custom_id = f"inc:v1:next-update:{incident.id}:{incident.severity}"
    if not result.keeps_promise or result.is_more_severe or len(custom_id) > ID_LIMIT:
        return None
    key = "none" if every is None else "in" if isinstance(every, timedelta) else "business_day"
    span = voice.span(every) if isinstance(every, timedelta) else ""
    return button(voice.say(f"updates.move.{key}", span=span), custom_id, emoji="⏲️")


def moved(voice: Voice, incident: Incident) -> str:
    """Say when the next update is due after the press on that button."""
    due_at = incident.updates.due_at
    if due_at is None:
        return voice.say("updates.said.no_next")
    at = voice.clock(due_at, on=incident.triggered_at)
    return voice.say("updates.said.next", at=at)


def all_question(voice: Voice, bundle: Bundle) -> Screen:
    """Ask すべて ack しますか? The safe way out comes first."""
    if not bundle.waiting:
        return Screen(text(voice.say("bundle.nothing_to_acknowledge")))
    one = "_one" if bundle.waiting == 1 else ""
    facts = {"severity": bundle.severity, "count": bundle.waiting}
    return Screen(
        text(voice.say(f"bundle.question{one}", **facts), voice.say(f"bundle.question_means{one}", **facts)),
        rows=[
            or_quit(
                voice,
                button(
                    voice.say(f"bundle.yes{one}", **facts),
                    custom_id(BundleVerb.YES, bundle.id),
                    style=ButtonStyle.primary,
                    emoji=voice.policy.ack_emoji,
                ),
            )
        ],
    )


def all_acknowledged(voice: Voice, result: AllAcknowledged) -> str:
    """Say how many incidents the person has acknowledged, and how many had a responder before."""
    if not result.first:
        return voice.say("bundle.nothing_to_acknowledge")
    key = "acknowledged_others" if result.others else "acknowledged"
    others = {"others": result.others} if result.others else {}
    return voice.say(f"bundle.{key}", count=result.first, **others)
