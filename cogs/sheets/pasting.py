"""[📥 出力を貼る], and "Add output to timeline" in a message's menu."""

from functools import partial
from io import BytesIO
from typing import Final

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.errors import UserError
from bot.domain.sheets.output import OutputPreview
from bot.services.shared.access import Act
from bot.services.sheets.pasting import BIGGEST, Pasted, output_filename
from bot.ui.answers import Pressed, control
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import ask
from bot.ui.forms.output import OUTPUT, PASTE, PASTE_FORM, TOPIC, output_form
from bot.ui.interaction import Interaction, in_time, keep, redraw, services_of, voice_of, wait
from bot.ui.people import person_from, person_of
from bot.ui.screens.sheets.pasted import DISCARD, POST, discarded_screen, kept_screen, preview_screen
from bot.ui.words.wording import Wording

#: The incident and the preview of a button below a preview.
_PREVIEW: Final = r"(?P<number>\d{1,18}):(?P<preview>\d{1,20})"

#: Ends of the names of files that hold text, where Discord does not say what they are.
_TEXT_FILES: Final = (
    ".txt",
    ".log",
    ".json",
    ".jsonl",
    ".csv",
    ".md",
    ".yaml",
    ".yml",
    ".toml",
    ".out",
    ".err",
)


def register(bot: IncidentBot) -> None:
    bot.tree.add_command(add_output)
    bot.add_controls(press_paste, press_post, press_discard)
    bot.add_form(PASTE_FORM, send_output)


@control(PASTE)
async def press_paste(interaction: Interaction, pressed: Pressed) -> None:
    """[📥 出力を貼る]: open the form, or refuse before the person pastes."""
    services, by = services_of(interaction), await in_time(person_of(interaction))
    if not services.access.allows(by, Act.PASTE_OUTPUT.permission):
        await wait(interaction)
        await services.access.require(
            by,
            Act.PASTE_OUTPUT.permission,
            guild_id=services.guild_id,
            act=Act.PASTE_OUTPUT,
            incident_id=pressed.number,
        )
    form = output_form(voice_of(interaction), pressed.number, topic=pressed.fields["topic"] or "")
    await ask(interaction, form)


async def send_output(interaction: Interaction, form: Submitted) -> None:
    """Show the output of the form as it will be posted, without its secrets."""
    await wait(interaction)
    pasted = Pasted(form.text(OUTPUT), topic=form.text(TOPIC))
    await _preview(interaction, form.number, pasted, key=f"interaction:{interaction.id}")


@app_commands.context_menu(name=locale_str("Add output to timeline", key="commands.add_output"))
@app_commands.guild_only()
async def add_output(interaction: Interaction, message: discord.Message) -> None:
    """Show the text file of a message, or its words, as it will be posted: only now the bot reads them."""
    await wait(interaction)
    by, pasting = person_from(interaction.user), services_of(interaction).pasting
    incident = await pasting.allowed_in_thread(message.channel.id, by=by)
    pasted = Pasted(await _output_of(message), url=message.jump_url)
    await _preview(interaction, incident.id, pasted, key=f"output:{message.id}")


async def _preview(interaction: Interaction, number: int, pasted: Pasted, *, key: str) -> None:
    services, by = services_of(interaction), await person_of(interaction)
    preview = await services.pasting.preview(number, pasted, by=by, preview_id=interaction.id, key=key)
    incident = await services.incidents.find(number=number, thread_id=None, by=by)
    voice = voice_of(interaction)
    team = Wording(voice.texts, services.policy)
    screen = preview_screen(voice, incident, preview, by=by.name, team=team)
    await redraw(interaction, screen, files=partial(_files, preview))


def _files(preview: OutputPreview) -> list[discord.File]:
    content = BytesIO(preview.text.encode())
    return [discord.File(content, filename=output_filename(preview))] if preview.is_file else []


@control(rf"{POST}:{_PREVIEW}")
async def press_post(interaction: Interaction, pressed: Pressed) -> None:
    """[📥 投稿する], below the preview: post exactly what it shows."""
    await keep(interaction)
    by, preview_id = await person_of(interaction), int(pressed.fields["preview"])
    kept = await services_of(interaction).pasting.post(pressed.number, preview_id, by=by)
    await redraw(interaction, kept_screen(voice_of(interaction), kept), files=list)


@control(rf"{DISCARD}:{_PREVIEW}")
async def press_discard(interaction: Interaction, pressed: Pressed) -> None:
    """[やめる], below the preview: forget it."""
    await keep(interaction)
    by, preview_id = await person_of(interaction), int(pressed.fields["preview"])
    await services_of(interaction).pasting.discard(pressed.number, preview_id, by=by)
    await redraw(interaction, discarded_screen(voice_of(interaction)), files=list)


async def _output_of(message: discord.Message) -> str:
    """Return the text of the first file of a message, or else its own.

    Raises:
        UserError: the file is too big, or no text.
    """
    if not message.attachments:
        return message.content
    file = message.attachments[0]
    if file.size > BIGGEST:  # as Discord says: it is not fetched at all
        raise UserError("output_too_big", most=BIGGEST // 1_000)
    is_text = (file.content_type or "").startswith(("text/", "application/json"))
    if not is_text and not file.filename.lower().endswith(_TEXT_FILES):
        raise UserError("output_not_text")
    return _text((await file.read())[:BIGGEST])


def _text(content: bytes) -> str:
    if b"\0" in content:
        raise UserError("output_not_text")
    return content.decode("utf-8-sig", errors="replace")
