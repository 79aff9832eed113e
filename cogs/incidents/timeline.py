"""`/incident timeline` and `/incident note`, with the buttons and forms behind them."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.timeline.lines import Line
from bot.i18n.translator import described
from bot.services.shared.access import Act
from bot.services.timeline.timelines import NOTE_LIMIT, Noted
from bot.ui.answers import Pressed, control
from bot.ui.buttons import IncidentVerb, template
from bot.ui.choices import NUMBER_OPTION, Number, named, offer_incidents
from bot.ui.forms.fields import Submitted, ask
from bot.ui.forms.update import (
    AT,
    AT_LIMIT,
    CORRECT_FORM,
    NOTE,
    NOTE_FORM,
    correction_form,
    correction_of,
    note_form,
)
from bot.ui.interaction import (
    Interaction,
    in_time,
    keep,
    person_from,
    person_of,
    redraw,
    reply,
    services_of,
    voice_of,
    wait,
)
from bot.ui.screens.timeline import (
    CORRECT,
    FILE,
    TURN,
    page_named,
    timeline_file,
    timeline_screen,
    whole_file_view,
)
from bot.ui.words.wording import Wording
from cogs.incidents.group import incident_group

Note = app_commands.Range[str, 1, NOTE_LIMIT]
At = app_commands.Range[str, 1, AT_LIMIT]


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_note, press_timeline, turn_page, choose_entry, press_file)
    bot.add_form(NOTE_FORM, send_note)
    bot.add_form(CORRECT_FORM, send_correction)


@incident_group.command(
    name="timeline",
    description=locale_str("What happened, page by page or as a file", key="commands.incident_timeline"),
)
@described(number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_incidents)
async def timeline(interaction: Interaction, number: Number | None = None) -> None:
    """Show the newest page of the timeline, with buttons to the others."""
    await wait(interaction)
    await _show(interaction, (await named(interaction, number)).id)


@incident_group.command(
    name="note",
    description=locale_str("Put a note on the timeline and in the thread", key="commands.incident_note"),
)
@described(
    text=locale_str("The text to keep", key="commands.incident_text"),
    at=locale_str("When it happened: 14:10, 5 min ago. Now if left out", key="commands.incident_at"),
    number=NUMBER_OPTION,
)
@app_commands.autocomplete(number=offer_incidents)
async def note(interaction: Interaction, text: Note, at: At = "", number: Number | None = None) -> None:
    """Add a note of one line; the button 📝 takes several."""
    await wait(interaction)
    incident = await named(interaction, number)
    by, key = person_from(interaction.user), f"interaction:{interaction.id}"
    noted = await services_of(interaction).timelines.note(incident.id, by=by, text=text, key=key, at=at)
    await _say_noted(interaction, noted)


@control(template(IncidentVerb.NOTE))
async def press_note(interaction: Interaction, pressed: Pressed) -> None:
    """[📝 メモ]: open the form, which takes several lines."""
    await _open_note(interaction, pressed.number)


@control(template(IncidentVerb.TIMELINE))
async def press_timeline(interaction: Interaction, pressed: Pressed) -> None:
    """[🧾 タイムライン]: show the newest page."""
    await wait(interaction)
    await _show(interaction, pressed.number)


@control(TURN)
async def turn_page(interaction: Interaction, pressed: Pressed) -> None:
    """[◀ 前のページ] [次のページ ▶] [⚙ 通知も表示]: show the page that the custom id names."""
    await keep(interaction)
    await _redraw(interaction, pressed.number, page=pressed.fields["page"])


@control(CORRECT)
async def choose_entry(interaction: Interaction, pressed: Pressed) -> None:
    """訂正する: open a form with the words so far of the chosen entry."""
    entry, page = int(pressed.chosen), pressed.fields["page"]
    line = await in_time(_correctable(interaction, pressed.number, entry))
    form = correction_form(voice_of(interaction), pressed.number, line, page=page)
    await ask(interaction, form)


@control(FILE)
async def press_file(interaction: Interaction, pressed: Pressed) -> None:
    """[⬇ Markdown]: send the timeline in the team's language, for the postmortem; folded unless asked."""
    await wait(interaction)
    by, whole = await person_of(interaction), pressed.fields["whole"] is not None
    voice, services = voice_of(interaction), services_of(interaction)
    history = await services.timelines.history(pressed.number, by=by)
    file = timeline_file(Wording(interaction.client.texts, services.policy), history, whole=whole)
    key = "whole_file" if whole else "file"
    answer = voice.say(f"history.said.{key}", label=history.incident.label)
    view = None if whole or not history.can_fold else whole_file_view(voice, pressed.number)
    await reply(interaction, answer, file=file, view=view)


async def send_note(interaction: Interaction, form: Submitted) -> None:
    """Add the note of the form behind [📝 メモ]."""
    await wait(interaction)
    key = f"interaction:{interaction.id}"
    by, text = await person_of(interaction), form.text(NOTE)
    noted = await services_of(interaction).timelines.note(
        form.number, by=by, text=text, key=key, at=form.text(AT)
    )
    await _say_noted(interaction, noted)


async def send_correction(interaction: Interaction, form: Submitted) -> None:
    """Correct an entry; the page it was chosen on shows both versions."""
    await keep(interaction)
    by, key = await person_of(interaction), f"interaction:{interaction.id}"
    entry = int(form.fields["entry"])
    correction = correction_of(form)
    await services_of(interaction).timelines.correct(form.number, entry, correction, by=by, key=key)
    await _redraw(interaction, form.number, page=form.fields["page"])


async def _say_noted(interaction: Interaction, noted: Noted) -> None:
    """Confirm that the note is on the timeline; repeat the date and time if the person typed one."""
    voice, label = voice_of(interaction), noted.incident.label
    if noted.at is None:
        await reply(interaction, voice.say("consoles.said.note", label=label))
    else:
        await reply(interaction, voice.say("consoles.said.note_at", label=label, at=voice.moment(noted.at)))


async def _open_note(interaction: Interaction, number: int) -> None:
    """Open the form for a note, or refuse before the person types: the press carries their roles."""
    services, by = services_of(interaction), await in_time(person_of(interaction))
    if not services.access.allows_for_some(by, Act.NOTE.permission):
        await wait(interaction)
        await services.access.require(
            by, Act.NOTE.permission, guild_id=services.guild_id, act=Act.NOTE, incident_id=number
        )
    await ask(interaction, note_form(voice_of(interaction), number))


async def _correctable(interaction: Interaction, number: int, entry: int) -> Line:
    by = await person_of(interaction)
    return await services_of(interaction).timelines.correctable(number, entry, by=by)


async def _show(interaction: Interaction, number: int) -> None:
    by = await person_of(interaction)
    page = await services_of(interaction).timelines.page(number, by=by)
    await reply(interaction, view=timeline_screen(voice_of(interaction), page))


async def _redraw(interaction: Interaction, number: int, *, page: str) -> None:
    by, (at, whole) = await person_of(interaction), page_named(page)
    shown = await services_of(interaction).timelines.page(number, by=by, number=at, whole=whole)
    await redraw(interaction, timeline_screen(voice_of(interaction), shown))
