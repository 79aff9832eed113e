"""A megabyte of output without its secrets: how long it takes, and how long the loop stalls meanwhile."""

import asyncio
import gc
import time
from collections.abc import Callable
from itertools import cycle
from random import Random
from typing import Final

from bot.domain.masking.masking import mask, vendor_secrets
from bot.domain.masking.spans import found_in
from bot.services.sheets import BIGGEST
from tests.bench.figures import Figures, Limit, Row
from tests.bench.measurements.checks import watched
from tests.unit.domain.masking.test_masking import OUTPUTS, pieces

_ROUNDS: Final = 5
_MEGABYTE: Final = 1_000_000

#: What the patterns of vendors take by themselves.
_FLOOR_IS: Final = "the patterns of vendors alone"
_RATIO: Final = Limit(ratio=8)

#: The thread and the loop take turns of 5 ms (`sys.getswitchinterval`).
_STALL: Final = Limit(worst_ms=50)


async def rows(_dsn: str) -> list[Row]:
    """Mask the largest file that a person may give, as lines and as one line without an end."""
    lines = _output(Random(1))
    texts = {"as lines": lines, "as one line": lines.replace("\n", " ")}
    _masked(lines[:10_000])  # the patterns are loaded by the first output
    gc.collect()
    gc.freeze()  # as the bot does after its start: else a collection of everything is measured
    found = []
    for shape, text in texts.items():
        took, least = zip(
            *((_spent_s(_masked, text), _spent_s(_least, text)) for _ in range(_ROUNDS)), strict=True
        )
        found += _speed(shape, len(text.encode()), list(took), list(least))
    return [*found, await _stall(lines)]


def _speed(shape: str, size: int, took: list[float], least: list[float]) -> list[Row]:
    what, megabytes = f"masking 1 MB of output {shape}", size / _MEGABYTE
    speed, fastest = (Figures.plain([megabytes / each for each in spent]) for spent in (took, least))
    return [
        Row(
            f"{what}: the processor's time",
            Figures.of(took),
            Figures.of(least),
            _FLOOR_IS,
            _RATIO,
            "≤ 8 ×",
        ),
        Row(f"{what}: megabytes a second", speed, fastest, _FLOOR_IS, unit="MB/s"),
    ]


async def _stall(text: str) -> Row:
    """Mask in a thread, as `bot.services.sheets` does, beside the loop."""
    stalls = [(await watched(lambda: asyncio.to_thread(_masked, text)))[1] for _ in range(_ROUNDS)]
    idle = [(await watched(lambda: asyncio.sleep(1)))[1] for _ in range(_ROUNDS)]
    return Row(
        "masking 1 MB of output: the loop's longest stall",
        Figures.of(stalls),
        Figures.of(idle),
        "the same loop with nothing to do",
        _STALL,
        "< 50 ms",
    )


def _output(random: Random) -> str:
    """Return the outputs of the tests with secrets in their places, again and again, to the largest size."""
    written: list[str] = []
    left = BIGGEST
    for path in cycle(OUTPUTS):
        text = "".join(piece for piece, _ in pieces(path.read_text(encoding="utf-8"), random))
        written.append(text)
        left -= len(text.encode())
        if left <= 0:
            return "".join(written).encode()[:BIGGEST].decode(errors="ignore")
    raise AssertionError("there are no outputs")


def _masked(text: str) -> None:
    mask(text)


def _least(text: str) -> None:
    for _ in found_in(text, [vendor_secrets]):
        pass


def _spent_s(work: Callable[[str], object], text: str) -> float:
    """Return the processor's time of this thread: another program's load is not counted."""
    began = time.thread_time()
    work(text)
    return time.thread_time() - began
