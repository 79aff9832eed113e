"""The state of an incident, computed from its timeline alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Told:
    """The state that a timeline leads to.

    Attributes:
        roles: User id by role.
        checks: Who has ticked a step of the first response, by severity and number.
        wrong: Steps that no incident can take.
    """

    status: str = ""
    severity: str = ""
    acknowledged_by: int | None = None
    merged_into: int | None = None
    duplicates: set[int] = field(default_factory=set)
    linked: set[int] = field(default_factory=set)
    roles: dict[str, int] = field(default_factory=dict)
    checks: dict[tuple[str, int], int | None] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def enter(self, status: str, *, of: Iterable[str], kind: str) -> None:
        """Go on to *status*, which only follows one of these."""
        if self.status not in of:
            self.wrong.append(f"{kind} while {self.status or 'nothing'}")
        self.status = status


_OPEN = ("triggered", "acknowledged")
_ENDED = ("resolved", "cancelled", "merged")


def replay(history: Iterable[Mapping[str, Any]]) -> Told:
    """Fold the rows of `timeline`, in the order in which they were written."""
    told = Told()
    for entry in history:
        _take(told, entry["kind"], entry["actor_id"], entry["data"])
    return told


def _take(told: Told, kind: str, actor: int | None, data: Mapping[str, Any]) -> None:
    match kind:
        case "opened":
            told.enter("triggered", of=[""], kind=kind)
            told.severity = data["severity"]
        case "acknowledged" | "lapsed" | "released":
            _take_on(told, kind, actor, data)
        case "resolved" | "cancelled" | "merged":
            told.enter(kind, of=_OPEN, kind=kind)
            told.merged_into = data.get("into")
        case "reopened":
            told.enter("acknowledged", of=_ENDED, kind=kind)
            told.merged_into = None
        case "severity_changed":
            told.enter(told.status, of=_OPEN, kind=kind)
            if told.severity != data["before"]:
                told.wrong.append(f"{kind} from {data['before']} while {told.severity}")
            if actor is None and data["after"] > data["before"]:  # the names sort by severity, SEV1 first
                told.wrong.append(f"a clock lowers {data['before']} to {data['after']}")
            told.severity = data["after"]
        case "joined" | "escalated" | "updated" | "role_changed" | "step_done" | "step_undone":
            told.enter(told.status, of=_OPEN, kind=kind)
            _respond(told, kind, actor, data)
        case "linked" | "unlinked" | "unmerged":
            _relate(told, kind, data)


def _take_on(told: Told, kind: str, actor: int | None, data: Mapping[str, Any]) -> None:
    """Apply an acknowledge or its end, after which another responder may take over."""
    if kind == "acknowledged":
        told.enter("acknowledged", of=["triggered"], kind=kind)
        told.acknowledged_by = told.acknowledged_by or actor  # the first one stays
        return
    to = "triggered" if data.get("resumed", True) else "acknowledged"
    told.enter(to, of=["acknowledged"], kind=kind)


def _respond(told: Told, kind: str, actor: int | None, data: Mapping[str, Any]) -> None:
    if kind == "role_changed":
        _give(told, data)
    elif kind in {"step_done", "step_undone"}:
        _tick(told, kind, actor, data)


def _relate(told: Told, kind: str, data: Mapping[str, Any]) -> None:
    if kind == "unmerged":
        told.duplicates.remove(data["with"])
    elif kind == "unlinked":
        told.linked.remove(data["with"])
    elif "merged" in data:
        told.duplicates.add(data["merged"])
    else:
        told.linked.add(data["with"])


def _tick(told: Told, kind: str, actor: int | None, data: Mapping[str, Any]) -> None:
    step, is_done = (data["severity"], data["number"]), kind == "step_done"
    if (step in told.checks) is is_done or told.severity != data["severity"]:
        told.wrong.append(f"{kind} {step} of {told.severity} with {told.checks}")
    if is_done:
        told.checks[step] = actor
    else:
        told.checks.pop(step, None)


def _give(told: Told, data: Mapping[str, Any]) -> None:
    if data["holder"] is None:
        told.roles.pop(data["role"], None)
    else:
        told.roles[data["role"]] = int(data["holder"]["id"])
