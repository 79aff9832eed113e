"""The incident's thread: its name, the start time by itself, the card, and the notices that follow."""

from typing import Final

from bot.domain.incident.incident import Incident, Status
from bot.i18n import LANGUAGES, Texts
from bot.ui.buttons import Component, row
from bot.ui.posts.bodies import Body, colour_of, embed, message
from bot.ui.posts.escalation.next_step import next_step, otherwise
from bot.ui.posts.incident.aftermath import aftermath
from bot.ui.posts.incident.alert import head, impact, last_update
from bot.ui.posts.incident.checklist import progress_line, steps_select
from bot.ui.posts.incident.contributed import suggested
from bot.ui.posts.incident.roles import VERBS, roles_line
from bot.ui.verbs import IncidentVerb
from bot.ui.words.inert import plain
from bot.ui.words.wording import Wording, sign_of

_NAME_LIMIT = 100  # Discord: a thread's name
_WEEK_MIN = 10_080  # auto_archive_duration, the longest there is
_UPDATE_LIMIT = 44  # of the last status update, which is a message further down: three lines on a phone
_IMPACT_LIMIT = 48  # of the symptoms, and of the triage's answers
_AFTERMATH_LIMIT = 88  # of each fact of how it was resolved: two lines on a phone

#: The verbs of the card's buttons beside 📋.
_OPEN: Final = (*VERBS, IncidentVerb.NOTE)
#: Five buttons are enough: this one gives way to 👀, later to 📣. `/incident assign` still gives the role.
_GIVES_WAY: Final = IncidentVerb.SCRIBE
_ENDED: Final = (IncidentVerb.NOTE, IncidentVerb.TIMELINE)


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
    """Compose the card, half a phone screen: how bad, what to do and by when, roles, first steps done.

    What is behind its button 📋: `bot.ui.screens.sheets`.
    """
    title = words.say(
        "thread.card.title", label=incident.label, severity=incident.severity, priority=incident.priority
    )
    is_new, actions = incident.is_open and incident.updates.last is None, incident.actions
    lines = [
        head(words, incident),
        impact(words, incident, limit=_IMPACT_LIMIT) if is_new and incident.reopened is None else "",
        next_step(words, incident),
        otherwise(words, incident, shown=1) if is_new else "",
        *aftermath(words, incident, limit=_AFTERMATH_LIMIT),
        last_update(words, incident, limit=_UPDATE_LIMIT),
        roles_line(words, incident),
        progress_line(words, incident),
        words.say("actions.card", open=actions.open, all=actions.all) if actions.all else "",
        words.say("private.card") if incident.is_private else "",
    ]
    shown = embed(
        colour=colour_of(words, incident),
        title=words.marked(incident, title),
        description="\n".join(line for line in lines if line),
    )
    return message("", embeds=[shown], components=_controls(words, incident))


def _controls(words: Wording, incident: Incident) -> list[Component]:
    make, number = words.buttons.make, incident.id
    sheet = make(IncidentVerb.FIRST, number, words="commands")
    if not incident.is_open:
        own = [verb for capability in words.policy.capabilities for verb in capability.after_end]
        others = [*(make(verb, number) for verb in _ENDED), *(make(verb, number) for verb in own)]
    elif incident.status is Status.TRIGGERED:
        ack = make(IncidentVerb.ACK, number)
        roles = [words.buttons.grey(verb, number) for verb in VERBS if verb is not _GIVES_WAY]
        return [*row([ack, sheet, *roles]), *steps_select(words, incident)]
    elif (verb := suggested(words.policy, incident)) is not None:
        roles = [words.buttons.grey(verb, number) for verb in _OPEN if verb is not _GIVES_WAY]
        others = [*roles, make(verb, number)]
    else:
        others = [words.buttons.grey(verb, number) for verb in _OPEN]
    return [*row([sheet, *others]), *steps_select(words, incident)]


def is_marked(texts: Texts, name: str) -> bool:
    """Return True if a thread's *name* has a mark of `Wording.marked`, in either language."""
    keys = ("drill.marked", "private.marked")
    marks = (texts.say(language, key, line="").strip() for language in LANGUAGES for key in keys)
    return any(mark in name for mark in marks)
