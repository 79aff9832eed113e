"""`/incident timeline` and `/incident note`, with the buttons and forms behind them."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.timeline.lines import Line
from bot.i18n.options import described
from bot.services.shared.access import Act
from bot.services.timeline.timelines import NOTE_LIMIT, Noted
from bot.ui.buttons import IncidentVerb, template
from bot.ui.components import Control
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import ask
from bot.ui.forms.timeline import (
    AT,
    AT_LIMIT,
    CORRECT_FORM,
    NOTE,
    NOTE_FORM,
    correction_form,
    correction_of,
    note_form,
)
from bot.ui.interaction import keep, redraw, reply, wait
from bot.ui.people import person_from, person_of
from bot.ui.screens.incident_console import MORE
from bot.ui.screens.timeline_file import timeline_file
from bot.ui.screens.timeline_page import CORRECT, FILE, TURN, timeline_screen
from bot.ui.words.wording import Wording
from cogs.incidents.editing import open_details
from cogs.incidents.group import NUMBER_OPTION, Number, Press, in_time, incident_group, named, offer_all

Note = app_commands.Range[str, 1, NOTE_LIMIT]
At = app_commands.Range[str, 1, AT_LIMIT]


def register(bot: IncidentBot) -> None:
    """The buttons and their forms."""
    bot.add_controls(WriteNote, ShowTimeline, More, TurnPage, ChooseEntry, SendFile)
    bot.add_form(NOTE_FORM, send_note)
    bot.add_form(CORRECT_FORM, send_correction)


@incident_group.command(
    name="timeline",
    description=locale_str("What happened, page by page or as a file", key="commands.incident_timeline"),
)
@described(number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_all)
async def timeline(interaction: Press, number: Number | None = None) -> None:
    """The newest page; the others are a press away."""
    await wait(interaction)
    await _show(interaction, (await named(interaction, number)).id)


@incident_group.command(
    name="note",
    description=locale_str("Put a note on the timeline and in the thread", key="commands.incident_note"),
)
@described(
    text=locale_str("What should be kept", key="commands.incident_text"),
    at=locale_str("When it happened: 14:10, 5 min ago. Now if left out", key="commands.incident_at"),
    number=NUMBER_OPTION,
)
@app_commands.autocomplete(number=offer_all)
async def note(interaction: Press, text: Note, at: At = "", number: Number | None = None) -> None:
    """A note of one line; the button 📝 takes several."""
    await wait(interaction)
    incident = await named(interaction, number)
    by, key = person_from(interaction.user), f"interaction:{interaction.id}"
    noted = await interaction.client.services(interaction).timelines.note(
        incident.id, by=by, text=text, key=key, at=at
    )
    await _say_noted(interaction, noted)


class WriteNote(Control, template=template(IncidentVerb.NOTE)):
    """[📝 メモ]."""

    async def press(self, interaction: Press) -> None:
        """A form for several lines."""
        await _open_note(interaction, self.number)


class ShowTimeline(Control, template=template(IncidentVerb.TIMELINE)):
    """[🧾 タイムライン]."""

    async def press(self, interaction: Press) -> None:
        """The newest page."""
        await wait(interaction)
        await _show(interaction, self.number)


class More(Control, template=MORE):
    """ほかの操作 of `/incident show`: the same two, and the form of title and start."""

    async def press(self, interaction: Press) -> None:
        """A form, or the newest page."""
        if self.chosen == IncidentVerb.NOTE:
            await _open_note(interaction, self.number)
            return
        if self.chosen == IncidentVerb.EDIT:
            await open_details(interaction, self.number)
            return
        await wait(interaction)
        await _show(interaction, self.number)


class TurnPage(Control, template=TURN):
    """[◀ 古い方] [新しい方 ▶]."""

    async def press(self, interaction: Press) -> None:
        """The page that the custom id names."""
        await keep(interaction)
        await _redraw(interaction, self.number, page=int(self.fields["page"]))


class ChooseEntry(Control, template=CORRECT):
    """訂正する: one of the page."""

    async def press(self, interaction: Press) -> None:
        """A form with the words so far."""
        entry, page = int(self.chosen), int(self.fields["page"])
        line = await in_time(_correctable(interaction, self.number, entry))
        form = correction_form(interaction.client.voice(interaction), self.number, line, page=page)
        await ask(interaction, form)


class SendFile(Control, template=FILE):
    """[⬇ Markdown]."""

    async def press(self, interaction: Press) -> None:
        """The whole of it, in the team's language: it goes into the postmortem."""
        await wait(interaction)
        bot, by = interaction.client, await person_of(interaction)
        history = await bot.services(interaction).timelines.history(self.number, by=by)
        file = timeline_file(Wording(bot.texts, bot.services(interaction).policy), history)
        told = bot.voice(interaction).say("history.said.file", label=history.incident.label)
        await reply(interaction, told, file=file)


async def send_note(interaction: Press, form: Submitted) -> None:
    """The form of [📝 メモ] came back."""
    await wait(interaction)
    bot, key = interaction.client, f"interaction:{interaction.id}"
    by, text = await person_of(interaction), form.text(NOTE)
    noted = await bot.services(interaction).timelines.note(
        form.number, by=by, text=text, key=key, at=form.text(AT)
    )
    await _say_noted(interaction, noted)


async def send_correction(interaction: Press, form: Submitted) -> None:
    """The form of a correction came back: the page it was chosen on shows both versions."""
    await keep(interaction)
    bot, by, key = interaction.client, await person_of(interaction), f"interaction:{interaction.id}"
    entry = int(form.fields["entry"])
    right = correction_of(form)
    await bot.services(interaction).timelines.correct(form.number, entry, right, by=by, key=key)
    await _redraw(interaction, form.number, page=int(form.fields["page"]))


async def _say_noted(interaction: Press, noted: Noted) -> None:
    """Confirm that the note is on the timeline; repeat the date and time if the person typed one."""
    voice, label = interaction.client.voice(interaction), noted.incident.label
    if noted.at is None:
        await reply(interaction, voice.say("consoles.said.note", label=label))
    else:
        await reply(interaction, voice.say("consoles.said.note_at", label=label, at=voice.moment(noted.at)))


async def _open_note(interaction: Press, number: int) -> None:
    """Open the form for a note, or refuse before the person types.

    The press carries their roles, so this needs no request.
    """
    services, by = interaction.client.services(interaction), await in_time(person_of(interaction))
    if not services.access.allows(by, Act.NOTE.permission):
        await wait(interaction)
        await services.access.require(
            by, Act.NOTE.permission, guild_id=services.guild_id, act=Act.NOTE, incident_id=number
        )
    await ask(interaction, note_form(interaction.client.voice(interaction), number))


async def _correctable(interaction: Press, number: int, entry: int) -> Line:
    by = await person_of(interaction)
    return await interaction.client.services(interaction).timelines.correctable(number, entry, by=by)


async def _show(interaction: Press, number: int) -> None:
    bot, by = interaction.client, await person_of(interaction)
    page = await bot.services(interaction).timelines.page(number, by=by)
    await reply(interaction, view=timeline_screen(bot.voice(interaction), page))


async def _redraw(interaction: Press, number: int, *, page: int) -> None:
    bot, by = interaction.client, await person_of(interaction)
    shown = await bot.services(interaction).timelines.page(number, by=by, number=page)
    await redraw(interaction, timeline_screen(bot.voice(interaction), shown))
