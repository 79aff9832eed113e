"""The reader of each format."""

from collections.abc import Mapping
from typing import Final

from cogs.hooks.readers.alertmanager import AlertmanagerReader, GrafanaReader
from cogs.hooks.readers.cloudflare import CloudflareReader
from cogs.hooks.readers.github import GitHubReader
from cogs.hooks.readers.mapped import JsonReader, StandardReader
from cogs.hooks.readers.pagerduty import PagerDutyReader
from cogs.hooks.readers.reading import HookReader
from cogs.hooks.readers.sentry import SentryReader
from cogs.hooks.rules import HookFormat

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
