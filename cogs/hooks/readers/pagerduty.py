"""PagerDuty's Events API v2, as its senders speak it.

Sources: https://developer.pagerduty.com/docs/send-alert-event, and the description of the API in OpenAPI.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from bot.domain.alerts.events import AlertEvent
from bot.domain.alerts.recognition import Says
from bot.domain.alerts.subject import words_of
from cogs.hooks.readers.reading import Fields, SilentReader, fields_of, is_one_of, storable
from cogs.hooks.rules import HookRefused, HookRequest, HookRules, HookUnreadable

_ACTIONS: Final = {"trigger": Says.FIRING, "resolve": Says.RESOLVED}
_SEVERITIES: Final = frozenset({"critical", "error", "warning", "info"})

#: Fields that are a text if they are there, with the most characters that PagerDuty takes.
_TEXTS: Final[Mapping[str, int | None]] = MappingProxyType(
    {"routing_key": None, "dedup_key": 255, "client": None, "client_url": None}
)
_PAYLOAD_TEXTS: Final[Mapping[str, int | None]] = MappingProxyType(
    {"summary": 1_024, "source": None, "timestamp": None, "component": None, "group": None, "class": None}
)

#: Lists of objects, with the field that each must have, and those that are a text if they are there.
_LISTS: Final = {"links": ("href", "text"), "images": ("src", "href", "alt")}
_DETAILS_LIMIT: Final = 1_000


class PagerDutyReader(SilentReader):
    """See `cogs.hooks.readers.reading.HookReader`."""

    def verify(self, request: HookRequest, keys: Sequence[str], *, now: datetime) -> None:
        del now
        try:
            given = fields_of(request).text("routing_key")
        except HookUnreadable:
            given = ""  # nothing in it proves anything
        if not is_one_of(given, keys):
            raise HookRefused("credentials")

    def answer(self, request: HookRequest, rules: HookRules) -> bytes | None:
        del rules
        body = fields_of(request)
        _check(body)
        answer = {"status": "success", "message": "Event processed", "dedup_key": _key(body)}
        return json.dumps(answer, ensure_ascii=False).encode()

    def parse(self, request: HookRequest, rules: HookRules) -> tuple[AlertEvent, ...]:
        del rules
        body = fields_of(request)
        _check(body)
        payload = body.fields("payload")
        details = payload.values.get("custom_details")
        more = storable(json.dumps(details, ensure_ascii=False))[:_DETAILS_LIMIT] if details else ""
        text = (payload.text("component"), payload.text("class"), more)
        links = [link.text("href") for link in body.each("links")]
        event = AlertEvent(
            says=_ACTIONS[body.text("event_action")],
            key=_key(body),
            title=payload.text("summary"),
            target=payload.text("source") or None,
            severity=payload.text("severity") or None,
            url=body.text("client_url") or next(iter(links), "") or None,
            text="\n".join(part for part in text if part),
            started_at=payload.moment("timestamp"),
        )
        return (event,)


def _check(body: Fields) -> None:
    """Check that PagerDuty would take the event, and that it is one that the bot can act on.

    Raises:
        HookUnreadable.
    """
    _check_texts(body, _TEXTS, where="")
    action = body.values.get("event_action")
    if action == "acknowledge":
        raise HookUnreadable("event_action acknowledge is not supported: people acknowledge, in Discord")
    if action not in ("trigger", "resolve"):
        raise HookUnreadable("event_action is none of trigger, resolve")
    if not body.text("routing_key"):
        raise HookUnreadable("routing_key is missing")
    if action == "resolve" and not body.text("dedup_key"):
        raise HookUnreadable("dedup_key is missing")
    _check_lists(body)
    if body.values.get("payload") is not None or action == "trigger":
        _check_payload(body.values.get("payload"))


def _check_payload(value: object) -> None:
    if not isinstance(value, dict):
        raise HookUnreadable("payload is missing" if value is None else "payload is not an object")
    payload = Fields(value)
    _check_texts(payload, _PAYLOAD_TEXTS, where="payload.")
    if missing := next((name for name in ("summary", "source") if not payload.text(name)), ""):
        raise HookUnreadable(f"payload.{missing} is missing")
    severity = value.get("severity")
    if not isinstance(severity, str) or severity not in _SEVERITIES:
        raise HookUnreadable("payload.severity is none of critical, error, warning, info")
    if not isinstance(value.get("custom_details"), dict | None):
        raise HookUnreadable("payload.custom_details is not an object")


def _check_texts(body: Fields, limits: Mapping[str, int | None], *, where: str) -> None:
    for name, limit in limits.items():
        text = body.values.get(name)
        if text is not None and not isinstance(text, str):
            raise HookUnreadable(f"{where}{name} is not a string")
        if text is not None and limit is not None and len(text) > limit:
            raise HookUnreadable(f"{where}{name} is longer than {limit} characters")


def _check_lists(body: Fields) -> None:
    for name, (required, *others) in _LISTS.items():
        items = body.values.get(name)
        if items is None:
            continue
        if not isinstance(items, list):
            raise HookUnreadable(f"{name} is not a list")
        for item in items:
            if not isinstance(item, dict) or not isinstance(item.get(required), str):
                raise HookUnreadable(f"{name} has an item without {required}")
            _check_texts(Fields(item), dict.fromkeys(others), where=f"{name}.")


def _key(body: Fields) -> str:
    """Return the sender's key; without one, the key that the answer gives it to resolve the alert by."""
    if named := body.text("dedup_key"):
        return named
    payload = body.fields("payload")
    parts = (words_of(payload.text("summary")), payload.text("source"), payload.text("component"))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
