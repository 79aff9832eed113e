"""Makes the drills of the demo's past: their rows, the lines of the script that appeared, their scores."""

from collections.abc import Iterator
from datetime import datetime

from bot.demo.story.seeded_incidents import SeededIncident
from bot.demo.story.updates import update_facts
from bot.domain.delivery.notices import Notice
from bot.domain.drill import InjectNotice, Score, score
from bot.domain.incident.incident import Incident
from bot.domain.timeline.entries import TimelineEntry


def drill_row(one: SeededIncident, incident_id: int) -> dict[str, object]:
    """Return the row of a past drill in the table of drills: it has ended."""
    script = one.policy.drill
    injects = [
        {"after_s": each.after.total_seconds(), "text": {"ja": each.text.ja, "en": each.text.en}}
        for each in script.injects
    ]
    return {
        "incident_id": incident_id,
        "guild_id": one.guild.id,
        "started_by_id": one.reporter.id,
        "started_by_name": one.reporter.name,
        "started_at": one.at,
        "injects": injects,
        "ends_at": one.at + script.ends_after,
        "played": len(list(injected(one))),
        "ended_at": one.ended_at,
    }


def injected(one: SeededIncident) -> Iterator[tuple[Notice, str, datetime]]:
    """Yield the lines of the script that appeared, with their keys and moments."""
    for number, each in enumerate(one.policy.drill.injects):
        at = one.at + each.after
        if one.ended_at is None or at < one.ended_at:
            yield InjectNotice(text=each.text.say(one.policy.language)), f"inject:{number}", at


def score_of(one: SeededIncident, incident: Incident) -> Score:
    """Return the score of a past drill, from its incident and its updates."""
    entries = [TimelineEntry.of(entry, at) for at, entry, _ in update_facts(one)]
    return score(incident, entries, one.policy.checklist(one.severity.name))
