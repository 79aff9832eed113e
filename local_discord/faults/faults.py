"""Injected faults: which requests and gateway events fail, how, and how often."""

import re
from dataclasses import dataclass, field

from local_discord.faults.trigger import (
    TRIGGER_KEYS,
    BadFault,
    Trigger,
    number,
    only_known,
    read_trigger,
    switch,
    words,
)
from local_discord.world.kinds import JSON

__all__ = ["DISPATCH_FAULTS", "GATEWAY_FAULTS", "BadFault", "DispatchFault", "Fault", "Faults", "described"]

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "*")
_BODIES = (None, "html", "malformed", "truncated")
_RESETS = (None, "before", "after")
SCOPES = ("user", "shared", "global")
GATEWAY_FAULTS = (
    "drop",
    "invalidate",
    "reconnect",
    "silent",
    "deaf",
    "down",
    "resume_down",
    "close",
    "heartbeat",
)
DISPATCH_FAULTS = ("duplicate", "delay", "reorder", "lose")
_KEYS = (
    *("route", *TRIGGER_KEYS, "status", "code", "message", "delay_s", "black_hole"),
    *("after", "reset", "body", "retry_after", "scope", "global", "headers"),
)
_DISPATCH_KEYS = ("gateway", "event", *TRIGGER_KEYS, "delay_s")
_KEPT = 500
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)  # RFC 9110: a token
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


@dataclass(slots=True)
class Fault:
    """One fault of a route.

    Attributes:
        route: As given, e.g. ``POST /channels/*/messages``; ``*`` is one path segment, ``**`` any number.
        trigger: Which of the fitting requests it hits.
        status: Answer with this status instead of handling the request.
        code, message: The error body that goes with *status*.
        delay_s: Wait this long first. A client that left meanwhile gets no effect.
        black_hole: Never answer; the connection stays open until the client leaves.
        after: Handle the request before the delay, the hole, the status or the HTML: the effect exists.
        reset: Reset the connection, before or after the effect.
        body: ``html`` (Cloudflare's page), ``malformed`` (handled, the JSON ends half-way) or ``truncated``
            (handled, the connection ends half-way through the body).
        retry_after: Seconds, for status 429.
        scope: Of that 429: ``user`` (the route's bucket), ``shared`` (the resource's) or ``global``.
        headers: More headers, over the usual ones.
    """

    route: str
    method: str
    pattern: re.Pattern[str]
    trigger: Trigger = field(default_factory=Trigger)
    status: int | None = None
    code: int = 0
    message: str | None = None
    delay_s: float = 0.0
    black_hole: bool = False
    after: bool = False
    reset: str | None = None
    body: str | None = None
    retry_after: float | None = None
    scope: str = "user"
    headers: dict[str, str] = field(default_factory=dict)
    id: str = ""
    spec: JSON = field(default_factory=dict)

    @property
    def times(self) -> int | None:
        """Requests it still applies to; None is without end."""
        return self.trigger.times

    def fits(self, method: str, path: str) -> bool:
        """True when the fault is about this request."""
        return self.method in ("*", method) and bool(self.pattern.fullmatch(path))


@dataclass(slots=True)
class DispatchFault:
    """A fault of gateway events.

    Attributes:
        kind: One of `DISPATCH_FAULTS`.
        event: The event's name, e.g. ``MESSAGE_CREATE``; ``*`` matches any characters.
        trigger: Which of the matching events it affects.
        delay_s: Seconds by which an event is delayed, or that a reordered one waits for the next event.
    """

    kind: str
    event: str
    pattern: re.Pattern[str]
    trigger: Trigger
    delay_s: float = 1.0
    id: str = ""
    spec: JSON = field(default_factory=dict)


class Faults:
    """The faults in force, oldest first. A fault that is used up stays listed, with its hits."""

    def __init__(self) -> None:
        self.active: list[Fault] = []
        self.dispatch: list[DispatchFault] = []
        self._made = 0

    def add(self, spec: JSON) -> Fault:
        """Put the route's fault that *spec* describes in force.

        Raises:
            BadFault: Naming what is wrong with *spec*.
        """
        fault = _parse(spec)
        fault.id, fault.spec = self._next_id(), dict(spec)
        self.active = [*self.active[-_KEPT:], fault]
        return fault

    def add_dispatch(self, spec: JSON) -> DispatchFault:
        """Put the fault of gateway events that *spec* describes in force.

        Raises:
            BadFault: Naming what is wrong with *spec*.
        """
        fault = _parse_dispatch(spec)
        fault.id, fault.spec = self._next_id(), dict(spec)
        self.dispatch = [*self.dispatch[-_KEPT:], fault]
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault that hits this request."""
        return next((one for one in self.active if one.fits(method, path) and one.trigger.strikes()), None)

    def take_dispatch(self, event: str) -> DispatchFault | None:
        """The first fault that hits this event."""
        for fault in self.dispatch:
            if fault.pattern.fullmatch(event) and fault.trigger.strikes():
                return fault
        return None

    def listed(self) -> list[JSON]:
        """Every fault by age: its id and description, calls seen, hits, and hits left (null: endless)."""
        both: list[Fault | DispatchFault] = [*self.active, *self.dispatch]
        both.sort(key=lambda fault: int(fault.id))
        return [described(fault) for fault in both]

    def remove(self, fault_id: str) -> bool:
        """Lift one fault; False when there is none with that id."""
        before = len(self.active) + len(self.dispatch)
        self.active = [fault for fault in self.active if fault.id != fault_id]
        self.dispatch = [fault for fault in self.dispatch if fault.id != fault_id]
        return len(self.active) + len(self.dispatch) < before

    def clear(self) -> None:
        """Lift every fault."""
        self.active.clear()
        self.dispatch.clear()

    def _next_id(self) -> str:
        self._made += 1
        return str(self._made)


def described(fault: Fault | DispatchFault) -> JSON:
    """A fault as ``GET fault`` lists it."""
    counts = {"seen": fault.trigger.seen, "hits": fault.trigger.hits, "left": fault.trigger.times}
    return {"id": fault.id, **fault.spec, **counts}


def _parse(spec: JSON) -> Fault:
    only_known(spec, _KEYS)
    route = words(spec, "route", "")
    method, _, path = route.partition(" ")
    if method not in _METHODS or not path.startswith("/"):
        raise BadFault('route is a method and a path below the API base, e.g. "POST /channels/*/messages"')
    fault = Fault(
        route=route,
        method=method,
        pattern=_compile(path),
        trigger=read_trigger(spec),
        status=int(number(spec, "status", 0)) or None,
        code=int(number(spec, "code", 0)),
        message=None if spec.get("message") is None else words(spec, "message", ""),
        delay_s=number(spec, "delay_s", 0),
        black_hole=switch(spec, "black_hole"),
        after=switch(spec, "after"),
        reset=spec.get("reset"),
        body=spec.get("body"),
        retry_after=None if spec.get("retry_after") is None else number(spec, "retry_after", 0),
        scope="global" if switch(spec, "global") else words(spec, "scope", "user"),
        headers=_headers(spec.get("headers")),
    )
    _check(fault)
    return fault


def _headers(given: object) -> dict[str, str]:
    """Names and values that an HTTP header can have; {} when absent."""
    headers = {} if given is None else given
    if not isinstance(headers, dict):
        raise BadFault("headers is an object of strings")
    for name, value in headers.items():
        if (
            not _HEADER_NAME.fullmatch(name)
            or not isinstance(value, str)
            or not _HEADER_VALUE.fullmatch(value)
        ):
            raise BadFault(f"no header can be {name!r}: {value!r}")
    return dict(headers)


def _check(fault: Fault) -> None:
    if fault.body not in _BODIES:
        raise BadFault(f"body is one of {_BODIES[1:]}")
    if fault.reset not in _RESETS:
        raise BadFault(f"reset is one of {_RESETS[1:]}")
    if fault.scope not in SCOPES:
        raise BadFault(f"scope is one of {SCOPES}")
    if fault.status is not None and not 200 <= fault.status <= 599:  # noqa: PLR2004 (HTTP's final statuses)
        raise BadFault("status is from 200 to 599")
    if fault.delay_s < 0:
        raise BadFault("delay_s is not negative")
    if not (fault.status or fault.delay_s or fault.reset or fault.body or fault.black_hole):
        raise BadFault("say what goes wrong: status, delay_s, black_hole, reset or body")


def _parse_dispatch(spec: JSON) -> DispatchFault:
    only_known(spec, _DISPATCH_KEYS)
    event = words(spec, "event", "*")
    delay_s = number(spec, "delay_s", 1.0)
    if delay_s < 0:
        raise BadFault("delay_s is not negative")
    pattern = re.compile(".*".join(map(re.escape, event.split("*"))))
    return DispatchFault(str(spec["gateway"]), event, pattern, read_trigger(spec), delay_s)


def _compile(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*)", path)
    wild = {"*": "[^/]+", "**": ".*"}
    return re.compile("".join(wild.get(part, re.escape(part)) for part in parts))
