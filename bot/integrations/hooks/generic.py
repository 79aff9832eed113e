"""Any system that can send JSON, or a line of text: read by the policy's mapping."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.domain.alerts.events import AlertEvent
from bot.domain.hooks.hook import HookRequest, HookRules, HookUnreadable
from bot.domain.suspects.card import RecentChange
from bot.integrations.hooks.body import json_in, json_of, plain_text
from bot.integrations.hooks.charset import text_of
from bot.integrations.hooks.mapping import DEFAULTS, Mapped, raw_event
from bot.integrations.hooks.proofs import require_credentials
from bot.integrations.hooks.reader import SilentReader

#: Bytes of the longest body that is looked at for whether it says anything: in UTF-32, with some blanks.
_EMPTY_BYTES: Final = 64


class JsonReader(SilentReader):
    """See `bot.services.ports.hooks.HookReader`."""

    def verify(self, request: HookRequest, keys: Sequence[str], *, now: datetime) -> None:
        del now
        require_credentials(request, keys)

    def answer(self, request: HookRequest) -> bytes | None:
        """Return None: any 2xx will do.

        Raises:
            HookUnreadable: it says nothing at all, such as ``{}``: an alert of that name would help no one.
        """
        if len(request.body.strip()) <= _EMPTY_BYTES and _is_empty(text_of(request)):
            raise HookUnreadable("the body says nothing")
        return None

    def parse(self, request: HookRequest, rules: HookRules) -> tuple[AlertEvent, ...]:
        if rules.reports_deployments:
            return ()
        self.answer(request)  # a stored request, or one that is only tried, was not asked before
        text = text_of(request)
        try:
            body = json_in(text)
        except HookUnreadable:
            return (raw_event(_readable(text)),)
        return Mapped(rules.mapping, DEFAULTS).events(body)

    def changes(self, request: HookRequest, rules: HookRules, *, at: datetime) -> tuple[RecentChange, ...]:
        if not rules.reports_deployments:
            return ()
        mapped = Mapped(rules.mapping, DEFAULTS)
        return mapped.deployments(json_of(request), source=rules.sender.name, at=at)


def _is_empty(text: str) -> bool:
    """Return True if a body has no text and no value: an empty one, ``{}``, ``[]``, ``null``, ``""``."""
    try:
        found = json_in(text)
    except HookUnreadable:
        return not text.strip("\0 \t\r\n")
    return found is None or found in ({}, []) or (isinstance(found, str) and not plain_text(found))


def _readable(text: str) -> str:
    """Return a body that is not JSON without what could not be decoded.

    Raises:
        HookUnreadable: nothing is left.
    """
    left = text.replace("\ufffd", "")
    if not any(sign.isprintable() and not sign.isspace() for sign in left):
        raise HookUnreadable("the body has no text" if text.strip("\0 \t\r\n") else "the body is empty")
    return left
