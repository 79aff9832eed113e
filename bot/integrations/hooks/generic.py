"""Any system that can send JSON, or a line of text: read by the policy's mapping."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.domain.alerts.events import AlertEvent
from bot.domain.changes import RecentChange
from bot.domain.hooks.hook import HookRequest, HookRules, HookUnreadable
from bot.integrations.hooks.body import json_in, json_of, plain_text
from bot.integrations.hooks.charset import text_of
from bot.integrations.hooks.mapping import DEFAULTS, Mapped, raw_event
from bot.integrations.hooks.proofs import require_credentials
from bot.integrations.hooks.reader import SilentReader

#: Bytes of the longest body that is looked at for whether it says anything, before the sender has its answer.
_LOOKED_AT: Final = 2_048


class JsonReader(SilentReader):
    """See `bot.services.ports.hooks.HookReader`."""

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
        found = json_in(text)
    except HookUnreadable:
        found, is_silent = None, not text.strip("\0 \t\r\n")
    else:
        is_silent = not _says_something(found, to_mapping=bool(rules.mapping))
    if is_silent:
        raise HookUnreadable("the body says nothing")
    return found


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
