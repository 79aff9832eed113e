"""The postmortems of the demo's past, as the bot would have stored and posted them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.capability import IncidentPast
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.incident.parts import Postmortem, PostmortemReminderStage
from bot.domain.timeline.entries import TimelineEntry
from bot.runbook.model import Policy
from cogs.postmortem import rules
from cogs.postmortem.owing import terms_of
from cogs.postmortem.rules import PostmortemDoneEntry, PostmortemDoneNotice

if TYPE_CHECKING:
    from bot.demo.story.seeded_incidents import SeededIncident


def postmortem_of(seeded: "SeededIncident", incident: Incident) -> Postmortem | None:
    """Return the postmortem: done if week.toml says when; else owed, with its past reminders sent."""
    policy, ended_at, by = seeded.policy, seeded.ended_at, seeded.responder
    assert ended_at is not None
    owed = rules.owed_at_resolve(incident, None, terms_of(policy, incident), now=ended_at)
    if owed is None:
        return None
    if seeded.written_at is not None:
        return rules.done(owed, by_id=by.id, by_name=by.name, at=seeded.written_at)
    hours = policy.business_hours
    late = rules.due(owed, hours, now=seeded.now)
    stage: PostmortemReminderStage | None = None if late is None else late.stage
    return rules.scheduled(replace(owed, reminded=stage), hours, now=seeded.now)


def past(_policy: Policy, incident: Incident, _entries: Sequence[TimelineEntry]) -> IncidentPast | None:
    """Return what is left of the postmortem of an incident, which was read with it."""
    postmortem = incident.aftermath.postmortem
    if postmortem is None:
        return None
    row = {"incident_id": incident.id, "guild_id": incident.guild_id, **postmortem.to_json()}
    rows = {"seed_postmortems": [row]}
    if postmortem.done_at is None:
        return IncidentPast(rows)
    by = PersonRef(postmortem.done_by_id or 0, postmortem.done_by_name or "")
    return IncidentPast(
        rows,
        entries=[(postmortem.done_at, PostmortemDoneEntry(), by)],
        notices=[(PostmortemDoneNotice(by=by.name), "postmortem:4", postmortem.done_at)],
    )
