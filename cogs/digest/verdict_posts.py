"""Is an alert still needed? The buttons that ask it, and the line that tells the team of an answer."""

from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident
from bot.domain.text import cut
from bot.services.ports import Subject
from bot.ui.buttons import Component, OwnVerb, row
from bot.ui.posts.bodies import Body, about, message
from bot.ui.words.inert import inert
from bot.ui.words.links import linked_label
from bot.ui.words.wording import Wording
from cogs.digest.rules import AlertVerdict, AlertVerdictData, AskedAlerts, Verdict

#: The sign before an alert in the list, and on its button.
MARKS: Final = "①②③"

_TITLE_LIMIT: Final = 200
_NAME_LIMIT: Final = 40
_LABEL_LIMIT: Final = 80  # Discord: a button's label

#: The buttons about a noisy alert: `ASK` shows the others, `WITHDRAW` undoes any of them.
ASK: Final = OwnVerb("ask", "🔔", of="alv")
KEEP: Final = OwnVerb("keep", "✅", of="alv")
MUTE: Final = OwnVerb("mute", "🔕", of="alv")
DROP: Final = OwnVerb("drop", "🗑️", of="alv")
WITHDRAW: Final = OwnVerb("withdraw", "↩️", of="alv")


def verdict_row(words: Wording, asked: AskedAlerts) -> list[Component]:
    """Return the row with a button for each alert: it asks, or says what was decided."""
    made = []
    for mark, number in zip(MARKS, asked.numbers, strict=False):
        component, given = _button(words, ASK, number), asked.verdicts.get(number)
        said = component["label"] if given is None else verdict_words(words, given)
        made.append({**component, "label": cut(f"{mark} {said}", limit=_LABEL_LIMIT)})
    return row(made)


def verdict_buttons(words: Wording, alert: Incident, given: AlertVerdict | None) -> list[Component]:
    """Return the answers to give about *alert*, or how the one that was *given* is undone."""
    verbs = (KEEP, MUTE, DROP) if given is None else (WITHDRAW,)
    return [_button(words, verb, alert.id) for verb in verbs]


def verdict_question(words: Wording, alert: Incident, given: AlertVerdict | None) -> str:
    """Return the question about *alert*, with what each answer does; or what was decided."""
    facts = {"alert": _named(alert), "source": _source(alert)}
    if given is None:
        return words.say("digest.question", **facts)
    return words.say("digest.answered", said=verdict_words(words, given), **facts)


def verdict_words(words: Wording, given: AlertVerdict) -> str:
    """Return a verdict in a few words: "ミュート中 12/8 18:05 JST まで (佐藤)"."""
    who = inert(given.by_name, limit=_NAME_LIMIT)
    return words.say(f"digest.verdict.{given.verdict}", who=who, until=words.moment(given.holds_until))


def verdict_line(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Compose the line below the digest: who has decided what, until when, and how it is undone."""
    alert, data = about(Incident, delivery, subject), AlertVerdictData.from_json(delivery.data)
    key = "withdrawn" if data.verdict is None else data.verdict.value
    said = words.say(
        f"digest.decided.{key}",
        alert=_named(alert),
        source=_source(alert),
        who=words.who(data.by),
        until="" if data.until is None else words.moment(data.until),
    )
    undo = [_button(words, WITHDRAW, alert.id)] if data.verdict is Verdict.MUTE else []
    return message(said, components=row(undo))


def _button(words: Wording, verb: OwnVerb, number: int) -> Component:
    return words.buttons.make(verb, number, words=f"verdict_{verb.value}")


def _named(alert: Incident) -> str:
    return f"{linked_label(alert)} {inert(alert.title, limit=_TITLE_LIMIT)}"


def _source(alert: Incident) -> str:
    return inert(alert.tracked.monitor or "?", limit=_NAME_LIMIT)
