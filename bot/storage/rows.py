"""Conversions between database rows and the domain's values."""

from collections.abc import Iterable
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar

from bot.capability import delivery_kinds, entry_kind
from bot.domain.delivery.delivery import Delivery, DeliveryStatus, Request
from bot.domain.delivery.kinds import Action, AnyDeliveryKind
from bot.domain.errors import NewerVersion
from bot.domain.escalation.ladder import Step, StepStatus
from bot.domain.incident.incident import (
    ByPerson,
    Check,
    EndedAck,
    Incident,
    IncidentKind,
    PersonRef,
    Phase,
    Role,
    Status,
    StatusUpdate,
    StatusUpdates,
    UsersAffected,
)
from bot.domain.incident.parts import (
    ActionCount,
    Aftermath,
    AlertOrigin,
    AlertPost,
    AlertWait,
    Calls,
    EscalationPost,
    IncidentThread,
    Source,
    Tracked,
)
from bot.domain.paging import Also
from bot.domain.payloads import Json, Payload
from bot.domain.severity import LadderStep, Mention, SeverityChange
from bot.domain.timeline.entries import TimelineEntry
from bot.storage.database.sql import Row

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Value = TypeVar("_Value", bound="DataclassInstance")
_Payload = TypeVar("_Payload", bound=Payload)

_ALSO: Final = frozenset(Also)
_PHASES: Final = frozenset(Phase)
_AFFECTED: Final = frozenset(UsersAffected)


def from_row(made: type[_Value], row: Row, /, **other: object) -> _Value:
    """Return a dataclass *made* from *row*: each field is the column of its name, unless *other* has it."""
    named = {name: row[name] for name in _columns(made) if name not in other}
    return made(**named, **other)


@cache
def _columns(made: "type[DataclassInstance]") -> tuple[str, ...]:
    """Return the names of a dataclass's fields: asked once, since every row is read by them."""
    return tuple(field.name for field in fields(made))


def incident_from_row(row: Row) -> Incident:
    """Return the incident of a row of `incidents`."""
    return from_row(
        Incident,
        row,
        status=Status(row["status"]),
        kind=IncidentKind(row["kind"]),
        targets=tuple(row["targets"]),
        symptoms=tuple(row["symptoms"]),
        path=tuple((question, answer) for question, answer in row["path"]),
        reported_by=PersonRef(row["reported_by_id"], row["reported_by_name"]),
        acknowledged=_act(row, "acknowledged"),
        ended=_act(row, "resolved"),
        reopened=_act(row, "reopened"),
        post=AlertPost(row["posting"], row["alert_channel_id"], row["alert_message_id"]),
        escalation=EscalationPost(
            row["escalation_channel_id"], row["escalation_message_id"], row["escalation_version"]
        ),
        thread=IncidentThread(
            row["thread_id"], row["thread_posting"], row["thread_channel"], row["archive_at"]
        ),
        # jsonb keeps no order; people read the commander first.
        roles={role: PersonRef.from_json(row["roles"][role]) for role in Role if role in row["roles"]},
        updates=StatusUpdates(
            last=_kept(StatusUpdate, row["last_update"]),
            due_at=row["next_update_at"],
            remind_at=row["remind_at"],
            reminders=row["reminders"],
        ),
        tracked=from_row(
            Tracked,
            row,
            source=_kept(Source, row["source"]),
            origin=_kept(AlertOrigin, row["origin"]),
            waited=_kept(AlertWait, row["waited"]),
        ),
        duplicates=tuple(row["duplicates"]),
        linked=tuple(row["linked"]),
        checks={step: Check.from_json(kept) for step, kept in row["checks"].items()},
        unreached=tuple(row["unreached"]),
        taken=_kept(ByPerson, row["taken"]),
        ack_ended=_kept(EndedAck, row["ack_ended"]),
        phase=Phase(row["phase"]) if row["phase"] in _PHASES else None,  # a newer version may know more
        severity_changed=_kept(SeverityChange, row["severity_changed"]),
        users_affected=UsersAffected(row["users_affected"]) if row["users_affected"] in _AFFECTED else None,
        calls=Calls.from_json(row.get("calls") or {}),
        actions=ActionCount(row.get("actions_open") or 0, row.get("actions_all") or 0),
        aftermath=Aftermath.from_json(row.get("aftermath") or {}),
        own=row.get("own") or {},
    )


def _kept(made: type[_Payload], stored: Json | None) -> _Payload | None:
    return None if stored is None else made.from_json(stored)


def _act(row: Row, did: str) -> ByPerson | None:
    """Return what a person *did*, from its three columns; None if the moment is null."""
    at = row[f"{did}_at"]
    return None if at is None else ByPerson(row[f"{did}_by_id"], row[f"{did}_by_name"], at)


def act_as_columns(did: str, act: ByPerson | None) -> dict[str, object]:
    """Return the parameters for the three columns that `_act` reads."""
    return {
        f"{did}_at": None if act is None else act.at,
        f"{did}_by_id": None if act is None else act.id,
        f"{did}_by_name": None if act is None else act.name,
    }


def entry_as_json(entry: TimelineEntry) -> dict[str, object]:
    """Return a timeline entry as the queries take it."""
    return {
        "at": entry.at.isoformat(),
        "kind": entry.kind,
        "actor_id": entry.actor_id,
        "actor_name": entry.actor_name,
        "data": dict(entry.data or {}),
        "corrects": entry.corrects,
    }


def entries_from_rows(rows: Iterable[Row]) -> list[TimelineEntry]:
    """Return the entries of rows of `timeline`."""
    return [
        from_row(TimelineEntry, row, kind=entry_kind(row["kind"]), data=row["data"] or None) for row in rows
    ]


def step_from_row(row: Row) -> Step:
    """Return the step of a row of `escalation_steps` with `after`, the time from the alert to the step."""
    return from_row(
        Step,
        row,
        rung=LadderStep(
            after=row["after"],
            mention=Mention(row["mention"]),
            dm=tuple(row["dm"]),
            also=tuple(Also(way) for way in row["also"] if way in _ALSO),
            repeat=row["repeat_every"],
            repeat_up_to=row["repeats_left"],
        ),
        status=StepStatus(row["status"]),
    )


def delivery_kind(name: str) -> AnyDeliveryKind:
    """Return the kind of a delivery from the name in its row.

    Raises:
        NewerVersion: it is not known here.
    """
    if (kind := delivery_kinds().get(name)) is None:
        raise NewerVersion(name)
    return kind


def deliveries_from_rows(rows: Iterable[Row]) -> list[Delivery]:
    """Return the deliveries of rows, without the kinds that nothing here knows."""
    return [delivery_from_row(row) for row in rows if row["kind"] in delivery_kinds()]


def delivery_from_row(row: Row) -> Delivery:
    """Return the delivery of a row with the place of the one it waited for.

    Raises:
        NewerVersion: its kind is not known.
    """
    return from_row(
        Delivery,
        row,
        kind=delivery_kind(row["kind"]),
        to=row["target"],
        status=DeliveryStatus(row["status"]),
        request=request_from_json(row["request"]),
        emailed=row["emailed_at"] is not None,
        emailed_to=tuple(row["emailed_to"]),
    )


def request_as_json(request: Request) -> dict[str, object]:
    """Return *request* as the JSON for `deliveries.request`."""
    return {
        "action": request.action.value,
        "channel_id": request.channel_id,
        "message_id": request.message_id,
        "body": dict(request.body),
        "recipient": request.recipient,
        "recipient_id": request.recipient_id,
    }


def request_from_json(stored: Row | None) -> Request | None:
    """Return the request that `request_as_json` has written."""
    if stored is None:
        return None
    return Request(
        action=Action(stored["action"]),
        channel_id=stored["channel_id"],
        message_id=stored["message_id"],
        body=stored["body"],
        recipient=stored.get("recipient"),
        recipient_id=stored.get("recipient_id"),
    )
