"""The capabilities that a policy switches off."""

from collections.abc import Iterator

from bot.capability import capability_names
from bot.doctor.finding import Finding, ok, warn
from bot.runbook import Policy

_WHAT = "capabilities"


def check_switched_off(policy: Policy) -> Iterator[Finding]:
    """Yield which capabilities are off, and a warning for a name that none has."""
    known = capability_names()
    if off := [name for name in known if name in policy.off]:
        yield ok(_WHAT, f"switched off by the policy: {', '.join(off)}")
    for name in sorted(set(policy.off) - set(known)):
        said = f'[capabilities] off names "{name}", which is not there'
        yield warn(_WHAT, said, f"correct or remove it; there are {', '.join(known)}")
