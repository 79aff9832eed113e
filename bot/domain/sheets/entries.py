"""What the timeline and the thread hold of pasted output: without its secrets."""

from bot.domain.delivery.attachments import AttachedFiles
from bot.domain.timeline.entries import EntryData, TimelineKind


class OutputEntry(EntryData, kind=TimelineKind.OUTPUT):
    """The output of a command.

    Attributes:
        text: Masked, and shortened if it is long; the whole is in the file.
        topic: Of the command sheet that it belongs to; empty if that is not known.
        masked: How many secrets were masked.
        lines: How many the whole has.
        file: The key of the stored file; empty if *text* is the whole.
        url: The message that it was taken from; empty for a form.
    """

    text: str
    topic: str = ""
    masked: int = 0
    lines: int = 0
    file: str = ""
    url: str = ""


class OutputData(AttachedFiles):
    """What the message in the thread shows; attributes as `OutputEntry`.

    Attributes:
        by: The name of the person who pasted it.
        counts: How many secrets were masked, by kind.
    """

    by: str
    text: str
    topic: str = ""
    counts: dict[str, int]
    lines: int = 0
