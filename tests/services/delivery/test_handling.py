"""The table of the handlers of every kind of delivery."""

import pytest

from bot.capability import delivery_kinds
from bot.services.delivery.handling import DeliveryHandler, DeliveryKinds
from cogs.digest.rules import DigestDelivery
from tests.services.desk import Desk


def test_every_kind_has_one_handler(desk: Desk) -> None:
    """A kind that no capability registers, or that two do, stops the process at its start."""
    incidents = desk.refreshing._shown
    all_but_one = DeliveryHandler(
        *(kind for kind in delivery_kinds().values() if kind is not DigestDelivery.POST)
    )
    digests = DeliveryHandler(DigestDelivery.POST)
    DeliveryKinds(incidents, [all_but_one, digests])
    with pytest.raises(ValueError, match="digest"):
        DeliveryKinds(incidents, [all_but_one])
    with pytest.raises(ValueError, match="digest"):
        DeliveryKinds(incidents, [all_but_one, digests, digests])
