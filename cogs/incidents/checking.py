"""The select of the first-response steps on the thread's card."""

from bot.client import IncidentBot
from bot.ui.components import Control
from bot.ui.interaction import reply, wait
from bot.ui.people import person_of
from bot.ui.posts.incident.checks import STEPS, checked, pick_of
from cogs.incidents.group import Press


def register(bot: IncidentBot) -> None:
    """The select."""
    bot.add_controls(Steps)


class Steps(Control, template=STEPS):
    """済んだ手順."""

    async def press(self, interaction: Press) -> None:
        """Mark the chosen steps as done and the removed ones as open; the card is updated."""
        await wait(interaction)
        bot, by = interaction.client, await person_of(interaction)
        pick = pick_of(self.fields, self.values)
        result = await bot.services(interaction).checklists.choose(self.number, pick, by=by)
        await reply(interaction, checked(bot.voice(interaction), result))
