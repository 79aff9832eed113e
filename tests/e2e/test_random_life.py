"""Whatever people do to incidents, in any order, and whenever the bot dies: each stays legal and told."""

import asyncio
import contextlib
import copy
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from bot.demo.human import HumanSideError
from bot.demo.screen import Interaction, Message
from bot.storage.embedded import EmbeddedPostgres
from tests.e2e.opening import open_world
from tests.e2e.replay import replay
from tests.e2e.world import World
from tests.postgres import temporary_database

T = TypeVar("T")

EXAMPLES = int(os.environ.get("LIFE_EXAMPLES", "3"))
STEPS = int(os.environ.get("LIFE_STEPS", "20"))

PEOPLE = st.sampled_from(["responder", "primary", "secondary", "observer"])
SEVERITIES = st.sampled_from(["SEV1", "SEV2", "SEV3"])
ROLES = st.sampled_from(["commander", "communicator", "scribe"])


class Life(RuleBasedStateMachine):
    """People at work. Each rule is one thing that somebody does; refusals are answers like any other."""

    #: Makes a world, set by the test: hypothesis makes the machines itself.
    open: Callable[[AsyncExitStack], Awaitable[World]]

    incidents = Bundle("incidents")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.world = self.run(type(self).open(self.stack))
        self.numbers: list[int] = []

    def run(self, work: Awaitable[T]) -> T:
        """Do it now: hypothesis knows no event loop."""

        async def wait() -> T:
            return await work

        return self.runner.run(wait())

    @initialize()
    def start(self) -> None:
        """The bot is there."""
        self.run(self.world.start_bot())

    @rule(target=incidents, severity=SEVERITIES, by=PEOPLE)
    def declare(self, severity: str, by: str) -> Any:
        """`/sev1 …`; the observer may not."""
        title = f"trouble {len(self.numbers) + 1}"
        said = self.run(self.world.command(severity.lower(), by=by, title=title))
        _answered(said)
        rows = self.run(self.world.rows("SELECT id FROM incidents WHERE title = $1", title))
        self.numbers += [row["id"] for row in rows]
        return multiple(*(row["id"] for row in rows))

    @rule(number=incidents, by=PEOPLE)
    def react(self, number: int, by: str) -> None:
        """👀 under the alert, once Discord has it."""
        self.run(self._react(number, by))

    @rule(number=incidents, to=SEVERITIES, by=PEOPLE)
    def change_severity(self, number: int, to: str, by: str) -> None:
        """Up, down, or the same."""
        self._say("incident severity", by, number=number, to=to, reason="looked again")

    @rule(number=incidents, by=PEOPLE)
    def resolve(self, number: int, by: str) -> None:
        """Asked once, and meant."""
        asked = self._say("incident resolve", by, number=number)
        if asked.messages and asked.messages[-1].controls:
            _answered(self.run(self.world.human.press(by, asked.messages[-1], "解決にする")))

    @rule(number=incidents, by=PEOPLE)
    def cancel(self, number: int, by: str) -> None:
        """A false alarm."""
        self._say("incident cancel", by, number=number, reason="nothing was wrong")

    @rule(number=incidents, by=PEOPLE)
    def reopen(self, number: int, by: str) -> None:
        """Not over."""
        self._say("incident reopen", by, number=number, reason="again")

    @rule(number=incidents, into=incidents, by=PEOPLE)
    def merge(self, number: int, into: int, by: str) -> None:
        """The same trouble; perhaps with itself, or into one that has ended."""
        self._say("incident merge", by, number=number, into=into)

    @rule(number=incidents, other=incidents, by=PEOPLE)
    def link(self, number: int, other: int, by: str) -> None:
        """They have to do with each other."""
        self._say("incident link", by, number=number, **{"with": other})

    @rule(number=incidents, role=ROLES, by=PEOPLE)
    def take_role(self, number: int, role: str, by: str) -> None:
        """For oneself."""
        self._say("incident assign", by, number=number, role=role)

    @rule(number=incidents, pick=st.integers(0, 9), by=PEOPLE)
    def click(self, number: int, pick: int, by: str) -> None:
        """Any button under the alert, as it is now: what it asks for is not gone into."""
        self.run(self._click(number, pick, by))

    @rule(number=incidents, by=PEOPLE)
    def pin(self, number: int, by: str) -> None:
        """📌 on the latest message of the thread, whoever wrote it."""
        self.run(self._pin(number, by))

    @rule(number=incidents, by=PEOPLE)
    def note(self, number: int, by: str) -> None:
        """For the timeline."""
        self._say("incident note", by, number=number, text="a note")

    @rule(number=incidents, by=PEOPLE)
    def update(self, number: int, by: str) -> None:
        """A form, sent."""
        form = self._say("incident update", by, number=number)
        if form.modal is not None:
            _answered(self.run(self.world.human.submit(by, form, {"known": "looking"})))

    @rule(minutes=st.sampled_from([6, 20, 45, 300]))
    def wait(self, minutes: int) -> None:
        """Deadlines pass."""
        self.run(self.world.fast_forward(minutes=minutes))

    @rule()
    def kill(self) -> None:
        """SIGKILL, whatever is going on, and a new process."""
        self.run(self.world.restart_bot())

    def teardown(self) -> None:
        """Everything comes to rest, and is what its history says."""
        try:
            if self.world.bots:
                self.run(self._check())
        finally:
            self.run(self.stack.aclose())
            self.runner.close()

    def _say(self, command: str, by: str, **options: object) -> Interaction:
        said = self.run(self.world.human.command(by, "general", command, options))
        _answered(said)
        return said

    async def _react(self, number: int, by: str) -> None:
        if (post := await self._post(number)) is not None:
            await self.world.human.react(by, post, "👀")

    async def _click(self, number: int, pick: int, by: str) -> None:
        post = await self._post(number)
        buttons = [] if post is None else [one for one in post.controls if one.custom_id is not None]
        if post is None or not buttons:
            return
        with contextlib.suppress(HumanSideError):  # edited in between: a person's screen would have been, too
            _answered(await self.world.human.click(by, post.id, buttons[pick % len(buttons)]))

    async def _pin(self, number: int, by: str) -> None:
        (incident,) = await self.world.rows("SELECT thread_id FROM incidents WHERE id = $1", number)
        posts = await self.world.posts(str(incident["thread_id"])) if incident["thread_id"] else []
        if not posts:
            return
        with contextlib.suppress(HumanSideError):  # it sleeps: Discord takes no reactions there
            await self.world.human.react(by, posts[-1], "📌")

    async def _post(self, number: int) -> Message | None:
        """The alert, once Discord has it."""
        (incident,) = await self.world.rows("SELECT * FROM incidents WHERE id = $1", number)
        if incident["alert_message_id"] is None:
            return None
        posts = await self.world.human.messages(str(incident["alert_channel_id"]))
        return next(post for post in posts if post.id == str(incident["alert_message_id"]))

    async def _check(self) -> None:
        await self.world.settle()
        for row in await self.world.rows("SELECT * FROM incidents ORDER BY id"):
            history = await self.world.rows(
                "SELECT * FROM timeline WHERE incident_id = $1 ORDER BY id", row["id"]
            )
            told = replay({**entry, "data": json.loads(entry["data"])} for entry in history)
            assert told.wrong == [], (row["id"], told.wrong)
            roles = {role: who["id"] for role, who in json.loads(row["roles"]).items()}
            assert (told.status, told.severity, told.roles) == (row["status"], row["severity"], roles)
            assert told.acknowledged_by == row["acknowledged_by_id"]
            assert told.merged_into == row["merged_into_id"]
            assert (told.duplicates, told.linked) == (set(row["duplicates"]), set(row["linked"]))
            assert row["next_update_at"] is None or row["resolved_at"] is None
            assert (row["next_update_at"] is None) == (row["remind_at"] is None)
        await self._check_relations()
        left = await self.world.rows(
            "SELECT incident_id FROM escalation_steps JOIN incidents ON incidents.id = incident_id"
            " WHERE escalation_steps.status = 'pending' AND incidents.status <> 'triggered'"
        )
        assert left == []
        stale = await self.world.rows(
            "SELECT deliveries.key FROM deliveries JOIN incidents ON incidents.id = incident_id"
            " WHERE deliveries.status = 'sent' AND deliveries.kind = 'alert'"
            "   AND shown_version < incidents.version"
        )
        assert stale == []
        unsent = await self.world.rows(
            "SELECT key, error FROM deliveries WHERE status NOT IN ('sent', 'cancelled')"
        )
        assert unsent == []
        assert self.world.complaints() == []

    async def _check_relations(self) -> None:
        """What an incident notes of others is what those say themselves."""
        merged = await self.world.rows(
            "SELECT id, duplicates, ARRAY(SELECT other.id FROM incidents AS other"
            " WHERE other.merged_into_id = incidents.id ORDER BY other.id) AS merged FROM incidents"
        )
        assert [row for row in merged if row["duplicates"] != row["merged"]] == []
        links = await self.world.rows("SELECT incident_id, related_id FROM incident_links")
        noted = await self.world.rows("SELECT id, unnest(linked) AS other FROM incidents")
        both = {(row["incident_id"], row["related_id"]) for row in links}
        assert {(row["id"], row["other"]) for row in noted} == both | {(b, a) for a, b in both}


def _answered(said: Interaction) -> None:
    assert said.state != "failed", said
    assert said.state != "pending", said


@pytest.fixture
def life(cluster: EmbeddedPostgres, template: str, commands: dict[str, Any], tmp_path: Path) -> type[Life]:
    """The machine, with what it needs to make its worlds."""

    async def make(stack: AsyncExitStack) -> World:
        dsn = await stack.enter_async_context(temporary_database(cluster, template=template))
        made = open_world(dsn, commands=copy.deepcopy(commands), folder=tmp_path)
        return await stack.enter_async_context(made)

    return type("LifeHere", (Life,), {"open": staticmethod(make)})


@pytest.mark.timeout(600)
def test_whatever_people_do_each_incident_stays_legal_and_told(life: type[Life]) -> None:
    """Random commands, clicks, 👀, waiting and kills; `LIFE_EXAMPLES` and `LIFE_STEPS` make it longer."""
    run_state_machine_as_test(
        life,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            phases=[Phase.reuse, Phase.generate],  # a smaller failure is not worth a hundred more bots
        ),
    )
