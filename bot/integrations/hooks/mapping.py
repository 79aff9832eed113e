"""Alerts from any JSON: expressions in JMESPath say what is where.

Source: https://jmespath.org/specification.html
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.domain.alerts.events import AlertEvent
from bot.domain.alerts.recognition import Says
from bot.domain.changes import ChangeKind, RecentChange, change_key
from bot.domain.hooks.hook import MappedPart
from bot.domain.text import one_line
from bot.integrations.hooks.body import moment_of, plain_text, storable

#: Fields whose word may say whether an alert fires or is over: the first one that is known decides.
_STATES: Final = (
    *("status", "state", "alert_status", "alert_state", "event", "event_type", "event_action", "action"),
    *("result", '"状態"', '"状況"', '"ステータス"'),
)

#: Fields that are true of an alert that is over, and false of one that fires.
_FLAGS: Final = (
    *("resolved", "is_resolved", "recovered", "is_recovered", "closed", "is_closed", "healthy", "is_healthy"),
    *("ok", "is_ok", "up", "is_up", "success", '"復旧"'),
)


def states_in(place: str = "", *others: str) -> str:
    """Return the expression that finds the words and the flags of a state: a list of each.

    Args:
        place: What each field's path begins with: "data.".
        others: Further fields whose word may say it.
    """
    words, flags = ([f"{place}{field}" for field in fields] for fields in (_STATES, _FLAGS))
    return f"[[{', '.join((*words, *others))}], [{', '.join(flags)}]]"


_FLAG_WORDS: Final = {"true": "ok", "false": "failed"}


#: Where each part is looked for if the policy does not say.
DEFAULTS: Final[Mapping[str, str]] = {
    MappedPart.TITLE: "title || summary || message || name || text",
    MappedPart.KEY: "key || fingerprint || dedup_key",
    MappedPart.STATUS: states_in(),
    MappedPart.SEVERITY: "severity || level || priority",
    MappedPart.TARGET: "target || service || host",
    MappedPart.URL: "url || link",
    MappedPart.TEXT: "text || description || message",
    MappedPart.STARTED_AT: "started_at || timestamp",
}

#: The last word of a status ("alert.resolved") that says it is over.
_OVER: Final = frozenset(
    {"resolved", "resolve", "recovered", "recovery", "recover", "ok", "up", "closed", "close", "normal"}
    | {"healthy", "success", "succeeded", "successful", "passed", "end", "ended", "clear", "cleared"}
    | {"fixed", "solved", "restored", "operational", "online"}
)
#: The last word of a status that says it fires. An unknown one means that too, but gives way to other fields.
_FIRES: Final = frozenset(
    {"firing", "triggered", "trigger", "alerting", "alert", "open", "opened", "down", "error", "failed"}
    | {"failure", "failing", "problem", "critical", "warning", "unhealthy", "degraded"}
)

#: Before the last word, it says the contrary.
_NOT: Final = frozenset({"not", "no", "never", "isn't", "wasn't", "hasn't", "non"})

#: What Japanese says of a state, without blanks between words, and what makes it the contrary.
_OVER_IN_JAPANESE: Final = re.compile(
    r".*(?<![未不非])(?:復旧|回復|解消|解決|復帰|収束|クローズ|正常|異常(?:なし|無し|はありません))(.*)",
    re.DOTALL,
)
_NOT_IN_JAPANESE: Final = re.compile(
    r"^(?:作業|対応|処理)?中|待ち|ない|ません|できず|失敗|異常|発生|障害|エラー|未|不"
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
        status = next(iter(self._states(one, [])), "")
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
        named = [name for name in DEFAULTS if name is not MappedPart.STATUS]
        found = {name: self._part(name, alert, problems) for name in named}
        if not found[MappedPart.TITLE] and MappedPart.TITLE in self.own:
            problems.append("mapping.title: finds nothing")
        told = found[MappedPart.TEXT]
        return AlertEvent(
            says=_says(self._states(alert, problems)),
            key=found[MappedPart.KEY],
            title=found[MappedPart.TITLE] or _raw_title(alert),
            target=found[MappedPart.TARGET] or None,
            severity=found[MappedPart.SEVERITY] or None,
            url=found[MappedPart.URL] or None,
            text="\n".join([told, *problems] if told else problems),
            started_at=moment_of(_number(found[MappedPart.STARTED_AT])),
        )

    def _states(self, alert: object, problems: list[str]) -> list[str]:
        """Return the words that may say whether *alert* is over, in the order in which they count."""
        if MappedPart.STATUS in self.own:
            return [self._part(MappedPart.STATUS, alert, problems)]
        found, _ = _search(self.others[MappedPart.STATUS], alert)
        words, flags = found if isinstance(found, list) else ([], [])
        said = [_FLAG_WORDS.get(str(flag).lower(), "") for flag in flags]
        return [text for text in (*map(plain_text, words), *said) if text]

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


def _says(states: Iterable[str]) -> Says:
    """Return what the first known word of *states* says; without one, it fires: no alert is lost."""
    known = (_of_japanese(state) or _of_words(state) for state in states)
    return next((says for says in known if says is not None), Says.FIRING)


def _of_japanese(state: str) -> Says | None:
    found = _OVER_IN_JAPANESE.match(state)
    if found is None:
        return None
    return Says.FIRING if _NOT_IN_JAPANESE.search(found[1]) else Says.RESOLVED


def _of_words(state: str) -> Says | None:
    if state.lower().replace("_", ".").rpartition(".")[2] in _CHATTER:
        return Says.CHATTER
    *others, last = re.findall(r"[a-z']+", state.lower()) or [""]
    if last in _FIRES:
        return Says.FIRING
    if last not in _OVER:
        return None
    return Says.FIRING if _NOT.intersection(others) else Says.RESOLVED


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
