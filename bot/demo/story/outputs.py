"""The output of commands that people of the demo's past pasted into the thread."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from bot.demo.story.cast import CastMember
from bot.demo.story.seeded_incidents import SeededIncident
from bot.domain.delivery.delivery import NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.sheets import OutputData, OutputEntry
from bot.domain.timeline.entries import EntryData
from bot.services.shared.postings import thread_line


def output_facts(one: SeededIncident) -> Iterator[tuple[datetime, EntryData, CastMember | None]]:
    """Yield the timeline entries of the command outputs that responders pasted."""
    for output in one.story.outputs:
        entry = OutputEntry(text=output.text, topic=output.topic, lines=_lines(output.text))
        yield one.at + output.after, entry, one.person(output.by)


def output_posts(one: SeededIncident, incident: Incident) -> Iterator[tuple[NewDelivery, datetime]]:
    """Yield the bot's messages that show them, with their moments."""
    for number, output in enumerate(one.story.outputs, start=1):
        by, lines = one.person(output.by).name, _lines(output.text)
        data = OutputData(by=by, text=output.text, topic=output.topic, counts={}, lines=lines)
        line = thread_line(incident, one.policy, key=f"output:{number}", stored=data.to_json())
        yield replace(line, kind=DeliveryKind.OUTPUT), one.at + output.after


def _lines(text: str) -> int:
    return len(text.splitlines())
