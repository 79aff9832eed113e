"""The few buttons of an incident's posts, and [その他…] behind which everything else is."""

from dataclasses import replace

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import NotPermitted
from bot.domain.incident.incident import Incident, IncidentKind, PersonRef, Role, UsersAffected
from bot.services.incidents.queries import OfferedActions
from bot.services.shared.access import Act
from bot.ui.buttons import ButtonStyle
from bot.ui.posts.renderer import render
from bot.ui.screens.incident_console import show_screen
from bot.ui.screens.other_actions import others_screen
from bot.ui.words.summary import summary
from tests.unit.ui.incident.test_incident_screens import view_of
from tests.unit.ui.samples import (
    ACKNOWLEDGED,
    CANCELLED,
    JA,
    MERGED,
    PLACED,
    RESOLVED,
    buttons_of,
    delivery,
    labels_of,
    presses_of,
)
from tests.unit.ui.screens import JA as VOICE
from tests.unit.ui.screens import VOICES, labels, over_limits, presses, words

ALERT, CARD = delivery(DeliveryKind.ALERT), delivery(DeliveryKind.THREAD_CARD)
EVERYTHING = frozenset(act.permission for act in Act)
STATES = (PLACED, ACKNOWLEDGED, RESOLVED, CANCELLED, MERGED)


def offered(incident: Incident, *, reader: int = 103, responds: bool = False) -> OfferedActions:
    """What a person who may do everything is offered."""
    return OfferedActions(incident, reader, responds, EVERYTHING)


@pytest.mark.parametrize(
    ("incident", "first"),
    [
        (PLACED, ["ack", "対応できない"]),
        (ACKNOWLEDGED, ["更新", "解決"]),
        (RESOLVED, ["再開", "ふりかえり"]),
        (CANCELLED, ["再開", "メモ"]),
        (MERGED, ["合流先を見る", "再開"]),
        (replace(RESOLVED, is_drill=True), ["メモ"]),
    ],
)
def test_each_post_offers_what_the_state_calls_for(incident: Incident, first: list[str]) -> None:
    """The alert, the card and `/incident show` have the same one or two buttons, then [その他…].

    The card has the commands as well while the incident is open.
    """
    commands = ["コマンド"] if incident.is_open else []
    assert labels_of(render(JA, ALERT, incident)) == [*first, "その他…"]
    assert labels_of(render(JA, CARD, incident)) == [*first, *commands, "その他…"]
    assert labels(show_screen(VOICE, view_of(incident))) == [*first, "その他…"]


def test_nothing_is_as_loud_as_the_acknowledgement_that_is_waited_for() -> None:
    """Beside an unanswered ack every button is grey; it can be resolved behind [その他…]."""
    for kind in (ALERT, CARD):
        ack, *others = buttons_of(render(JA, kind, PLACED))
        assert ack["style"] == ButtonStyle.PRIMARY
        assert {other["style"] for other in others} == {ButtonStyle.SECONDARY}
    assert "inc:v1:resolve:42" in presses(others_screen(VOICE, offered(PLACED)))


def test_the_card_tells_users_while_they_are_affected() -> None:
    """📣 is on the card of an incident in progress whose users are affected, and on no other post."""
    affected = replace(ACKNOWLEDGED, users_affected=UsersAffected.YES)
    assert labels_of(render(JA, CARD, affected)) == ["更新", "解決", "コマンド", "告知", "その他…"]
    assert "inc:v1:announce:42" not in presses_of(render(JA, ALERT, affected))
    assert "inc:v1:announce:42" in presses(others_screen(VOICE, offered(affected)))


@pytest.mark.parametrize("incident", STATES)
def test_everything_that_a_post_offered_before_is_within_two_presses(incident: Incident) -> None:
    """The posts and what is behind [その他…] have together what the posts of older versions had."""
    found = {one.removesuffix(":42") for one in presses(others_screen(VOICE, offered(incident)))}
    found |= {":".join(one.split(":")[:3]) for one in presses_of(render(JA, ALERT, incident))}
    before = {"first", "note", "timeline", "edit", "why"}
    if incident.is_open:
        before |= {"ack", "details", "severity", "resolve", "command", "communicate", "scribe"}
        before |= {"announce", "roll_back", "keep_change"}
    else:
        before |= {"reopen", "action"}
    before |= {"resolution"} if incident is RESOLVED else set()
    before |= {"view"} if incident is MERGED else set()
    assert {f"inc:v1:{verb}" for verb in before} <= found


def test_each_person_sees_what_they_may_do_now() -> None:
    """A responder may hand back, another person join; a role is not offered to its holder.

    A person without the role for responding sees only what they may look at, and which role they need.
    """
    led = replace(ACKNOWLEDGED, roles={Role.COMMANDER: PersonRef(101, "primary")})
    own = presses(others_screen(VOICE, offered(led, reader=101, responds=True)))
    assert "inc:v1:hand_back:42" in own
    assert "inc:v1:ack:42" not in own
    assert "inc:v1:command:42" not in own
    other = presses(others_screen(VOICE, offered(led)))
    assert "inc:v1:ack:42" in other
    assert "inc:v1:hand_back:42" not in other
    assert "inc:v1:command:42" in other
    refusal = NotPermitted(action="acknowledge", roles=("on-call",))
    observer = others_screen(VOICE, OfferedActions(led, 109, False, frozenset(), refusal))
    assert "on-call のロールが必要です" in words(observer)
    core = [
        one for one in presses(observer) if one.split(":")[2] not in ("roll_back", "keep_change", "announce")
    ]
    assert core == [f"inc:v1:{verb}:42" for verb in ("why", "first", "timeline", "view")]


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("incident", [*STATES, replace(PLACED, kind=IncidentKind.ALERT)])
def test_the_others_fit_and_say_whom_they_are_about(voice: object, incident: Incident) -> None:
    """The screen has the incident's first line, and fits Discord's limits with all that there can be."""
    for responds in (True, False):
        screen = others_screen(voice, offered(incident, responds=responds))  # type: ignore[arg-type]
        assert over_limits(screen) == []
        assert summary(voice, incident) in words(screen)  # type: ignore[arg-type]
