"""Cloudflare's notifications.

Source: https://developers.cloudflare.com/notifications/reference/webhook-payload-schema/
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from bot.domain.alerts.events import AlertEvent
from bot.domain.alerts.recognition import Says
from cogs.hooks.readers.reading import Fields, SilentReader, fields_of, is_one_of, plain_text
from cogs.hooks.rules import HookRefused, HookRequest, HookRules

#: What a kind of notification calls the affected part, in the order of preference.
_TARGETS: Final = (
    "target_hostname",
    "zone_name",
    "health_check_name",
    "script_name",
    "service",
    "pool_name",
    "project_name",
)

#: What a notification of Pages says of a deployment: the values of its filter "event".
#: Source: https://developers.cloudflare.com/api/resources/alerting/subresources/policies/
_PAGES: Final[Mapping[str, Says]] = MappingProxyType(
    {
        "EVENT_DEPLOYMENT_STARTED": Says.CHATTER,
        "EVENT_DEPLOYMENT_FAILED": Says.FIRING,
        "EVENT_DEPLOYMENT_SUCCESS": Says.RESOLVED,
    }
)
_STARTS: Final = ("start_time", "alert_start_time", "status_change_time")


class CloudflareReader(SilentReader):
    """See `cogs.hooks.readers.reading.HookReader`."""

    def verify(self, request: HookRequest, keys: Sequence[str], *, now: datetime) -> None:
        del now
        if not is_one_of(request.headers.get("cf-webhook-auth", ""), keys):
            raise HookRefused("credentials")

    def parse(self, request: HookRequest, rules: HookRules) -> tuple[AlertEvent, ...]:
        del rules
        body = fields_of(request)
        if not body.text("alert_type", "alert_event", "policy_id", "alert_correlation_id"):
            return ()  # the test that a new webhook begins with
        data, account, text = body.fields("data"), body.text("account_id"), body.text("text")
        about = data.text("health_check_id", "pool_id", "attack_id", "project_id", "project_name")
        own_key = (body.text("policy_id"), body.text("alert_type"), about)
        title = (body.text("policy_name", "name"), text.partition("\n")[0].strip())
        event = AlertEvent(
            says=_says(body.text("alert_event"), data),
            key=body.text("alert_correlation_id") or (":".join(own_key) if any(own_key) else ""),
            title=": ".join(part for part in title if part),
            target=data.text(*_TARGETS) or None,
            severity=data.text("severity") or None,
            url=data.text("dashboard_link") or (account and f"https://dash.cloudflare.com/{account}") or None,
            text=text,
            started_at=data.moment(*_STARTS) or body.moment("ts"),
        )
        return (event,)


def _says(event: str, data: Fields) -> Says:
    """Return what a notification says; some have no state of their own, but report one."""
    deployed = next((_PAGES[word] for word in map(plain_text, data.values.values()) if word in _PAGES), None)
    if deployed is not None:
        return deployed
    if event:
        return Says.RESOLVED if event.upper().endswith("_END") else Says.FIRING
    status = data.text("new_health_status", "new_health", "status").lower()
    return Says.RESOLVED if status in {"healthy", "resolved"} else Says.FIRING
