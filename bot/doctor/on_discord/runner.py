"""Every trial in order, each with its deadline, and the clean-up after them."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from importlib import resources
from typing import Final

from bot.doctor.on_discord import messages, presses, reads, threads
from bot.doctor.on_discord.api import DiscordRefused
from bot.doctor.on_discord.trial import (
    MARK,
    THREAD_NAME,
    Facts,
    Observation,
    Run,
    Skipped,
    Trial,
    TrialOutcome,
    TrialResult,
)

#: In the order in which they run: what others need comes first.
REGISTRY: Final[tuple[Trial, ...]] = (
    *reads.TRIALS,
    *reads.SESSION_TRIALS,
    *messages.TRIALS,
    *threads.TRIALS,
    *threads.PRIVATE_TRIALS,
    *presses.TRIALS,
    *messages.LAST,
)

_SWEEP_S: Final = 30.0
_SIGNS: Final = 400  # of what was seen, in one line


def expectations() -> Mapping[str, Facts]:
    """Return the facts that each trial sees in the local Discord, by the trial's name."""
    text = resources.files("bot.doctor.on_discord").joinpath("expected.json").read_text(encoding="utf-8")
    facts: Mapping[str, Facts] = json.loads(text)
    return facts


async def observe(run: Run) -> AsyncGenerator[Observation, None]:
    """Run every trial, then remove everything that they made, even when the run is interrupted."""
    expected, is_over = expectations(), False
    try:
        for trial in REGISTRY:
            if is_over:
                said = "Discord was not reached"
                yield Observation(trial.name, TrialOutcome.SKIPPED, said, None, None)
                continue
            observation = await _look(trial, run, expected[trial.name])
            is_over = trial.is_vital and observation.state is TrialOutcome.FAIL
            yield observation
    finally:
        if run.link is not None:
            await run.link.leave(is_over=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(_SWEEP_S):
                await _sweep(run)
        count, left = await run.clean_up.run()
    if left:
        todo = "delete what is marked 🧪 in the channel by hand"
        yield Observation("clean-up", TrialOutcome.FAIL, "; ".join(left), None, None, todo=todo)
    else:
        yield Observation("clean-up", TrialOutcome.OK, f"everything is removed ({count})", None, None)


async def _sweep(run: Run) -> None:
    """Queue the removal of posts that this run or an earlier one does not know of: an answer was lost."""
    with suppress(DiscordRefused, Skipped, KeyError, TypeError):
        own_id = (await run.api.get("/users/@me"))["id"]
        for message in await run.api.get(f"{run.place}/messages", limit="50"):
            if message["author"]["id"] == own_id and MARK in message["content"]:
                run.clean_up.later("DELETE", f"{run.place}/messages/{message['id']}")
        active = await run.api.get(f"/guilds/{run.guild_id}/threads/active")
        for thread in active["threads"]:
            is_here = run.place == f"/channels/{thread['parent_id']}"
            if is_here and thread["owner_id"] == own_id and thread["name"] == THREAD_NAME:
                run.clean_up.later("DELETE", f"/channels/{thread['id']}")


async def _look(trial: Trial, run: Run, expected: Facts) -> Observation:
    try:
        async with asyncio.timeout(trial.deadline_s):
            return _judged(trial, await trial.look(run), expected)
    except Skipped as skipped:
        return Observation(trial.name, TrialOutcome.SKIPPED, str(skipped), expected, None)
    except DiscordRefused as refused:
        said = str(refused)
    except TimeoutError:
        said = f"not done within {trial.deadline_s:g} s"
    except (KeyError, TypeError, ValueError) as error:
        said = f"Discord's answer is not of the known shape: {type(error).__name__}"
    return Observation(trial.name, TrialOutcome.FAIL, said, expected, None, todo=trial.todo)


def _judged(trial: Trial, seen: TrialResult, expected: Facts) -> Observation:
    is_as_expected = seen.facts == expected
    outcome = (
        TrialOutcome.OK if is_as_expected else TrialOutcome.DIFFERS if trial.is_detail else TrialOutcome.FAIL
    )
    parts = [seen.warning, _line(seen.facts), _line(seen.measured)]
    return Observation(
        trial.name,
        outcome,
        "; ".join(each for each in parts if each)[:_SIGNS],
        expected,
        seen.facts,
        seen.measured,
        todo="" if is_as_expected else trial.todo,
    )


def _line(facts: Facts) -> str:
    return ", ".join(f"{name}: {json.dumps(value)}" for name, value in facts.items())
