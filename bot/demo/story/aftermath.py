"""Makes the resolutions and postmortems of the demo's past incidents, as the bot would store them."""

from dataclasses import replace

from bot.demo.story.seeded_incidents import SeededIncident
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.incident.parts import Aftermath, Postmortem, Resolution
from bot.domain.incident.records import CancelledNotice, ResolvedNotice


def with_aftermath(incident: Incident, seeded: SeededIncident) -> Incident:
    """Return *incident* with how it was resolved and the postmortem that it owes, if it has ended."""
    if seeded.ended_at is None or seeded.told.is_false:
        return incident
    return replace(
        incident,
        aftermath=Aftermath(
            resolution=_resolution(incident, seeded), postmortem=_postmortem(incident, seeded)
        ),
    )


def end_notice(incident: Incident, seeded: SeededIncident) -> ResolvedNotice | CancelledNotice:
    """Return the line about the end of *incident*, which has its aftermath."""
    if seeded.told.is_false:
        return CancelledNotice(at=seeded.ended_at, by=seeded.responder.name, reason="")
    said, owed = incident.aftermath.resolution, incident.aftermath.postmortem
    told = ResolvedNotice(at=seeded.ended_at, by=seeded.responder.name, said=said)
    if owed is None:
        return told
    return replace(told, owner=PersonRef(owed.owner_id, owed.owner_name), due_on=owed.due_on)


def _resolution(incident: Incident, seeded: SeededIncident) -> Resolution | None:
    told, by, ended_at = seeded.told.resolution, seeded.responder, seeded.ended_at
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


def _postmortem(incident: Incident, seeded: SeededIncident) -> Postmortem | None:
    duties = (one.postmortems for one in seeded.policy.capabilities if one.postmortems is not None)
    duty = next(duties, None)
    return None if duty is None else duty.past(seeded, incident)
