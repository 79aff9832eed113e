"""What a person sees who makes an incident private, lets people in or out, or deletes the old thread."""

from typing import Final

from discord import ButtonStyle

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.incident.incident import Incident
from bot.domain.privacy import LeftBehind, PostPlaces
from bot.ui.components import Screen, button, link, or_quit, row, text
from bot.ui.posts.incident.private import BIN, around, place_lines
from bot.ui.words.wording import Voice, place_url, thread_url

#: The custom id of the yes to `delete_question`.
DELETE_NOW: Final = "inc:v1:thread-delete-now"


def private_question(voice: Voice, incident: Incident) -> Screen:
    """Compose the question before making an incident private, which cannot be undone.

    The button that changes nothing comes first.
    """
    return Screen(
        text(
            voice.say("private.question", label=incident.label, title=voice.title(incident)),
            voice.say("private.means"),
        ),
        rows=[
            or_quit(
                voice,
                button(
                    voice.say("private.now"),
                    f"inc:v1:private-now:{incident.id}",
                    style=ButtonStyle.danger,
                    emoji="🔒",
                ),
            )
        ],
    )


def private_screen(voice: Voice, incident: Incident, *, moved: bool) -> Screen:
    """Show 非公開にしました, what is left behind, and the way to the thread.

    Args:
        moved: The thread that *incident* knows is the private one already.
    """
    to_thread = link(voice.say("buttons.to_thread"), thread_url(incident) if moved else None)
    return Screen(
        text(voice.say("private.done", label=incident.label), voice.say("private.left_behind")),
        rows=[row(to_thread)],
    )


def entered_screen(
    voice: Voice, incident: Incident, *, entry: DeliveryStatus | None, posts: PostPlaces | None = None
) -> Screen:
    """Say that the incident is private already, and whether the person who asked is in its thread.

    Args:
        posts: Where there is a post about it, which is said as well.
        entry: The status of adding them to the thread; None while it is on its way.
    """
    match entry:
        case DeliveryStatus.SENT:
            said = voice.say("private.entered", label=incident.label)
        case DeliveryStatus.FAILED:
            said = voice.say("private.entered_not", label=incident.label, channel=around(incident))
        case _:
            said = voice.say("private.enters", label=incident.label)
    to_thread = link(voice.say("buttons.to_thread"), thread_url(incident))
    places = () if posts is None else place_lines(voice, posts)
    return Screen(text(said, *places), rows=[row(to_thread)])


def added_answer(
    voice: Voice, incident: Incident, *, name: str, is_new: bool, entry: DeliveryStatus | None
) -> str:
    """Say that a person now has access, and whether Discord refused to add them to the thread.

    Args:
        name: As people call them.
        is_new: They were not named before.
        entry: As in `entered_screen`.
    """
    key = "private.added" if is_new else "private.added_before"
    added = voice.say(key, label=incident.label, who=voice.who(name))
    if entry is not DeliveryStatus.FAILED:
        return added
    return "\n".join([added, voice.say("private.added_outside", channel=around(incident))])


def removed_answer(
    voice: Voice, incident: Incident, *, name: str | None, was_named: bool, exit_: DeliveryStatus | None
) -> str:
    """Say that a person has lost access, and whether Discord refused to remove them from the thread.

    Args:
        name: As people call them; None for the person who asked.
        was_named: They had been given access by name before.
        exit_: The status of removing them from the thread; None while it is on its way.
    """
    if name is None:
        key, inside = "private.left", "private.left_inside"
    else:
        key, inside = "private.removed" if was_named else "private.removed_before", "private.removed_inside"
    removed = voice.say(key, label=incident.label, who=voice.who(name))
    return "\n".join([removed, voice.say(inside)]) if exit_ is DeliveryStatus.FAILED else removed


def delete_question(voice: Voice, incident: Incident, left: LeftBehind) -> Screen:
    """Compose the question before deleting the old thread, which cannot be undone.

    It says what would be lost. The button that deletes nothing comes first.
    """
    yes = f"{DELETE_NOW}:{incident.id}:{left.thread_id}"
    return Screen(
        text(
            voice.say("private.delete_question", label=incident.label),
            voice.say("private.delete_means", written=left.written, names=len(left.names)),
            place_url(incident.guild_id, left.thread_id),
        ),
        rows=[
            or_quit(
                voice,
                button(voice.say("private.delete_now"), yes, style=ButtonStyle.danger, emoji=BIN),
            )
        ],
    )


def deleted_screen(voice: Voice, incident: Incident) -> Screen:
    """Say that the old public thread is deleted."""
    return Screen(text(voice.say("private.deleted", label=incident.label)))
