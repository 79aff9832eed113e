"""Answers to an interaction beside the work that it asks for: neither a refused nor a slow one stops it.

Discord takes a first response for 3 s. It may also refuse it, lose it, or be slow. The work is done in any
case: an answer is the lesser loss, and the posts show what was done. While many people press at once, first
responses go before other work (`FirstResponses`).
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from json import JSONDecodeError
from typing import Any, Final

import aiohttp
import discord
import structlog

from bot.domain.errors import Superseded

log = structlog.get_logger(__name__)

#: Discord takes no first response later than this, seconds.
TAKEN_WITHIN_S: Final = 3.0

#: How long the work waits for its first response, seconds. A 40060 within that time means that another
#: process has answered: discord.py repeats a request after 1 s at the soonest, and only then meets its own.
HEARD_WITHIN_S: Final = 0.9

#: Our own end of a later answer, seconds: aiohttp would wait for 300.
SHOWN_WITHIN_S: Final = 10.0

_ANSWERED: Final = 40060
#: Discord's codes for an interaction that has expired (10062, 10015, 50027), and for a screen that the person
#: has dismissed (10008): there is no one to answer.
_EXPIRED: Final = frozenset({10008, 10015, 10062, 50027})
#: A failed answer. What else is raised is a bug.
_FAILURES: Final = (discord.HTTPException, aiohttp.ClientError, OSError, JSONDecodeError)

_FIRST: Final = "first_response"  # among an interaction's extras

Answer = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class _First:
    """A first response that is under way or over.

    Attributes:
        sending: Gives the failure, or None when Discord has taken it.
        keeps: The screen that was pressed on stays and will change, instead of a new message.
    """

    sending: asyncio.Task[Exception | None]
    keeps: bool


async def acknowledge(interaction: discord.Interaction[Any], *, keeps: bool) -> None:
    """Send the first response; return once Discord has taken or refused it, or is slow.

    Args:
        keeps: What follows changes the screen that was pressed on; else it is a message for one person.

    Raises:
        Superseded: Another process has answered this interaction.
    """
    first = _First(asyncio.create_task(_defer(interaction, keeps=keeps), name="first response"), keeps)
    interaction.extras[_FIRST] = first
    await asyncio.wait({first.sending}, timeout=HEARD_WITHIN_S)
    if first.sending.done() and _code(first.sending.result()) == _ANSWERED:
        raise Superseded


async def show(interaction: discord.Interaction[Any], *, first: Answer, later: Answer) -> bool:
    """Show something by *later*; by *first* where Discord has taken no first response so far.

    Returns:
        True if Discord took it. A refusal or a timeout is logged.

    Raises:
        discord.HTTPException: Discord finds it malformed, which is a bug.
    """
    before: _First | None = interaction.extras.get(_FIRST)
    if before is not None and _code(await before.sending) in _EXPIRED:
        return False
    if interaction.response.is_done():
        return await takes(later)
    return await takes(lambda: _as_first(first, later), within_s=TAKEN_WITHIN_S)


async def takes(answer: Answer, *, within_s: float = SHOWN_WITHIN_S) -> bool:
    """Send *answer*; return whether Discord took it. A refusal or a timeout is logged.

    Raises:
        discord.HTTPException: Discord finds it malformed, which is a bug.
    """
    try:
        async with asyncio.timeout(within_s):
            await answer()
    except _FAILURES as failed:
        if _is_malformed(failed):
            raise
        _note(failed)
        return False
    return True


def keeps_screen(interaction: discord.Interaction[Any]) -> bool:
    """Return whether an answer changes the screen that was pressed on, as nothing else was promised."""
    before: _First | None = interaction.extras.get(_FIRST)
    return before is None or before.keeps


def note_refused_choices(record: logging.LogRecord) -> bool:
    """Log a refused list of choices like any other refused answer; a filter for discord.py's log.

    discord.py logs it as an error, with a traceback, for each character that a person types.

    Returns:
        True when discord.py's own line is to be written, because it is about a bug.
    """
    error = record.exc_info[1] if record.exc_info else None
    if not isinstance(error, _FAILURES) or _is_malformed(error):
        return True
    _note(error)
    return False


async def _defer(interaction: discord.Interaction[Any], *, keeps: bool) -> Exception | None:
    try:
        async with asyncio.timeout(TAKEN_WITHIN_S):
            await interaction.response.defer(ephemeral=not keeps, thinking=not keeps)
    except Exception as failed:  # noqa: BLE001  # whatever it is, the work goes on
        if _code(failed) != _ANSWERED:
            _note(failed)
        return failed
    return None


async def _as_first(first: Answer, later: Answer) -> None:
    """Send *first*; send *later* instead if Discord took an earlier acknowledgement whose answer was lost."""
    try:
        await first()
    except discord.HTTPException as refused:
        if refused.code != _ANSWERED:
            raise
        await later()


def _note(failed: BaseException) -> None:
    status = failed.status if isinstance(failed, discord.HTTPException) else None
    reason = type(failed).__name__
    log.warning("interaction.answer_failed", reason=reason, http_status=status, code=_code(failed))


def _code(failed: BaseException | None) -> int | None:
    """Return Discord's own code of a refusal."""
    return failed.code if isinstance(failed, discord.HTTPException) else None


def _is_malformed(failed: BaseException) -> bool:
    return (
        isinstance(failed, discord.HTTPException)
        and failed.status == HTTPStatus.BAD_REQUEST
        and failed.code not in _EXPIRED
        and failed.code != _ANSWERED
    )


#: How long deferred work waits for others to get their first response, seconds.
PATIENCE_S: Final = 1.0

#: Two presses closer together than this are a crowd; it is over after as long without a press, seconds.
CALM_S: Final = 0.03

#: The pause between works after a crowd, so that a new press does not wait for all of them, seconds.
PACE_S: Final = 0.004


class FirstResponses:
    """The tasks that have not yet sent a first response to the person they answer.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: set[asyncio.Task[Any]] = set()
        self._nobody = asyncio.Event()
        self._nobody.set()
        self._last_came = float("-inf")
        self._is_crowd = False
        self._turn = asyncio.Lock()

    def owed(self, task: asyncio.Task[Any]) -> None:
        """Add *task*, which answers a person: by its first response, or at the latest when it ends."""
        now = self._clock()
        self._is_crowd, self._last_came = now - self._last_came < CALM_S, now
        self._waiting.add(task)
        self._nobody.clear()
        task.add_done_callback(self.given)

    def given(self, task: asyncio.Task[Any]) -> None:
        """Remove *task*, whose person has had a response."""
        self._waiting.discard(task)
        if not self._waiting:
            self._nobody.set()

    async def others(self) -> None:
        """Wait for the first responses of a crowd, before work begins that keeps the processor busy.

        Without a crowd it returns at once.
        """
        if not self._waiting and not self._turn.locked() and not self._calm_in_s():
            return
        patient_until = self._clock() + PATIENCE_S
        async with self._turn:  # in the order of their coming
            with suppress(TimeoutError):
                async with asyncio.timeout(patient_until - self._clock()):
                    await self._nobody.wait()
                    while left_s := self._calm_in_s():
                        await asyncio.sleep(left_s)
                        await self._nobody.wait()
            await asyncio.sleep(PACE_S)

    def _calm_in_s(self) -> float:
        return max(self._last_came + CALM_S - self._clock(), 0.0) if self._is_crowd else 0.0
