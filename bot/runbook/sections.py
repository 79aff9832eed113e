"""The sections of the policy file, table by table. Values that are left out get their defaults here."""

from collections.abc import Mapping
from datetime import time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.domain.calendar.business_time import WORKING_WEEK, BusinessHours, Weekday
from bot.domain.severity import SeverityPolicy
from bot.domain.triage.tree import Text
from bot.runbook import moments, values
from bot.runbook.calendar import DaysOff
from bot.runbook.model import (
    Command,
    Digest,
    FirstResponse,
    Permissions,
    Postmortem,
    Recording,
)
from bot.runbook.reader import Table

MOST_OPTIONS = 25  # Discord: options in a select menu
# The bot's own limits: as much as a person reads at 3 a.m.
MOST_STEPS = 10
MOST_COMMANDS = 12
_LABEL = values.text_up_to(80)
_STEP = values.text_up_to(300)
_WEEKDAY = values.choice(Weekday, what="a day of the week")
_TARGET_NAME = values.string_up_to(80, what="a target", example="api.example.com")
_COMMAND = values.string_up_to(1000, what="a command", example="gh run list --limit 10")

DEFAULT_TARGETS = ("production", "development")
DEFAULT_SYMPTOMS = MappingProxyType(
    {
        "full_outage": Text("完全停止", "Total outage"),
        "partial_failure": Text("部分機能不全", "Partial failure"),
        "slow": Text("レスポンス遅延", "Slow responses"),
        "errors": Text("エラー率上昇", "Rising error rate"),
    }
)


def read_targets(file: Table) -> tuple[str, ...]:
    """``[targets]``: what can be affected, as ``names``; a plain list does as well."""
    table, key = (file, "targets") if file.is_list("targets") else (file.table("targets"), "names")
    read = table.each(key, _TARGET_NAME, DEFAULT_TARGETS)
    table.at_most(MOST_OPTIONS, read, key=key)
    if not read:
        table.problem(key, f"names no target; allowed: 1 to {MOST_OPTIONS}, each {_TARGET_NAME.allowed}")
    if len(set(read)) < len(read):
        table.problem(key, "names a target twice; allowed: each once")
    if table is not file:
        table.close()
    return read


def read_symptoms(file: Table) -> Mapping[str, Text]:
    """``[symptoms]``: id -> words."""
    table = file.table("symptoms")
    names = table.names(values.ID)
    table.at_most(MOST_OPTIONS, names)
    return MappingProxyType({name: table.take(name, _LABEL) for name in names} or dict(DEFAULT_SYMPTOMS))


def read_business_hours(file: Table, timezone: ZoneInfo) -> BusinessHours:
    """``[business_hours]``."""
    table = file.table("business_hours")
    country = table.take("holidays", moments.COUNTRY, "JP")
    read = BusinessHours(
        timezone=timezone,
        starts=table.take("start", moments.TIME, time(10)),
        ends=table.take("end", moments.TIME, time(19)),
        triage_by=table.take("triage_by", moments.TIME, time(11)),
        days=table.each("days", _WEEKDAY, WORKING_WEEK),
        holidays=DaysOff(country, frozenset(table.each("days_off", moments.DATE, ()))),
    )
    if not read.days:
        table.problem("days", 'names no day; allowed: at least one of "mon" to "sun"')
    table.close()
    return read


def read_first_response(file: Table, severities: Mapping[str, SeverityPolicy]) -> Mapping[str, FirstResponse]:
    """``[first_response.<NAME>]``; a severity without one has an empty one."""
    table = file.table("first_response")
    read = {name: _sheet(table.table(name)) for name in severities}
    table.close()
    return MappingProxyType(read)


def _sheet(table: Table) -> FirstResponse:
    steps = table.each("steps", _STEP, ())
    commands = tuple(_command(each) for each in table.tables("commands"))
    table.at_most(MOST_STEPS, steps, key="steps")
    table.at_most(MOST_COMMANDS, commands, key="commands")
    table.close()
    return FirstResponse(steps, commands)


def _command(table: Table) -> Command:
    read = Command(table.take("label", _LABEL), table.take("command", _COMMAND))
    table.close()
    return read


def read_digest(file: Table) -> Digest:
    """``[digest]``; Mondays at 18:00 unless it says otherwise."""
    table = file.table("digest", required=True)
    read = Digest(
        channel=table.take("channel", values.CHANNEL),
        day=table.take("day", _WEEKDAY, Weekday.MON),
        time=table.take("time", moments.TIME, time(18)),
    )
    table.close()
    return read


def read_permissions(file: Table) -> Permissions:
    """``[permissions]``; left out: everybody reports and responds, only "admin" does the rest."""
    table = file.table("permissions")
    admins = ("admin",)
    responders = table.take("acknowledge", values.ROLES, ())
    read = Permissions(
        triage=table.take("triage", values.ROLES, ()),
        acknowledge=responders,
        severity=table.take("severity", values.ROLES, responders),
        private=table.take("private", values.ROLES, admins),
        drill=table.take("drill", values.ROLES, responders),
        oncall=table.take("oncall", values.ROLES, admins),
        digest=table.take("digest", values.ROLES, admins),
        dlq=table.take("dlq", values.ROLES, admins),
        replay=table.take("replay", values.ROLES, admins),
    )
    if not read.private:
        table.problem("private", "admits everyone, and nothing would be private; allowed: at least one role")
    table.close()
    return read


def read_archive_after(file: Table) -> timedelta:
    """``[threads] archive_after``; a day when it is left out."""
    table = file.table("threads")
    read = table.take("archive_after", moments.DURATION, timedelta(days=1))
    table.close()
    return read


def read_timeline(file: Table) -> Recording:
    """``[timeline]``; 📌 and no voice channel when it is left out."""
    table = file.table("timeline")
    read = Recording(
        pin_emoji=table.take("pin_emoji", values.EMOJI, "📌"),
        voice_channels=table.each("voice_channels", values.CHANNEL, ()),
    )
    table.close()
    return read


def read_postmortem(file: Table) -> Postmortem:
    """``[postmortem]``."""
    table = file.table("postmortem")
    read = Postmortem(table.take("path", values.POSTMORTEM_PATH, "docs/ops/postmortems/{date}-{title}.md"))
    table.close()
    return read
