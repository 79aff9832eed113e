"""What the commands about a postmortem answer."""

from bot.services.postmortems.finishing import PostmortemChange
from bot.ui.components import Screen, made_of, row, text, to_places
from bot.ui.posts.bodies import colour_of
from bot.ui.verbs import IncidentVerb
from bot.ui.words.voice import Voice


def done_screen(voice: Voice, result: PostmortemChange) -> Screen:
    """Say that the postmortem is done, with the way back."""
    incident = result.incident
    undo = voice.buttons.make(IncidentVerb.POSTMORTEM_UNDO, incident.id)
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
