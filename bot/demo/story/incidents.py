"""The incidents of the demo's past, as the bot stores them."""

from bot.demo.story.ends import with_aftermath
from bot.demo.story.follow_up import counted
from bot.demo.story.happened import Happened
from bot.demo.story.updates import last_update
from bot.domain.incident.incident import ByPerson, Incident, IncidentKind, PersonRef, Status
from bot.domain.incident.locations import AlertPost, IncidentThread, Tracked


def incident_of(happened: Happened, incident_id: int) -> Incident:
    """Return the incident as it is stored."""
    told, ended_at = happened.told, happened.ended_at
    who = happened.responder
    incident = Incident(
        id=incident_id,
        guild_id=happened.place.guild_id,
        severity=happened.severity.name,
        priority=happened.severity.priority,
        status=_status(happened),
        title=happened.title,
        targets=told.targets,
        symptoms=told.symptoms,
        path=tuple((question, answer) for question, answer in told.path),
        started_at=happened.at - told.noticed_after,
        triggered_at=happened.at,
        ack_due_at=happened.ack_due_at,
        reported_by=PersonRef(happened.reporter.id, happened.reporter.name),
        acknowledged=ByPerson(who.id, who.name, happened.acknowledged_at),
        ended=None if ended_at is None else ByPerson(who.id, who.name, ended_at),
        post=AlertPost(1, happened.alert.channel_id, happened.alert.message_id),
        thread=IncidentThread(happened.thread_id, channel=happened.thread_channel),
        kind=IncidentKind.ALERT if happened.is_tracked else IncidentKind.INCIDENT,
        is_drill=told.is_drill,
        rings=not told.is_drill,
        tracked=Tracked() if happened.monitored is None else happened.monitored.tracked,
        updates=last_update(happened),
        actions=counted(happened),
    )
    return with_aftermath(incident, happened)


def _status(happened: Happened) -> Status:
    if happened.ended_at is None:
        return Status.ACKNOWLEDGED
    return Status.CANCELLED if happened.told.is_false else Status.RESOLVED
