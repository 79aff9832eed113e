"""What people read of a snooze: the message that asks again, lines, answers."""

from collections.abc import Iterator
from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident
from bot.services.ports import Subject
from bot.ui.posts.bodies import HERE, Body, NoticeLooks, Renderers, about, line, message
from bot.ui.words.inert import inert
from bot.ui.words.timeline_details import EntryLook
from bot.ui.words.wording import Voice, Wording, linked_label
from cogs.snooze.rules import Snoozed, SnoozeDelivery, SnoozedEntry, SnoozedNotice, WokenData, WokenEntry

_TITLE: Final = 200


def woken(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Compose the message that asks again; it rings as the severity's alerts do."""
    incident, data = about(Incident, delivery, subject), WokenData.from_json(delivery.data)
    text = words.say(
        "snooze.woken",
        here=HERE if incident.rings else "",
        label=linked_label(incident),
        severity=incident.severity,
        title=inert(incident.title, limit=_TITLE),
        who=words.who(data.by),
    )
    return message(text.strip(), rings=incident.rings)


def snoozed_line(voice: Voice, _incident: Incident, snoozed: Snoozed | None) -> str:
    """Return the line of `/incident show`; empty while the incident does not rest."""
    if snoozed is None:
        return ""
    return voice.say("snooze.line", until=voice.moment(snoozed.until), who=voice.who(snoozed.by_name))


def snoozed_answer(voice: Voice, incident: Incident, snoozed: Snoozed) -> str:
    """Return the answer to the person who put it to rest."""
    return voice.say("snooze.answer", label=incident.label, until=voice.moment(snoozed.until))


def _until(words: Wording, entry: SnoozedEntry, _limit: int) -> Iterator[str]:
    yield words.say("snooze.until", until=words.moment(entry.until))


ENTRIES: Final = (EntryLook(SnoozedEntry, _until), EntryLook(WokenEntry, lambda _words, _entry, _limit: ()))

NOTICES: Final[NoticeLooks] = (
    line(SnoozedNotice, "snooze.notice", until=lambda words, _incident, notice: words.moment(notice.until)),
)

RENDERERS: Final[Renderers] = {SnoozeDelivery.WOKEN: woken}
