"""Prometheus' Alertmanager: its webhook's JSON, version 4.

It cannot sign. Its `http_config` sends a bearer token or a name and password instead.
Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
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
    plain_text,
    read_alerts,
    require_credentials,
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
