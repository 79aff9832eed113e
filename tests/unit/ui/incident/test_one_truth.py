"""Every post, screen and DM says the same of who has an incident."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.payloads import OfferDm
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, PersonRef, Phase, Role
from bot.domain.incident.ownership import OwnerWhy
from bot.domain.incident.posting import RoleDm
from bot.domain.people import Person
from bot.services.timeline.timelines import TimelinePage
from bot.ui.posts.alerts import tracked
from bot.ui.posts.renderer import render
from bot.ui.posts.triage import triage_raised
from bot.ui.screens.incident_console import show_screen
from bot.ui.screens.incident_list import IncidentListQuestion, list_screen
from bot.ui.screens.outcome import joined_card, raised_card, sent_card, similar_line
from bot.ui.screens.timeline import timeline_screen
from bot.ui.words.summary import owner, summary
from bot.ui.words.wording import Voice
from cogs.digest.posts import digest_details
from cogs.morning_triage.posts import morning
from cogs.morning_triage.rules import Morning, MorningView
from tests.cogs.digest.test_posts import BUSY
from tests.unit.ui import screens
from tests.unit.ui.incident.test_incident_screens import view_of
from tests.unit.ui.samples import AT, PLACED, delivery

SATO, TAKAHASHI = Person(1, "sato"), Person(2, "takahashi")


def at(minutes: int) -> datetime:
    """Return the moment *minutes* after the alert."""
    return AT + timedelta(minutes=minutes)


def taken(incident: Incident, by: Person, minutes: int, why: OwnerWhy | None = None) -> Incident:
    """Return *incident* as *by* has acknowledged it; 高橋 commands it, beside the one who has it."""
    done = transitions.acknowledge(
        incident, by=by, at=at(minutes), already_responding=False, next_update_at=at(43), why=why
    )
    return transitions.assign(done.incident, Role.COMMANDER, PersonRef(TAKAHASHI.id, TAKAHASHI.name))


ACKED: Final = taken(PLACED, SATO, 2)
RELEASED: Final = transitions.end_ack(ACKED, at=at(20), lapsed=False)
RESOLVED: Final = transitions.resolve(ACKED, by=SATO, at=at(50))
WAYS: Final = {
    "new": PLACED,
    "acked": ACKED,
    "phase": replace(ACKED, phase=Phase.IDENTIFIED),
    "command": taken(PLACED, TAKAHASHI, 3, OwnerWhy.COMMAND),
    "released": RELEASED,
    "lapsed": transitions.end_ack(ACKED, at=at(60), lapsed=True),
    "acked again": taken(RELEASED, TAKAHASHI, 25),
    "handed": transitions.take_over(ACKED, by=PersonRef(3, "suzuki"), at=at(30), next_update_at=None),
    "resolved": RESOLVED,
    "cancelled": transitions.cancel(ACKED, by=TAKAHASHI, at=at(50)),
    "merged": transitions.merge(ACKED, into=replace(PLACED, id=41), by=SATO, at=at(50)),
    "reopened": transitions.reopen(RESOLVED, by=TAKAHASHI, at=at(70), next_update_at=None),
}


def post(kind: DeliveryKind, **data: object) -> Callable[[Voice, Incident], str]:
    """Return what renders a delivery of *kind*."""
    sent = delivery(kind, to="user:2", data=data)
    return lambda voice, incident: str(render(voice, sent, incident))


WEEK: Final = replace(BUSY, missed=(), today=AT.date())
ASKED: Final = OfferDm(holder_id=2, holder="takahashi", by="sato", at=at(20))
GIVEN: Final = RoleDm(role=Role.COMMANDER, holder_id=2, holder="takahashi", by="sato")

#: All posts and screens that speak of one incident. Each new one belongs here.
RENDERERS: Final[dict[str, Callable[[Voice, Incident], str]]] = {
    "alert": post(DeliveryKind.ALERT),
    "thread root": post(DeliveryKind.THREAD_ROOT),
    "card": post(DeliveryKind.THREAD_CARD),
    "page": post(DeliveryKind.PAGE, step=0, waited_s=0.0, next=None),
    "tracked": lambda voice, incident: str(tracked(voice, incident, rings=False)),
    "list": lambda voice, incident: screens.words(list_screen(voice, [incident], IncidentListQuestion())),
    "offer": post(DeliveryKind.OFFER, **ASKED.to_json()),
    "handed": post(DeliveryKind.OFFER, **replace(ASKED, handed=True).to_json()),
    "role": post(DeliveryKind.ROLE_DM, **GIVEN.to_json()),
    "show": lambda voice, incident: screens.words(show_screen(voice, view_of(incident))),
    "sent": lambda voice, incident: screens.words(sent_card(voice, incident)),
    "raised": lambda voice, incident: screens.words(raised_card(voice, incident)),
    "joined": lambda voice, incident: screens.words(joined_card(voice, incident)),
    "timeline": lambda voice, incident: screens.words(
        timeline_screen(voice, TimelinePage(incident, (), 0, 1))
    ),
    "triage": lambda voice, incident: str(triage_raised(voice, incident)),
    "morning": lambda voice, incident: str(
        morning(voice, MorningView(Morning(7, AT.date(), (incident.id,)), (incident,)))
    ),
    "digest": lambda voice, incident: str(digest_details(voice, replace(WEEK, open=(incident,)))),
    "similar": similar_line,
}

#: A line of each of several incidents: who has it is at its end.
LISTS: Final = ("similar", "morning", "digest")


@pytest.mark.parametrize("voice", screens.VOICES, ids=["ja", "en"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", RENDERERS)
def test_all_say_the_same_of_who_has_it(name: str, way: str, voice: Voice) -> None:
    """However a person came to have it or lost it, each of them has the same words for it."""
    told = RENDERERS[name](voice, WAYS[way])
    assert owner(voice, WAYS[way]) in told
    if name not in LISTS:
        assert summary(voice, WAYS[way]) in told


@pytest.mark.parametrize("way", ["released", "lapsed"])
@pytest.mark.parametrize("name", RENDERERS)
def test_nothing_names_who_lost_it_as_having_it(name: str, way: str) -> None:
    """The former one is named at most with the end of it."""
    told = RENDERERS[name](screens.JA, WAYS[way])
    for stale in ("@sato が対応中", "対応は @sato", "@sato が引き継"):
        assert stale not in told
