"""Who may be in a private thread, and which of their DMs still tell of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.delivery import Request
from bot.domain.delivery.kinds import Action, AnyDeliveryKind, DeliveryKind
from bot.domain.privacy import (
    SETTLED,
    PostPlaces,
    RemovedMember,
    is_overruled,
    is_told,
    member_of,
    post_places,
)
from tests.unit.domain.incident.test_incident import incident
from tests.unit.ui.samples import delivery

AT = incident().triggered_at
REMOVED = [RemovedMember(7, "olive", AT)]
MEMBER, OUT = DeliveryKind.MEMBER, DeliveryKind.MEMBER_REMOVED


@pytest.mark.parametrize(
    ("kind", "to", "overruled"),
    [(MEMBER, "user:7", True), (MEMBER, "user:8", False), (OUT, "user:7", False), (OUT, "user:8", True)],
)
def test_who_is_in_is_what_was_decided_last(kind: AnyDeliveryKind, to: str, *, overruled: bool) -> None:
    """A delivery that adds or removes a person is overruled by a later decision."""
    assert is_overruled(delivery(kind, to=to), REMOVED) is overruled


@pytest.mark.parametrize(("minutes", "overruled"), [(-1, True), (1, False)])
def test_whoever_comes_on_call_is_let_in_all_the_same(minutes: int, *, overruled: bool) -> None:
    """Adding the person on call is not overruled by an earlier removal, only by one after it began."""
    place = delivery(MEMBER, to="person:primary")
    assert (member_of(place), is_overruled(place, REMOVED)) == (None, False)
    begun = replace(
        place,
        request=Request(Action.MEMBER, 1, 7, {}, "olive"),
        first_sent_at=AT + timedelta(minutes=minutes),
    )
    assert (member_of(begun), is_overruled(begun, REMOVED)) == (7, overruled)


@pytest.mark.parametrize(
    ("kind", "to", "recipient", "told"),
    [
        (DeliveryKind.ROLE_DM, "user:7", None, False),
        (DeliveryKind.ROLE_DM, "user:8", None, True),
        (DeliveryKind.PAGE, "person:primary", "Olive", False),
        (DeliveryKind.PAGE, "person:primary", "perry", True),
        (DeliveryKind.ALERT, "incident", None, True),
    ],
)
def test_no_dm_goes_on_telling_whoever_was_removed(
    kind: AnyDeliveryKind, to: str, recipient: str | None, *, told: bool
) -> None:
    """DMs to a removed person are not updated any more; posts in the thread are."""
    post = replace(delivery(kind, to=to), request=Request(Action.MESSAGE, 1, None, {}, recipient))
    assert is_told(post, REMOVED) is told


def test_where_a_private_incident_is_told() -> None:
    """A private incident is told in its thread and by DMs, each person once.

    Channels with posts from before it was private are listed by whether all those posts are empty by now.
    """
    thread = replace(delivery(DeliveryKind.PRIVATE_THREAD, to="channel:a"), channel_id=1, message_id=9)
    inside = replace(delivery(DeliveryKind.ALERT, to="incident"), channel_id=9, message_id=10)
    page = delivery(DeliveryKind.PAGE, to="person:primary")
    known = replace(page, request=Request(Action.MESSAGE, 1, None, {}, "olive"))
    role = delivery(DeliveryKind.ROLE_DM, to="user:7")
    member = replace(delivery(MEMBER, to="user:8"), channel_id=9, message_id=8)
    emptied = replace(delivery(DeliveryKind.ALERT, to="channel:b"), channel_id=2, shown_version=SETTLED)
    readable = replace(delivery(DeliveryKind.ESCALATION, to="channel:c"), channel_id=3)
    mixed = replace(emptied, channel_id=3)
    posts = [thread, inside, page, known, known, role, member, emptied, readable, mixed]
    assert post_places(posts) == PostPlaces(True, ("primary", "@olive", "@7"), (2,), (3,))
    assert post_places([]) == PostPlaces(False, (), (), ())
