"""The checklist of first-response steps: its lines, the select on the card, the answer to a choice."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.domain.incident.forms import Checklist, ChecklistPick
from bot.domain.incident.incident import Incident
from bot.services.incidents.details import ChecklistChange
from bot.ui.buttons import Component, Option, select_row
from bot.ui.posts.bodies import CONTENT_LIMIT
from bot.ui.words.inert import inert, joined, plain
from bot.ui.words.voice import Voice
from bot.ui.words.wording import Wording

#: The select's custom id. It holds what the select showed: the edition of the sheet, and the done steps, a
#: bit for each in hex. Discord's payload has the current select, not the one that the person had opened; and
#: clients keep the choice in an edited select as long as its id is the same.
STEPS: Final = r"inc:v1:steps:(?P<number>\d{1,18}):(?P<edition>[0-9a-f]{8}):(?P<shown>[0-9a-f]{1,7})"

#: The policy allows ten steps, a select 25 options.
MOST_STEPS: Final = 15
_OPTION_LIMIT: Final = 100  # Discord: the label of a select's option
_CHANGES_BUDGET: Final = 1_200
_CARD_STEP_LIMIT: Final = 40  # the step's words are in the select as well


def step_lines(words: Wording, incident: Incident) -> list[str]:
    """Return each step of the severity: open, or done with who and when; none without a sheet."""
    sheet = words.policy.checklist(incident.severity)
    return [_line(words, incident, sheet, index) for index in range(len(sheet.steps))]


def progress_line(words: Wording, incident: Incident) -> str:
    """Return how many steps are done, and the next: "**初動：** 2/4 · 次：3. …"; empty without a sheet."""
    sheet = words.policy.checklist(incident.severity)
    if not sheet.steps:
        return ""
    done = sheet.done(incident.checks)
    counts = {"done": len(done), "all": len(sheet.steps)}
    left = _first_open(sheet, incident)
    if left is None or not incident.is_open:
        return words.say("checklist.card.done", **counts)
    step = inert(words.raw(sheet.steps[left]), limit=_CARD_STEP_LIMIT)
    return words.say("checklist.card.next", **counts, step=_numbered(left, step))


def steps_select(words: Wording, incident: Incident) -> list[Component]:
    """Build the row with the select of done steps; none without steps or once the incident has ended."""
    sheet = words.policy.checklist(incident.severity)
    if not sheet.steps or not incident.is_open:
        return []
    done = sheet.done(incident.checks)
    options = [
        Option(
            str(index), plain(_numbered(index, words.raw(step)), limit=_OPTION_LIMIT), chosen=index in done
        )
        for index, step in enumerate(sheet.steps[:MOST_STEPS])
    ]
    shown = sum(1 << index for index, option in enumerate(options) if option.chosen)
    custom_id = f"inc:v1:steps:{incident.id}:{sheet.edition}:{shown:x}"
    return select_row(
        custom_id, options=options, placeholder=words.say("checklist.select"), least=0, most=None
    )


def pick_of(fields: Mapping[str, str], values: Sequence[str]) -> ChecklistPick:
    """Read a person's choice from the select.

    Args:
        fields: The fields of the select's custom id.
        values: The values of the chosen options.
    """
    mask = int(fields["shown"], 16)
    shown = frozenset(index for index in range(mask.bit_length()) if mask >> index & 1)
    chosen = frozenset(int(value) for value in values if value.isdecimal())
    return ChecklistPick(fields["edition"], shown, chosen)


def checked(voice: Voice, result: ChecklistChange) -> str:
    """Say which steps were ticked or unticked, and which step is next."""
    filled, sheet = result.filled, result.sheet
    incident = filled.incident
    if result.is_outdated:
        return voice.say("checklist.said.outdated", label=incident.label)
    if not filled.ticked and not filled.unticked:
        return voice.say("checklist.said.unchanged", label=incident.label)
    changed = [_line(voice, incident, sheet, index) for index in sorted((*filled.ticked, *filled.unticked))]
    lines = joined(changed, separator="\n", limit=_CHANGES_BUDGET, more="\n…")
    first = voice.say("checklist.said.changed", label=incident.label)
    left = _first_open(sheet, incident)
    if left is None:
        following = voice.say("checklist.said.all_done")
    else:
        following = voice.say("checklist.said.next", step=_numbered(left, voice.pick(sheet.steps[left])))
    return f"{first}\n{lines}\n{following}"[:CONTENT_LIMIT]


def _first_open(sheet: Checklist, incident: Incident) -> int | None:
    """Return the index of the first step that is not done; None when all are."""
    done = sheet.done(incident.checks)
    return next((index for index in range(len(sheet.steps)) if index not in done), None)


def _line(words: Wording, incident: Incident, sheet: Checklist, index: int) -> str:
    step = _numbered(index, words.pick(sheet.steps[index]))
    check = incident.checks.get(sheet.keys[index])
    if check is None:
        return words.say("checklist.open", step=step)
    at = words.clock(check.at, on=incident.triggered_at)
    return words.say("checklist.done", step=step, who=words.who(check.by_name), at=at)


def _numbered(index: int, step: str) -> str:
    return f"{index + 1}. {step}"
