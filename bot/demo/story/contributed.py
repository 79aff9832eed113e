"""What the capabilities would have left of the incidents of the demo's past."""

from bot.capability import IncidentPast
from bot.demo.story.incidents import incident_of
from bot.demo.story.seeded_incidents import SeededIncident
from bot.demo.story.updates import update_facts
from bot.domain.timeline.entries import TimelineEntry


def pasts_of(one: SeededIncident, incident_id: int) -> list[IncidentPast]:
    """Return what each capability would have left of an incident."""
    incident = incident_of(one, incident_id)
    entries = [TimelineEntry.of(entry, at) for at, entry, _ in update_facts(one)]
    made = [each.past(one.policy, incident, entries) for each in one.policy.capabilities if each.past]
    return [past for past in made if past is not None]
