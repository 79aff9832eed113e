"""Sentry: its alert rules decide what fires; its issues say what is over.

Source: https://docs.sentry.io/integrations/integration-platform/webhooks/; for the older "WebHooks" plugin,
which signs nothing: Sentry's own ``legacy_webhook`` service.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.domain.alerts.events import AlertEvent
from bot.domain.alerts.recognition import Says
from cogs.hooks.readers.reading import Fields, SilentReader, fields_of, hex_signatures, require_signature
from cogs.hooks.rules import HookRequest, HookRules, HookUnreadable

_RESOURCE: Final = "sentry-hook-resource"
_REQUEST: Final = "request-id"

#: A part of the data -> the resource that has it.
_RESOURCES: Final = {
    "event": "event_alert",
    "metric_alert": "metric_alert",
    "issue": "issue",
    "installation": "installation",
}

#: The project in an API address of an event.
_PROJECT: Final = re.compile(r"/projects/[^/]+/([^/]+)/")

#: The issue in an API address of it: older versions do not name its number otherwise.
_ISSUE: Final = re.compile(r"/issues/(\d+)/", re.ASCII)

#: "ignored" is the word of older versions for "archived".
_OVER: Final = frozenset({"resolved", "archived", "ignored"})


class SentryReader(SilentReader):
    """See `cogs.hooks.readers.reading.HookReader`."""

    stored_headers = (*SilentReader.stored_headers, _RESOURCE, _REQUEST)

    def verify(self, request: HookRequest, keys: Sequence[str], *, now: datetime) -> None:
        del now  # the timestamp that Sentry sends is not signed
        given = request.headers.get("sentry-hook-signature", "")
        require_signature(given, hex_signatures(keys, request.body))

    def delivery_id(self, request: HookRequest) -> str | None:
        # Sentry gives a retry another Request-ID. An alert names its event, so its body tells them apart.
        if request.headers.get(_RESOURCE, "event_alert") == "event_alert":
            return hashlib.sha256(request.body).hexdigest()
        return request.headers.get(_REQUEST)

    def parse(self, request: HookRequest, rules: HookRules) -> tuple[AlertEvent, ...]:
        del rules
        body = fields_of(request)
        data = body.fields("data")
        # A request without the header tells its resource by what its data has.
        resources = (resource for name, resource in _RESOURCES.items() if name in data.values)
        match request.headers.get(_RESOURCE) or next(resources, ""):
            case "event_alert":
                return (_issue_alert(data),)
            case "metric_alert":
                return (_metric_alert(data, body.text("action")),)
            case "issue":
                return _issue(data.fields("issue"), body.text("action"))
            case "" if body.text("id"):
                return (_legacy(body),)
            case "":
                raise HookUnreadable("this is none of Sentry's requests")
        return ()  # installations, comments, single errors, Seer's activity


def _issue_alert(data: Fields) -> AlertEvent:
    event = data.fields("event")
    project, issue = _PROJECT.search(event.text("url")), _ISSUE.search(event.text("issue_url"))
    return AlertEvent(
        says=Says.FIRING,
        key=_issue_key(event.text("issue_id") or (issue[1] if issue is not None else "")),
        title=event.text("title", "message", "culprit"),
        target=project[1] if project is not None else None,
        severity=event.text("level") or None,
        url=event.text("web_url") or None,
        text=_lines(event.text("culprit"), data.text("triggered_rule")),
        started_at=event.moment("datetime", "timestamp"),
    )


def _metric_alert(data: Fields, action: str) -> AlertEvent:
    metric = data.fields("metric_alert")
    rule = metric.fields("alert_rule")
    number = rule.text("id")
    return AlertEvent(
        says=Says.RESOLVED if action == "resolved" else Says.FIRING,
        key=f"metric:{number}" if number else "",
        title=rule.text("name") or data.text("description_title"),
        target=", ".join(metric.texts("projects")) or None,
        severity=None if action == "resolved" else action or None,
        url=data.text("web_url") or None,
        text=data.text("description_text"),
        started_at=metric.moment("date_started", "date_detected"),
    )


def _issue(issue: Fields, action: str) -> tuple[AlertEvent, ...]:
    """Read a change of an issue. A new one is no alert: a team's alert rules say which ones matter."""
    if action not in _OVER:
        return ()
    over = AlertEvent(
        says=Says.RESOLVED,
        key=_issue_key(issue.text("id")),
        title=issue.text("title"),
        target=issue.fields("project").text("slug") or None,
        url=issue.text("web_url", "permalink") or None,
        text=issue.text("culprit"),
    )
    return (over,)


def _legacy(body: Fields) -> AlertEvent:
    event = body.fields("event")
    return AlertEvent(
        says=Says.FIRING,
        key=_issue_key(body.text("id")),
        title=event.text("title") or body.text("message", "culprit"),
        target=body.text("project_slug", "project") or None,
        severity=body.text("level") or None,
        url=body.text("url") or None,
        text=_lines(body.text("culprit"), ", ".join(body.texts("triggering_rules"))),
        started_at=event.moment("datetime", "timestamp"),
    )


def _issue_key(number: str) -> str:
    return f"issue:{number}" if number else ""


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)
