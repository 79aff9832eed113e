"""The incident's thread: its name, the start time by itself, the card, and the notices that follow."""

import unicodedata
from collections.abc import Mapping

from bot.domain.incident import Incident
from bot.runbook.model import Command, Policy
from bot.ui import links
from bot.ui.bodies import (
    COLOURS,
    CONTENT_LIMIT,
    EMBED_TOTAL,
    FIELD_NAME_LIMIT,
    FIELDS_LIMIT,
    TITLE_LIMIT,
    Body,
    Field,
    embed,
    message,
)
from bot.ui.buttons import Component, IncidentVerb, row
from bot.ui.inert import code_block, inert, inert_lines, plain
from bot.ui.wording import SIGNS, Wording

_NAME_LIMIT = 100  # Discord: a thread's name
_WEEK_MIN = 10_080  # auto_archive_duration, the longest there is
_LINE_LIMIT = 800
_STEPS_LIMIT = 15
_SLUG_LIMIT = 60


def thread(words: Wording, incident: Incident) -> Body:
    """The body of Start Thread from Message."""
    return {"name": thread_name(words, incident), "auto_archive_duration": _WEEK_MIN}


def thread_name(words: Wording, incident: Incident) -> str:
    """Such as "INC-42 🔴 決済 API が 5xx"; a name knows no markup."""
    name = words.say("thread.name", label=incident.label, sign=SIGNS[incident.status], title=incident.title)
    return plain(name, limit=_NAME_LIMIT)


def thread_start(words: Wording, incident: Incident) -> Body:
    """The first message, by itself: the postmortem's timeline begins here.

    Source: the runbook, エスカレーションパス: incident 開始時刻 (JST) を thread で書く.
    """
    return message(words.say("thread.start", at=words.full(incident.started_at)))


def thread_card(words: Wording, incident: Incident) -> Body:
    """Targets, symptoms, path, links and the first-response sheet of the severity."""
    left_out = words.say("thread.card.left_out")
    facts = "\n".join([*_facts(words, incident), *_steps(words, incident)])
    room = EMBED_TOTAL - TITLE_LIMIT - len(facts) - len(left_out) - 1
    commands, complete = _commands(words, incident, room=room)
    description = facts if complete else f"{facts}\n{left_out}"
    title = words.say(
        "thread.card.title",
        label=incident.label,
        state=words.state(incident),
        severity=incident.severity,
        priority=incident.priority,
    )
    shown = embed(colour=COLOURS[incident.status], title=title, description=description, fields=commands)
    return message("", embeds=[shown], components=_card_buttons(words, incident))


def notice(words: Wording, incident: Incident, data: Mapping[str, object]) -> Body:
    """One message in the thread.

    Args:
        words: The team's.
        incident: As it is now.
        data: ``notice`` is "resolved", "note" with ``by`` and ``text``, or "declined" with ``by`` and ``to``.
    """
    if data.get("notice") == "note":
        who = words.who(str(data.get("by") or "?"))
        text = inert_lines(str(data.get("text") or ""), limit=CONTENT_LIMIT - len(who) - 20)
        return message(words.say("thread.notice.note", who=who, text=text))
    if data.get("notice") == "declined":
        return message(_declined(words, data))
    return message("\n".join(_resolved(words, incident)))


def postmortem_path(policy: Policy, incident: Incident) -> str:
    """Where the postmortem of *incident* goes: the policy's path, with the local day it started on."""
    day = incident.started_at.astimezone(policy.timezone).date()
    return policy.postmortem.path.format(date=day.isoformat(), title=_slug(incident.title))


def _declined(words: Wording, data: Mapping[str, object]) -> str:
    who, to = words.who(str(data.get("by") or "?")), data.get("to")
    if to is None:
        return words.say("thread.notice.declined_nobody", who=who)
    return words.say("thread.notice.declined", who=who, people=words.on_call([str(to)]))


def _resolved(words: Wording, incident: Incident) -> list[str]:
    at = incident.resolved_at or incident.triggered_at
    lines = [
        words.say(
            "thread.notice.resolved",
            label=incident.label,
            who=words.who(incident.resolved_by_name),
            at=words.moment(at),
            took=words.span(at - incident.triggered_at),
        )
    ]
    if words.severity(incident).postmortem:
        path, started = postmortem_path(words.policy, incident), words.full(incident.started_at)
        lines.append(words.say("thread.notice.postmortem", path=path, started=started))
    return lines


def _slug(title: str) -> str:
    """*title* as a part of a file's name: letters and digits of any script, single dashes between."""
    kept = "".join(sign if unicodedata.category(sign)[0] in "LN" else "-" for sign in title.lower())
    slug = "-".join(part for part in kept.split("-") if part)[:_SLUG_LIMIT].strip("-")
    return slug or "incident"


def _facts(words: Wording, incident: Incident) -> list[str]:
    unknown = words.say("thread.card.unknown")
    targets = words.targets(incident.targets, limit=_LINE_LIMIT) or unknown
    symptoms = words.symptoms(incident.symptoms, limit=_LINE_LIMIT) or unknown
    lines = [
        words.say("thread.card.targets", targets=targets),
        words.say("thread.card.symptoms", symptoms=symptoms),
        words.say("thread.card.reporter", who=words.who(incident.reported_by_name)),
    ]
    if path := words.path(incident, limit=_LINE_LIMIT):
        lines.insert(2, words.say("thread.card.path", path=path))
    if (post := links.alert_url(incident)) is not None:
        lines.append(words.say("thread.card.post", url=post))
    return lines


def _steps(words: Wording, incident: Incident) -> list[str]:
    sheet = words.policy.first_response.get(incident.severity)
    if sheet is None or not sheet.steps:
        return []
    steps = [words.pick(step) for step in sheet.steps[:_STEPS_LIMIT]]
    numbered = [
        words.say("thread.card.step", number=number, step=step) for number, step in enumerate(steps, 1)
    ]
    return ["", words.say("thread.card.steps"), *numbered]


def _commands(words: Wording, incident: Incident, *, room: int) -> tuple[list[Field], bool]:
    """The sheet's commands as far as they fit into *room* characters, each whole, and whether all did."""
    sheet = words.policy.first_response.get(incident.severity)
    asked = () if sheet is None else sheet.commands
    fields: list[Field] = []
    for field in (_command(words, command) for command in asked):
        # Half a command is worse than none: somebody would paste it.
        if len(field.name) + len(field.value) <= room:
            fields.append(field)
            room -= len(field.name) + len(field.value)
    return fields[:FIELDS_LIMIT], len(asked) == len(fields) <= FIELDS_LIMIT


def _command(words: Wording, command: Command) -> Field:
    """The command in a block to copy. The policy keeps commands short enough for a field."""
    label = inert(command.label.say(words.policy.language), limit=FIELD_NAME_LIMIT)
    return Field(name=label, value=code_block(command.command))


def _card_buttons(words: Wording, incident: Incident) -> list[Component]:
    verbs = (IncidentVerb.FIRST, IncidentVerb.DETAILS, IncidentVerb.NOTE, IncidentVerb.RESOLVE)
    shown = verbs if incident.is_open else (IncidentVerb.NOTE,)
    return row([words.buttons.make(verb, incident.id) for verb in shown])
