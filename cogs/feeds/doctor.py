"""The doctor's check of calendar feeds: whether there is an address that leads to the bot."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bot.doctor.finding import Finding, ok, warn
from bot.runbook.model import Policy

if TYPE_CHECKING:
    from bot.settings import Settings

_WHAT = "calendar feeds"


async def check(settings: "Settings", policy: Policy) -> Iterable[Finding]:
    """Return whether `/oncall calendar` can give addresses."""
    return [check_address(policy, public_url=settings.public_url, port=settings.hooks_port)]


def check_address(policy: Policy, *, public_url: str | None, port: int | None) -> Finding:
    """Return the finding of `check`."""
    if "oncall" in policy.off:
        said = "/oncall is switched off, and /oncall calendar with it"
        return warn(_WHAT, said, 'take "oncall" out of [capabilities] off, or remove [feeds]')
    needed = {"PUBLIC_URL": public_url, "HOOKS_PORT": port}
    if missing := [name for name, value in needed.items() if value is None]:
        todo = "set both, and lead /calendar/ of PUBLIC_URL to HOOKS_PORT"
        return warn(_WHAT, f"no addresses are given: {' and '.join(missing)} not set", todo)
    return ok(_WHAT, "/calendar/ of PUBLIC_URL must lead to HOOKS_PORT")
