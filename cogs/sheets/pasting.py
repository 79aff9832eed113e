"""[📥 出力を貼る], and "Add output to timeline" in a message's menu."""

from typing import Final

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.errors import UserError
from bot.services.shared.access import Act
from bot.services.sheets.pasting import BIGGEST, Pasted
from bot.ui.answers import Pressed, control
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import ask
from bot.ui.forms.output import OUTPUT, PASTE, PASTE_FORM, TOPIC, output_form
from bot.ui.interaction import Interaction, in_time, reply, services_of, voice_of, wait
from bot.ui.people import person_from, person_of
from bot.ui.screens.sheets.pasted import kept_said

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
    bot.add_controls(press_paste)
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
    """Keep the output of the form, without its secrets."""
    await wait(interaction)
    by, key = await person_of(interaction), f"interaction:{interaction.id}"
    pasted = Pasted(form.text(OUTPUT), topic=form.text(TOPIC))
    kept = await services_of(interaction).pasting.paste(form.number, pasted, by=by, key=key)
    await reply(interaction, kept_said(voice_of(interaction), kept, from_message=False))


@app_commands.context_menu(name=locale_str("Add output to timeline", key="commands.add_output"))
@app_commands.guild_only()
async def add_output(interaction: Interaction, message: discord.Message) -> None:
    """Keep the text file of a message, or its words: only now does the bot read them."""
    await wait(interaction)
    by, pasting = person_from(interaction.user), services_of(interaction).pasting
    incident = await pasting.allowed_in_thread(message.channel.id, by=by)
    pasted = Pasted(await _output_of(message), url=message.jump_url)
    kept = await pasting.paste(incident.id, pasted, by=by, key=f"output:{message.id}")
    await reply(interaction, kept_said(voice_of(interaction), kept, from_message=True))


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
