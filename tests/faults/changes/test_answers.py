"""Row 63: Discord refuses or delays the answer to a change, which is still made, once."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from bot.demo.clock import is_busy
from bot.demo.triage_walk import TriageReport, TriageWalk
from local_discord.client import Human
from tests.e2e.conftest import Commands
from tests.e2e.oncall.rosters import policy_file
from tests.e2e.oncall.test_morning import to_morning
from tests.e2e.world.bot import start_program
from tests.faults.changes.everything import CHANGES, LEFT, is_there
from tests.faults.changes.scene import Change, Scene, Seen, all_of, made, wrong_with
from tests.faults.changes.view import view_of
from tests.faults.conftest import Figure, OpenStage
from tests.faults.stage.stage import Stage, open_stage_on

pytestmark = pytest.mark.xdist_group("faults-answers")

#: The first responses. What would follow is refused as by the real Discord: there is nothing that it follows.
_ANSWERS: Final = "POST /interactions/*/*/callback"
_FAULTS: Final[dict[str, dict[str, Any]]] = {
    "503": {"status": 503},
    "10062": {"status": 404, "code": 10062},
    "after 4 s": {"delay_s": 4.0},
}
#: One drill is played at a time: this one begins when the one before has been stopped.
LATER: Final = ("/drill start",)

#: How many are prepared at once.
_AT_ONCE: Final = 8

_LEFT_FOR_MIN: Final = 11
_REST_S: Final = 90.0
_PROMPT_S: Final = 10.0
_BACK_S: Final = 60.0  # the longest pause between two probes, and a moment

_SEATS = ("set", "override", "end", "rotate", "clear", "import", "undo")
_ON_CALL = """[people.primary]
discord = "primary"
email = "primary@example.com"

[people.secondary]
discord = "secondary"
email = "secondary@example.com"

[oncall]
handover_channel = "p1-ops"
primary = "primary"
secondary = "secondary"
{seats}

[[oncall.seatswap.layer]]
people = ["primary", "secondary"]
every = "1w"
starts_on = "2024-01-01"
handover = "10:00"

{teams}"""
_TEAMS = """[oncall.seatteam]
discord = "secondary"

[teams.payments]
channel = "general"
schedule = ["seatteam"]

"""


@pytest.mark.timeout(400)  # every change there is, one after the other
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("10062"),
        pytest.param("503", marks=pytest.mark.slow),
        pytest.param("after 4 s", marks=pytest.mark.slow),
    ],
)
async def test_row_63_each_change_is_made_once_whatever_becomes_of_its_answer(
    database_url: str, commands: Commands, figure: Figure, tmp_path: Path, fault: str
) -> None:
    """Every change, all at once, is recorded once and shown to people."""
    async with staged(database_url, commands, tmp_path) as stage:
        async with Human(stage.world.sandbox.human, waits=False) as hasty:
            scenes = {name: Scene(stage, hasty, title_of(name)) for name in CHANGES}
            first = [name for name in CHANGES if name not in LATER]
            wrong = await _make(stage, scenes, first, fault)
            wrong += await _make(stage, scenes, [name for name in CHANGES if name in LATER], fault)
        assert not wrong, "\n".join(wrong)
        unanswered = len(CHANGES) + 2  # and two lists of choices
        await stage.until(lambda: len(_unanswered(stage)) == unanswered, "the warnings", within_s=_REST_S)
        assert await stage.numbers(title_of("triage.starting.send_triage")) == []
        assert stage.world.complaints() == []
        figure(f"{fault}: {len(CHANGES)} changes, each once")


async def test_row_63_p0_is_told_when_discord_takes_nothing(open_stage: OpenStage, figure: Figure) -> None:
    """If Discord takes neither answer nor alert, on-call gets an email at once and the posts later."""
    title = "行63 決済 API が 5xx"
    async with open_stage() as stage:
        await stage.world.start_bot()
        async with stage.ill():
            await stage.world.fault(route="* /**", times=None, status=503)
            began = time.monotonic()
            await stage.start_command("sev1", title=title)
            await stage.until(lambda: [m for m in stage.box.mails if title in str(m["Subject"])], "the email")
            took_s = time.monotonic() - began
            await stage.world.human.clear_faults()
        number = await stage.number(title)
        await stage.until(lambda: stage.alerts(number), "the alert, late", within_s=_BACK_S)
        assert took_s < _PROMPT_S
        figure(f"all of REST: email after {took_s:.1f} s")


async def _make(stage: Stage, scenes: dict[str, Scene], names: Iterable[str], fault: str) -> list[str]:
    """Make these changes without an answer, and return what is wrong afterwards."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def prepare(name: str) -> Change:
        async with turns:
            return await CHANGES[name](scenes[name])

    changes: dict[str, Change] = await all_of({name: prepare(name) for name in names})
    await stage.until(lambda: at_rest(stage), "rest", within_s=_REST_S)
    view = view_of(stage)
    before = await all_of({name: Seen.of(stage, change, view) for name, change in changes.items()})
    await stage.world.fault(route=_ANSWERS, times=None, **_FAULTS[fault])
    await stage.world.fault(gateway="duplicate", event="INTERACTION_CREATE", times=None)
    await all_of({name: change.act() for name, change in changes.items()})
    missing, _ = await asyncio.gather(
        made(stage, changes, before),
        stage.world.human.autocomplete("primary", "general", "incident show", "number", "INC"),
    )
    await stage.until(lambda: _is_idle(stage), "the queue at rest", within_s=_REST_S)
    await stage.world.human.clear_faults()
    wrong = await all_of({name: wrong_with(stage, change, before[name]) for name, change in changes.items()})
    return [f"{name}: {each}" for found in (missing, wrong) for name, some in found.items() for each in some]


def _unanswered(stage: Stage) -> set[int]:
    """Return the interactions whose failed answer is in the log."""
    lines = stage.world.bot.entries()
    return {each["interaction_id"] for each in lines if each["event"] == "interaction.answer_failed"}


async def _is_idle(stage: Stage) -> bool:
    async with stage.world.database() as connection:
        return not await is_busy(connection)


async def at_rest(stage: Stage) -> bool:
    """No post is about to follow: what changes from now on is what is looked at.

    Discord lets few posts of a channel be edited at a time: dozens of them take half a minute.
    """
    if not await _is_idle(stage):
        return False
    [row] = await stage.world.rows("SELECT count(*) FROM pgqueuer WHERE entrypoint LIKE 'refresh%'")
    return not row["count"]


def title_of(name: str) -> str:
    """One word for a change, without what Discord's markdown or a monitor's fingerprint would change.

    The words of its name, each by itself, would say that an alert is over ("resolved").
    """
    return f"行63 {re.sub('[^A-Za-z0-9]+', '', name)}。"


@asynccontextmanager
async def staged(database_url: str, commands: Commands, folder: Path) -> AsyncIterator[Stage]:
    """A stage on which there is something for everything, with a bot that reads what monitors post."""
    seats = "\n".join(f'seat{name} = "secondary"' for name in _SEATS)
    teams = _TEAMS if is_there("/incident team") else ""
    policy = policy_file(folder, _ON_CALL.format(seats=seats, teams=teams))
    env: dict[str, Any] = {"RUNBOOK_FILE": policy, "MESSAGE_CONTENT": "true"}
    async with open_stage_on(database_url, commands=commands, folder=folder, **env) as stage:
        await stage.world.human.change("application", message_content=True)
        await stage.world.human.change("limits", enabled=False)
        registering = await start_program(
            "sync-commands", "sync-commands", env=stage.world.settings, folder=folder
        )
        assert await registering.wait() == 0, registering.last_words()
        await stage.world.start_bot()
        await _reach_morning(stage)
        await _leave_triages(stage)
        yield stage


async def _reach_morning(stage: Stage) -> None:
    """Open a SEV3, and move to the post of the next business day that lists it."""
    await stage.world.command("sev3", title="行63 朝")
    await stage.world.idle()
    await stage.world.kill_bot()
    await stage.world.shift(minutes=(await to_morning(stage.world, minutes=2)).total_seconds() / 60)
    await stage.world.start_bot()


async def _leave_triages(stage: Stage) -> None:
    """Begin two triages and leave them until the bot asks about them."""
    for name in LEFT:
        await TriageWalk(stage.world.human, "responder", "general").begin(TriageReport(title_of(name)))
    await stage.world.idle()
    await stage.world.shift(minutes=_LEFT_FOR_MIN)
