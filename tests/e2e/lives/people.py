"""Provide what the rules of the random life share: a world, its people, and the controls to press."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from local_discord.client import Control, HumanSideError, Interaction, Message
from tests.e2e.world.world import World

T = TypeVar("T")

PEOPLE: Final = st.sampled_from(["responder", "primary", "secondary", "observer"])
SEVERITIES: Final = st.sampled_from(["SEV1", "SEV2", "SEV3"])
#: What a person reads when the bot has met a bug.
_UNEXPECTED: Final = "予期しないエラー"

PICK: Final = st.integers(0, 99)

#: What passes between two steps of one thing that somebody does, or between two things: a moment, the time
#: that a form takes, lunch, a night, a weekend, the holidays at the turn of the year.
PAUSES: Final = st.sampled_from(
    [
        timedelta(seconds=1),
        timedelta(minutes=1, seconds=1),
        timedelta(minutes=11),
        timedelta(hours=1),
        timedelta(hours=13),
        timedelta(hours=63),
        timedelta(days=40),
    ]
)

#: Any incident so far, tracked alerts included: `People.one`. No bundle: what there is depends on timing,
#: and hypothesis wants the same choices to lead to the same questions.
INCIDENT: Final = PICK


class People(RuleBasedStateMachine):
    """Acts for the people. Each rule is one thing that a person does; refusals are valid answers.

    Attributes:
        cards: The triage cards so far, each with its person and its place.
        pause: The time that passes before the next person presses or sends something.
    """

    #: Makes a world, set by the test: hypothesis makes the machines itself.
    open: Callable[[AsyncExitStack], Awaitable[World]]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.world = self.run(type(self).open(self.stack))
        self.cards: list[tuple[str, Message]] = []
        self.pause: timedelta | None = None
        self._titles = 0

    def run(self, work: Awaitable[T]) -> T:
        """Do it now: hypothesis knows no event loop."""

        async def wait() -> T:
            return await work

        return self.runner.run(wait())

    @initialize()
    def start(self) -> None:
        """The bot is there, and may read what monitors write; something is going on already."""
        self.run(self.world.human.change("application", message_content=True))
        self.run(self.world.start_bot())
        self.say("sev1", "primary", title=self.title())

    def title(self) -> str:
        """One that no other has, not even as a part."""
        self._titles += 1
        return f"life-{self._titles:03}-end"

    def say(self, command: str, by: str, **options: object) -> Interaction:
        """Run a slash command."""
        said = self.run(self.world.human.command(by, "general", command, options))
        answered(said)
        return said

    def press(self, by: str, message: Message, control: Control, *values: str) -> Interaction | None:
        """Press it; None when it is not there any more: a person's screen would have been edited, too."""
        self.hesitate()
        with contextlib.suppress(HumanSideError):
            said = self.run(self.world.human.click(by, message.id, control, values=values))
            answered(said)
            return said
        return None

    def press_any(self, by: str, message: Message, pick: int) -> Interaction | None:
        """Press one of its buttons, or choose one of a select's options."""
        offered = [*_choices(message.controls)]
        if not offered:
            return None
        control, values = offered[pick % len(offered)]
        return self.press(by, message, control, *values)

    def submit(self, by: str, form: Interaction | None, **fields: str) -> Interaction | None:
        """Send a form, if there is one."""
        if form is None or form.modal is None:
            return None
        self.hesitate()
        sent = self.run(self.world.human.submit(by, form, fields))
        answered(sent)
        return sent

    def hesitate(self) -> None:
        """Let the time of `pause` pass between two steps of a person, while the bot does what falls due."""
        pause, self.pause = self.pause, None
        if pause is not None:
            self.pass_time(pause)

    def pass_time(self, time: timedelta) -> None:
        """Move the clock on, and let the bot do what falls due."""
        self.run(self.world.fast_forward(hours=time.total_seconds() / 3600))
        self.run(self.world.settle())

    def one(self, pick: int) -> int:
        """The number of an incident; there is always one."""
        rows = self.run(self.world.rows("SELECT id FROM incidents ORDER BY id"))
        return int(rows[pick % len(rows)]["id"])

    def in_thread(self, number: int) -> list[Message]:
        """Return the messages in the thread of an incident; [] if it has no thread."""
        (incident,) = self.run(self.world.rows("SELECT thread_id FROM incidents WHERE id = $1", number))
        thread = incident["thread_id"]
        return self.run(self.world.posts(str(thread))) if thread else []

    def post(self, number: int) -> Message | None:
        """The alert of an incident, once Discord has it."""
        (incident,) = self.run(self.world.rows("SELECT * FROM incidents WHERE id = $1", number))
        if incident["alert_message_id"] is None:
            return None
        posts = self.run(self.world.human.messages(str(incident["alert_channel_id"])))
        return next((post for post in posts if post.id == str(incident["alert_message_id"])), None)


def answered(said: Interaction) -> None:
    """Whatever it was, the bot has said something."""
    assert said.state != "failed", said
    assert said.state != "pending", said
    assert _UNEXPECTED not in said.text, said


def _choices(controls: Iterable[Control]) -> Iterable[tuple[Control, tuple[str, ...]]]:
    for control in controls:
        if control.custom_id is None or control.disabled:
            continue
        if control.options is None:
            yield control, ()
        for value in (control.options or {}).values():
            yield control, (value,)
