"""`/incident private`: for named people and a role alone."""

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.incident import Incident
from bot.i18n.options import described
from bot.ui.components import Control
from bot.ui.interaction import keep, redraw, reply, soon, wait
from bot.ui.people import person_from, person_of
from bot.ui.posts.private import entered_screen, private_question, private_screen
from cogs.incidents.group import NUMBER_OPTION, Number, Press, incident_group, named, offer_open


def register(bot: IncidentBot) -> None:
    """The control of the question."""
    bot.add_controls(MakePrivate)


@incident_group.command(
    name="private",
    description=locale_str(
        "Only named people and a role see it from now on", key="commands.incident_private"
    ),
)
@described(
    number=NUMBER_OPTION,
    user=locale_str("Who else may see the private incident", key="commands.incident_private_user"),
)
@app_commands.autocomplete(number=offer_open)
async def private(
    interaction: Press, number: Number | None = None, user: discord.Member | None = None
) -> None:
    """Make it private after a question, let somebody in, or come in oneself."""
    await wait(interaction)
    bot, by = interaction.client, person_from(interaction.user)
    incident = await bot.services(interaction).privacy.begin((await named(interaction, number)).id, by=by)
    voice = bot.voice(interaction)
    if user is not None:
        is_new = await bot.services(interaction).privacy.add(incident.id, who=person_from(user), by=by)
        key = "private.added" if is_new else "private.added_before"
        await reply(interaction, voice.say(key, label=incident.label, who=voice.who(user.display_name)))
    elif incident.is_private:
        entered = await bot.services(interaction).privacy.enter(incident.id, by=by)
        await reply(interaction, view=entered_screen(voice, entered))
    else:
        await reply(interaction, view=private_question(voice, incident))


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


def _has_moved(before: Incident, now: Incident) -> bool:
    return now.thread_id is not None and now.thread_id != before.thread_id
