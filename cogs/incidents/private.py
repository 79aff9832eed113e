"""`/incident private`: for named people and a role alone."""

from typing import Final

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.errors import UserError
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.i18n.options import described
from bot.ui.components import Control
from bot.ui.interaction import keep, redraw, reply, soon, wait
from bot.ui.people import person_from, person_of
from bot.ui.posts.incident.left_threads import DELETE, DELETE_NOW, delete_question, deleted_screen
from bot.ui.posts.incident.private import (
    added_answer,
    entered_screen,
    private_question,
    private_screen,
    removed_answer,
)
from cogs.incidents.group import NUMBER_OPTION, Number, Press, incident_group, named, offer_all

#: What a custom id about a thread that an incident has left ends with.
_OLD_THREAD: Final = r"(?P<number>\d{1,18}):(?P<thread>\d{17,20})"

_SETTLED: Final = frozenset({DeliveryStatus.SENT, DeliveryStatus.FAILED})


def register(bot: IncidentBot) -> None:
    """The controls of its questions."""
    bot.add_controls(MakePrivate, AskToDelete, DeleteThread)


@incident_group.command(
    name="private",
    description=locale_str(
        "Only named people and a role see it from now on", key="commands.incident_private"
    ),
)
@described(
    number=NUMBER_OPTION,
    user=locale_str(
        "Who else may see the private incident; with `remove`, who no longer may",
        key="commands.incident_private_user",
    ),
    remove=locale_str("Remove that person; yourself, if left out", key="commands.incident_private_remove"),
)
@app_commands.autocomplete(number=offer_all)
async def private(
    interaction: Press,
    number: Number | None = None,
    user: discord.User | None = None,
    remove: bool = False,  # noqa: FBT001, FBT002  # an option of the command
) -> None:
    """Make the incident private after a question, add or remove a person, or let the person in themselves."""
    await wait(interaction)
    bot, by, found = interaction.client, person_from(interaction.user), await named(interaction, number)
    if remove:
        await _remove(interaction, found, user)
        return
    incident = await bot.services(interaction).privacy.begin(found.id, by=by)
    if user is not None:
        await _add(interaction, incident, user)
    elif incident.is_private:
        await _enter(interaction, incident)
    else:
        await reply(interaction, view=private_question(bot.voice(interaction), incident))


async def _add(interaction: Press, incident: Incident, user: discord.User | discord.Member) -> None:
    """Give a person access, and say whether Discord has added them to the thread."""
    if not isinstance(user, discord.Member):
        raise UserError("private_not_member", who=user.display_name)
    privacy, who = interaction.client.services(interaction).privacy, person_from(user)
    by, key = person_from(interaction.user), f"interaction:{interaction.id}"
    is_new = await privacy.add(incident.id, who=who, by=by, key=key)
    entry = await _entry(interaction, incident, who=who)
    voice = interaction.client.voice(interaction)
    answer = added_answer(voice, incident, name=user.display_name, is_new=is_new, entry=entry)
    await reply(interaction, answer)


async def _remove(interaction: Press, incident: Incident, user: discord.User | discord.Member | None) -> None:
    """Remove a person's access, or one's own; say whether Discord has removed them from the thread.

    The person may have left the server.
    """
    removals, by = interaction.client.services(interaction).removals, person_from(interaction.user)
    who, key = by if user is None else person_from(user), f"interaction:{interaction.id}"
    was_named = await removals.remove(incident.id, who=who, by=by, key=key)
    exit_ = await soon(
        lambda: removals.exit(incident.id, who=who, key=key), done=lambda status: status in _SETTLED
    )
    name = None if user is None or who.id == by.id else user.display_name
    voice = interaction.client.voice(interaction)
    await reply(interaction, removed_answer(voice, incident, name=name, was_named=was_named, exit_=exit_))


async def _enter(interaction: Press, incident: Incident) -> None:
    """Come in oneself; who is refused cannot read so in the thread."""
    privacy, by = interaction.client.services(interaction).privacy, person_from(interaction.user)
    entered = await privacy.enter(incident.id, by=by, key=f"interaction:{interaction.id}")
    entry = await _entry(interaction, incident, who=by)
    await reply(interaction, view=entered_screen(interaction.client.voice(interaction), entered, entry=entry))


async def _entry(interaction: Press, incident: Incident, *, who: Person) -> DeliveryStatus | None:
    """Return the status of adding a person to the thread once it is known; None when it takes longer."""
    privacy, key = interaction.client.services(interaction).privacy, f"interaction:{interaction.id}"
    return await soon(
        lambda: privacy.entry(incident.id, who=who, key=key),
        done=lambda status: status in _SETTLED,
    )


class MakePrivate(Control, template=r"inc:v1:private-now:(?P<number>\d{1,18})"):
    """[🔒 非公開にする], after the question."""

    async def press(self, interaction: Press) -> None:
        """Make it private, and say what is left behind."""
        await keep(interaction)
        bot, by = interaction.client, await person_of(interaction)
        private = await bot.services(interaction).privacy.make_private(self.number, by=by)
        voice = bot.voice(interaction)
        moved = await soon(
            lambda: bot.services(interaction).incidents.find(number=self.number, thread_id=None, by=by),
            done=lambda now: _has_moved(private, now),
        )
        await redraw(interaction, private_screen(voice, moved or private, moved=moved is not None))


class _OldThread(Control, template=""):
    """A press about the public thread that a private incident has left."""

    @property
    def thread_id(self) -> int:
        """The thread of the custom id."""
        return int(self.fields["thread"])


class AskToDelete(_OldThread, template=rf"{DELETE}:{_OLD_THREAD}"):
    """[🗑️ 元のスレッドを削除]: asks once."""

    async def press(self, interaction: Press) -> None:
        """Say what would go, or that it is gone."""
        await wait(interaction)
        bot, by = interaction.client, await person_of(interaction)
        services, voice = bot.services(interaction), bot.voice(interaction)
        left = await services.privacy.left_thread(self.number, self.thread_id, by=by)
        incident = await services.incidents.find(number=self.number, thread_id=None, by=by)
        screen = deleted_screen(voice, incident) if left is None else delete_question(voice, incident, left)
        await reply(interaction, view=screen)


class DeleteThread(_OldThread, template=rf"{DELETE_NOW}:{_OLD_THREAD}"):
    """[🗑️ 削除する], after the question."""

    async def press(self, interaction: Press) -> None:
        """Delete it, and say so."""
        await keep(interaction)
        bot, by = interaction.client, await person_of(interaction)
        services = bot.services(interaction)
        await services.privacy.delete_thread(self.number, self.thread_id, by=by)
        incident = await services.incidents.find(number=self.number, thread_id=None, by=by)
        await redraw(interaction, deleted_screen(bot.voice(interaction), incident))


def _has_moved(before: Incident, now: Incident) -> bool:
    return now.thread.id is not None and now.thread.id != before.thread.id
