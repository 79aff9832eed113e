"""`incident-bot runbook`: the policy file, checked, and in words."""

from collections.abc import Iterator
from pathlib import Path

import typer

from bot.domain.calendar.typed_times import format_duration
from bot.domain.errors import ConfigError
from bot.domain.severity import Deadline, LadderStep, Mention, SeverityPolicy
from bot.runbook import Policy, check_folder, default_policy_text, load_policy
from bot.runbook.oncall import OnCallPlace
from bot.runbook.teams import Team


def check_file(path: Path) -> None:
    """Say that *path*, a file or a folder of them, is right."""
    policies = check_folder(path) if path.is_dir() else {path: load_policy(path)}
    for file, policy in policies.items():
        typer.echo(f"{file}: ok ({', '.join(policy.severities)})")
        for line in (*_missing(policy, file.parent), *_team_gaps(policy)):
            typer.echo(f"{file}: {line}")


def _missing(policy: Policy, folder: Path) -> Iterator[str]:
    """Yield the files that the policy names and that are not there, of those that are read later."""
    for part in policy.parts.values():
        for name in () if part.files is None else part.files.named(policy):
            if not (folder / name).is_file():
                yield f"warning: {name} is not there; paths are relative to the policy file"


def _team_gaps(policy: Policy) -> Iterator[str]:
    """Yield what a policy with teams leaves to the default team: targets, and the calls of a team."""
    if not policy.teams:
        for where, name in policy.named_teams.items():
            yield f'note: {where} is "{name}", but the file has no [teams]'
        return
    for target in sorted(policy.alert_targets - policy.team_of_target.keys()):
        yield f'note: target "{target}" has no team; the default team answers'
    for name, team in policy.teams.items():
        if not team.schedule:
            yield f"note: teams.{name} has no schedule; the default team's places are asked"


def show_source(path: Path | None) -> None:
    """Print the file in use, comments included."""
    if path is not None and path.is_dir():
        raise ConfigError(f"{path}: is a folder; allowed: --in-words, or RUNBOOK_FILE=one of its files")
    load_policy(path)
    typer.echo(default_policy_text() if path is None else path.read_text(encoding="utf-8-sig"), nl=False)


def show_policy(path: Path | None) -> None:
    """Say in words what the policy in use promises."""
    is_folder = path is not None and path.is_dir()
    policies = check_folder(path) if path is not None and is_folder else {path: load_policy(path)}
    for file, policy in policies.items():
        typer.echo(f"policy: {file or 'the one that comes with the bot (Parky)'}")
        for line in _lines(policy):
            typer.echo(line)


def _lines(policy: Policy) -> Iterator[str]:
    for severity in policy.severities.values():
        yield from _severity(severity)
    again = policy.reevaluate
    yield f"\nundecided: asked in #{again.channel}, becomes {again.promote_to} after {_span(again.after)}"
    on_call = (f"{name} {_holders(place)}" for name, place in policy.oncall.items())
    yield f"on call: {', '.join(on_call)}"
    yield from (_team(team, policy) for team in policy.teams.values())
    for part in policy.parts.values():
        if part.summary is not None:
            yield from part.summary(policy)


def _team(team: Team, policy: Policy) -> str:
    """Say where a team's alerts go, whom they call, and which alerts are its."""
    channels = ", ".join(
        f"#{name}" for name in dict.fromkeys(one.channel for one in team.severities.values())
    )
    role = "" if team.role is None else f", @{team.role} in the place of @here"
    language = "" if team.language is None else f", in {team.language}"
    asked = ", ".join(team.schedule) or "the default team's places"
    named = (where.removesuffix(".team") for where, name in policy.named_teams.items() if name == team.name)
    alerts = ", ".join(named) or "what is handed over to it"
    return f"team {team.name}: {channels}{role}{language}; asks {asked}; has {alerts}"


def _holders(place: OnCallPlace) -> str:
    """Return the person at an on-call place, or its rotations."""
    if not place.layers:
        return f"@{place.discord}"
    layers = (
        f"{' -> '.join(f'@{person}' for person in turns.people)} every {turns.every} {turns.unit.value}"
        for turns in (layer.rotation for layer in place.layers)
    )
    return "; ".join(layers)


def _severity(severity: SeverityPolicy) -> Iterator[str]:
    yield f"\n{severity.name} = {severity.priority}: #{severity.channel}{_ping(severity.mention)}"
    yield f"  ack within {_span(severity.ack_within)}" + ("; postmortem owed" if severity.postmortem else "")
    if severity.thread_channel is not None:
        yield f"  thread in #{severity.thread_channel}"
    for step in severity.ladder:
        moment = "at the ack deadline" if step.after is None else f"after {_span(step.after)}"
        yield f"  {moment}: {_recipients(step, severity)}{_again(step)}"
    if severity.email_backup:
        yield "  email to the on-call when Discord does not take it"


def _again(step: LadderStep) -> str:
    if step.repeat is None:
        return ""
    times = "until somebody answers" if step.repeat_up_to is None else f"{step.repeat_up_to} times at most"
    return f"; again every {_span(step.repeat)}, {times}"


def _recipients(step: LadderStep, severity: SeverityPolicy) -> str:
    people = [f"DM {place}" for place in step.dm]
    quiet = step.after is not None and not step.after and step.mention is Mention.NONE
    channel = [] if quiet else [f"#{severity.channel}{_ping(step.mention)}"]
    return ", ".join([*channel, *people]) or "nobody"


def _ping(mention: Mention) -> str:
    return " @here" if mention is Mention.HERE else ""


def _span(deadline: Deadline) -> str:
    return deadline.value.replace("_", " ") if isinstance(deadline, str) else format_duration(deadline)
