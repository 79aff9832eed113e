"""Makes the resolutions and postmortems of the demo's past incidents, as the bot would store them."""

from dataclasses import replace

from bot.demo.story.seeded_incidents import SeededIncident
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.incident.parts import Aftermath, Resolution
from bot.domain.incident.records import CancelledNotice, ResolvedNotice


def with_aftermath(incident: Incident, seeded: SeededIncident) -> Incident:
    """Return *incident* with how it was resolved and the postmortem that it owes, if it has ended."""
    if seeded.ended_at is None or seeded.story.is_false:
        return incident
    duties = (one.postmortems for one in seeded.policy.capabilities if one.postmortems is not None)
    duty = next(duties, None)
    return replace(
        incident,
        aftermath=Aftermath(
            resolution=_resolution(incident, seeded),
            postmortem=None if duty is None else duty.past(seeded, incident),
        ),
    )


def end_notice(incident: Incident, seeded: SeededIncident) -> ResolvedNotice | CancelledNotice:
    """Return the line about the end of *incident*, which has its aftermath."""
    if seeded.story.is_false:
        return CancelledNotice(at=seeded.ended_at, by=seeded.responder.name, reason="")
    resolution, owed = incident.aftermath.resolution, incident.aftermath.postmortem
    notice = ResolvedNotice(at=seeded.ended_at, by=seeded.responder.name, said=resolution)
    if owed is None:
        return notice
    return replace(notice, owner=PersonRef(owed.owner_id, owed.owner_name), due_on=owed.due_on)


def _resolution(incident: Incident, seeded: SeededIncident) -> Resolution | None:
    words, by, ended_at = seeded.story.resolution, seeded.responder, seeded.ended_at
    if words is None or ended_at is None:
        return None
    return Resolution(
        cause=words.cause,
        fix=words.fix,
        impact=words.impact,
        people=words.people,
        duration_s=int((ended_at - incident.started_at).total_seconds()),
        by_id=by.id,
        by_name=by.name,
        at=ended_at,
    )
