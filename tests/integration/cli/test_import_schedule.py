"""`incident-bot import-schedule`: it shows what would change, asks, and then the bot follows it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from bot.cli.commands import app
from local_discord.world.seed import GUILD_ID
from tests.standins.schedules.pagerduty import Schedule
from tests.standins.schedules.rules import Turns

TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> None:
    """An empty folder with a map of people, the default policy, and a database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNBOOK_FILE", raising=False)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DISCORD_GUILD_ID", GUILD_ID)
    Path("people.toml").write_text(
        f'"Regina Phalange" = "secondary"\nPUSER03 = {"3" * 18}\n', encoding="utf-8"
    )


def export(*, hours: tuple[int, int] | None = None) -> str:
    """Write an export of eight weeks from now, in which the second of two people is on call first."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    first = (now - timedelta(days=8)).astimezone(TOKYO).replace(tzinfo=None)
    turns = Turns(("PUSER01", "PUSER02", "PUSER03"), first, 7, TOKYO, hours=hours)
    Path("schedule.json").write_text(
        Schedule([turns], now, now + timedelta(weeks=8)).text(), encoding="utf-8"
    )
    return "schedule.json"


def run(*arguments: str) -> Result:
    """Run the command with the map of people."""
    asked = ["import-schedule", *arguments, "--from", "pagerduty", "--people", "people.toml"]
    return CliRunner().invoke(app, asked)


def test_it_shows_what_would_change_and_changes_it_only_when_told_to() -> None:
    """The command shows what an import would change, and puts the schedule into force only with `--yes`.

    A second import of the same file changes nothing.
    """
    file = export()
    looked = run(file, "--dry-run")
    assert (looked.exit_code, looked.stderr) == (0, "")
    assert "  turns of 1 week since " in looked.stdout
    assert "Asia/Tokyo: primary, secondary, Alan Shepard\n" in looked.stdout
    assert "\n  0 overrides\n" in looked.stdout
    assert "secondary, not primary\n" in looked.stdout
    assert "escalation rules stay in the policy file" in looked.stdout
    assert looked.stdout.endswith("nothing was changed: --dry-run\n")
    asked = run(file)
    assert (asked.exit_code, asked.stdout.splitlines()[-1]) == (
        1,
        "nothing was changed: --yes puts it into force",
    )
    done = run(file, "--yes")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "primary follows this schedule from now on")
    again = run(file, "--yes")
    assert again.exit_code == 0
    assert again.stdout.endswith("nothing to change: the place has this schedule\n")
    assert "no one: the same people as now" in again.stdout


def test_a_restricted_rotation_is_shifts_with_an_end() -> None:
    """A rotation restricted to some hours is imported as shifts with an end, and the output says so."""
    said = run(export(hours=(9, 18)), "--place", "secondary", "--yes")
    assert said.exit_code == 0
    assert "shifts\n  they end at " in said.stdout
    assert "a restriction to some hours becomes the shifts that come of it: Layer 1" in said.stdout
    assert "no one is on call there" in said.stdout


def test_people_without_a_discord_user_are_listed_as_the_map_wants_them() -> None:
    """People without a Discord user end the command with 1, and are listed as lines for the map of people."""
    Path("people.toml").write_text("", encoding="utf-8")
    said = run(export(), "--yes")
    assert said.exit_code == 1
    assert '  "regina@example.com" = ""\n  "alan@example.com" = ""\n' in said.stdout
    assert "who is on call instead" not in said.stdout


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("{", "schedule.json: is not JSON"),
        ("[]", "schedule.json: is missing or no JSON object"),
        ('{"schedules": []}', "schedule: is missing or no JSON object"),
        (
            '{"schedule": {"final_schedule": {"rendered_schedule_entries": [{"start": "noon"}]}}}',
            "final_schedule.start: 'noon' is no time",
        ),
        ('{"schedule": {"name": "Empty"}}', "Empty: its rules are no single rotation"),
    ],
)
def test_a_file_that_is_no_export_ends_with_2_and_says_what_is_wrong(content: str, error: str) -> None:
    """A file that is not an export ends the command with 2, and the error says what is wrong with it."""
    Path("schedule.json").write_text(content, encoding="utf-8")
    said = run("schedule.json")
    assert said.exit_code == 2
    assert said.stderr.startswith(f"error: {error}")


def test_an_unknown_place_or_server_is_refused() -> None:
    """An unknown place or server ends the command with 2 and an error that names the option."""
    for wrong in (["--place", "tertiary"], ["--server", "42"]):
        said = run(export(), *wrong)
        assert (said.exit_code, said.stderr.startswith(f"error: {wrong[0]}: ")) == (2, True)


def test_the_users_of_the_account_may_be_missing() -> None:
    """Without the account's users in the export, people are found by name or id only.

    Who is not found is listed by name.
    """
    file = Path(export())
    found = json.loads(file.read_text(encoding="utf-8"))
    del found["users"]
    file.write_text(json.dumps(found), encoding="utf-8")
    said = run(str(file), "--yes")
    assert said.exit_code == 1
    assert '  "Earline Greenholt" = ""\n' in said.stdout
