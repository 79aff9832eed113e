"""Checks that compare the keys of a policy, each of which is valid by itself."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta

from bot.domain.calendar.typed_times import format_duration
from bot.domain.severity import LadderStep, SeverityPolicy
from bot.domain.sheets import EVERY, Sheet
from bot.domain.text import is_same_emoji
from bot.domain.triage.tree import check_tree
from bot.runbook.fields.values import LANGUAGES
from bot.runbook.model import Policy
from bot.runbook.tables import FirstResponse
from bot.runbook.teams import DEFAULT_TEAM

#: Characters of a first-response sheet in one language: Discord shows 4,000 in a message's components,
#: and code blocks and headings take their part.
LONGEST_SHEET = 3500


def check_policy(policy: Policy) -> list[str]:
    """Return the problems of a policy, one line each; empty when there are none."""
    tree = check_tree(policy.tree, list(policy.severities), reevaluate_as=policy.reevaluate.promote_to)
    return [
        *_priorities(policy),
        *(line for severity in policy.severities.values() for line in _ladder(severity, policy)),
        *_teams(policy),
        *(f"triage.{line}" for line in tree),
        *_hours(policy),
        *_emojis(policy),
        *(line for name, sheet in policy.first_response.items() for line in _sheet(name, sheet)),
        *(line for name, sheet in policy.first_response.items() for line in _targets(name, sheet, policy)),
        *check_sheets(policy),
        *_dependencies(policy),
        *(line for name, sheet in policy.first_response.items() for line in _rollback(name, sheet)),
        *(
            problem
            for part in policy.parts.values()
            if part.problems is not None
            for problem in part.problems(policy)
        ),
    ]


def _priorities(policy: Policy) -> Iterator[str]:
    """Check that a priority such as "P0" means one severity."""
    counts = Counter(severity.priority for severity in policy.severities.values())
    for severity in policy.severities.values():
        if counts[severity.priority] > 1:
            where = f"severity.{severity.name}.priority"
            yield f'{where}: "{severity.priority}" is another severity\'s too; allowed: one of its own'


def _teams(policy: Policy) -> Iterator[str]:
    """Check the schedules and the ladders of teams, and that each team that the file names is one."""
    for name, team in policy.teams.items():
        if name == DEFAULT_TEAM:
            yield f'teams.{name}: "{name}" is the team of the rest of the file; allowed: another name'
        for place in team.schedule:
            if place not in policy.oncall:
                yield _no_place(f"teams.{name}.schedule", place, policy)
        for severity in team.ladders:
            where = f"teams.{name}.ladder.{severity}"
            if severity not in policy.severities:
                yield f'{where}: "{severity}" is not a severity; allowed: {_quoted(policy.severities)}'
            else:
                yield from _ladder(team.severities[severity], policy, where=where)
    for where, name in policy.named_teams.items() if policy.teams else ():
        if name not in policy.teams:
            allowed = f"{_quoted(policy.teams)} (the keys of [teams])"
            yield f'{where}: "{name}" is not a team; allowed: {allowed}'


def _no_place(where: str, place: str, policy: Policy) -> str:
    """Return the problem that *place* is not an on-call place, but perhaps a team."""
    said = "a team, not an on-call place" if place in policy.teams else "not an on-call place"
    return f'{where}: "{place}" is {said}; allowed: {_quoted(policy.oncall)} (the keys of [oncall])'


def _ladder(severity: SeverityPolicy, policy: Policy, *, where: str = "") -> Iterator[str]:
    before, ladder = timedelta(-1), where or f"severity.{severity.name}.ladder"
    for n, step in enumerate(severity.ladder, 1):
        where = f"{ladder}[{n}]"
        for place in step.dm:
            if place not in policy.oncall:
                yield _no_place(f"{where}.dm", place, policy)
        yield from _repeats(where, step, is_last=n == len(severity.ladder))
        after = step.after
        if after is None and isinstance(severity.ack_within, timedelta):  # otherwise the calendar decides
            after = severity.ack_within
        if after is not None and after <= before:
            said = f'"{format_duration(after)}" is not later than the step before it'
            yield f'{where}.after: {said}; allowed: more than "{format_duration(before)}"'
        before = before if after is None else after


def _repeats(where: str, step: LadderStep, *, is_last: bool) -> Iterator[str]:
    if step.repeat is not None and not is_last:
        said = f'"{format_duration(step.repeat)}" is on a step that another one follows'
        yield f"{where}.repeat: {said}; allowed: on the last step of a ladder"
    if step.repeat is None and step.repeat_up_to is not None:
        yield f"{where}.repeat_up_to: repeats nothing; allowed: together with repeat"


def _hours(policy: Policy) -> Iterator[str]:
    hours = policy.business_hours
    if not hours.starts < hours.ends:
        allowed = f'later than "{hours.starts:%H:%M}"'
        yield f'business_hours.end: "{hours.ends:%H:%M}" is not after the start; allowed: {allowed}'
    elif not hours.starts <= hours.triage_by <= hours.ends:
        allowed = f'"{hours.starts:%H:%M}" to "{hours.ends:%H:%M}"'
        said = f'"{hours.triage_by:%H:%M}" is outside business hours'
        yield f"business_hours.triage_by: {said}; allowed: {allowed}"


def _emojis(policy: Policy) -> Iterator[str]:
    """Check that no reaction has two meanings."""
    emoji = policy.timeline.pin_emoji
    if is_same_emoji(emoji, policy.ack_emoji):
        yield f'timeline.pin_emoji: "{emoji}" is the one that acknowledges; allowed: another than ack_emoji'


def _sheet(name: str, sheet: FirstResponse) -> Iterator[str]:
    for language in LANGUAGES:
        words = [step.say(language) for step in sheet.steps]
        words += [command.label.say(language) + command.command for command in sheet.commands]
        length = sum(map(len, words))
        if length > LONGEST_SHEET:
            yield f'first_response.{name}: has {length} characters in "{language}"; allowed: {LONGEST_SHEET}'


def _rollback(name: str, sheet: FirstResponse) -> Iterator[str]:
    """Check that the step of the rollback is one of the sheet."""
    if sheet.rollback_step > len(sheet.steps):
        said = f"{sheet.rollback_step} is not a step; allowed: 0 to {len(sheet.steps)}"
        yield f"first_response.{name}.rollback_step: {said}"


def _targets(name: str, sheet: FirstResponse, policy: Policy) -> Iterator[str]:
    """Check that each target of a command is one that an incident can have."""
    for n, command in enumerate(sheet.commands, 1):
        for target in command.targets:
            if target not in policy.targets:
                where = f"first_response.{name}.commands[{n}].targets"
                allowed = ", ".join(f'"{known}"' for known in policy.targets)
                yield f'{where}: "{target}" is not a target; allowed: {allowed} (the names of [targets])'


#: Characters of a sheet in one language: Discord shows 4,000 in a message's components, and code blocks and
#: headings take their part.
_LONGEST_COMMANDS = 3_000


def check_sheets(policy: Policy) -> Iterator[str]:
    """Yield the problems of ``[sheets]``, ``[targets.values]`` and what names sheets, one line each."""
    for topic, sheet in policy.sheets.items():
        yield from _command_sheet(f"sheets.{topic}", sheet, policy)
    for target in policy.target_values.of:
        if target not in (EVERY, *policy.targets):
            allowed = _quoted((EVERY, *policy.targets))
            yield f'targets.values: "{target}" is not a target; allowed: {allowed} (the names of [targets])'
    for severity, first in policy.first_response.items():
        if policy.severities[severity].commands_in_thread and not first.sheets:
            where = f"severity.{severity}.commands_in_thread"
            yield f"{where}: has no commands; allowed: with first_response.{severity}.sheets"
        for topic in first.sheets:
            if topic not in policy.sheets:
                where = f"first_response.{severity}.sheets"
                allowed = f"{_quoted(policy.sheets)} (the keys of [sheets])"
                yield f'{where}: "{topic}" is not a topic; allowed: {allowed}'


def _dependencies(policy: Policy) -> Iterator[str]:
    """Check that targets depend on others, and not in a circle."""
    told: set[str] = set()
    for target, needed in policy.depends_on.items():
        where = f"targets.{target}.depends_on"
        yield from _known(where, needed, policy.targets, "target")
        circle = _circle(target, policy.depends_on)
        if circle and not told.intersection(circle):
            told.update(circle)
            yield f"{where}: is a cycle: {' -> '.join(circle)}; allowed: targets that do not need this one"


def _circle(target: str, depends_on: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the shortest way from a target back to itself; empty if there is none."""
    ways: list[tuple[str, ...]] = [(target,)]
    seen = {target}
    for way in ways:  # grows
        for needed in depends_on.get(way[-1], ()):
            if needed == target:
                return (*way, target)
            if needed not in seen:
                seen.add(needed)
                ways.append((*way, needed))
    return ()


def _command_sheet(where: str, sheet: Sheet, policy: Policy) -> Iterator[str]:
    yield from _known(f"{where}.targets", sheet.targets, policy.targets, "target")
    yield from _known(f"{where}.symptoms", sheet.symptoms, policy.symptoms, "symptom")
    known = policy.target_values.names
    for number, command in enumerate(sheet.commands, 1):
        at = f"{where}.commands[{number}]"
        yield from _known(f"{at}.targets", command.targets, policy.targets, "target")
        for name in command.placeholders:
            if name not in known:
                allowed = f"{_quoted(known) or 'none'} (of [targets.values] and [targets.choices])"
                yield f'{at}: "{{{name}}}" is not a placeholder; allowed: {allowed}'
    length = sum(len(each.command) + max(len(each.label.ja), len(each.label.en)) for each in sheet.commands)
    if length > _LONGEST_COMMANDS:
        yield f"{where}: has {length} characters; allowed: {_LONGEST_COMMANDS}"


def _known(where: str, named: Iterable[str], known: Collection[str], what: str) -> Iterator[str]:
    for name in named:
        if name not in known:
            yield f'{where}: "{name}" is not a {what}; allowed: {_quoted(known)} (the names of [{what}s])'


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
