"""The command sheet that a thread begins with, and the output of commands that people paste."""

from collections.abc import Iterable, Mapping
from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.sheets import Affected, FilledCommand, OutputData, opening
from bot.services.ports import Subject
from bot.ui.buttons import IncidentVerb, row
from bot.ui.posts.bodies import CONTENT_LIMIT, Body, Renderers, about, carrying, message, of
from bot.ui.words.inert import code_block, code_span
from bot.ui.words.wording import Wording, block, choices_lines

_TARGETS_LIMIT: Final = 120
_OUTPUT_LIMIT: Final = 1_400  # of the 2,000 characters of a message
_KIND_LIMIT: Final = 40
_KINDS_SHOWN: Final = 8


def thread_sheet(words: Wording, incident: Incident) -> Body:
    """Compose the commands to begin with, at most half a phone screen: 📋 has the others.

    They are in the message's text, not in an embed, because a phone copies no embed.
    """
    affected = Affected(incident.targets, incident.symptoms)
    sheets = words.policy.sheets_for(incident.severity, affected)
    commands = opening(sheets, most=words.severity(incident).commands_in_thread)
    targets = words.targets(incident.targets, limit=_TARGETS_LIMIT)
    title = (
        words.say("sheets.thread.title_for", targets=targets) if targets else words.say("sheets.thread.title")
    )
    lines = [words.drilled(incident, title), *_fitting(words, commands, budget=CONTENT_LIMIT - 400)]
    lines += choices_lines(words, [name for command in commands for name in command.left])
    buttons = [
        words.buttons.make(IncidentVerb.FIRST, incident.id, words="commands"),
        words.buttons.make(IncidentVerb.PASTE, incident.id),
    ]
    return message("\n".join(lines), components=row(buttons))


def output(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Compose the output of a command: of what, by whom, what was masked; a long one as a file too."""
    incident, data = about(Incident, delivery, subject), OutputData.from_json(delivery.data)
    body = message(output_text(words, incident, data, has_file=bool(data.files)))
    return carrying(body, data.files) if data.files else body


def output_text(words: Wording, incident: Incident, data: OutputData, *, has_file: bool) -> str:
    """Return the words of the message with output; its preview has the same."""
    who = words.who(data.by)
    title = words.say("sheets.output.title", topic=topic_words(words, data.topic), who=who)
    lines = [
        words.drilled(incident, title),
        code_block(data.text[:_OUTPUT_LIMIT]),
        words.say("sheets.output.whole", lines=data.lines) if has_file else "",
        masked_words(words, data.counts),
    ]
    return "\n".join(line for line in lines if line)


def topic_words(words: Wording, topic: str) -> str:
    """Return the title of a topic; its id if the policy no longer has it, or the words for no topic."""
    sheet = words.policy.sheets.get(topic)
    if sheet is not None:
        return words.pick(sheet.title)
    return f"`{code_span(topic, limit=_KIND_LIMIT)}`" if topic else words.say("sheets.output.any")


def masked_words(words: Wording, counts: Mapping[str, int]) -> str:
    """Return how many secrets were masked, by kind, the most frequent first; empty if none was."""
    total = sum(counts.values())
    if not total:
        return ""
    by_count = sorted(
        counts.items(), key=lambda found: (-found[1], found[0])
    )  # JSON in the database has no order
    kinds = [f"`{code_span(kind, limit=_KIND_LIMIT)}` {count}" for kind, count in by_count]
    return words.say("sheets.output.masked", count=total, kinds=words.listed(kinds[:_KINDS_SHOWN]))


def _fitting(words: Wording, commands: Iterable[FilledCommand], *, budget: int) -> Iterable[str]:
    """Yield the commands that fit into *budget* characters, each whole."""
    for command in commands:
        shown = block(words, command)
        budget -= len(shown)
        if budget < 0:
            return
        yield shown


RENDERERS: Final[Renderers] = {
    DeliveryKind.THREAD_SHEET: of(Incident, thread_sheet),
    DeliveryKind.OUTPUT: output,
}
