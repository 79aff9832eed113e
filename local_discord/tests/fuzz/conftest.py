"""One ring for all examples of a module."""

import asyncio
from collections.abc import Iterator

import pytest

from local_discord.tests.fuzz.ring import Ring


@pytest.fixture(scope="module")
def ring() -> Iterator[Ring]:
    """One ring for all examples."""
    with asyncio.Runner() as runner:
        made = Ring(runner)
        yield made
        made.close()
