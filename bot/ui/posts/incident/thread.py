"""The incident's thread: its name, the start time by itself, and the card with the first steps."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.domain.incident.forms import Checklist, ChecklistPick
from bot.domain.incident.incident import Incident, Status
from bot.i18n import LANGUAGES, Texts
from bot.runbook.model import Policy
from bot.services.incidents.details import ChecklistChange
from bot.ui.buttons import Component, IncidentVerb, Option, OwnVerb, row, select_row
from bot.ui.posts.bodies import CONTENT_LIMIT, Body, colour_of, embed, message
from bot.ui.posts.calls import otherwise
from bot.ui.posts.incident.aftermath import aftermath
from bot.ui.posts.incident.alert import impact, last_update
from bot.ui.posts.incident.controls import first_buttons, others_button
from bot.ui.posts.incident.roles import roles_line
from bot.ui.words.inert import inert, joined, plain
from bot.ui.words.summary import summary
from bot.ui.words.wording import Voice, Wording, sign_of

_NAME_LIMIT = 100  # Discord: a thread's name
_WEEK_MIN = 10_080  # auto_archive_duration, the longest there is
_UPDATE_LIMIT = 44  # of the last status update, which is a message further down: three lines on a phone
_TITLE_LIMIT = 28  # the name of the thread has more of it
_IMPACT_LIMIT = 48  # of the symptoms, and of the triage's answers
_AFTERMATH_LIMIT = 88  # of each fact of how it was resolved: two lines on a phone


def thread(words: Wording, incident: Incident) -> Body:
    """Return the body of Start Thread from Message."""
    return {"name": thread_name(words, incident), "auto_archive_duration": _WEEK_MIN}


def thread_name(words: Wording, incident: Incident) -> str:
    """Return the thread's name, such as "INC-42 🔴 決済 API が 5xx"; names have no markup."""
    return signed_name(words, incident, sign=sign_of(incident))


def signed_name(words: Wording, incident: Incident, *, sign: str) -> str:
    """Return the thread's name with *sign*; without the title if the policy keeps titles out of names."""
    title = incident.title if words.policy.private.thread_titles else ""
    name = words.say("thread.name", label=incident.label, sign=sign, title=title)
    return plain(words.marked(incident, name), limit=_NAME_LIMIT)


def thread_start(words: Wording, incident: Incident) -> Body:
    """Compose the first message, by itself: the postmortem's timeline begins here.

    Source: the runbook, エスカレーションパス: incident 開始時刻 (JST) を thread で書く.
    """
    return message(words.say("thread.start", at=words.full(incident.started_at)))


def thread_card(words: Wording, incident: Incident) -> Body:
    """Compose the card, half a phone screen: who has it until when, how bad, roles, first steps done.

    What is behind its button 📋: `bot.ui.screens.sheets`.
    """
    is_new, actions = incident.is_open and incident.updates.last is None, incident.actions
    lines = [
        impact(words, incident, limit=_IMPACT_LIMIT) if incident.is_open else "",
        otherwise(words, incident, shown=1) if is_new else "",
        *aftermath(words, incident, limit=_AFTERMATH_LIMIT),
        last_update(words, incident, limit=_UPDATE_LIMIT),
        roles_line(words, incident),
        progress_line(words, incident),
        words.say("actions.card", open=actions.open, all=actions.all) if actions.all else "",
        *(one.card_line(words, incident) for one in words.policy.capabilities if one.card_line is not None),
        words.say("private.card") if incident.is_private else "",
        words.say("thread.card.small", label=incident.label, priority=incident.priority),
    ]
    shown = embed(colour=colour_of(words, incident), description="\n".join(line for line in lines if line))
    line = summary(words, incident, limit=_TITLE_LIMIT)
    return message(line, embeds=[shown], components=_controls(words, incident))


def _controls(words: Wording, incident: Incident) -> list[Component]:
    """Return what the state calls for, the commands, and 📣 while users are affected; then the steps."""
    buttons = first_buttons(words, incident, is_edited=True)
    if incident.is_open:
        buttons.append(words.buttons.make(IncidentVerb.FIRST, incident.id, words="commands"))
    if incident.status is Status.ACKNOWLEDGED and (verb := suggested(words.policy, incident)) is not None:
        buttons.append(words.buttons.make(verb, incident.id))
    return [*row([*buttons, others_button(words, incident)]), *steps_select(words, incident)]


def is_marked(texts: Texts, name: str) -> bool:
    """Return True if a thread's *name* has a mark of `Wording.marked`, in either language."""
    keys = ("drill.marked", "private.marked")
    marks = (texts.say(language, key, line="").strip() for language in LANGUAGES for key in keys)
    return any(mark in name for mark in marks)


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


def suggested(policy: Policy, incident: Incident) -> OwnVerb | None:
    """Return the button that the state of an incident calls for; None for none."""
    offered = (one.suggests(policy, incident) for one in policy.capabilities if one.suggests is not None)
    return next((verb for verb in offered if verb is not None), None)


def asks_users(policy: Policy, incident: Incident) -> bool:
    """Return True if the form of a status update asks whether users are affected."""
    return any(one.asks_users(policy, incident) for one in policy.capabilities if one.asks_users is not None)
