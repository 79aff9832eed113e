"""What `/postmortem draft` and `show` answer."""

import io
from datetime import date

import discord

from bot.domain.incident.incident import Incident
from bot.services.postmortems.documents import PostmortemDraft, PostmortemFile, PostmortemView
from bot.ui.posts.incident.aftermath import postmortem_line
from bot.ui.posts.incident.documents import path_line, problem_line
from bot.ui.words.export_words import pull_lines
from bot.ui.words.links import home_url
from bot.ui.words.voice import Voice


def drafted(voice: Voice, draft: PostmortemDraft) -> str:
    """Say what has become of a draft: where the file is, where it goes, what was wrong with the template."""
    incident, document = draft.incident, draft.document
    said = voice.say(
        f"document.said.{draft.outcome.value}", label=incident.label, home=_home(voice, incident)
    )
    lines = [said, path_line(voice, document.path), *problem_line(voice, document.problem)]
    return "\n".join(lines)


def shown(voice: Voice, view: PostmortemView, *, today: date) -> str:
    """Say how far a postmortem is: the draft, who owes it, by when.

    Args:
        today: In the team's time zone.
    """
    owed = _owed(voice, view, today)
    if view.file is None:
        return "\n".join([voice.say("document.said.none", label=view.incident.label), *owed])
    document = view.file.document
    said = voice.say(
        "document.said.shown",
        label=view.incident.label,
        version=document.version,
        at=voice.moment(document.read_at),
    )
    stale = [voice.say("document.said.stale")] if view.is_stale else []
    beside = [*pull_lines(voice, view.export), *stale, *problem_line(voice, document.problem)]
    return "\n".join([said, path_line(voice, document.path), *owed, *beside])


def _owed(voice: Voice, view: PostmortemView, today: date) -> list[str]:
    owed = view.owed
    if owed is not None and owed.is_owed and owed.due_on < today:
        who, due = voice.who(owed.owner_name), voice.date(owed.due_on)
        return [voice.say("postmortem.line.late", who=who, due=due)]
    if owed is not None:
        return postmortem_line(voice, owed)
    return [] if view.is_needed else [voice.say("document.said.not_needed", label=view.incident.label)]


def attached(file: PostmortemFile) -> discord.File:
    """Return the draft as a file, under the name that it has in the thread."""
    (ref,) = file.document.data.files
    return discord.File(io.BytesIO(file.content), filename=ref.filename)


def _home(voice: Voice, incident: Incident) -> str:
    url, thread = home_url(incident), voice.say("document.said.thread")
    return thread if url is None else f"[{thread}]({url})"
