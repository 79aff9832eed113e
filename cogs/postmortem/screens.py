"""What the commands about a postmortem answer."""

import io
from datetime import date

import discord

from bot.ui.components import Screen, made_of, row, text, to_places
from bot.ui.posts.bodies import colour_of
from bot.ui.posts.incident.aftermath import postmortem_line
from bot.ui.words.systems import trouble_lines, url_of
from bot.ui.words.wording import Voice, home_url
from cogs.postmortem.documents import PostmortemDraft, PostmortemFile, PostmortemView
from cogs.postmortem.owing import PostmortemChange
from cogs.postmortem.posts import UNDO, path_line, problem_line
from cogs.postmortem.pulls import PullExport


def done_screen(voice: Voice, result: PostmortemChange) -> Screen:
    """Say that the postmortem is done, with the way back."""
    incident = result.incident
    undo = voice.buttons.make(UNDO, incident.id)
    who = voice.who(result.postmortem.done_by_name)
    return Screen(
        text(voice.say(_key("done", result), label=incident.label, who=who), voice.title(incident)),
        rows=[row(made_of(undo), *to_places(voice, incident))],
        colour=colour_of(voice, incident),
    )


def undone(voice: Voice, result: PostmortemChange) -> str:
    """Say that the postmortem is owed again."""
    return _owned(voice, "undone", result)


def given(voice: Voice, result: PostmortemChange) -> str:
    """Say who owns the postmortem now, and by when."""
    is_redated = result.changed and result.is_same_owner
    return _owned(voice, "redated" if is_redated else "given", result)


def _owned(voice: Voice, how: str, result: PostmortemChange) -> str:
    owed = result.postmortem
    who, due = voice.who(owed.owner_name), voice.date(owed.due_on)
    return voice.say(_key(how, result), label=result.incident.label, who=who, due=due)


def _key(how: str, result: PostmortemChange) -> str:
    return f"postmortem.said.{how}" if result.changed else f"postmortem.said.{how}_before"


def drafted(voice: Voice, draft: PostmortemDraft) -> str:
    """Say what has become of a draft: where the file is, where it goes, what was wrong with the template."""
    incident, document = draft.incident, draft.document
    url, home = home_url(incident), voice.say("document.said.thread")
    said = voice.say(
        f"document.said.{draft.outcome.value}",
        label=incident.label,
        home=home if url is None else f"[{home}]({url})",
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


def pull_lines(voice: Voice, export: PullExport | None) -> list[str]:
    """Return where the pull request of a postmortem is, and what is wrong with it; nothing without one."""
    if export is None:
        return []
    shown = []
    if export.url is not None:
        key = f"exports.screen.pull_{export.state.value}"
        shown.append(voice.say(key, url=url_of(export.url)))
    if export.conflict is not None:
        shown.append(voice.say("exports.screen.conflict"))
    return [*shown, *trouble_lines(voice, export.trouble, is_over=export.next_at is None)]


def attached(file: PostmortemFile | None) -> list[discord.File]:
    """Return the draft and its picture as files, under the names that they have in the thread."""
    if file is None:
        return []
    contents = (file.content, None if file.picture is None else file.picture.content)
    return [
        discord.File(io.BytesIO(content), filename=ref.filename, description=ref.description or None)
        for ref, content in zip(file.document.data.files, contents, strict=False)
        if content is not None
    ]
