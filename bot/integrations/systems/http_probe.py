"""A target, asked by HTTP: its status, the ``ok`` of its body, its time, the end of its certificate.

It is down only after two failures in a row: one lost packet is no outage.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from bot.domain.errors import OutboundFailed
from bot.domain.masking.masking import open_link
from bot.domain.systems import (
    CERTIFICATE_DAYS,
    CheckResult,
    Fact,
    HttpTarget,
    SystemKind,
    SystemState,
    is_outage,
)
from bot.integrations.outbound.call import Call, CallTerms, HttpAnswer
from bot.integrations.outbound.http import OutboundHttp

#: Seconds for each of the two tries, and between them: together less than a check has.
_TRY_S: Final = 3.5
_PAUSE_S: Final = 0.5
_DAY_S: Final = 86_400

#: Of a body that are looked at.
_MOST_BYTES: Final = 1 << 20

#: What comes before the name of a member of a JSON object, and after it.
_MEMBER: Final = re.compile(r'\s*[{,]\s*(?=")')
_COLON: Final = re.compile(r"\s*:\s*")

#: Expected, such a status is looked for itself, and not where it leads.
_REDIRECTION: Final = range(300, 400)

#: Refusals of a gate before the target: its users may well pass.
_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """A `bot.services.ports.systems.LiveCheck`.

    Attributes:
        name: The target.
        try_s: Seconds for one request.
        pause_s: Seconds between the two tries.
        wall_clock: Seconds since 1970.
    """

    http: OutboundHttp
    name: str
    target: HttpTarget
    try_s: float = _TRY_S
    pause_s: float = _PAUSE_S
    wall_clock: Callable[[], float] = time.time
    system: SystemKind = SystemKind.HTTP

    async def look(self) -> CheckResult:
        """Return the target's state after one good answer, or two bad ones."""
        first = await self.ask()
        if first.state not in {SystemState.DOWN, SystemState.UNKNOWN}:
            return first
        await asyncio.sleep(self.pause_s)
        second = await self.ask()
        if second.state is not SystemState.OK:
            return second
        return self._result(SystemState.DEGRADED, Fact.SECOND_TRY, ms=second.values["ms"])

    async def ask(self) -> CheckResult:
        """Send one request to the target and return what it finds."""
        terms = CallTerms(
            "probe",
            deadline_s=self.try_s,
            most_bytes=_MOST_BYTES,
            cuts_body=True,
            tries=1,
            has_breaker=False,
            follows=self.target.status not in _REDIRECTION,
            allows_private=self.target.is_private,
        )
        try:
            answer = await self.http.send(Call("GET", self.target.url), terms)
        except OutboundFailed as failed:
            state = SystemState.DOWN if is_outage(failed.problem) else SystemState.UNKNOWN
            return self._result(state, Fact.PROBLEM, problem=failed.problem)
        return self._judged(answer)

    def _judged(self, answer: HttpAnswer) -> CheckResult:
        status, ms = str(answer.status), str(round(answer.took_s * 1000))
        if answer.status != self.target.status:
            state = SystemState.UNKNOWN if answer.status in _REFUSED else SystemState.DOWN
            return self._result(state, Fact.WRONG_STATUS, status=status, expected=str(self.target.status))
        if self.target.needs_ok and not _says_ok(answer):
            return self._result(SystemState.DOWN, Fact.BODY_NOT_OK, status=status)
        if answer.took_s > self.target.slow_after.total_seconds():
            return self._result(SystemState.DEGRADED, Fact.SLOW, status=status, ms=ms)
        ends = answer.certificate_not_after  # None without TLS
        days = None if ends is None else int((ends - self.wall_clock()) // _DAY_S)
        if days is not None and days < CERTIFICATE_DAYS:
            return self._result(SystemState.DEGRADED, Fact.CERTIFICATE_ENDS, days=str(days))
        return self._result(SystemState.OK, Fact.RESPONDS, status=status, ms=ms)

    def _result(self, state: SystemState, fact: Fact, **values: str) -> CheckResult:
        url = open_link(self.target.url.partition("?")[0])  # its query may hold a key
        return CheckResult(system=self.system, name=self.name, state=state, fact=fact, values=values, url=url)


def _says_ok(answer: HttpAnswer) -> bool:
    """Return True if the body is a JSON object whose ``ok`` is true, in what was kept of a long one."""
    try:
        body = json.loads(answer.content)
    except RecursionError:
        return False
    except ValueError:
        return len(answer.content) >= _MOST_BYTES and _begins_with_ok(answer.content)
    return isinstance(body, dict) and body.get("ok") is True


def _begins_with_ok(content: bytes) -> bool:
    """Return True if ``ok`` is true among the members of an object that is cut off somewhere."""
    text, read, at = content.decode("utf-8", "replace"), json.JSONDecoder().raw_decode, 0
    with suppress(ValueError, RecursionError):
        while (begins := _MEMBER.match(text, at)) is not None:
            name, at = read(text, begins.end())
            if (colon := _COLON.match(text, at)) is None:
                break
            value, at = read(text, colon.end())
            if name == "ok":
                return value is True
    return False
