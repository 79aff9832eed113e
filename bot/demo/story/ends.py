"""How the incidents of the demo's past were resolved, and their postmortems, as the bot would store them."""

from dataclasses import replace

from bot.demo.story.happened import Happened
from bot.domain.incident.aftermath import Aftermath, Postmortem, PostmortemReminderStage, Resolution
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.incident.notices import CancelledNotice, ResolvedNotice
from bot.domain.postmortem import owing, reminders


def with_aftermath(incident: Incident, happened: Happened) -> Incident:
    """Return *incident* with how it was resolved and the postmortem that it owes, if it has ended."""
    if happened.ended_at is None or happened.told.is_false:
        return incident
    return replace(
        incident,
        aftermath=Aftermath(
            resolution=_resolution(incident, happened), postmortem=_postmortem(incident, happened)
        ),
    )


def end_notice(incident: Incident, happened: Happened) -> ResolvedNotice | CancelledNotice:
    """Return the line about the end of *incident*, which has its aftermath."""
    if happened.told.is_false:
        return CancelledNotice(at=happened.ended_at, by=happened.responder.name, reason="")
    said, owed = incident.aftermath.resolution, incident.aftermath.postmortem
    told = ResolvedNotice(at=happened.ended_at, by=happened.responder.name, said=said)
    if owed is None:
        return told
    return replace(told, owner=PersonRef(owed.owner_id, owed.owner_name), due_on=owed.due_on)


def _resolution(incident: Incident, happened: Happened) -> Resolution | None:
    told, by, ended_at = happened.told.resolution, happened.responder, happened.ended_at
    if told is None or ended_at is None:
        return None
    return Resolution(
        cause=told.cause,
        fix=told.fix,
        impact=told.impact,
        people=told.people,
        duration_s=int((ended_at - incident.started_at).total_seconds()),
        by_id=by.id,
        by_name=by.name,
        at=ended_at,
    )


def _postmortem(incident: Incident, happened: Happened) -> Postmortem | None:
    """Return the postmortem: done if week.toml says when; else owed, with its past reminders sent."""
    policy, ended_at, by = happened.policy, happened.ended_at, happened.responder
    terms = policy.postmortem_terms(happened.severity)
    assert ended_at is not None
    owed = owing.owed_at_resolve(incident, None, terms, now=ended_at)
    if owed is None or happened.written_at is None:
        return None if owed is None else _reminded(owed, happened)
    return owing.done(owed, by_id=by.id, by_name=by.name, at=happened.written_at)


def _reminded(owed: Postmortem, happened: Happened) -> Postmortem:
    hours = happened.policy.business_hours
    late = reminders.due(owed, hours, now=happened.now)
    stage: PostmortemReminderStage | None = None if late is None else late.stage
    return owing.scheduled(replace(owed, reminded=stage), hours, now=happened.now)
