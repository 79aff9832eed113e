"""The doctor's check of role changes that Discord has refused."""

from collections.abc import Iterable
from typing import Final

from bot.doctor.finding import Finding, warn
from bot.i18n import Texts
from cogs.roles.use_cases import RoleKeeping

_TODO: Final = "do so; the bot tries again when the server's roles change, and when it starts"


async def stored(keeping: RoleKeeping) -> Iterable[Finding]:
    """Return a finding for each unsolved problem."""
    texts, findings = Texts.load(), []
    for one, told_at in (await keeping.problems()).items():
        words = texts.say(
            "en", f"roles.problem.{one.problem.value}", role=one.role, who=one.who, code=one.code or "–"
        )
        said = f"{words.removeprefix('⚠️ ')} (since {told_at:%Y-%m-%d %H:%M} UTC)"
        findings.append(warn(f"role @{one.role}: refused", said, _TODO))
    return findings
