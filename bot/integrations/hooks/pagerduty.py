"""PagerDuty's Events API v2, as its senders speak it.

Source: https://developer.pagerduty.com/docs/send-alert-event
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.domain.alerts.events import AlertEvent
from bot.domain.alerts.recognition import Says
from bot.domain.alerts.subject import words_of
from bot.domain.hooks.hook import HookRefused, HookRequest, HookRules, HookUnreadable
from bot.integrations.hooks.body import Fields, fields_of, storable
from bot.integrations.hooks.proofs import is_one_of
from bot.integrations.hooks.reader import SilentReader

_ACTIONS: Final = {"trigger": Says.FIRING, "acknowledge": Says.CHATTER, "resolve": Says.RESOLVED}
_DETAILS_LIMIT: Final = 1_000


class PagerDutyReader(SilentReader):
    """See `bot.services.ports.hooks.HookReader`."""

    def verify(self, request: HookRequest, keys: Sequence[str], *, now: datetime) -> None:
        del now
        try:
            given = fields_of(request).text("routing_key")
        except HookUnreadable:
            given = ""  # nothing in it proves anything
        if not is_one_of(given, keys):
            raise HookRefused("credentials")

    def answer(self, request: HookRequest) -> bytes | None:
        said = fields_of(request)
        _check(said)
        answer = {"status": "success", "message": "Event processed", "dedup_key": _key(said)}
        return json.dumps(answer, ensure_ascii=False).encode()

    def parse(self, request: HookRequest, rules: HookRules) -> tuple[AlertEvent, ...]:
        del rules
        said = fields_of(request)
        _check(said)
        payload = said.fields("payload")
        links = [link.text("href") for link in said.each("links")]
        event = AlertEvent(
            says=_ACTIONS[said.text("event_action")],
            key=_key(said),
            title=payload.text("summary"),
            target=payload.text("source") or None,
            severity=payload.text("severity") or None,
            url=said.text("client_url") or next(iter(links), "") or None,
            text=_text(payload),
            started_at=payload.moment("timestamp"),
        )
        return (event,)


def _check(said: Fields) -> None:
    action = said.text("event_action")
    if action not in _ACTIONS:
        raise HookUnreadable("event_action is none of trigger, acknowledge, resolve")
    if action != "trigger" and not said.text("dedup_key"):
        raise HookUnreadable("dedup_key is missing")
    if action == "trigger" and not said.fields("payload").text("summary"):
        raise HookUnreadable("payload.summary is missing")


def _key(said: Fields) -> str:
    """Return the sender's key; without one, the key that the answer gives it to resolve the alert by."""
    if named := said.text("dedup_key"):
        return named
    payload = said.fields("payload")
    parts = (words_of(payload.text("summary")), payload.text("source"), payload.text("component"))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _text(payload: Fields) -> str:
    details = payload.values.get("custom_details")
    more = storable(json.dumps(details, ensure_ascii=False))[:_DETAILS_LIMIT] if details else ""
    return "\n".join(part for part in (payload.text("component"), payload.text("class"), more) if part)
