"""Random actions in any order, with kills, leave every incident in a legal and complete state.

The default run lives the same lives each time: when it fails, a change was it. The night lives others.
"""

import copy
import os
import secrets
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from bot.storage.embedded import EmbeddedPostgres
from tests.e2e.conftest import LIMITS_SPEED
from tests.e2e.lives.checks import check
from tests.e2e.lives.incidents import Responding
from tests.e2e.lives.triages import Triaging
from tests.e2e.world.opening import open_world
from tests.e2e.world.world import World
from tests.postgres import temporary_database

EXAMPLES = int(os.environ.get("LIFE_EXAMPLES", "3"))
STEPS = int(os.environ.get("LIFE_STEPS", "20"))
SEED = int(os.environ.get("LIFE_SEED", "1"))

_LONG_EXAMPLES, _LONG_STEPS = 40, 40


class Life(Responding, Triaging):
    """Everything that people do, and the check at the end."""

    def teardown(self) -> None:
        """Let everything come to rest, and check it against the history."""
        try:
            if self.world.bots:
                self.run(check(self.world))
        finally:
            self.run(self.stack.aclose())
            self.runner.close()


@pytest.fixture
def life(cluster: EmbeddedPostgres, commands: dict[str, Any], tmp_path: Path) -> type[Life]:
    """The machine, with what it needs to make its worlds."""

    async def make(stack: AsyncExitStack) -> World:
        dsn = await stack.enter_async_context(temporary_database(cluster))
        made = open_world(
            dsn,
            commands=copy.deepcopy(commands),
            folder=tmp_path,
            limits_speed=LIMITS_SPEED,
            MESSAGE_CONTENT="true",
        )
        return await stack.enter_async_context(made)

    return type("LifeHere", (Life,), {"open": staticmethod(make)})


def live(life: type[Life], *, examples: int, steps: int, chosen: int) -> None:
    """Let hypothesis choose; the same seed chooses the same."""
    print(f"LIFE_SEED={chosen}")  # noqa: T201  # pytest shows it when the test fails
    run_state_machine_as_test(
        seed(chosen)(life),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            phases=[Phase.reuse, Phase.generate],  # a smaller failure is not worth a hundred more bots
        ),
    )


@pytest.mark.timeout(600)
def test_whatever_people_do_each_incident_stays_legal_and_told(life: type[Life]) -> None:
    """`LIFE_EXAMPLES`, `LIFE_STEPS` and `LIFE_SEED` make it more, longer, or the same again."""
    live(life, examples=EXAMPLES, steps=STEPS, chosen=SEED)


@pytest.mark.slow
@pytest.mark.timeout(7_200)
def test_many_long_lives(life: type[Life]) -> None:
    """The same for the night, with a seed of its own unless `LIFE_SEED` names one."""
    chosen = SEED if "LIFE_SEED" in os.environ else secrets.randbits(32)
    examples, steps = max(EXAMPLES, _LONG_EXAMPLES), max(STEPS, _LONG_STEPS)
    live(life, examples=examples, steps=steps, chosen=chosen)
