"""The reader of each format."""

from collections.abc import Mapping
from typing import Final

from bot.domain.hooks.hook import HookFormat
from bot.integrations.hooks.alertmanager import AlertmanagerReader
from bot.integrations.hooks.cloudflare import CloudflareReader
from bot.integrations.hooks.generic import JsonReader
from bot.integrations.hooks.github import GitHubReader
from bot.integrations.hooks.grafana import GrafanaReader
from bot.integrations.hooks.pagerduty import PagerDutyReader
from bot.integrations.hooks.sentry import SentryReader
from bot.integrations.hooks.standard import StandardReader
from bot.services.ports.hooks import HookReader

READERS: Final[Mapping[HookFormat, HookReader]] = {
    HookFormat.ALERTMANAGER: AlertmanagerReader(),
    HookFormat.CLOUDFLARE: CloudflareReader(),
    HookFormat.GITHUB: GitHubReader(),
    HookFormat.GRAFANA: GrafanaReader(),
    HookFormat.JSON: JsonReader(),
    HookFormat.PAGERDUTY: PagerDutyReader(),
    HookFormat.SENTRY: SentryReader(),
    HookFormat.STANDARD: StandardReader(),
}
