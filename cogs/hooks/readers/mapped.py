"""Bodies of any system, read by the policy's mapping: JSON or a line of text, and Standard Webhooks.

Sources: https://jmespath.org/specification.html, and
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, by which many
systems sign what they send.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from bot.domain.alerts.events import AlertEvent
from bot.domain.alerts.recognition import Says
from bot.domain.systems import ChangeKind, RecentChange, change_key
from bot.domain.text import one_line
from cogs.hooks.readers.reading import (
    SilentReader,
    fields_of,
    is_one_of,
    json_in,
    json_of,
    moment_of,
    plain_text,
    require_credentials,
    require_recent,
    storable,
    text_of,
)
from cogs.hooks.rules import HookRefused, HookRequest, HookRules, HookUnreadable, MappedPart

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
        deployments = []
        for one in self._alerts(body):
            status = next(iter(self._states(one, [])), "")
            event = replace(self._event(one), text="").masked()
            began = event.started_at or at
            change = RecentChange(
                kind=ChangeKind.DEPLOYMENT,
                what=one_line(event.title, limit=_WHAT_LIMIT),
                at=began,
                where=one_line(event.target or "", limit=_PART_LIMIT),
                state=one_line(status, limit=_PART_LIMIT),
                url=event.link or "",
                key=change_key(source, event.key or f"{began.isoformat()} {event.title}"),
            )
            deployments.append(change)
        return tuple(deployments)

    def _alerts(self, body: object) -> Iterator[object]:
        alerts, _ = _search(self.own[MappedPart.EACH], body) if MappedPart.EACH in self.own else (body, "")
        if isinstance(alerts, list) and alerts:
            yield from alerts
        else:
            yield body

    def _event(self, alert: object) -> AlertEvent:
        problems: list[str] = []
        named = [name for name in DEFAULTS if name is not MappedPart.STATUS]
        parts = {name: self._part(name, alert, problems) for name in named}
        if not parts[MappedPart.TITLE] and MappedPart.TITLE in self.own:
            problems.append("mapping.title: finds nothing")
        states = self._states(alert, problems)
        known = (_of_japanese(state) or _of_words(state) for state in states)
        text = parts[MappedPart.TEXT]
        return AlertEvent(
            # Without a known word it fires: no alert is lost.
            says=next((says for says in known if says is not None), Says.FIRING),
            key=parts[MappedPart.KEY],
            title=parts[MappedPart.TITLE] or _raw_title(alert),
            target=parts[MappedPart.TARGET] or None,
            severity=parts[MappedPart.SEVERITY] or None,
            url=parts[MappedPart.URL] or None,
            text="\n".join([text, *problems] if text else problems),
            started_at=moment_of(_number(parts[MappedPart.STARTED_AT])),
        )

    def _states(self, alert: object, problems: list[str]) -> list[str]:
        """Return the words that may say whether *alert* is over, in the order in which they count."""
        if MappedPart.STATUS in self.own:
            return [self._part(MappedPart.STATUS, alert, problems)]
        states, _ = _search(self.others[MappedPart.STATUS], alert)
        words, flags = states if isinstance(states, list) else ([], [])
        flag_words = [_FLAG_WORDS.get(str(flag).lower(), "") for flag in flags]
        return [text for text in (*map(plain_text, words), *flag_words) if text]

    def _part(self, name: str, alert: object, problems: list[str]) -> str:
        value, problem = _search(self.own.get(name) or self.others[name], alert)
        if problem and name in self.own:
            problems.append(f"mapping.{name}: {problem}")
        return plain_text(value)


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
        result: object = jmespath.search(expression, value)
    except (JMESPathError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        return None, " ".join(str(error).split())[:_RAW_LIMIT] or type(error).__name__
    return result, ""


def _of_japanese(state: str) -> Says | None:
    over = _OVER_IN_JAPANESE.match(state)
    if over is None:
        return None
    return Says.FIRING if _NOT_IN_JAPANESE.search(over[1]) else Says.RESOLVED


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
    title, _ = _search(DEFAULTS[MappedPart.TITLE], alert)
    raw = alert if isinstance(alert, str) else json.dumps(alert, ensure_ascii=False)
    return plain_text(title) or storable(raw)[:_RAW_LIMIT]


def _number(text: str) -> object:
    """Return Unix seconds as a number, anything else as it is."""
    try:
        return float(text)
    except ValueError:
        return text


#: Bytes of the longest body that is looked at for whether it says anything, before the sender has its answer.
_LOOKED_AT: Final = 2_048


class JsonReader(SilentReader):
    """See `cogs.hooks.readers.reading.HookReader`."""

    def verify(self, request: HookRequest, keys: Sequence[str], *, now: datetime) -> None:
        del now
        require_credentials(request, keys)

    def answer(self, request: HookRequest, rules: HookRules) -> bytes | None:
        """Return None: any 2xx will do.

        Raises:
            HookUnreadable: it says nothing at all, such as ``{}``: an alert of that name would help no one.
        """
        if len(request.body) <= _LOOKED_AT:
            _read(text_of(request), rules)
        return None

    def parse(self, request: HookRequest, rules: HookRules) -> tuple[AlertEvent, ...]:
        if rules.reports_deployments:
            return ()
        text = text_of(request)
        body = _read(text, rules)
        if body is None:
            return (raw_event(_readable(text)),)
        return Mapped(rules.mapping, DEFAULTS).events(body)

    def changes(self, request: HookRequest, rules: HookRules, *, at: datetime) -> tuple[RecentChange, ...]:
        if not rules.reports_deployments:
            return ()
        mapped = Mapped(rules.mapping, DEFAULTS)
        return mapped.deployments(json_of(request), source=rules.sender.name, at=at)


def _read(text: str, rules: HookRules) -> object:
    """Return the JSON of a body; None for text that is not JSON.

    Raises:
        HookUnreadable: it says nothing.
    """
    try:
        content = json_in(text)
    except HookUnreadable:
        content, is_silent = None, not text.strip("\0 \t\r\n")
    else:
        is_silent = not _says_something(content, to_mapping=bool(rules.mapping))
    if is_silent:
        raise HookUnreadable("the body says nothing")
    return content


def _says_something(value: object, *, to_mapping: bool) -> bool:
    """Return True if there is a text in a JSON *value*; what figures and flags say only a mapping knows."""
    if isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        return any(_says_something(item, to_mapping=to_mapping) for item in items)
    if isinstance(value, str):
        return bool(plain_text(value))
    return to_mapping and value is not None


def _readable(text: str) -> str:
    """Return a body that is not JSON without what could not be decoded.

    Raises:
        HookUnreadable: nothing is left.
    """
    left = text.replace("\ufffd", "")
    if not any(sign.isprintable() and not sign.isspace() for sign in left):
        raise HookUnreadable("the body has no text" if text.strip("\0 \t\r\n") else "the body is empty")
    return left


_ID: Final = "webhook-id"
_TIMESTAMP: Final = "webhook-timestamp"

#: The specification has a type, a time, and data of the sender's own making.
_IN_DATA: Final[Mapping[str, str]] = {
    **{name: " || ".join(f"data.{part}" for part in where.split(" || ")) for name, where in DEFAULTS.items()},
    MappedPart.TITLE: "data.title || data.summary || data.message || data.name || type",
    MappedPart.STATUS: states_in("data.", "type"),
    MappedPart.STARTED_AT: "data.started_at || timestamp",
}


class StandardReader(SilentReader):
    """See `cogs.hooks.readers.reading.HookReader`."""

    stored_headers = (*SilentReader.stored_headers, _ID, _TIMESTAMP)

    def is_key(self, key: str) -> bool:
        try:
            Webhook(key)
        except (ValueError, EmptyWebhookSecretError):
            return False
        return True

    def verify(self, request: HookRequest, keys: Sequence[str], *, now: datetime) -> None:
        headers = request.headers
        signed_at = require_recent(headers.get(_TIMESTAMP, ""), now)
        given = headers.get("webhook-signature", "").split()
        try:
            # The library's own check would ask the system's clock for the time: only its signature is used.
            text, message_id = request.body.decode(), headers.get(_ID, "")
            expected = [Webhook(key).sign(message_id, signed_at, text) for key in keys]
        except (ValueError, EmptyWebhookSecretError):  # no UTF-8, or no key of a Standard Webhook
            raise HookRefused("signature") from None
        if not headers.get(_ID) or not any(is_one_of(one, expected) for one in given):
            raise HookRefused("signature")

    def delivery_id(self, request: HookRequest) -> str | None:
        return request.headers.get(_ID)

    def parse(self, request: HookRequest, rules: HookRules) -> tuple[AlertEvent, ...]:
        if rules.reports_deployments:
            return ()
        return Mapped(rules.mapping, _IN_DATA).events(dict(fields_of(request).values))

    def changes(self, request: HookRequest, rules: HookRules, *, at: datetime) -> tuple[RecentChange, ...]:
        if not rules.reports_deployments:
            return ()
        body = dict(fields_of(request).values)
        return Mapped(rules.mapping, _IN_DATA).deployments(body, source=rules.sender.name, at=at)
