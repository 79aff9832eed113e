"""What an incident holds, in posts that everybody reads: the line in its thread, the card, a quiet line."""

from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident, number_label
from bot.services.ports import Subject
from bot.ui.buttons import Option, select_row
from bot.ui.posts.bodies import Body, Renderers, about, message
from bot.ui.words.inert import inert, plain
from bot.ui.words.wording import Wording
from cogs.dependencies.rules import Dependant, DependencyDelivery, HeldQuietlyData, dependants

#: The custom id of the select that tracks a held alert by itself.
APART: Final = r"deps:v1:apart:(?P<number>\d{1,18})"
_SHOWN: Final = 5
_OPTIONS: Final = 25  # Discord: options in a select menu
_TITLE_LIMIT: Final = 80
_TARGET_LIMIT: Final = 40
_URL_LIMIT: Final = 512


def dependants_line(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Compose the line that counts what an incident holds, with a select to track one by itself."""
    incident = about(Incident, delivery, subject)
    held = dependants(incident)
    shown = [_line(words, one) for one in held.waiting[:_SHOWN]]
    if more := len(held.waiting) - len(shown):
        shown.append(words.say("dependencies.line.more", count=more))
    first = words.say("dependencies.line.held", alerts=held.alerts, times=held.times)
    if held.tracked:
        shown.append(words.say("dependencies.line.tracked", count=held.tracked))
    if held.moved or not held.alerts:
        shown.append(words.say("dependencies.line.moved"))
    elif not held.waiting and not held.tracked:
        shown.append(words.say("dependencies.line.over"))
    options = [
        Option(
            label=plain(one.title, limit=_TITLE_LIMIT), value=one.fingerprint, description=one.target or ""
        )
        for one in held.waiting[:_OPTIONS]
    ]
    apart = words.say("dependencies.line.apart")
    select = select_row(f"deps:v1:apart:{incident.id}", options=options, placeholder=apart) if options else []
    return message("\n".join([first, *shown]), components=select)


def _line(words: Wording, one: Dependant) -> str:
    title = inert(one.title, limit=_TITLE_LIMIT)
    if one.target is None:
        return words.say("dependencies.line.untold", title=title)
    return words.say("dependencies.line.one", title=title, target=inert(one.target, limit=_TARGET_LIMIT))


def card_line(words: Wording, incident: Incident) -> str:
    """Return how many alerts an incident holds; empty for none."""
    count = len(dependants(incident).waiting)
    return words.say("dependencies.card", count=count) if count else ""


def quiet_line(words: Wording, delivery: Delivery, _subject: Subject) -> Body:
    """Compose the line about a held alert of the highest severity, without a ping."""
    data = HeldQuietlyData.from_json(delivery.data)
    title = inert(data.title, limit=_TITLE_LIMIT)
    lines = [
        words.say(
            "dependencies.quiet", severity=data.severity, title=title, label=number_label(data.incident)
        )
    ]
    if 0 < len(data.url) <= _URL_LIMIT:
        lines.append(words.say("dependencies.source", url=data.url))
    return message("\n".join(lines))


RENDERERS: Final[Renderers] = {
    DependencyDelivery.DEPENDANTS: dependants_line,
    DependencyDelivery.HELD_QUIETLY: quiet_line,
}
