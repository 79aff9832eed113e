"""Show that the bot's programs behave alike whether they are started afresh or forked."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from bot.demo.process import Child
from tests import warm
from tests.patience import PATIENCE_S

PROBE = "tests.integration.process.probe"

Start: TypeAlias = Callable[..., Awaitable[Child]]

both = pytest.mark.parametrize("start", [Child.start, warm.start], ids=["from nothing", "forked"])


@both
async def test_what_it_is_given(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program gets its own arguments, folder, time zone and settings, and no setting of the test.

    The program has a session of its own; all that it prints and its exit code are known.
    """
    monkeypatch.setenv("DISCORD_API_BASE", "https://real.example")
    env = {"DISCORD_TOKEN": "abc", "TZ": "Asia/Kathmandu"}
    child = await start("probe", "one", "two", env=env, folder=tmp_path, module=PROBE)
    assert await child.wait() == 3
    assert not child.is_running
    said, end = child.lines
    given = json.loads(said)
    del given["process"]
    ignored = set(given.pop("ignored"))
    if start == warm.start:  # from a process that was there before a test, maybe, handled SIGINT in this one
        ignored.discard(signal.SIGINT)
    assert ignored == set(_ignored()) - {signal.SIGINT}
    assert given == {
        "arguments": ["one", "two"],
        "folder": str(tmp_path),
        "settings": {"DISCORD_TOKEN": "abc", "DISCORD_API_BASE": None},
        "is_session": True,
        "is_warm": start == warm.start,
        "east_of_utc_s": 20_700,
    }
    assert end == "終わり"


@both
async def test_each_is_a_process_of_its_own(start: Start, tmp_path: Path) -> None:
    """Two programs have different process ids, by which their database connections are known."""
    names = set()
    for _ in range(2):
        child = await start("probe", env={}, folder=tmp_path, module=PROBE)
        await child.wait()
        names.add(json.loads(child.lines[0])["process"])
    assert len(names) == 2


@both
async def test_how_it_is_ended(start: Start, tmp_path: Path) -> None:
    """A program ends by the signal that it is sent; a signal after its end does nothing."""
    for end in (Child.stop, Child.kill):
        child = await start("probe", "wait", env={}, folder=tmp_path, module=PROBE)
        await child.line_with("終わり", within_s=PATIENCE_S)
        assert child.is_running
        code = await end(child)
        assert code == (-signal.SIGTERM if end == Child.stop else -signal.SIGKILL)
        child.signal(signal.SIGTERM)


OWNER = """
import asyncio, sys
from pathlib import Path
from bot.demo.process import Child
from tests import warm
from tests.patience import PATIENCE_S

async def own():
    start = {"warm": warm.start, "cold": Child.start}[sys.argv[1]]
    child = await start("probe", "wait", env={}, folder=Path("."), module="tests.integration.process.probe")
    await child.line_with("終わり", within_s=PATIENCE_S)
    print(child.pid, flush=True)
    await child.wait()

asyncio.run(own())
"""


@pytest.mark.parametrize("how", ["cold", "warm"])
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of others does not end it")
async def test_it_does_not_outlive_its_owner(how: str, tmp_path: Path) -> None:
    """Killed, which runs no clean-up, and started in the background of a script, where SIGINT is ignored."""
    command = ("sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", OWNER, how)
    pipe, env = asyncio.subprocess.PIPE, os.environ | {"PYTHONUTF8": "1"}
    owner = await asyncio.create_subprocess_exec(*command, stdout=pipe, cwd=tmp_path, env=env)
    assert owner.stdout is not None
    child = int(await owner.stdout.readline())
    owner.kill()
    await owner.wait()
    async with asyncio.timeout(PATIENCE_S):
        while _is_alive(child):  # noqa: ASYNC110 -- of a stranger's child there is no event
            await asyncio.sleep(0.05)


def _ignored() -> list[int]:
    """Return the signals that this process ignores, by itself or because its parent does (nohup)."""
    return [int(one) for one in signal.Signals if signal.getsignal(one) is signal.SIG_IGN]


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
