"""Prometheus' Alertmanager, and Grafana Alerting's webhook contact point, which has its form.

Alertmanager cannot sign. Its `http_config` sends a bearer token or a name and password instead.
Sources: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config (version 4), and
https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from bot.domain.alerts.events import AlertEvent
from bot.domain.alerts.recognition import Says
from cogs.hooks.readers.reading import (
    Fields,
    SilentReader,
    fields_of,
    hex_signatures,
    plain_text,
    read_alerts,
    require_credentials,
    require_recent,
    require_signature,
)
from cogs.hooks.rules import HookRequest, HookRules, HookUnreadable, UnreadAlert

_SAYS: Final = {"firing": Says.FIRING, "resolved": Says.RESOLVED}

#: Labels that name what is affected, the most telling first.
_TARGETS: Final = ("target", "service", "instance", "host", "pod", "job")

#: Annotations that say what happened, the shortest first.
_SUMMARIES: Final = ("summary", "title", "message", "description")


class AlertmanagerReader(SilentReader):
    """See `cogs.hooks.readers.reading.HookReader`."""

    def verify(self, request: HookRequest, keys: Sequence[str], *, now: datetime) -> None:
        del now
        require_credentials(request, keys)

    def parse(self, request: HookRequest, rules: HookRules) -> tuple[AlertEvent | UnreadAlert, ...]:
        del rules
        group = fields_of(request)
        return read_alerts(group, lambda alert: _event(alert, group))


def _event(alert: Fields, group: Fields) -> AlertEvent:
    says = _SAYS.get(alert.text("status"))
    if says is None:
        raise HookUnreadable("an alert is neither firing nor resolved")
    labels, annotations = alert.fields("labels"), alert.fields("annotations")
    parts = (labels.text("alertname"), annotations.text(*_SUMMARIES))
    return AlertEvent(
        says=says,
        key=alert.text("fingerprint") or "\n".join(_lines(labels)),
        title=": ".join(part for part in parts if part),
        target=labels.text(*_TARGETS) or None,
        severity=labels.text("severity") or None,
        url=alert.text("generatorURL") or group.text("externalURL") or None,
        text="\n".join([*_lines(annotations), *_lines(labels)]),
        started_at=alert.moment("startsAt"),
    )


def _lines(texts: Fields) -> Iterator[str]:
    """Yield "name: value" for each, in an order that does not change."""
    return (f"{plain_text(name)}: {texts.text(name)}" for name in sorted(texts.values))


_SIGNATURE: Final = "x-grafana-alerting-signature"

#: The contact point names this header. These are the names that Grafana's own documentation gives it.
_TIMESTAMPS: Final = ("x-grafana-alerting-signature-timestamp", "x-grafana-alerting-timestamp")

_GRAFANA_TARGETS: Final = ("target", "service", "instance", "job")


class GrafanaReader(SilentReader):
    """See `cogs.hooks.readers.reading.HookReader`."""

    stored_headers = (*SilentReader.stored_headers, _SIGNATURE, *_TIMESTAMPS)

    def verify(self, request: HookRequest, keys: Sequence[str], *, now: datetime) -> None:
        given = request.headers.get(_SIGNATURE, "")
        if not given:
            require_credentials(request, keys)
            return
        signed_at = _timestamp(request)
        signed = f"{signed_at}:".encode() + request.body if signed_at else request.body
        require_signature(given, hex_signatures(keys, signed))
        if signed_at:
            require_recent(signed_at, now)

    def delivery_id(self, request: HookRequest) -> str | None:
        # With a time in it, the signature is another one each time. Without, a repeated alert has the same.
        return request.headers.get(_SIGNATURE) if _timestamp(request) else None

    def parse(self, request: HookRequest, rules: HookRules) -> tuple[AlertEvent | UnreadAlert, ...]:
        del rules
        group = fields_of(request)
        return read_alerts(group, lambda alert: _grafana_event(alert, group))


def _timestamp(request: HookRequest) -> str:
    return next((found for name in _TIMESTAMPS if (found := request.headers.get(name, "").strip())), "")


def _grafana_event(alert: Fields, group: Fields) -> AlertEvent:
    labels, annotations = alert.fields("labels"), alert.fields("annotations")
    summary = annotations.text("summary", "description", "message")
    name = labels.text("alertname") or group.text("title")
    return AlertEvent(
        says=Says.RESOLVED if alert.text("status") == "resolved" else Says.FIRING,
        key=alert.text("fingerprint"),
        title=": ".join(part for part in (name, summary) if part),
        target=labels.text(*_GRAFANA_TARGETS) or None,
        severity=labels.text("severity", "priority") or None,
        url=alert.text("panelURL", "dashboardURL", "generatorURL") or group.text("externalURL") or None,
        text=annotations.text("description") or summary,
        started_at=alert.moment("startsAt"),
    )
