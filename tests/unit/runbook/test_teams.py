"""``[teams]``: the rules of each team's incidents."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli.runbook import check_file, show_policy
from bot.domain.severity import LadderStep, Mention
from bot.runbook import load_policy, parse_policy
from tests.unit.runbook.policies import PARKY, problems
from tests.unit.ui.samples import TRIGGERED

PLACES = """
[oncall.pay]
discord = "pay"

[oncall.pay_second]
discord = "pay.second"
"""
TEAMS = f"""{PLACES}
[teams.payments]
channel = "payments-alerts"
schedule = ["pay", "pay_second"]
mention = "none"

[[teams.payments.ladder.SEV2]]
after = "5m"
dm = ["pay_second"]

[teams.quiet]
"""


def test_a_team_has_its_own_channel_mention_places_and_ladder() -> None:
    """The team's keys replace the severity's, place by place, and the rest is the severity's."""
    policy = parse_policy(PARKY + TEAMS, name="x.toml")
    default, own = policy.rules("SEV1"), policy.rules("SEV1", team="payments")
    assert (own.channel, own.thread_channel) == ("payments-alerts", "payments-alerts")
    assert (own.mention, default.mention) == (Mention.NONE, Mention.HERE)
    swapped = {"primary": "pay", "secondary": "pay_second"}
    asked = [
        tuple(dict.fromkeys(swapped.get(place, "pay_second") for place in step.dm)) for step in default.ladder
    ]
    assert [step.dm for step in own.ladder] == asked
    assert own.ack_within == default.ack_within
    assert policy.rules("SEV2", team="payments").ladder == (
        LadderStep(timedelta(minutes=5), dm=("pay_second",)),
    )
    assert "payments-alerts" in policy.channels()


def test_what_a_team_leaves_out_is_the_default_teams() -> None:
    """An empty team, and one that the file no longer has, follow the severity alone."""
    policy = parse_policy(PARKY + TEAMS, name="x.toml")
    for team in ("quiet", "gone", None):
        assert policy.rules("SEV1", team=team) == policy.rules("SEV1")


def test_without_teams_the_policy_is_as_before() -> None:
    """The default policy has no team, and every incident is the default team's."""
    policy = parse_policy(PARKY, name="x.toml")
    assert policy.teams == {}
    assert policy.team_of(["production"]) is None


def test_the_first_target_with_a_team_decides() -> None:
    """The targets come first in order, in any case of letters, then the source; an unknown team is none."""
    table = '[targets."api"]\nteam = "payments"\n[targets.web]\nteam = "quiet"\n'
    policy = parse_policy(f"{PARKY}{TEAMS}{table}", name="x.toml")
    assert policy.team_of(["other", "api", "web"]) == "payments"
    assert policy.team_of(["API"]) == "payments"
    assert policy.team_of(["api"], said="quiet") == "payments"
    assert policy.team_of(["other"], said="quiet") == "quiet"
    assert policy.team_of(["other"]) is None
    assert policy.team_of([], said="gone") is None


def test_the_team_of_a_watched_channel_is_one() -> None:
    """The table of a channel names its team; an unknown one is refused by its place."""
    old, new = 'p1-ops = "SEV2"', 'p1-ops = { severity = "SEV2", team = "payments" }'
    policy = parse_policy(PARKY.replace(old, new) + TEAMS, name="x.toml")
    assert policy.alerts.teams == {"p1-ops": "payments"}
    assert policy.alerts.watch["p1-ops"] == "SEV2"
    [line] = problems(PARKY.replace(old, new) + "[teams.a]\n")
    assert 'alerts.watch.p1-ops.team: "payments" is not a team; allowed: "a"' in line


@pytest.mark.parametrize(
    ("tables", "line"),
    [
        ('[teams.a]\nschedule = ["nobody"]\n', 'teams.a.schedule: "nobody" is not an on-call place'),
        (
            '[teams.a]\nschedule = ["b"]\n[teams.b]\nschedule = ["a"]\n',
            'teams.a.schedule: "b" is a team, not an on-call place',
        ),
        (
            '[teams.a]\n[[teams.a.ladder.SEV9]]\nafter = "1m"\n',
            'teams.a.ladder.SEV9: "SEV9" is not a severity',
        ),
        (
            '[[teams.a.ladder.SEV1]]\nafter = "1m"\ndm = ["x"]\n',
            'teams.a.ladder.SEV1[1].dm: "x" is not an on-call',
        ),
        (
            '[teams.b]\n[[teams.a.ladder.SEV1]]\nafter = "1m"\ndm = ["b"]\n',
            'teams.a.ladder.SEV1[1].dm: "b" is a team, not an on-call place',
        ),
        ('[teams.a]\n[targets.web]\nteam = "gone"\n', 'targets.web.team: "gone" is not a team; allowed: "a"'),
        (
            '[teams.a]\n[[alerts.patterns]]\nsays = "firing"\nline = "Shop: *"\nteam = "gone"\n',
            'alerts.patterns[1].team: "gone" is not a team; allowed: "a"',
        ),
        ('[teams.a]\nchanel = "x"\n', "teams.a.chanel: "),
    ],
)
def test_a_wrong_table_is_refused_by_its_place(tables: str, line: str) -> None:
    """Each problem names the key and what is allowed; teams cannot name each other."""
    assert any(found.startswith(line) or line in found for found in problems(PARKY + PLACES + tables))


def test_the_check_names_what_is_left_to_the_default_team(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`runbook check` names targets without a team and teams without a schedule."""
    file = tmp_path / "policy.toml"
    file.write_text(PARKY + TEAMS, encoding="utf-8")
    target = load_policy(file).targets[0]
    check_file(file)
    said = capsys.readouterr().out
    assert f'note: target "{target}" has no team' in said
    assert "note: teams.quiet has no schedule" in said
    assert "teams.payments has" not in said
    file.write_text(f'{PARKY}[targets.web]\nteam = "pay"\n', encoding="utf-8")
    check_file(file)
    assert 'note: targets.web.team is "pay", but the file has no [teams]' in capsys.readouterr().out
    file.write_text(PARKY, encoding="utf-8")
    check_file(file)
    assert "note:" not in capsys.readouterr().out


def test_a_team_has_a_role_and_a_language() -> None:
    """Its incidents ring the role and are posted in the language; the default team's are as before."""
    table = '[teams.payments]\nrole = "@payments"\nlanguage = "en"\n[teams.quiet]\n'
    policy = parse_policy(PARKY + table, name="x.toml")
    own, other = replace(TRIGGERED, team="payments"), replace(TRIGGERED, team="quiet")
    assert [policy.rung_roles(one) for one in (own, other, TRIGGERED)] == [("payments",), (), ()]
    assert policy.rung_roles(replace(own, is_private=True)) == policy.permissions.private
    assert policy.spoken(own).language == "en"
    assert policy.spoken(other) is policy
    [line] = problems(PARKY + '[teams.a]\nrole = "everyone"\n')
    assert "teams.a.role" in line


def test_the_policy_in_words_says_what_a_team_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`runbook show` has a line for each team; without teams it has none."""
    file = tmp_path / "policy.toml"
    keys = 'role = "pay"\nlanguage = "en"\nmention = "none"'
    hook = '[hooks.cron]\nformat = "json"\nseverity = "SEV3"\nteam = "payments"\n'
    more = f'[targets.web]\nteam = "payments"\n{hook}'
    file.write_text(PARKY + TEAMS.replace('mention = "none"', keys) + more, encoding="utf-8")
    show_policy(file)
    said = capsys.readouterr().out.splitlines()
    [payments, quiet] = [line for line in said if line.startswith("team ")]
    assert payments == (
        "team payments: #payments-alerts, @pay in the place of @here, in en; asks pay, pay_second;"
        " has targets.web, hooks.cron"
    )
    assert quiet.endswith("; asks the default team's places; has what is handed over to it")
    file.write_text(PARKY, encoding="utf-8")
    show_policy(file)
    assert "\nteam " not in capsys.readouterr().out
