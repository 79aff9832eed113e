"""The incident's thread: its name, the start time by itself, the card, and the notices that follow."""

from bot.domain.incident.incident import Incident
from bot.runbook.tables import Command
from bot.ui.buttons import Component, IncidentVerb, row
from bot.ui.posts.bodies import (
    COLOURS,
    EMBED_TOTAL,
    FIELD_NAME_LIMIT,
    FIELDS_LIMIT,
    TITLE_LIMIT,
    Body,
    Field,
    embed,
    message,
)
from bot.ui.posts.incident.alert import related_labels
from bot.ui.posts.incident.checks import MOST_STEPS, step_lines, steps_select
from bot.ui.posts.incident.roles import VERBS, roles_line
from bot.ui.posts.incident.updates import card_lines
from bot.ui.words import links
from bot.ui.words.inert import code_block, inert, plain
from bot.ui.words.wording import Wording, sign_of

_NAME_LIMIT = 100  # Discord: a thread's name
_WEEK_MIN = 10_080  # auto_archive_duration, the longest there is
_LINE_LIMIT = 800


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
    """Compose the card: roles, the last status update, the facts, and the severity's first-response sheet."""
    left_out = words.say("thread.card.left_out")
    now = [roles_line(words, incident), *card_lines(words, incident)]
    facts = "\n".join([*now, *_facts(words, incident), *_steps(words, incident)])
    budget = EMBED_TOTAL - TITLE_LIMIT - len(facts) - len(left_out) - 1
    commands, complete = _commands(words, incident, budget=budget)
    description = facts if complete else f"{facts}\n{left_out}"
    title = words.say(
        "thread.card.title",
        label=incident.label,
        state=words.state(incident),
        severity=incident.severity,
        priority=incident.priority,
    )
    title = words.marked(incident, title)
    shown = embed(colour=COLOURS[incident.status], title=title, description=description, fields=commands)
    return message("", embeds=[shown], components=_controls(words, incident))


def _facts(words: Wording, incident: Incident) -> list[str]:
    unknown = words.say("thread.card.unknown")
    targets = words.targets(incident.targets, limit=_LINE_LIMIT) or unknown
    symptoms = words.symptoms(incident.symptoms, limit=_LINE_LIMIT) or unknown
    lines = [
        words.say("thread.card.targets", targets=targets),
        words.say("thread.card.symptoms", symptoms=symptoms),
        words.say("thread.card.reporter", who=words.who(incident.reported_by.name)),
    ]
    if path := words.path(incident, limit=_LINE_LIMIT):
        lines.insert(2, words.say("thread.card.path", path=path))
    if others := related_labels(words, incident):
        lines.append(words.say("thread.card.related", related=others))
    if incident.is_private:
        lines.append(words.say("private.card"))
    if (post := links.alert_url(incident)) is not None:
        lines.append(words.say("thread.card.post", url=post))
    return lines


def _steps(words: Wording, incident: Incident) -> list[str]:
    steps = step_lines(words, incident)[:MOST_STEPS]
    return ["", words.say("thread.card.steps"), *steps] if steps else []


def _commands(words: Wording, incident: Incident, *, budget: int) -> tuple[list[Field], bool]:
    """Return the sheet's commands that fit into *budget* characters, each whole, and whether all did."""
    sheet = words.policy.first_response.get(incident.severity)
    asked = () if sheet is None else sheet.commands
    fields: list[Field] = []
    for field in (_command(words, command) for command in asked):
        # Half a command is worse than none: somebody would paste it.
        if len(field.name) + len(field.value) <= budget:
            fields.append(field)
            budget -= len(field.name) + len(field.value)
    return fields[:FIELDS_LIMIT], len(asked) == len(fields) <= FIELDS_LIMIT


def _command(words: Wording, command: Command) -> Field:
    """Return the command in a block to copy. The policy keeps commands short enough for a field."""
    label = inert(command.label.say(words.policy.language), limit=FIELD_NAME_LIMIT)
    return Field(name=label, value=code_block(command.command))


def _controls(words: Wording, incident: Incident) -> list[Component]:
    kept = (IncidentVerb.NOTE, IncidentVerb.TIMELINE)
    shown = (*VERBS, *kept) if incident.is_open else kept
    buttons = row([words.buttons.make(verb, incident.id) for verb in shown])
    return [*buttons, *steps_select(words, incident)]
