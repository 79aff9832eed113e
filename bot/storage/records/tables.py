"""Which tables hold records of incidents, in an order in which each finds what it refers to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Final

from bot.capability import installed


@dataclass(frozen=True, slots=True)
class RecordTable:
    """A table whose rows are exported.

    Attributes:
        name: In our schema.
        key: The columns that order its rows: its primary key.
        chosen: Which rows belong to the chosen incidents: a condition on the row `each`.
        severed: Columns that may refer to rows that are not exported, with the condition under which they do:
            such a reference becomes null.
    """

    name: str
    key: str
    chosen: str = "each.incident_id IN (SELECT id FROM chosen)"
    severed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


_MERGED: Final = "each.merged_into_id NOT IN (SELECT id FROM chosen)"
#: A bundle tells of several incidents, and some of them may not be chosen: it stays behind.
_BUNDLED: Final = "true"
_BOTH: Final = "each.incident_id IN (SELECT id FROM chosen) AND each.related_id IN (SELECT id FROM chosen)"
_TRIAGES: Final = "SELECT id FROM triages WHERE incident_id IN (SELECT id FROM chosen)"

_TABLES: Final = (
    RecordTable("incidents", "id", "each.id IN (SELECT id FROM chosen)", {"merged_into_id": _MERGED}),
    RecordTable("responders", "incident_id, user_id"),
    RecordTable("timeline", "id"),
    RecordTable("escalation_steps", "incident_id, index"),
    RecordTable("attachments", "key"),
    RecordTable("deliveries", "id", severed={"bundle_id": _BUNDLED}),
    RecordTable("incident_links", "incident_id, related_id", _BOTH),
    RecordTable("incident_members", "incident_id, user_id"),
    RecordTable("removed_members", "incident_id, user_id"),
    RecordTable("alert_messages", "message_id"),
    RecordTable("alert_events", "guild_id, sender, event_id, nth"),
    RecordTable("alert_recoveries", "incident_id, message_id"),
    RecordTable("alert_verdicts", "guild_id, fingerprint"),
    RecordTable("used_links", "id"),
    RecordTable("triages", "id"),
    RecordTable("triage_answers", "id", f"each.triage_id IN ({_TRIAGES})"),
    RecordTable("triage_choices", "id", f"each.triage_id IN ({_TRIAGES})"),
    RecordTable("resolutions", "incident_id"),
    RecordTable("audit", "id", "each.data ->> 'incident_id' IN (SELECT id::text FROM chosen)"),
)


@cache
def tables() -> tuple[RecordTable, ...]:
    """Return the tables with records of incidents: the core's, then those of the capabilities."""
    return (*_TABLES, *(table for capability in installed() for table in capability.records))


#: The other tables, and why they are not records of incidents. A test compares both with the database.
LEFT_OUT: Final = MappingProxyType(
    {
        "absence_calendars": "how the calendar files were read here",
        "absences": "the schedule: when people are away",
        "alert_cursors": "how far a channel has been read here",
        "alert_decisions": "why an alert was tracked or was not: for 14 days",
        "alert_lessons": "a setting",
        "alert_plans": "settings",
        "alert_questions": "questions about messages that no incident came of",
        "alert_windows": "settings for a while",
        "away_shifts": "the schedule: which shifts were offered",
        "calendar_feeds": "people's own addresses, which are nobody else's business",
        "digests": "which weeks were posted here",
        "dlq_bursts": "of the DLQ",
        "dlq_replays": "of the DLQ",
        "dlq_seen": "of the DLQ",
        "dlq_views": "of the DLQ",
        "dlq_watches": "of the DLQ",
        "ended_webhooks": "of the DLQ",
        "guilds": "when the bot came to a server",
        "heartbeat_beats": "the last reports of jobs",
        "heartbeat_events": "what is still to be tracked; each alert is an incident",
        "heartbeat_looks": "a moment of a process",
        "heartbeats": "the state of the jobs at this moment; each alert is an incident",
        "hooks": "what other systems have sent, as it came: for 14 days",
        "identifies": "a moment of a process",
        "ignored_senders": "a setting",
        "installation": "the key and the state of this installation",
        "instances": "a moment of a process",
        "notify_settings": "people's own addresses, which are nobody else's business",
        "live_checks": "the last look at the systems; each is an entry of the timeline",
        "outside_pages": "how far systems outside are kept in step",
        "issue_polls": "how far the issues have been read here",
        "mirrors": "a copy for times without the database",
        "mornings": "the posts of the morning triage",
        "noted_messages": "messages of triages that have not become incidents",
        "oncall_changes": "what undoes a change of the schedule: for a day",
        "oncall_overrides": "the schedule: /oncall schedule export",
        "oncall_schedules": "the schedule: /oncall schedule export",
        "oncall_watches": "the schedule: /oncall schedule export",
        "output_previews": "output that its author has not confirmed yet: for a day",
        "pgqueuer": "the queue",
        "pgqueuer_log": "the queue",
        "pgqueuer_schedules": "the queue",
        "pgqueuer_statistics": "the queue",
        "probe_counts": "results of the last day",
        "probes": "the state of the targets at this moment; each alert is an incident",
        "replay_batches": "of the DLQ",
        "replay_batch_entries": "of the DLQ",
        "reported_changes": "what other systems have deployed: for 14 days",
        "role_grants": "the roles that members have at this moment",
        "role_problems": "what Discord refuses at this moment",
        "schema_migrations": "dbmate's",
        "shard_leases": "a moment of a process",
        "suspects": "what other systems and other incidents said then; the thread has it",
        "window_event_problems": "what Discord refuses at this moment",
        "window_events": "the server's list of events at this moment",
    }
)
