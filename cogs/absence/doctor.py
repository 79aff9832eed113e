"""Check for the doctor where shifts are told, and whether people's calendar files can be read."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bot.doctor.finding import Finding, ok, warn
from bot.domain.calendar.typed_times import format_duration
from bot.runbook.model import Policy
from cogs.absence.calendars import UnusableFile, read_file
from cogs.absence.policy import channel_of
from cogs.absence.rules import BIGGEST, MOST_EVENTS, AbsenceRules, CalendarProblem

if TYPE_CHECKING:
    from bot.settings import Settings

_WHAT: Final = "absences"
_MIB: Final = 1024 * 1024
_TODO: Final = {
    CalendarProblem.MISSING: "put it there, readable by the bot; paths are relative to the policy file",
    CalendarProblem.TOO_BIG: "export a shorter period",
    CalendarProblem.TOO_MANY: "give a calendar with absences alone, not all appointments",
    CalendarProblem.UNREADABLE: "export it again as iCalendar (.ics)",
    CalendarProblem.SLOW: "remove events that repeat very often",
}


async def check(_settings: "Settings", policy: Policy) -> Iterable[Finding]:
    """Return a finding about the channel, and one for each file of ``[absence] calendars``."""
    return await findings(policy)


async def findings(policy: Policy) -> list[Finding]:
    """Return the findings of `check`."""
    if "oncall" in policy.off:
        said = "/oncall is switched off, and /oncall away with it"
        return [warn(_WHAT, said, 'take "oncall" out of [capabilities] off, or remove [absence]')]
    rules = policy.of(AbsenceRules)
    where = ok(_WHAT, f"told in #{channel_of(policy)}, {format_duration(rules.ahead)} ahead")
    return [where, *[await _finding(rules, handle, policy) for handle in rules.calendars]]


async def _finding(rules: AbsenceRules, handle: str, policy: Policy) -> Finding:
    file = rules.calendars[handle]
    what = f"absences of {handle}"
    if handle not in policy.team:
        said = (
            f"the policy names no {handle} elsewhere: {file} counts only for shifts that /oncall gives them"
        )
        return warn(what, said, "write the handle as on-call and the people of the policy have it")
    try:
        found = await read_file(rules.folder / file, policy, now=datetime.now(UTC))
    except UnusableFile as error:
        said = {
            CalendarProblem.MISSING: "is not there, or cannot be read",
            CalendarProblem.TOO_BIG: f"has {error.size / _MIB:.1f} MiB; allowed: {BIGGEST // _MIB} MiB",
            CalendarProblem.TOO_MANY: f"has more than {MOST_EVENTS} events in the next half year",
            CalendarProblem.UNREADABLE: "is not iCalendar",
            CalendarProblem.SLOW: "takes too long to read",
        }[error.problem]
        return warn(what, f"{file} {said}; what was read before stays", _TODO[error.problem])
    return ok(what, f"{file}: {len(found)} in the next half year")
