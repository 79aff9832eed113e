"""The doctor's check of announcements: whether they are sent, or copied by people."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bot.doctor.finding import Finding, ok, warn
from bot.runbook.model import Policy
from cogs.announcements.rules import AnnouncementRules

if TYPE_CHECKING:
    from bot.settings import Settings

_WHAT = "announcements"


async def check(settings: "Settings", policy: Policy) -> Iterable[Finding]:
    """Return how announcements are published; a warning if the policy leaves a configured webhook unused."""
    return [check_announcements(policy, has_webhook=settings.announce_webhook_url is not None)]


def check_announcements(policy: Policy, *, has_webhook: bool) -> Finding:
    """Return the finding of `check`."""
    rules = policy.of(AnnouncementRules)
    if not rules.severities:
        return ok(_WHAT, "the policy asks for none")
    if has_webhook and not rules.uses_webhook:
        unused = "ANNOUNCE_WEBHOOK_URL is set, but the policy does not use it: people publish by copying"
        return warn(_WHAT, unused, "set webhook = true under [announcements], or remove the setting")
    way = "sent to ANNOUNCE_WEBHOOK_URL once approved" if has_webhook else "people publish by copying"
    nameless = [name for name in policy.targets if name not in rules.names]
    named = f'; "some features" stands for {", ".join(nameless)}' if nameless else ""
    return ok(_WHAT, f"{', '.join(rules.severities)}: {way}{named}")
