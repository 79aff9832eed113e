"""Watches every local Discord that a test starts; afterwards, what was said with it must be Discord's."""

from collections.abc import Iterator

import pytest

from local_discord.core import Core
from local_discord.server import Address, LocalDiscord
from local_discord.tests.openapi.oracle import DESCRIPTION, validate_log, validate_requests


@pytest.fixture(autouse=True)
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Core]]:
    """The parts of each sandbox that the test starts, however it does so.

    At the end none of them may have failed, or have been asked or answered other than Discord describes.
    """
    seen: list[Core] = []
    begin = LocalDiscord.start

    async def start(self: LocalDiscord) -> Address:
        if self.core not in seen:
            seen.append(self.core)
        return await begin(self)

    monkeypatch.setattr(LocalDiscord, "start", start)
    yield seen
    for core in seen:
        hold_against_the_description(core)


def hold_against_the_description(core: Core) -> None:
    """Assert that a sandbox has not failed, and that requests and answers are as Discord describes them."""
    problems = list(core.world.internal_errors)
    if DESCRIPTION.exists():
        exchanged = core.log.since(0)
        problems += validate_log(exchanged) + validate_requests(exchanged)
    assert not problems, "\n".join(problems)
