"""One desk per test."""

import pytest

from tests.unit.services.desk import Desk


@pytest.fixture
def desk() -> Desk:
    """The use cases on the fakes."""
    return Desk()
