"""Roles as people read them: on the card, in the thread, by DM, in the answers."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, PersonRef, Role
from bot.domain.people import Person
from bot.services.incidents.roles import Assigned
from bot.ui.posts.incident.roles import given, released, taken_screen
from bot.ui.posts.renderer import render
from bot.ui.words.summary import summary
from bot.ui.words.wording import Voice
from tests.unit.ui import screens
from tests.unit.ui.samples import (
    ACKNOWLEDGED,
    AT,
    EN,
    JA,
    PLACED,
    delivery,
    description_of,
    over_limits,
    presses_of,
)

PRIMARY, SECONDARY = PersonRef(101, "primary"), PersonRef(102, "secondary")
LED = transitions.assign(ACKNOWLEDGED, Role.COMMANDER, PRIMARY)
NASTY = PersonRef(103, "*" * 400 + "@everyone <@1>")
CARD = delivery(DeliveryKind.THREAD_CARD)


def line(**facts: object) -> str:
    """The line in the thread about the command."""
    data = {"notice": "role_changed", "role": "commander", **facts}
    body = render(JA, delivery(DeliveryKind.NOTICE, data=data), LED)
    assert body["allowed_mentions"] == {"parse": []}
    return str(body["content"])


def known(holder: PersonRef) -> dict[str, object]:
    """A holder as the timeline keeps them."""
    return {"id": holder.id, "name": holder.name}


def dm(incident: Incident, *, holder: PersonRef = PRIMARY) -> Mapping[str, object]:
    """Return the DM to the holder, to whom secondary gave the command."""
    data = {"role": "commander", "holder_id": holder.id, "holder": holder.name, "by": "secondary"}
    return render(JA, delivery(DeliveryKind.ROLE_DM, to=f"user:{holder.id}", data=data), incident)


def test_the_card_says_who_does_what() -> None:
    """All three places, held or free."""
    body = render(JA, CARD, LED)
    assert "🧭\u00a0指揮：@primary  💬\u00a0広報：未定  ✍️\u00a0記録：未定" in description_of(body)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"holder": PRIMARY, "former": None, "by": PRIMARY}, "🧭 **指揮** は @primary が担当します"),
        (
            {"holder": PRIMARY, "former": SECONDARY, "by": PRIMARY},
            "🧭 **指揮** は @primary が @secondary から引き継ぎます",
        ),
        (
            {"holder": PRIMARY, "former": None, "by": SECONDARY},
            "🧭 **指揮** は @primary に任せます · @secondary",
        ),
        (
            {"holder": PRIMARY, "former": SECONDARY, "by": SECONDARY},
            "🧭 **指揮** は @secondary から @primary に替わります · @secondary",
        ),
        (
            {"holder": None, "former": PRIMARY, "by": PRIMARY},
            "🧭 **指揮** を @primary が降りました。いまは未定です。",
        ),
        (
            {"holder": None, "former": PRIMARY, "by": SECONDARY},
            "🧭 **指揮** から @primary が外れました。いまは未定です · @secondary",
        ),
    ],
)
def test_the_thread_is_told_who_has_it_now_and_who_had(facts: dict[str, PersonRef | None], said: str) -> None:
    """The thread's line about a role names its new holder and its former one, as far as there are any.

    The role is taken, taken over, given, passed on, left or taken away.
    """
    people = {name: None if who is None else known(who) for name, who in facts.items() if name != "by"}
    by = facts["by"]
    assert by is not None
    assert line(**people, by=by.name, by_id=by.id) == said


def test_the_dm_says_what_was_given_and_by_when() -> None:
    """The DM has the first line of all posts, role and deadline, and the ack button if that is open."""
    body = dm(LED)
    assert body["content"] == summary(JA, LED)
    assert "🧭 @secondary から **指揮** を任されました。判断し" in description_of(body)
    assert presses_of(body) == ["https://discord.com/channels/7/900"]
    waiting = dm(transitions.assign(PLACED, Role.COMMANDER, PRIMARY))
    assert "期限 14:22 JST" in description_of(waiting)
    assert presses_of(waiting)[0] == "inc:v1:ack:42"
    owed = dm(replace(LED, updates=replace(LED.updates, due_at=AT)))
    assert "状況を更新する · 期限 14:07 JST (<t:1795496820:R>)" in description_of(owed)


def test_the_dm_says_who_keeps_the_incident() -> None:
    """A role given beside the person who has the incident changes nothing: the DM names them."""
    noted = transitions.assign(ACKNOWLEDGED, Role.SCRIBE, SECONDARY)
    data = {"role": "scribe", "holder_id": 102, "holder": "secondary", "by": "primary"}
    body = render(EN, delivery(DeliveryKind.ROLE_DM, to="user:102", data=data), noted)
    assert "@primary keeps the incident. To take it over" in description_of(body)


def test_the_dm_stays_true() -> None:
    """Passed on, vacant, over: each says that there is nothing to do."""
    passed = transitions.assign(LED, Role.COMMANDER, SECONDARY)
    assert "**指揮** は @secondary に替わりました。" in description_of(dm(passed))
    assert "**指揮** から外れました。" in description_of(dm(ACKNOWLEDGED))
    ended = transitions.resolve(LED, by=Person(1, "primary"), at=AT)
    assert "このインシデントは終わっています。" in description_of(dm(ended))
    assert "inc:v1:ack:42" not in presses_of(dm(ended))


def test_a_dm_that_was_refused() -> None:
    """If the DM is refused, a line asks people to tell the person."""
    data = {"notice": "role_undelivered", "role": "scribe", "holder": "sec*"}
    body = render(JA, delivery(DeliveryKind.NOTICE, data=data), LED)
    assert body["content"] == "⚠️ @sec\\* に DM が届きません。記録を任せたことを直接伝えてください。"


@pytest.mark.parametrize("words", [JA, EN])
def test_hostile_names_fit_and_ping_nobody(words: Any) -> None:
    """A long name with markup and mentions fits into card, thread and DM, and pings nobody."""
    roles = MappingProxyType(dict.fromkeys(Role, NASTY))
    incident = replace(LED, roles=roles)
    facts = {"holder": known(NASTY), "former": known(NASTY), "by": NASTY.name, "by_id": 1}
    changed = {"notice": "role_changed", "role": "scribe", **facts}
    for body in (
        render(words, CARD, incident),
        render(words, delivery(DeliveryKind.NOTICE, data=changed), incident),
        dm(incident, holder=NASTY),
    ):
        assert over_limits(body) == []
        assert "@everyone" not in str(body)
        assert "<@1>" not in str(body)


@pytest.mark.parametrize("voice", screens.VOICES)
def test_answers_keep_within_limits(voice: Voice) -> None:
    """Every answer about roles fits into Discord's limits and has the button to step down."""
    incident = replace(LED, roles=MappingProxyType({Role.SCRIBE: NASTY}))
    for former, changed, acknowledged in ((None, True, True), (NASTY, True, False), (NASTY, False, False)):
        result = Assigned(incident, Role.SCRIBE, former, changed, AT, acknowledged=acknowledged)
        screen = taken_screen(voice, result)
        assert screens.over_limits(screen) == []
        assert screens.presses(screen) == ["inc:v1:ack:42", "inc:v1:release:scribe:42"]
        for said in (given(voice, result), released(voice, result)):
            assert len(said) < 2_000
            assert "@everyone" not in said


def test_taking_command_says_that_it_is_an_ack() -> None:
    """Whoever takes command is told that the incident is thereby acknowledged and that escalation stopped."""
    shown = screens.words(
        taken_screen(screens.JA, Assigned(LED, Role.COMMANDER, None, changed=True, at=AT, acknowledged=True))
    )
    assert shown.splitlines() == [
        "🧭 14:07 JST に INC-42 の**指揮**を受け持ちました。",
        "👀 ack も記録し、エスカレーションを止めました。",
    ]


@pytest.mark.parametrize(
    ("incident", "said"),
    [
        (
            ACKNOWLEDGED,
            "対応は @primary のまま変わりません。代わるには 👀 ack を押し、@primary に 🙌 手を離して",
        ),
        (PLACED, "役割だけでは ack になりません。"),
    ],
    ids=["another has it", "nobody has it"],
)
def test_a_role_beside_the_one_who_has_it_says_so(incident: Incident, said: str) -> None:
    """A role makes nobody the owner: the answer names who keeps it, and offers the acknowledgement."""
    taken = transitions.assign(incident, Role.SCRIBE, SECONDARY)
    screen = taken_screen(screens.JA, Assigned(taken, Role.SCRIBE, None, changed=True, at=AT))
    assert said in screens.words(screen)
    assert screens.presses(screen) == ["inc:v1:ack:42", "inc:v1:release:scribe:42"]


def test_whoever_has_it_is_not_told_how_to_take_it_over() -> None:
    """The answer to a role of the person who has the incident is about the role alone."""
    own = taken_screen(screens.JA, Assigned(LED, Role.COMMANDER, None, changed=True, at=AT))
    assert "@primary" not in screens.words(own)
    assert screens.presses(own) == ["inc:v1:release:commander:42"]
