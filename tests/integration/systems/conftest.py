"""What the tests of live checks share."""

import pytest

from bot.integrations.outbound.call import AllowedPlaces
from bot.integrations.outbound.http import OutboundHttp


@pytest.fixture
def http() -> OutboundHttp:
    """The way out, to loopback too."""
    return OutboundHttp(allowed=AllowedPlaces.parse("127.0.0.1"))
