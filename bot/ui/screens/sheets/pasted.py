"""The answer to a person who has pasted output."""

from bot.services.sheets.pasting import Kept
from bot.ui.posts.sheets import masked_words
from bot.ui.words.voice import Voice


def kept_said(voice: Voice, kept: Kept, *, from_message: bool) -> str:
    """Say where the output is, what was masked and ticked, and what to do about secrets that were seen.

    Args:
        from_message: The output stays in Discord as its author wrote it.
    """
    lines = [voice.say("sheets.said.kept", label=kept.incident.label)]
    if kept.step is not None:
        number, step = kept.step
        lines.append(voice.say("sheets.said.step", step=f"{number}. {voice.pick(step)}"))
    masked = masked_words(voice, kept.masked.counts)
    lines.append(masked or voice.say("sheets.said.nothing_masked"))
    if masked:
        lines.append(voice.say("sheets.said.still_there" if from_message else "sheets.said.rotate"))
    return "\n".join(lines)
