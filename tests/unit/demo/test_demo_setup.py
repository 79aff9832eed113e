"""What the demo is started with: by the command line, the environment and RUNBOOK_FILE."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.demo.runner import named
from bot.demo.setup import set_up
from bot.demo.story.cast import TURNS, turn_at
from bot.domain.errors import ConfigError
from bot.runbook import default_policy_text, load_policy


@pytest.fixture
def runbook(tmp_path: Path) -> Path:
    """A team's own policy, which posts in English to a server of theirs."""
    file = tmp_path / "ours.toml"
    ours = default_policy_text().replace('language = "ja"', "language = 'en'")
    file.write_text(f'guild = "123456789012345678"\n{ours}', encoding="utf-8")
    return file


def test_nothing_said_is_parkys_demo_in_japanese() -> None:
    """The policy is Parky's but for the people on call, and the page keeps the browser's language."""
    setup = set_up({})
    assert (setup.language, setup.is_language_named, setup.policy.language) == ("ja", False, "ja")
    parkys = load_policy(None)
    assert setup.policy.severities == parkys.severities
    assert setup.policy.business_hours == parkys.business_hours
    assert [person.name for person in setup.policy.team.values()] == [
        "sato",
        "suzuki",
        "ito",
        "takahashi",
        "nakamura",
    ]
    assert [place.called for place in setup.policy.oncall.values()] == ["sato", "suzuki", "ito"]


def test_every_capability_is_shown() -> None:
    """None waits for a table of the policy, in either language."""
    for language in ("ja", "en"):
        assert set_up({}, lang=language).policy.off == ()
    assert load_policy(None).off != ()


def test_printed_commands_go_by_the_policy(tmp_path: Path) -> None:
    """A file of one's own may have other channels."""
    file = tmp_path / "ours.toml"
    ours = default_policy_text().replace('"p0-alerts"', '"alarms"').replace('"p3-insights"', '"reading"')
    file.write_text(ours, encoding="utf-8")
    setup = set_up({"RUNBOOK_FILE": str(file)})
    assert named(setup.policy) == {"severity": "sev1", "alerts": "alarms", "digest": "reading"}


def test_command_line_goes_before_the_locale() -> None:
    """`--lang` is what counts, and the bot posts in it."""
    setup = set_up({"LANG": "ja_JP.UTF-8"}, lang="en", port=8080)
    assert (setup.language, setup.is_language_named, setup.port) == ("en", True, 8080)
    assert setup.policy.language == "en"
    assert set_up({"LANG": "en_US.UTF-8"}, lang="ja").policy.language == "ja"


def test_own_policy_goes_before_the_locale(runbook: Path) -> None:
    """RUNBOOK_FILE names the language of its posts; its server becomes that of the demo."""
    setup = set_up({"RUNBOOK_FILE": str(runbook), "LANG": "ja_JP.UTF-8"})
    assert (setup.language, setup.own_file) == ("en", True)
    assert (setup.policy.language, setup.policy.guild_id) == ("en", None)


def test_command_line_goes_before_the_own_policy(runbook: Path) -> None:
    """The demo's option `--lang ja` overrides the language of a team's own policy, which is English here."""
    assert set_up({"RUNBOOK_FILE": str(runbook)}, lang="ja").policy.language == "ja"


def test_wrong_own_policy_is_named(runbook: Path, tmp_path: Path) -> None:
    """An unusable policy of the user is refused with a message that names RUNBOOK_FILE and the mistake."""
    with pytest.raises(ConfigError, match=r"^RUNBOOK_FILE: .*none\.toml: cannot be read"):
        set_up({"RUNBOOK_FILE": str(tmp_path / "none.toml")})
    with pytest.raises(ConfigError, match=r"^RUNBOOK_FILE: .* is a folder"):
        set_up({"RUNBOOK_FILE": str(tmp_path)})
    runbook.write_text('language = "fr"', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"RUNBOOK_FILE: language: .*fr"):
        set_up({"RUNBOOK_FILE": str(runbook)})


def test_turns_go_on_while_the_tour_plays() -> None:
    """A tour that begins on Monday at 8:40 pages the next person after the handover at 10:00."""
    policy = set_up({}).policy
    begun = datetime(2026, 11, 30, 8, 40, tzinfo=policy.timezone)
    for minutes, on_call in ((0, ["sato", "suzuki", "ito"]), (80, ["suzuki", "takahashi", "nakamura"])):
        now = begun + timedelta(minutes=minutes)
        found = [turn_at(place, policy, begun=begun, now=now).username for place in TURNS]
        assert found == on_call
