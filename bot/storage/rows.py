"""Rows become the domain's values."""

import json
from collections.abc import Sequence

from bot.domain.delivery import Action, Delivery, DeliveryKind, DeliveryStatus, Request
from bot.domain.dlq import DlqEntry, ReplayRecord
from bot.domain.escalation import Step, StepStatus
from bot.domain.incident import Incident, Status, TimelineEntry, TimelineKind
from bot.domain.severity import LadderStep, Mention
from bot.domain.triage_session import StoredAnswer, Triage, TriageStatus
from bot.storage.sql import Row


def incident_from_row(row: Row) -> Incident:
    """A row of `incidents`."""
    return Incident(
        id=row["id"],
        guild_id=row["guild_id"],
        severity=row["severity"],
        priority=row["priority"],
        status=Status(row["status"]),
        title=row["title"],
        targets=tuple(row["targets"]),
        symptoms=tuple(row["symptoms"]),
        path=tuple((question, answer) for question, answer in row["path"]),
        started_at=row["started_at"],
        triggered_at=row["triggered_at"],
        ack_due_at=row["ack_due_at"],
        reported_by_id=row["reported_by_id"],
        reported_by_name=row["reported_by_name"],
        acknowledged_at=row["acknowledged_at"],
        acknowledged_by_id=row["acknowledged_by_id"],
        acknowledged_by_name=row["acknowledged_by_name"],
        resolved_at=row["resolved_at"],
        resolved_by_id=row["resolved_by_id"],
        resolved_by_name=row["resolved_by_name"],
        alert_channel_id=row["alert_channel_id"],
        alert_message_id=row["alert_message_id"],
        thread_id=row["thread_id"],
        version=row["version"],
    )


def entry_from_row(row: Row) -> TimelineEntry:
    """A row of `timeline`; no data reads as None."""
    return TimelineEntry(
        kind=TimelineKind(row["kind"]),
        at=row["at"],
        actor_id=row["actor_id"],
        actor_name=row["actor_name"],
        data=row["data"] or None,
    )


def step_from_row(row: Row) -> Step:
    """A row of `escalation_steps` with `after`, the time from the alert to the step."""
    return Step(
        incident_id=row["incident_id"],
        index=row["index"],
        due_at=row["due_at"],
        rung=LadderStep(after=row["after"], mention=Mention(row["mention"]), dm=tuple(row["dm"])),
        status=StepStatus(row["status"]),
    )


def delivery_from_row(row: Row) -> Delivery:
    """A row of `deliveries` with the place of the one it waited for."""
    return Delivery(
        id=row["id"],
        kind=DeliveryKind(row["kind"]),
        to=row["target"],
        key=row["key"],
        guild_id=row["guild_id"],
        incident_id=row["incident_id"],
        data=row["data"],
        priority=row["priority"],
        status=DeliveryStatus(row["status"]),
        nonce=row["nonce"],
        attempts=row["attempts"],
        created_at=row["created_at"],
        first_sent_at=row["first_sent_at"],
        request=request_from_json(row["request"]),
        channel_id=row["channel_id"],
        message_id=row["message_id"],
        error=row["error"],
        http_status=row["http_status"],
        after_channel_id=row["after_channel_id"],
        after_message_id=row["after_message_id"],
        shown_version=row["shown_version"],
        emailed=row["emailed_at"] is not None,
    )


def request_as_json(request: Request) -> dict[str, object]:
    """What `deliveries.request` keeps."""
    return {
        "action": request.action.value,
        "channel_id": request.channel_id,
        "message_id": request.message_id,
        "body": dict(request.body),
    }


def request_from_json(kept: Row | None) -> Request | None:
    """The inverse of `request_as_json`."""
    if kept is None:
        return None
    return Request(
        action=Action(kept["action"]),
        channel_id=kept["channel_id"],
        message_id=kept["message_id"],
        body=kept["body"],
    )


def triage_from_rows(row: Row, answers: Sequence[Row]) -> Triage:
    """A row of `triages` with its standing answers."""
    return Triage(
        id=row["id"],
        guild_id=row["guild_id"],
        user_id=row["user_id"],
        user_name=row["user_name"],
        title=row["title"],
        targets=tuple(row["targets"]),
        symptoms=tuple(row["symptoms"]),
        started_at=row["started_at"],
        status=TriageStatus(row["status"]),
        answers=tuple(map(answer_from_row, answers)),
        severity=row["severity"],
        incident_id=row["incident_id"],
        reevaluate_at=row["reevaluate_at"],
    )


def answer_from_row(row: Row) -> StoredAnswer:
    """A row of `triage_answers`."""
    return StoredAnswer(row["question"], row["answer"], row["unsure"], row["by_name"])


def replay_from_row(row: Row) -> ReplayRecord:
    """A row of `dlq_replays` with the place of the message it became."""
    return ReplayRecord(
        entry_id=row["entry_id"],
        requested_by_id=row["requested_by_id"],
        requested_by_name=row["requested_by_name"],
        requested_at=row["requested_at"],
        channel=row["channel"],
        channel_id=row["channel_id"],
        message_id=row["message_id"],
        error=row["error"],
    )


def failure_from_row(row: Row) -> DlqEntry:
    """A row of `admin.notification_failures`; a payload that is no JSON object is left out."""
    payload = None if row["payload"] is None else json.loads(row["payload"])
    return DlqEntry(
        id=row["id"],
        attempted_at=row["attempted_at"],
        channel=row["channel"],
        severity=row["severity"],
        title=row["title"],
        http_status=row["http_status"],
        retry_count=row["retry_count"],
        error_message=row["error_message"],
        status=row["status"],
        fallback_email_sent=row["fallback_email_sent"],
        payload=payload if isinstance(payload, dict) else None,
    )
