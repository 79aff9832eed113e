"""The DM to a responder who has the incident now, or is asked to take it, because another let go."""

from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.payloads import OfferDm, is_due
from bot.domain.incident.incident import Incident, Status
from bot.services.ports import Subject
from bot.ui.buttons import Component, IncidentVerb, row
from bot.ui.posts.bodies import Body, Renderers, about, message
from bot.ui.posts.calls import otherwise, yours
from bot.ui.posts.incident.alert import impact
from bot.ui.posts.paging import page_embed
from bot.ui.words.summary import summary
from bot.ui.words.wording import Wording, home


def offer(words: Wording, incident: Incident, dm: OfferDm) -> Body:
    """Compose the DM: who let go, what the incident is, by when; or who has it by now."""
    link = words.buttons.link(*home(incident))
    buttons: list[Component | None] = [link]
    if incident.is_open and incident.owner.id == dm.holder_id:
        handed = words.say("offer.dm.handed", who=words.who(dm.by)) if dm.handed else ""
        lines = [handed, yours(words, incident), otherwise(words, incident)]
        hand_back = words.buttons.make(IncidentVerb.HAND_BACK, incident.id)
        buttons = [link, *words.buttons.of(incident, IncidentVerb.DETAILS), hand_back]
    elif not is_due(dm, incident):
        lines = [words.say("page.dm.taken")]
    else:
        has_declined = _has_declined(words, incident, dm)
        question = "declined" if has_declined else "lapsed" if dm.lapsed else "released"
        lines = [
            words.say(f"offer.dm.{question}", who=words.who(dm.by)),
            impact(words, incident),
            otherwise(words, incident),
        ]
        decline = words.buttons.make(IncidentVerb.DECLINE, incident.id, words="cannot_take")
        take = words.buttons.make(IncidentVerb.ACK, incident.id, words="take")
        buttons = [take, link, None if has_declined else decline]
    return message(
        summary(words, incident),
        embeds=[page_embed(words, incident, lines)],
        components=row(buttons),
    )


def _has_declined(words: Wording, incident: Incident, dm: OfferDm) -> bool:
    """Return True if the reader has declined since the incident lost its owner."""
    return incident.status is Status.TRIGGERED and any(
        one.at >= dm.at and words.means(one.who.removeprefix("@"), user_id=dm.holder_id, name=dm.holder)
        for one in incident.calls.declined
    )


def _offer(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    return offer(words, about(Incident, delivery, subject), OfferDm.from_json(delivery.data))


RENDERERS: Final[Renderers] = {DeliveryKind.OFFER: _offer}
