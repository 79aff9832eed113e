"""The table of the handlers of every kind of delivery."""

import pytest

from bot.capability import delivery_kinds
from bot.domain.delivery.kinds import DeliveryKind
from bot.services.delivery.handling import DeliveryHandler, DeliveryKinds
from tests.services.desk import Desk


def test_every_kind_has_one_handler(desk: Desk) -> None:
    """A kind that no capability registers, or that two do, stops the process at its start."""
    incidents = desk.refreshing._shown
    all_but_one = DeliveryHandler(
        *(kind for kind in delivery_kinds().values() if kind is not DeliveryKind.DIGEST)
    )
    digests = DeliveryHandler(DeliveryKind.DIGEST)
    DeliveryKinds(incidents, [all_but_one, digests])
    with pytest.raises(ValueError, match="digest"):
        DeliveryKinds(incidents, [all_but_one])
    with pytest.raises(ValueError, match="digest"):
        DeliveryKinds(incidents, [all_but_one, digests, digests])
