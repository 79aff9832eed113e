"""The incidents of the demo's past, as the bot stores them."""

from bot.demo.story.aftermath import with_aftermath
from bot.demo.story.past_items import counted
from bot.demo.story.seeded_incidents import SeededIncident
from bot.demo.story.updates import last_update
from bot.domain.incident.incident import ByPerson, Incident, IncidentKind, PersonRef, Status
from bot.domain.incident.parts import AlertPost, IncidentThread, Tracked


def incident_of(seeded: SeededIncident, incident_id: int) -> Incident:
    """Return the incident as it is stored."""
    story, ended_at = seeded.story, seeded.ended_at
    who = seeded.responder
    status = Status.CANCELLED if story.is_false else Status.RESOLVED
    incident = Incident(
        id=incident_id,
        guild_id=seeded.guild.id,
        severity=seeded.severity.name,
        priority=seeded.severity.priority,
        status=Status.ACKNOWLEDGED if ended_at is None else status,
        title=seeded.title,
        targets=story.targets,
        symptoms=story.symptoms,
        path=tuple((question, answer) for question, answer in story.path),
        started_at=seeded.at - story.noticed_after,
        triggered_at=seeded.at,
        ack_due_at=seeded.ack_due_at,
        reported_by=PersonRef(seeded.reporter.id, seeded.reporter.name),
        acknowledged=ByPerson(who.id, who.name, seeded.acknowledged_at),
        ended=None if ended_at is None else ByPerson(who.id, who.name, ended_at),
        post=AlertPost(1, seeded.alert.channel_id, seeded.alert.message_id),
        thread=IncidentThread(seeded.thread_id, channel=seeded.thread_channel),
        kind=IncidentKind.ALERT if seeded.is_tracked else IncidentKind.INCIDENT,
        is_drill=story.is_drill,
        rings=not story.is_drill,
        tracked=Tracked() if seeded.monitor_alert is None else seeded.monitor_alert.tracked,
        updates=last_update(seeded),
        actions=counted(seeded),
    )
    return with_aftermath(incident, seeded)
