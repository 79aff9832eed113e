"""`incident-bot demo`: the README's first screen, which leaves nothing behind.

The tour is played where the bot is installed: `tests/integration/installation/test_wheel.py`.
"""

import asyncio
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from bot.demo.story.beginning import REPORTS
from bot.runbook import default_policy_text
from bot.storage.database.migrate import SEARCH_PATH
from local_discord.client import Human, NotSeen
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

_END_S = 20.0
_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_CHANNELS = ("p0-alerts", "p3-insights", "general")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path: PostgreSQL's socket lies below it, and pytest's own are too deep."""
    with tempfile.TemporaryDirectory(prefix="demo-") as made:
        yield Path(made)


@pytest.fixture(autouse=True)
def _interrupts_arrive() -> Iterator[None]:
    """A job in the background of a shell ignores SIGINT, and so would everything that it starts."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@asynccontextmanager
async def demo(folder: Path, *arguments: str, **env: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """``incident-bot demo`` with its temporary files below *folder*."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
        env={**os.environ, "LC_ALL": "C.UTF-8", "TMPDIR": str(folder), **env},  # which names no language
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def told_by(process: asyncio.subprocess.Process) -> str:
    """Return what the demo prints until it is ready."""
    assert process.stdout is not None
    told = ""
    async with asyncio.timeout(2 * PATIENCE_S):
        while "Ctrl-C" not in told:
            line = await process.stdout.readline()
            assert line, told
            told += line.decode()
    return told


async def press(human: Human, control: str, channel: str, words: str) -> None:
    """Press a control of the page, wait for its end, and for what it leads to."""
    await human.press_control("ito", control)

    async def look() -> bool | None:
        shown = [message for message in await human.messages(channel) if words in message.text]
        return True if shown else None

    async def over() -> bool | None:
        return True if (await human.state())["running"] is None else None

    await human.until(over, f"the end of {control}")
    await human.until(look, f"{words} in {channel}")


def processes_below(folder: Path) -> list[int]:
    """The processes that work in *folder* or below it."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(folder):
                found.append(int(entry.name))
        except OSError:  # it has ended meanwhile, or is somebody else's
            continue
    return found


def remains(folder: Path) -> list[str]:
    """Return the names that are left in *folder*."""
    return sorted(entry.name for entry in folder.iterdir())


async def until_nobody_works_in(folder: Path) -> None:
    """Wait for the end of every process below *folder*."""
    deadline = time.monotonic() + _END_S
    while left := processes_below(folder):
        assert time.monotonic() < deadline, f"still running: {left}"
        await asyncio.sleep(0.05)  # the end of another's process is no event for us


async def end(process: asyncio.subprocess.Process, number: signal.Signals, folder: Path) -> None:
    """End the demo by a signal; every process ends with it, and what it was asked to end leaves nothing."""
    process.send_signal(number)
    code = await process.wait()
    assert code == (-number if number == signal.SIGKILL else 0)
    await until_nobody_works_in(folder)
    if number != signal.SIGKILL:
        assert remains(folder) == []


async def test_demo_is_ready_to_play_and_ends_with_ctrl_c(folder: Path) -> None:
    """The printed address is enough to play, and Ctrl-C ends every process."""
    async with demo(folder) as process:
        told = await told_by(process)
        assert told.startswith("Ready in"), told  # and no warning before it
        url = re.search(r"http://\S+/_human", told)
        assert url
        async with Human(url[0]) as human:
            await human.see("p3-insights", "先週 (")
            await human.see("p0-alerts", REPORTS["ja"].title)
            assert len((await human.state())["tour"]) == 5  # what the page explains to a newcomer
            said = await human.command("ito", "general", "sev1", {"title": "領収書が発行できない"})
            assert "発報しました" in said.text
            await human.see("p0-alerts", "領収書が発行できない")
        await end(process, signal.SIGINT, folder)


async def test_english_demo_is_english_throughout(folder: Path) -> None:
    """The printed lines, the page's address, posts, DMs, the past and what the commands answer.

    SIGTERM ends it as Ctrl-C does.
    """
    async with demo(folder, "--lang", "en") as process:
        told = await told_by(process)
        url = re.search(r"http://\S+/_human", told)
        assert url
        assert f"{url[0].removesuffix('_human')}?lang=en" in told
        async with Human(url[0]) as human:
            await human.see("p3-insights", "Last week")
            said = [await human.command("ito", "general", "sev1", {"title": "Payments fail"})]
            said += [await human.command("sato", "general", name) for name in ("dlq recent", "incident list")]
            await human.see("p0-alerts", "Payments fail")
            page = await human.see("dm:sato", "Payments fail")
            # Nobody acknowledges it. Shortly before 10:00 JST the morning's triage comes first.
            with suppress(NotSeen):
                await press(human, "clock.next", "p0-alerts", "⏫")
            await press(human, "clock.next", "p0-alerts", "⏫")
            await press(human, "monitor.new", "p0-alerts", "Monitor is DOWN: Booking site")
            shown = [message.text for channel in _CHANNELS for message in await human.messages(channel)]
        await end(process, signal.SIGTERM, folder)
    assert "DLQ" in said[1].text
    assert not _JAPANESE.findall("\n".join([told, page.text, *shown, *(answer.text for answer in said)]))


async def test_japanese_demo_speaks_japanese_in_the_terminal(folder: Path) -> None:
    """Every printed sentence is Japanese; what is left are addresses, names and commands."""
    async with demo(folder, "--lang", "ja") as process:
        told = await told_by(process)
        await end(process, signal.SIGINT, folder)
    assert told.startswith("準備ができました"), told
    sentences = [line for line in told.splitlines() if line and not line.startswith(("  curl", "       "))]
    assert [line for line in sentences if not _JAPANESE.search(line)] == []


#: What 🔔 offers, and what becomes of each in turn.
SHOWN = {
    "new": "tracked",
    "repeated": "counted",
    "grouped": "tracked",
    "failed": "tracked",
    "recovered": "recovered",
    "muted": "held",
}


async def test_bell_shows_what_it_says(folder: Path) -> None:
    """Each choice of 🔔 leads to what its sentence says, by the bot's own record of the message."""
    async with demo(folder) as process:
        told = await told_by(process)
        url = re.search(r"http://\S+/_human", told)
        dsn = re.search(r"postgres\S+", told)
        assert url
        assert dsn
        connection = await asyncpg.connect(dsn[0], server_settings={"search_path": SEARCH_PATH})
        begun = await connection.fetchval("SELECT now()")

        async def outcomes() -> list[str]:
            rows = await connection.fetch(
                "SELECT outcome FROM alert_decisions WHERE said_at > $1 ORDER BY said_at", begun
            )
            return [row["outcome"] for row in rows]

        async with Human(url[0]) as human:
            for number, choice in enumerate(SHOWN, 1):
                await human.press_control("ito", f"monitor.{choice}")

                async def decided(number: int = number) -> bool | None:
                    over = (await human.state())["running"] is None
                    return True if over and len(await outcomes()) == number else None

                await human.until(decided, f"what became of {choice}")
        assert dict(zip(SHOWN, await outcomes(), strict=True)) == SHOWN
        await connection.close()
        await end(process, signal.SIGINT, folder)


async def test_demo_plays_the_teams_own_policy(folder: Path, tmp_path: Path) -> None:
    """RUNBOOK_FILE's channels and people are there, whatever server it was written for.

    The demo's own death ends every process, too.
    """
    policy = tmp_path / "ours.toml"
    ours = (
        default_policy_text()
        .replace('"p2-deploys"', '"deploys"')
        .replace('"primary"\nemail', '"alice"\nemail')
    )
    policy.write_text(f'guild = "123456789012345678"\n{ours}', encoding="utf-8")
    async with demo(folder, RUNBOOK_FILE=str(policy)) as process:
        url = re.search(r"http://\S+/_human", await told_by(process))
        assert url
        async with Human(url[0]) as human:
            await human.see("dm:alice", REPORTS["ja"].title)
            await human.command("ito", "general", "sev3", {"title": "ビルドが失敗"})
            await human.see("deploys", "ビルドが失敗")
        await end(process, signal.SIGKILL, folder)
