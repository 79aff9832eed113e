"""Owed postmortems: the DM to the owner, and the lines in the thread."""

from datetime import date
from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.aftermath import PostmortemReminderStage, PostmortemState
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.postmortem.deliveries import Occasion, PostmortemDm
from bot.domain.postmortem.notices import (
    PostmortemDoneNotice,
    PostmortemDueNotice,
    PostmortemOccasion,
    PostmortemOwedNotice,
    PostmortemOwnerNotice,
)
from bot.services.ports import Subject
from bot.ui.buttons import row
from bot.ui.posts.bodies import Body, colour_of, embed, message
from bot.ui.posts.looks import NoticeLook, NoticeLooks, Renderers, about, by, line
from bot.ui.verbs import IncidentVerb
from bot.ui.words import links
from bot.ui.words.wording import Wording

#: The owner is there and asked by name.
_PRESENT: Final = frozenset({PostmortemOccasion.OVERDUE, PostmortemOccasion.UNDELIVERED})


def postmortem_dm(words: Wording, incident: Incident, told: PostmortemDm) -> Body:
    """Compose the DM: what is due, when, and what happens otherwise; or that nothing is to be done."""
    state = _state(incident, told)
    owed = incident.aftermath.postmortem
    due_on = told.due_on if owed is None else owed.due_on
    done = words.buttons.make(IncidentVerb.POSTMORTEM_DONE, incident.id)
    first = words.say(
        f"postmortem.dm.{state}",
        label=incident.label,
        due=words.date(due_on),
        title=words.title(incident),
        who=words.who(told.by if state == Occasion.GIVEN or owed is None else owed.owner_name),
    )
    is_due = state in _DUE
    lines = _task(words, incident, state, due_on) if is_due else [words.say("postmortem.dm.nothing")]
    return message(
        first,
        embeds=[embed(colour=colour_of(words, incident), description="\n".join(lines))],
        components=row([done if is_due else None, words.buttons.link(*links.home(incident))]),
    )


_DUE: Final = frozenset({*Occasion, *PostmortemReminderStage})


def _state(incident: Incident, told: PostmortemDm) -> str:
    """Return the text key of what the DM says: its reminder while that holds, else what has changed."""
    owed = incident.aftermath.postmortem
    if owed is None or owed.state is PostmortemState.NOT_OWED:
        return "not_owed"
    if owed.state is PostmortemState.DONE:
        return "done"
    if owed.owner_id != told.owner_id:
        return "moved"
    if owed.due_on != told.due_on:
        return Occasion.REDATED
    return told.occasion if told.stage is None else told.stage


def _task(words: Wording, incident: Incident, state: str, due_on: date) -> list[str]:
    when = "after" if state == PostmortemReminderStage.AFTER else "before"
    path = links.postmortem_path(words.policy, incident)
    return [
        words.say(f"postmortem.dm.task_{when}", path=path, due=words.date(due_on)),
        words.say(f"postmortem.dm.otherwise_{when}"),
        words.say("postmortem.dm.hand_over"),
    ]


def _due(words: Wording, incident: Incident, told: PostmortemDueNotice) -> Body:
    """Compose the line that asks the owner, or else those who decide; it pings the person it asks."""
    asked = told.owner if told.why in _PRESENT else told.lead
    first = words.say(
        f"postmortem.notice.{told.why.value}",
        owner=_named(words, told.owner, mention=asked is told.owner),
        lead="" if told.lead is None else _named(words, told.lead, mention=asked is told.lead),
        label=incident.label,
        due=words.date(told.due_on),
    )
    done = words.buttons.make(IncidentVerb.POSTMORTEM_DONE, incident.id)
    how = words.say(f"postmortem.notice.{'how' if told.why in _PRESENT else 'how_away'}")
    body = message(f"{first}\n{how}", components=row([done]))
    if asked is not None and asked.id > 0:
        body["allowed_mentions"] = {"parse": [], "users": [str(asked.id)]}
    return body


def _named(words: Wording, who: PersonRef, *, mention: bool) -> str:
    return f"<@{who.id}>" if mention and who.id > 0 else words.who(who.name)


def _done(words: Wording, _incident: Incident, told: PostmortemDoneNotice) -> Body:
    if told.merged is None:
        return message(words.say("postmortem.notice.done", who=by(words, told)))
    return message(words.say("postmortem.notice.merged", url=told.merged))


def _given(words: Wording, _incident: Incident, told: PostmortemOwnerNotice) -> Body:
    how = "given" if told.owner.id != told.former.id else "redated"
    said = words.say(
        f"postmortem.notice.{how}",
        owner=words.who(told.owner.name),
        former=words.who(told.former.name),
        due=words.date(told.due_on),
        due_before=words.date(told.due_before or told.due_on),
        who=by(words, told),
    )
    return message(said)


NOTICES: Final[NoticeLooks] = (
    NoticeLook(PostmortemDueNotice, _due),
    NoticeLook(PostmortemDoneNotice, _done),
    line(
        PostmortemOwedNotice,
        "postmortem.notice.owed",
        owner=lambda words, _incident, told: words.who(told.owner.name),
        due=lambda words, _incident, told: words.date(told.due_on),
    ),
    NoticeLook(PostmortemOwnerNotice, _given),
)


def _dm(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    return postmortem_dm(words, about(Incident, delivery, subject), PostmortemDm.from_json(delivery.data))


RENDERERS: Final[Renderers] = {DeliveryKind.POSTMORTEM_DM: _dm}
