"""What people read of heartbeats: `/heartbeats`, the doctor, and the addresses on the terminal."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.commands import app
from bot.doctor.finding import Finding, State
from bot.i18n import Texts
from bot.runbook import default_policy_text
from bot.settings import load_settings
from bot.ui.words.wording import Wording
from cogs.heartbeats.doctor import check
from cogs.heartbeats.posts import listing
from cogs.heartbeats.rules import BeatKind, secret_of
from cogs.heartbeats.use_cases import HeartbeatUseCases
from tests.cogs.heartbeats.beating import KEY, TABLES, beat, policy_of, use
from tests.log_state import logging_restored
from tests.services.desk import PRIMARY, Desk

GUILD = 100_000_000_000_000_007


async def test_the_list_has_the_worst_first(desk: Desk) -> None:
    """A line has the state, the schedule, and the next report."""
    use(desk)
    await beat(desk, BeatKind.FAIL)
    shown = await desk.services.of(HeartbeatUseCases).queries.show(desk.guild_id, by=PRIMARY)
    title, first, second = listing(Wording(Texts.load(), desk.policy), shown).splitlines()
    assert title == "💓 **ハートビート** · 2 件"
    assert first.startswith("⛔ `hourly` 失敗 (1 時間ごと) · 次回 ")
    assert second == "⏳ `nightly` 初回の報告待ち (0 3 * * * Asia/Tokyo)"


async def test_the_doctor_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a port or a secret no beat can arrive."""
    policy = policy_of(TABLES)
    found: list[Finding] = []
    for name, value in (("HOOKS_HOST", "127.0.0.1"), ("HOOKS_PORT", "8090"), ("HEARTBEATS_SECRET", KEY)):
        monkeypatch.setenv(name, value)
        found += await check(load_settings(env_file=None), policy)
    assert [one.state for one in found] == [State.WARN, State.WARN, State.OK]


def test_the_addresses_are_printed(tmp_path: Path) -> None:
    """`incident-bot heartbeats list` prints a line for each."""
    file = tmp_path / "policy.toml"
    file.write_text(f"{default_policy_text()}\n{TABLES}", encoding="utf-8")
    env = {"RUNBOOK_FILE": str(file), "DISCORD_GUILD_ID": str(GUILD), "HEARTBEATS_SECRET": KEY}
    with logging_restored():
        said = CliRunner().invoke(app, ["heartbeats", "list", "--url", "https://b.example/"], env=env)
    assert said.stdout.splitlines() == [
        f"{name} https://b.example/ping/{secret_of(KEY, GUILD, name)}" for name in ("hourly", "nightly")
    ]
