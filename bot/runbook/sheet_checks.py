"""Checks of the command sheets against the targets, symptoms and placeholders that there are."""

from collections.abc import Collection, Iterable, Iterator

from bot.domain.sheets import EVERY, Sheet
from bot.runbook.model import Policy

#: Characters of a sheet in one language: Discord shows 4,000 in a message's components, and code blocks and
#: headings take their part.
LONGEST_SHEET = 3_000


def check_sheets(policy: Policy) -> Iterator[str]:
    """Yield the problems of ``[sheets]``, ``[targets.values]`` and what names sheets, one line each."""
    for topic, sheet in policy.sheets.items():
        yield from _sheet(f"sheets.{topic}", sheet, policy)
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


def _sheet(where: str, sheet: Sheet, policy: Policy) -> Iterator[str]:
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
    if length > LONGEST_SHEET:
        yield f"{where}: has {length} characters; allowed: {LONGEST_SHEET}"


def _known(where: str, named: Iterable[str], known: Collection[str], what: str) -> Iterator[str]:
    for name in named:
        if name not in known:
            yield f'{where}: "{name}" is not a {what}; allowed: {_quoted(known)} (the names of [{what}s])'


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
