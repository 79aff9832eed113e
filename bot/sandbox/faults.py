"""Injected faults: what goes wrong with which requests, and how often."""

import re
from dataclasses import dataclass, field

from bot.sandbox.kinds import JSON

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "*")
_BODIES = (None, "html", "malformed")
_RESETS = (None, "before", "after")
GATEWAY_FAULTS = ("drop", "invalidate", "reconnect", "silent", "down", "close")
_KEYS = (
    *("route", "times", "status", "code", "message", "delay_s"),
    *("after", "reset", "body", "retry_after", "global", "headers"),
)


class BadFault(ValueError):
    """The description of a fault makes no sense."""


@dataclass(slots=True)
class Fault:
    """One fault.

    Attributes:
        route: As given, e.g. ``POST /channels/*/messages``; ``*`` is one path segment, ``**`` any number.
        times: Requests it still applies to; None is without end.
        status: Answer with this status instead of handling the request.
        code, message: The error body that goes with *status*.
        delay_s: Wait this long first. A client that left meanwhile gets no effect.
        after: Handle the request before the delay, the status or the HTML, so that the effect exists.
        reset: Reset the connection, before or after the effect.
        body: ``html`` (as a proxy in front of Discord answers) or ``malformed`` (handled, JSON cut short).
        retry_after: Seconds, for status 429.
        is_global: Whether that 429 is the global one.
    """

    route: str
    method: str
    pattern: re.Pattern[str]
    times: int | None = 1
    status: int | None = None
    code: int = 0
    message: str | None = None
    delay_s: float = 0.0
    after: bool = False
    reset: str | None = None
    body: str | None = None
    retry_after: float | None = None
    is_global: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    def fits(self, method: str, path: str) -> bool:
        """True when the fault applies to this request and is not used up."""
        if self.times is not None and self.times <= 0:
            return False
        return self.method in ("*", method) and bool(self.pattern.fullmatch(path))


class Faults:
    """The faults in force, oldest first."""

    def __init__(self) -> None:
        self.active: list[Fault] = []

    def add(self, spec: JSON) -> Fault:
        """Put the fault that *spec* describes in force.

        Raises:
            BadFault: Naming what is wrong with *spec*.
        """
        fault = _parse(spec)
        self.active.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault for this request, used up by one."""
        for fault in self.active:
            if fault.fits(method, path):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    def clear(self) -> None:
        """Lift every fault."""
        self.active.clear()


def _parse(spec: JSON) -> Fault:
    if strange := set(spec) - set(_KEYS):
        raise BadFault(f"unknown keys {sorted(strange)}; known: {list(_KEYS)}")
    route = str(spec.get("route", ""))
    method, _, path = route.partition(" ")
    if method not in _METHODS or not path.startswith("/"):
        raise BadFault('route is a method and a path below the API base, e.g. "POST /channels/*/messages"')
    fault = Fault(
        route=route,
        method=method,
        pattern=_compile(path),
        times=None if spec.get("times", 1) is None else int(spec.get("times", 1)),
        status=spec.get("status"),
        code=int(spec.get("code", 0)),
        message=spec.get("message"),
        delay_s=float(spec.get("delay_s", 0)),
        after=bool(spec.get("after", False)),
        reset=spec.get("reset"),
        body=spec.get("body"),
        retry_after=spec.get("retry_after"),
        is_global=bool(spec.get("global", False)),
        headers=dict(spec.get("headers") or {}),
    )
    _check(fault)
    return fault


def _check(fault: Fault) -> None:
    if fault.body not in _BODIES:
        raise BadFault(f"body is one of {_BODIES[1:]}")
    if fault.reset not in _RESETS:
        raise BadFault(f"reset is one of {_RESETS[1:]}")
    if not (fault.status or fault.delay_s or fault.reset or fault.body):
        raise BadFault("say what goes wrong: status, delay_s, reset or body")


def _compile(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*)", path)
    wild = {"*": "[^/]+", "**": ".*"}
    return re.compile("".join(wild.get(part, re.escape(part)) for part in parts))
