"""Alerts from any JSON: expressions in JMESPath say what is where.

Source: https://jmespath.org/specification.html
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.domain.alerts.events import AlertEvent
from bot.domain.alerts.recognition import Says
from bot.domain.hooks.hook import MappedPart
from bot.domain.suspects.card import ChangeKind, RecentChange, change_key
from bot.domain.text import one_line
from bot.integrations.hooks.body import moment_of, plain_text, storable

#: Where each part is looked for if the policy does not say.
DEFAULTS: Final[Mapping[str, str]] = {
    MappedPart.TITLE: "title || summary || message || name || text",
    MappedPart.KEY: "key || fingerprint || dedup_key",
    MappedPart.STATUS: "status || state",
    MappedPart.SEVERITY: "severity || level || priority",
    MappedPart.TARGET: "target || service || host",
    MappedPart.URL: "url || link",
    MappedPart.TEXT: "text || description || message",
    MappedPart.STARTED_AT: "started_at || timestamp",
}

#: The last word of a status ("alert.resolved") that says it is over.
_OVER: Final = frozenset(
    {"resolved", "resolve", "recovered", "recovery", "ok", "up", "closed", "normal"}
    | {"healthy", "success", "succeeded", "passed", "end", "ended"}
)
#: The last word of a status that says neither.
_CHATTER: Final = frozenset(
    {"acknowledged", "acknowledge", "assigned", "commented", "pending", "test", "ping"}
)

_RAW_LIMIT: Final = 200
_WHAT_LIMIT: Final = 120
_PART_LIMIT: Final = 60


@dataclass(frozen=True, slots=True)
class Mapped:
    """The expressions for one source.

    Attributes:
        own: What the policy says.
        others: Where the policy says nothing.
    """

    own: Mapping[str, str]
    others: Mapping[str, str]

    def events(self, body: object) -> tuple[AlertEvent, ...]:
        """Return the alerts of a JSON *body*. One without a title gets a raw one: none is lost."""
        return tuple(self._event(one) for one in self._alerts(body))

    def deployments(self, body: object, *, source: str, at: datetime) -> tuple[RecentChange, ...]:
        """Return the deployments of a JSON *body*; one that does not say when it began, did so *at*."""
        return tuple(self._deployment(one, source, at) for one in self._alerts(body))

    def _deployment(self, one: object, source: str, at: datetime) -> RecentChange:
        status = self._part(MappedPart.STATUS, one, [])
        told = replace(self._event(one), text="").masked()
        began = told.started_at or at
        return RecentChange(
            kind=ChangeKind.DEPLOYMENT,
            what=one_line(told.title, limit=_WHAT_LIMIT),
            at=began,
            where=one_line(told.target or "", limit=_PART_LIMIT),
            state=one_line(status, limit=_PART_LIMIT),
            url=told.link or "",
            key=change_key(source, told.key or f"{began.isoformat()} {told.title}"),
        )

    def _alerts(self, body: object) -> Iterator[object]:
        found, _ = _search(self.own[MappedPart.EACH], body) if MappedPart.EACH in self.own else (body, "")
        if isinstance(found, list) and found:
            yield from found
        else:
            yield body

    def _event(self, alert: object) -> AlertEvent:
        problems: list[str] = []
        found = {name: self._part(name, alert, problems) for name in DEFAULTS}
        if not found[MappedPart.TITLE] and MappedPart.TITLE in self.own:
            problems.append("mapping.title: finds nothing")
        told = found[MappedPart.TEXT]
        return AlertEvent(
            says=_says(found[MappedPart.STATUS]),
            key=found[MappedPart.KEY],
            title=found[MappedPart.TITLE] or _raw_title(alert),
            target=found[MappedPart.TARGET] or None,
            severity=found[MappedPart.SEVERITY] or None,
            url=found[MappedPart.URL] or None,
            text="\n".join([told, *problems] if told else problems),
            started_at=moment_of(_number(found[MappedPart.STARTED_AT])),
        )

    def _part(self, name: str, alert: object, problems: list[str]) -> str:
        found, problem = _search(self.own.get(name) or self.others[name], alert)
        if problem and name in self.own:
            problems.append(f"mapping.{name}: {problem}")
        return plain_text(found)


def raw_event(text: str) -> AlertEvent:
    """Return the alert for a body that is not JSON: its first line is the title."""
    return AlertEvent(
        says=Says.FIRING, key="", title=storable(text.strip())[:_RAW_LIMIT], text=storable(text)
    )


def _search(expression: str, value: object) -> tuple[object, str]:
    """Return what *expression* finds, and what is wrong if it finds nothing because of an error."""
    # Only the sources that have a mapping pay for the time that its import takes.
    import jmespath  # noqa: PLC0415
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415

    try:
        found: object = jmespath.search(expression, value)
    except (JMESPathError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        return None, _one_line(error)
    return found, ""


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:_RAW_LIMIT] or type(error).__name__


def _says(status: str) -> Says:
    word = status.lower().replace("_", ".").rpartition(".")[2]
    if word in _OVER:
        return Says.RESOLVED
    return Says.CHATTER if word in _CHATTER else Says.FIRING


def _raw_title(alert: object) -> str:
    found, _ = _search(DEFAULTS[MappedPart.TITLE], alert)
    raw = alert if isinstance(alert, str) else json.dumps(alert, ensure_ascii=False)
    return plain_text(found) or storable(raw)[:_RAW_LIMIT]


def _number(text: str) -> object:
    """Return Unix seconds as a number, anything else as it is."""
    try:
        return float(text)
    except ValueError:
        return text
