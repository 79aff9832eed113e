"""A triage form that was refused: why, and the way back to it with what was typed.

Nothing is stored: the message itself keeps it, so the button works after a restart too. An embed's author
and footer show their text without markup, exactly as it was typed.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import discord
from discord import ButtonStyle, ui

from bot.domain.errors import UserError
from bot.ui.components import GREY, button, buttons_view
from bot.ui.errors import describe
from bot.ui.forms.base import MessageSource, Typed
from bot.ui.words.voice import Voice

#: The custom id of [直して送る]: which targets and symptoms were chosen, one bit each, and the message that
#: the triage is about.
RETRY: Final = (
    r"tri:v1:retry:(?P<targets>\d{1,8}):(?P<symptoms>\d{1,8})"
    r"(?::(?P<channel>\d{1,20}):(?P<message>\d{1,20}))?"
)


def retry_message(
    voice: Voice, typed: Typed, refused: UserError, *, source: MessageSource | None
) -> tuple[str, discord.Embed, ui.View]:
    """Say why the form was refused and what was typed, with a button that opens the form with it again."""
    embed = discord.Embed(colour=GREY).set_author(name=typed.title).set_footer(text=typed.started or "-")
    targets = bits(voice.policy.targets, typed.targets)
    symptoms = bits(voice.policy.symptoms, typed.symptoms)
    about = "" if source is None else f":{source.channel_id}:{source.message_id}"
    custom_id = f"tri:v1:retry:{targets}:{symptoms}{about}"
    view = buttons_view(button(voice.say("consoles.triage.retry"), custom_id, style=ButtonStyle.primary))
    return describe(voice, refused), embed, view


def typed_before(voice: Voice, message: discord.Message, fields: Mapping[str, str | None]) -> Typed:
    """Read back what `retry_message` kept, for the form.

    Args:
        voice: Of the person who presses.
        message: The message with the button.
        fields: The groups of `RETRY`.
    """
    embed = message.embeds[0]
    return Typed(
        title=embed.author.name or "",
        started=embed.footer.text or "",
        targets=_chosen(voice.policy.targets, int(fields["targets"] or 0)),
        symptoms=_chosen(voice.policy.symptoms, int(fields["symptoms"] or 0)),
    )


def bits(known: Iterable[str], chosen: Iterable[str]) -> int:
    """Return which of *known* are *chosen*, as one number."""
    wanted = set(chosen)
    return sum(1 << index for index, name in enumerate(known) if name in wanted)


def _chosen(known: Iterable[str], bits: int) -> tuple[str, ...]:
    return tuple(name for index, name in enumerate(known) if bits >> index & 1)
