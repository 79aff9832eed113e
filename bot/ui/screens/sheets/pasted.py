"""What a person sees who pastes output: what will be posted, and what became of it."""

from typing import Final

from discord import ButtonStyle, ui

from bot.domain.incident.incident import Incident
from bot.domain.sheets.entries import OutputData
from bot.domain.sheets.output import OutputPreview
from bot.services.sheets.pasting import Kept, output_filename
from bot.ui.components import Screen, button, row, text
from bot.ui.posts.sheets import masked_words, output_text
from bot.ui.words.voice import Voice
from bot.ui.words.wording import Wording

#: The buttons below the preview, with the incident and the preview.
POST: Final = "inc:v1:paste-post"
DISCARD: Final = "inc:v1:paste-drop"


def preview_screen(
    voice: Voice, incident: Incident, preview: OutputPreview, *, by: str, team: Wording
) -> Screen:
    """Show what will be posted, word for word; the whole of a long one is a file beside it.

    The button that posts nothing comes first.

    Args:
        team: The wording of posts.
    """
    data = OutputData(
        by=by, text=preview.shown, topic=preview.topic, counts=dict(preview.counts), lines=preview.lines
    )
    of_preview = f"{preview.incident_id}:{preview.id}"
    return Screen(
        text(
            voice.say("sheets.preview.title", label=incident.label),
            output_text(team, incident, data, has_file=preview.is_file),
            "" if preview.counts else voice.say("sheets.said.nothing_masked"),
            voice.say("sheets.preview.look"),
        ),
        *([ui.File(f"attachment://{output_filename(preview)}")] if preview.is_file else []),
        rows=[
            row(
                button(voice.say("sheets.preview.discard"), f"{DISCARD}:{of_preview}"),
                button(
                    voice.say("sheets.preview.post"),
                    f"{POST}:{of_preview}",
                    style=ButtonStyle.primary,
                    emoji="📥",
                ),
            )
        ],
    )


def kept_screen(voice: Voice, kept: Kept) -> Screen:
    """Say where the output is, what was masked and ticked, and what to do about secrets that were seen."""
    lines = [voice.say("sheets.said.kept", label=kept.incident.label)]
    if kept.step is not None:
        number, step = kept.step
        lines.append(voice.say("sheets.said.step", step=f"{number}. {voice.pick(step)}"))
    if kept.preview is not None and (masked := masked_words(voice, kept.preview.counts)):
        lines += [masked, voice.say("sheets.said.still_there" if kept.preview.url else "sheets.said.rotate")]
    return Screen(text(*lines))


def discarded_screen(voice: Voice) -> Screen:
    """Say that nothing was posted."""
    return Screen(text(voice.say("sheets.said.discarded")))
