"""How long the bot takes to the first response: commands and buttons, for one person and for a crowd."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from bot.demo.clock import is_working
from bot.demo.triage_walk import TriageReport, TriageWalk
from local_discord.client import Control, Human, Interaction, Message
from tests.bench.servers.stand import Discord
from tests.postgres import connect

_DONE_WITHIN_S = 30.0
_REST_WITHIN_S = 10.0
_CALM_S = 0.1
#: What one person does comes so far apart, seconds: what the one sets going is over before the next.
APART_S = 0.04

_NOBODY_LOOKS_S = 1.0  # as long as anybody may wait
_ON_THE_WIRE_S = 0.1
#: Each is on the card when its turn comes: an answer, its withdrawal, another one, the end of the walk.
ON_A_CARD = ("わからない", "戻る", "はい", "やめる")

#: Lets somebody do one thing in the local Discord that the bot must answer.
Ask = Callable[[Human], Awaitable[Interaction]]

#: Waits until nothing is going on that was asked for earlier.
Rest = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Button:
    """A button and the post that it is on."""

    post: Message
    control: Control


async def one_by_one(discord: Discord, ask: Ask, *, rounds: int, rest: Rest) -> list[float]:
    """Seconds from each event to the arrival of the bot's first response, never two at a time."""
    await rest()
    since = await discord.human.log_end()
    for _ in range(rounds):
        await ask(discord.human)
        await asyncio.sleep(APART_S)
    responses = await _responses(discord, since, expected=rounds)
    return [answered - asked for asked, answered in responses]


@dataclass(frozen=True, slots=True)
class Crowd:
    """People who all do it before *client* sees any of it.

    Attributes:
        client: The process that answers. It is stopped while they press: the local Discord, on the same
            processors, takes about as long for a press as a client for an answer, so that nobody would have
            to wait for anybody else, or all would, by chance.
        bursts: How often, as one may be unlucky.
    """

    client: int
    people: int
    bursts: int

    async def all_at_once(self, discord: Discord, ask: Ask, *, rest: Rest) -> list[float]:
        """Seconds from the moment that the client goes on to the arrival of each first response.

        Nobody looks at what comes until all have theirs: whoever looks asks the local Discord.
        """
        delays = []
        for _ in range(self.bursts):
            await rest()
            since = await discord.human.log_end()
            os.kill(self.client, signal.SIGSTOP)
            try:
                asked = await asyncio.gather(*(ask(discord.crowd) for _ in range(self.people)))
                await asyncio.sleep(_ON_THE_WIRE_S)
            finally:
                began = time.monotonic()
                os.kill(self.client, signal.SIGCONT)
            await asyncio.sleep(_NOBODY_LOOKS_S)
            responses = await _responses(discord, since, expected=self.people)
            delays += [answered - began for _, answered in responses]
            await asyncio.gather(*(discord.human.answer(one.id) for one in asked))
        return delays


async def a_moment() -> None:
    """The rest of a client that does nothing but reply: as long as the bot's at least, in the same rhythm."""
    await asyncio.sleep(_CALM_S)


@asynccontextmanager
async def resting(dsn: str) -> AsyncIterator[Rest]:
    """The rest of the bot: what the presses before have changed is written and told.

    Nobody waits for edits that come in a few seconds: in a measurement they are refused, and tried again.
    """
    connection = await connect(dsn)

    async def rest() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_REST_WITHIN_S):
                while await is_working(connection):  # noqa: ASYNC110  # rows of another process
                    await asyncio.sleep(_CALM_S)
        await asyncio.sleep(_CALM_S)

    try:
        yield rest
    finally:
        await connection.close()


def command(name: str) -> Ask:
    """Runs a slash command."""
    return lambda human: human.command("responder", "general", name)


def press(button: Button) -> Ask:
    """Presses a button."""
    return lambda human: human.click("responder", button.post.id, button.control)


async def presses_on_triages(discord: Discord, *, cards: int) -> dict[str, Ask]:
    """Pressing each button of a question, every time on another card: at most *cards* times each."""
    report = TriageReport("bench", targets=["api.parky.co.jp"], symptoms=["errors"])
    walk = TriageWalk(discord.human, "responder", "general")
    asked = [await walk.answer(await walk.begin(report), "はい") for _ in range(cards)]
    return {label: _press_in_turn(asked, label) for label in ON_A_CARD}


def _press_in_turn(cards: Sequence[Message], label: str) -> Ask:
    waiting = iter([press(Button(card, card.control(label))) for card in cards])

    async def ask(human: Human) -> Interaction:
        return await next(waiting)(human)

    return ask


async def buttons_of_an_incident(discord: Discord) -> list[Button]:
    """Every button under a fresh alert and on its thread's card; whoever presses them may."""
    ran = await discord.human.command("responder", "general", "sev1", {"title": "bench"})
    assert ran.id
    alert = await discord.human.see("p0-alerts", "SEV1", where=lambda post: post.thread_id is not None)
    assert alert.thread_id is not None
    card = await discord.human.see(alert.thread_id, where=lambda post: bool(post.controls))
    return [*_buttons(alert), *_buttons(card)]


def _buttons(post: Message) -> list[Button]:
    pressed = [one for one in post.controls if one.custom_id is not None and one.options is None]
    return [Button(post, control) for control in pressed]


async def _responses(discord: Discord, since: int, *, expected: int) -> list[tuple[float, float]]:
    """When each was asked and had its first response, by the machine's monotonic clock, from the log."""

    async def look() -> list[tuple[float, float]] | None:
        found = _read(await discord.human.log(since=since))
        return found if len(found) >= expected else None

    return await discord.human.until(look, f"{expected} first responses", within_s=_DONE_WITHIN_S)


def _read(log: list[dict[str, Any]]) -> list[tuple[float, float]]:
    asked = {
        entry["frame"]["d"]["id"]: entry["monotonic_s"]
        for entry in log
        if entry["kind"] == "gateway" and entry["frame"].get("t") == "INTERACTION_CREATE"
    }
    answered = {
        entry["path"].split("/")[2]: entry["started_s"]
        for entry in log
        if entry["kind"] == "rest" and entry["path"].endswith("/callback")
    }
    return [(at, answered[asking]) for asking, at in asked.items() if asking in answered]
