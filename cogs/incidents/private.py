"""`/incident private`: restrict an incident to named people, a role and the people on call."""

from typing import Final

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.errors import UserError
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.i18n.translator import described
from bot.ui.answers import Pressed, control
from bot.ui.choices import NUMBER_OPTION, Number, named, offer_incidents
from bot.ui.interaction import (
    Interaction,
    keep,
    person_from,
    person_of,
    redraw,
    reply,
    services_of,
    soon,
    voice_of,
    wait,
)
from bot.ui.posts.incident.private import DELETE
from bot.ui.screens.private import (
    DELETE_NOW,
    added_answer,
    delete_question,
    deleted_screen,
    entered_screen,
    private_question,
    private_screen,
    removed_answer,
)
from cogs.incidents.group import incident_group

#: What a custom id about a thread that an incident has left ends with.
_OLD_THREAD: Final = r"(?P<number>\d{1,18}):(?P<thread>\d{17,20})"

_SETTLED: Final = frozenset({DeliveryStatus.SENT, DeliveryStatus.FAILED})


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_private, press_delete, press_delete_now)


@incident_group.command(
    name="private",
    description=locale_str(
        "Only named people and a role see it from now on", key="commands.incident_private"
    ),
)
@described(
    number=NUMBER_OPTION,
    user=locale_str(
        "Who to add; with `remove`, who to remove",
        key="commands.incident_private_user",
    ),
    remove=locale_str("Remove that person; yourself, if left out", key="commands.incident_private_remove"),
)
@app_commands.autocomplete(number=offer_incidents)
async def private(
    interaction: Interaction,
    number: Number | None = None,
    user: discord.User | None = None,
    remove: bool = False,  # noqa: FBT001, FBT002  # an option of the command
) -> None:
    """Make the incident private after a question, add or remove a person, or let the person in themselves."""
    await wait(interaction)
    by, before = person_from(interaction.user), await named(interaction, number)
    if remove:
        await _remove(interaction, before, user)
        return
    incident = await services_of(interaction).privacy.begin(before.id, by=by)
    if user is not None:
        await _add(interaction, incident, user)
    elif incident.is_private:
        # A refusal is shown here, because they could not read it in the thread.
        privacy = services_of(interaction).privacy
        entered = await privacy.enter(incident.id, by=by, key=f"interaction:{interaction.id}")
        entry = await _requested(interaction, incident, who=by)
        posts = await services_of(interaction).looking.places_of_posts(incident.id, by=by)
        screen = entered_screen(voice_of(interaction), entered, entry=entry, posts=posts)
        await reply(interaction, view=screen)
    else:
        await reply(interaction, view=private_question(voice_of(interaction), incident))


async def _add(interaction: Interaction, incident: Incident, user: discord.User | discord.Member) -> None:
    """Give a person access, and say whether Discord has added them to the thread."""
    if not isinstance(user, discord.Member):
        raise UserError("private_not_member", who=user.display_name)
    privacy, who = services_of(interaction).privacy, person_from(user)
    by, key = person_from(interaction.user), f"interaction:{interaction.id}"
    is_new = await privacy.add(incident.id, who=who, by=by, key=key)
    entry = await _requested(interaction, incident, who=who)
    voice = voice_of(interaction)
    answer = added_answer(voice, incident, name=user.display_name, is_new=is_new, entry=entry)
    await reply(interaction, answer)


async def _remove(
    interaction: Interaction, incident: Incident, user: discord.User | discord.Member | None
) -> None:
    """Remove a person's access, or one's own; say whether Discord has removed them from the thread.

    The person may have left the server.
    """
    removals, by = services_of(interaction).removals, person_from(interaction.user)
    who, key = by if user is None else person_from(user), f"interaction:{interaction.id}"
    was_named = await removals.remove(incident.id, who=who, by=by, key=key)
    exit_ = await _requested(interaction, incident, who=who, removes=True)
    name = None if user is None or who.id == by.id else user.display_name
    voice = voice_of(interaction)
    await reply(interaction, removed_answer(voice, incident, name=name, was_named=was_named, exit_=exit_))


async def _requested(
    interaction: Interaction, incident: Incident, *, who: Person, removes: bool = False
) -> DeliveryStatus | None:
    """Return the status of adding or removing a person once it is known; None when it takes longer."""
    privacy, key = services_of(interaction).privacy, f"interaction:{interaction.id}"
    return await soon(
        lambda: privacy.requested(incident.id, who=who, key=key, removes=removes),
        done=lambda status: status in _SETTLED,
    )


@control(r"inc:v1:private-now:(?P<number>\d{1,18})")
async def press_private(interaction: Interaction, pressed: Pressed) -> None:
    """[🔒 非公開にする], after the question: make it private, and say what is left behind."""
    await keep(interaction)
    by = await person_of(interaction)
    private = await services_of(interaction).privacy.make_private(pressed.number, by=by)
    voice = voice_of(interaction)
    moved = await soon(
        lambda: services_of(interaction).incidents.find(number=pressed.number, thread_id=None, by=by),
        done=lambda now: now.thread.id is not None and now.thread.id != private.thread.id,
    )
    await redraw(interaction, private_screen(voice, moved or private, moved=moved is not None))


@control(rf"{DELETE}:{_OLD_THREAD}")
async def press_delete(interaction: Interaction, pressed: Pressed) -> None:
    """[🗑️ 元のスレッドを削除]: ask once, and say what would go; or say that it is gone already."""
    await wait(interaction)
    by = await person_of(interaction)
    services, voice = services_of(interaction), voice_of(interaction)
    left = await services.privacy.left_thread(pressed.number, int(pressed.fields["thread"]), by=by)
    incident = await services.incidents.find(number=pressed.number, thread_id=None, by=by)
    screen = deleted_screen(voice, incident) if left is None else delete_question(voice, incident, left)
    await reply(interaction, view=screen)


@control(rf"{DELETE_NOW}:{_OLD_THREAD}")
async def press_delete_now(interaction: Interaction, pressed: Pressed) -> None:
    """[🗑️ 削除する], after the question: delete it, and say so."""
    await keep(interaction)
    by = await person_of(interaction)
    services = services_of(interaction)
    await services.privacy.delete_thread(pressed.number, int(pressed.fields["thread"]), by=by)
    incident = await services.incidents.find(number=pressed.number, thread_id=None, by=by)
    await redraw(interaction, deleted_screen(voice_of(interaction), incident))
