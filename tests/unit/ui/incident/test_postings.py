"""Several posts of one incident: which one rings, and where the older ones lead."""

from dataclasses import replace

import pytest

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.incident.incident import Incident
from bot.ui.posts.renderer import left_name, render
from tests.unit.ui.samples import (
    ACKNOWLEDGED,
    CANCELLED,
    EN,
    FIRST_ESCALATION,
    JA,
    PLACED,
    RESOLVED,
    delivery,
    description_of,
    presses_of,
)

QUIET: dict[str, list[str]] = {"parse": []}
RINGS = {"parse": ["everyone"]}

#: INC-42 was a SEV3 in #p2-deploys (message 700, thread 700); now it is a SEV1 in #p0-alerts.
RAISED = replace(PLACED, post=replace(PLACED.post, number=2), thread=replace(PLACED.thread, posting=2))


def post(
    kind: AnyDeliveryKind, *, posting: int, at: tuple[int, int] | None = None, **facts: object
) -> Delivery:
    """A post of one posting; with *at* (channel, message) it has been sent."""
    made = delivery(kind, data={"posting": posting, **facts})
    if at is None:
        return made
    return replace(made, status=DeliveryStatus.SENT, channel_id=at[0], message_id=at[1])


OLD_ALERT = post(DeliveryKind.ALERT, posting=1, at=(302, 700))


def test_an_older_alert_points_to_the_newer_one() -> None:
    """An older alert links to the newer one, without buttons, details or a ping."""
    body = render(JA, OLD_ALERT, RAISED)
    assert body["content"] == (
        "↗ 移しました：SEV1 INC-42 · 決済 API が 5xx → https://discord.com/channels/7/301/900"
    )
    assert (body["embeds"], body["components"], body["allowed_mentions"]) == ([], [], QUIET)
    assert "Moved: SEV1 INC-42" in str(render(EN, OLD_ALERT, RAISED)["content"])


def test_an_older_alert_stays_until_the_newer_one_is_there() -> None:
    """A pointer to nowhere would leave the channel with nothing."""
    waiting = replace(RAISED, post=replace(RAISED.post, channel_id=302, message_id=700))
    assert presses_of(render(JA, OLD_ALERT, waiting))[0] == "inc:v1:ack:42"
    assert render(JA, OLD_ALERT, waiting)["allowed_mentions"] == QUIET, "an older one never rings"


def test_a_thread_that_was_left_points_on() -> None:
    """The card, first post, name and farewell of a thread that was left point to the new place."""
    card = post(DeliveryKind.THREAD_CARD, posting=1, at=(700, 703))
    root = post(DeliveryKind.THREAD_ROOT, posting=1, at=(302, 700))
    for left in (card, root):
        body = render(JA, left, RAISED)
        assert body["content"] == "↗ INC-42 の続きはこちら → https://discord.com/channels/7/900"
        assert body["components"] == []
    assert left_name(JA, RAISED) == "INC-42 ↗ 決済 API が 5xx"
    farewell = delivery(DeliveryKind.NOTICE, data={"notice": "thread_moved"})
    assert str(render(JA, farewell, RAISED)["content"]).endswith("https://discord.com/channels/7/900")


def test_a_thread_that_goes_on_keeps_its_card() -> None:
    """SEV1 to SEV3: the alert moves, the conversation does not."""
    lowered = replace(
        PLACED, severity="SEV3", post=replace(PLACED.post, number=2, channel_id=303, message_id=950)
    )
    card = post(DeliveryKind.THREAD_CARD, posting=1, at=(900, 903))
    assert "SEV3" in str(render(JA, card, lowered)["content"])
    assert "移しました" in str(
        render(JA, post(DeliveryKind.ALERT, posting=1, at=(301, 900)), lowered)["content"]
    )


@pytest.mark.parametrize(
    ("alert", "incident", "allowed"),
    [
        pytest.param(post(DeliveryKind.ALERT, posting=1), PLACED, RINGS, id="the first one"),
        pytest.param(post(DeliveryKind.ALERT, posting=1), ACKNOWLEDGED, QUIET, id="somebody is on it"),
        pytest.param(
            post(DeliveryKind.ALERT, posting=2),
            replace(ACKNOWLEDGED, post=replace(ACKNOWLEDGED.post, number=2)),
            RINGS,
            id="another severity",
        ),
        pytest.param(
            post(DeliveryKind.ALERT, posting=2, at=(301, 900)),
            replace(ACKNOWLEDGED, post=replace(ACKNOWLEDGED.post, number=2)),
            QUIET,
            id="edited since",
        ),
        pytest.param(
            post(DeliveryKind.ALERT, posting=2, quiet=True),
            replace(PLACED, post=replace(PLACED.post, number=2)),
            QUIET,
            id="no news",
        ),
        pytest.param(post(DeliveryKind.ALERT, posting=1), replace(PLACED, rings=False), QUIET, id="silenced"),
        pytest.param(
            post(DeliveryKind.ALERT, posting=1), replace(PLACED, severity="SEV2"), QUIET, id="no mention"
        ),
        pytest.param(
            post(DeliveryKind.ALERT, posting=2),
            replace(RESOLVED, post=replace(RESOLVED.post, number=2)),
            QUIET,
            id="over",
        ),
        pytest.param(post(DeliveryKind.ALERT, posting=1), CANCELLED, QUIET, id="false alarm"),
    ],
)
def test_who_is_rung(alert: Delivery, incident: Incident, allowed: object) -> None:
    """An alert pings once for each severity while that matters, and its content has the mention then."""
    body = render(JA, alert, incident)
    assert body["allowed_mentions"] == allowed
    assert ("@here" in str(body["content"])) is (allowed == RINGS)


def test_an_escalation_of_an_earlier_ladder_claims_no_missed_deadline() -> None:
    """The severity has another deadline now; the ack is still one tap away."""
    facts = {**FIRST_ESCALATION, "severity": "SEV1"}
    lowered = replace(PLACED, severity="SEV3")
    body = render(JA, delivery(DeliveryKind.ESCALATION, data=facts), lowered)
    assert "期限切れ" not in description_of(body)
    assert str(body["content"]).endswith("ack 14:22 まで")
    assert presses_of(body)[0] == "inc:v1:ack:42"
    page = render(JA, delivery(DeliveryKind.PAGE, data=facts), lowered)
    assert "期限切れ" not in description_of(page)


def test_a_silenced_incident_escalates_without_a_mention() -> None:
    """The escalation of a silenced incident, such as a quiet drill, mentions nobody."""
    body = render(JA, delivery(DeliveryKind.ESCALATION, data=FIRST_ESCALATION), replace(PLACED, rings=False))
    assert body["allowed_mentions"] == QUIET
    assert "@here" not in str(body["content"])
