"""From a file to a `Policy`, or to one line per problem."""

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.domain.errors import ConfigError
from bot.runbook import moments, sections, values
from bot.runbook.alerts import read_alerts
from bot.runbook.checks import check_policy
from bot.runbook.model import Policy
from bot.runbook.oncall import everybody, read_oncall, read_team
from bot.runbook.questions import read_tree
from bot.runbook.reader import Table
from bot.runbook.severities import read_morning_triage, read_reevaluate, read_severities, read_unfinished
from bot.runbook.special import read_drill, read_private, read_storm

DEFAULT_NAME = "parky.toml"


def load_policy(path: Path | None) -> Policy:
    """Read and check a policy file; None means the one that comes with the package.

    Raises:
        ConfigError: the file cannot be read, is no TOML, or has problems: one line each, which names
            the key, the value and what is allowed.
    """
    if path is None:
        return parse_policy(default_policy_text(), name=DEFAULT_NAME)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"{path}: cannot be read: {reason}") from error
    return parse_policy(text, name=str(path))


def default_policy_text() -> str:
    """The policy file that comes with the package, comments included: a start for another team's."""
    return files("bot.runbook").joinpath(DEFAULT_NAME).read_text(encoding="utf-8")


def parse_policy(text: str, *, name: str) -> Policy:
    """Check the text of a policy file.

    Args:
        text: TOML.
        name: The file, for the place of a syntax error.

    Raises:
        ConfigError: as `load_policy`.
    """
    problems: list[str] = []
    policy = _policy(Table(_toml(text, name), at="", problems=problems))
    # What follows from several keys is only worth saying when each of them is right.
    if lines := problems or check_policy(policy):
        raise ConfigError("\n".join(lines))
    return policy


def _toml(text: str, name: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(
            r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error), re.DOTALL
        )
        said, line, column = found.groups() if found else (str(error), None, None)
        place = f"{line}:{column}" if line else f"{len(text.splitlines())}"
        raise ConfigError(f"{name}:{place}: is not TOML: {said}") from error


def _policy(file: Table) -> Policy:
    """The policy, made with stand-ins wherever there was a problem."""
    timezone = file.take("timezone", moments.TIMEZONE, ZoneInfo("Asia/Tokyo"))
    team = read_team(file)
    handover, oncall = read_oncall(file, team, timezone)
    severities = read_severities(file, oncall)
    reevaluate = read_reevaluate(file, severities)
    policy = Policy(
        timezone=timezone,
        language=file.take("language", values.LANGUAGE, "ja"),
        ack_emoji=file.take("ack_emoji", values.EMOJI, "👀"),
        removing_ack_releases=file.take("removing_ack_releases", values.BOOL, default=False),
        severities=severities,
        tree=read_tree(file),
        targets=sections.read_targets(file),
        symptoms=sections.read_symptoms(file),
        oncall=oncall,
        team=MappingProxyType(everybody(team, oncall)),
        handover=handover,
        business_hours=sections.read_business_hours(file, timezone),
        first_response=sections.read_first_response(file, severities),
        reevaluate=reevaluate,
        unfinished=read_unfinished(file, reevaluate),
        morning_triage=read_morning_triage(file, severities),
        digest=sections.read_digest(file),
        permissions=sections.read_permissions(file),
        postmortem=sections.read_postmortem(file),
        archive_after=sections.read_archive_after(file),
        private=read_private(file, severities),
        drill=read_drill(file),
        timeline=sections.read_timeline(file),
        alerts=read_alerts(file, severities),
        storm=read_storm(file),
        guild_id=file.maybe("guild", values.GUILD),
        names_dlq=file.has("permissions", "dlq"),
    )
    file.close()
    return policy
