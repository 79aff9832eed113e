"""One line per problem: the key, the value and what is allowed."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.capability import policy_parts
from bot.domain.errors import ConfigError
from bot.runbook import parse_policy
from bot.runbook.file import File
from tests.unit.runbook.policies import MINIMAL, PARKY, changed, problems

CASES = [
    case
    for name in ("problems.toml", "sheet_problems.toml")
    for case in tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))["case"]
]


@pytest.mark.parametrize("case", CASES, ids=[case["line"].split(":")[0] for case in CASES])
def test_each_problem_is_one_line(case: dict[str, str]) -> None:
    """Each problem of a policy is exactly one line, as the cases beside this file expect it.

    The line names the key, the value and what is allowed.
    """
    own = [name for name, part in policy_parts().items() if part.entries or not part.within]
    tables = "".join(f", {name}" for name in own if name not in File.model_fields)
    line = case["line"].replace("{capabilities}", tables)
    assert problems(changed(case["old"], case["new"])) == [line]


@pytest.mark.parametrize(
    "secret",
    [
        "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.abcdefghijklmnopqrstuvwxyz0123456789AB",
        "smtp://bot:hunter2@mail.example.com",
        "https://discord.com/api/webhooks/123456789012345678/abcdefghijkl",
    ],
)
@pytest.mark.parametrize(
    ("old", "new"), [('discord = "primary"', 'discord = "{}"'), ('language = "ja"', '"{}" = "ja"')]
)
def test_a_secret_that_was_pasted_is_not_quoted(secret: str, old: str, new: str) -> None:
    """A secret pasted into a policy, as a value or as a key, is not quoted in the line that refuses it.

    The line goes to terminals and logs.
    """
    lines = problems(changed(old, new.format(secret)))
    assert "looks like a secret" in "".join(lines)
    assert not any(part in "".join(lines) for part in (secret, secret[:24], "hunter2"))


def test_a_severitys_priority_is_its_own() -> None:
    """Two severities with one priority are refused, since P0 must mean one severity."""
    assert problems(changed('priority = "P1"', 'priority = "P0"')) == [
        'severity.SEV1.priority: "P0" is another severity\'s too; allowed: one of its own',
        'severity.SEV2.priority: "P0" is another severity\'s too; allowed: one of its own',
    ]


def test_an_empty_file_lists_what_is_required() -> None:
    """An empty policy file is refused with four lines, one for each table that is required."""
    assert problems("") == [
        "oncall: is missing; allowed: a table, [oncall]",
        "severity: is missing; allowed: a table, [severity]",
        "triage: is missing; allowed: a table, [triage]",
        "digest: is missing; allowed: a table, [digest]",
    ]


def test_all_problems_are_reported_at_once() -> None:
    """All problems of a file are reported together."""
    wrong = changed('language = "ja"', "language = 1")
    wrong = changed('priority = "P2"', 'priority = "p2"', wrong)
    wrong = changed('to = "SEV1"', "to = 1", wrong)
    assert [line.split(":")[0] for line in problems(wrong)] == [
        "severity.SEV3.priority",
        "language",
        "triage.nodes.large_impact.answers.yes.to",
    ]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("reevaluate", 'triage.nodes.reevaluate: "reevaluate" is not a question\'s id; allowed: '),
        ("1", 'triage.nodes.1: "1" is not a question\'s id; allowed: '),
        ("Users", 'triage.nodes.Users: "Users" is not a question\'s id; allowed: '),
        ("u" * 25, f'triage.nodes.{"u" * 25}: "{"u" * 25}" is not a question\'s id; allowed: '),
    ],
)
def test_question_ids_cannot_be_taken_for_an_outcome(name: str, line: str) -> None:
    """A question's id that is malformed, or "reevaluate", is refused, since `to` must mean one thing."""
    wrong = problems(changed("nodes.users_affected]", f"nodes.{name}]", MINIMAL))
    assert len(wrong) == 1
    assert wrong[0].startswith(line)


def test_unsure_is_no_answers_id() -> None:
    """The button わからない has that id."""
    wrong = problems(changed("answers.no", "answers.unsure", MINIMAL))
    assert wrong[0].startswith("triage.nodes.users_affected.answers.unsure: ")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("sev1", 'severity.sev1: "sev1" is not a severity\'s name; allowed: '),
        (r'"SEV\n1"', r'severity."SEV\n1": "SEV\n1" is not '),
        ('"SEV 1"', 'severity.SEV 1: "SEV 1" is not a severity\'s name; allowed: '),
    ],
)
def test_severity_names_are_upper_case(name: str, line: str) -> None:
    """A severity's name in small letters, with a blank or with a line break is refused.

    The name goes into custom ids, and must not look like the id of a question.
    """
    text = MINIMAL.replace("severity.HIGH", f"severity.{name}").replace('"HIGH"', '"LOW"')
    assert [each[: len(line)] for each in problems(text)] == [line]


@pytest.mark.parametrize(
    ("table", "line"),
    [
        (
            "targets = [" + ",".join(f'"t{n}"' for n in range(26)) + "]\n",
            "targets: has 26 entries; allowed: at most 25",
        ),
        (
            "targets = []\n",
            'targets: names no target; allowed: 1 to 25, each 1 to 80 characters ("api.example.com")',
        ),
        (
            "symptoms = { " + ",".join(f's{n} = "x"' for n in range(26)) + " }\n",
            "symptoms: has 26 entries; allowed: at most 25",
        ),
        ("symptoms = 5\n", "symptoms: 5 is not a table; allowed: a table, [symptoms]"),
    ],
)
def test_limits_of_lists(table: str, line: str) -> None:
    """A select menu of Discord holds 25 options."""
    assert problems(table + MINIMAL) == [line]


def test_limits_of_questions() -> None:
    """Five buttons in a row, one of them わからない; a label of 80 characters; a question of 300."""
    answers = "".join(f'answers.a{n} = {{ label = "{"x" * 81}", to = "LOW" }}\n' for n in range(3))
    text = changed("answers.no", f"{answers}answers.no", MINIMAL)
    text = changed("Are users affected?", "?" * 301, text)
    assert [line.split(":")[0] for line in problems(text)] == [
        "triage.nodes.users_affected.answers",
        *(f"triage.nodes.users_affected.answers.a{n}.label" for n in range(3)),
        "triage.nodes.users_affected.question",
    ]


def test_limits_of_ladders() -> None:
    """A ladder with more than 20 steps is refused."""
    steps = "".join(f'[[severity.LOW.ladder]]\nafter = "{n}m"\n' for n in range(21))
    assert problems(MINIMAL + steps) == ["severity.LOW.ladder: has 21 entries; allowed: at most 20"]


def test_a_ladder_is_a_list_of_tables() -> None:
    """[severity.X.ladder] instead of [[severity.X.ladder]] is refused, and the line shows what is allowed."""
    assert problems(MINIMAL + '[severity.LOW.ladder]\nafter = "1m"\n') == [
        'severity.LOW.ladder: {"after": "1m"} is not a list of tables; allowed: [[severity.LOW.ladder]]'
    ]


def test_a_sheet_fits_a_message() -> None:
    """Long commands are refused by their sum, and by themselves."""
    one = '[[first_response.LOW.commands]]\nlabel = "x"\ncommand = "{}"\n'
    assert problems(MINIMAL + one.format("x" * 900) * 4) == [
        'first_response.LOW: has 3604 characters in "ja"; allowed: 3500',
        'first_response.LOW: has 3604 characters in "en"; allowed: 3500',
    ]
    assert problems(MINIMAL + one.format("x" * 1001))[0].startswith(
        "first_response.LOW.commands[1].command: "
    )


def test_a_command_is_for_targets_that_exist() -> None:
    """A command for an unknown target is refused, since one with a misspelt target would never be shown."""
    one = '[[first_response.LOW.commands]]\nlabel = "x"\ncommand = "ls"\ntargets = ["{}"]\n'
    known = '[targets]\nnames = ["api", "web"]\n'
    assert parse_policy(MINIMAL + known + one.format("web"), name="web.toml").targets == ("api", "web")
    (line,) = problems(MINIMAL + known + one.format("wbe"))
    allowed = 'allowed: "api", "web" (the names of [targets])'
    assert line == f'first_response.LOW.commands[1].targets: "wbe" is not a target; {allowed}'


def test_long_values_are_cut_in_the_line() -> None:
    """A long value is cut in the line about the problem, so that the line stays a short one."""
    (line,) = problems(changed('language = "ja"', f'language = "{"x" * 500}"'))
    assert line.startswith('language: "xxx')
    assert len(line) < 130


@given(
    line=st.integers(0, len(PARKY.splitlines()) - 1),
    value=st.sampled_from(
        ["5", "-1.5", "true", '""', '"x"', "[]", "[1]", "[[]]", "{}", "{ a = 1 }", "2026-12-30", "nan"]
    ),
)
def test_any_wrong_value_is_a_problem_and_never_a_crash(line: int, value: str) -> None:
    """Any wrong value is reported with its key or the file's name, and never crashes."""
    lines = PARKY.splitlines()
    lines[line] = re.sub(r" = .*", f" = {value}", lines[line])
    said = ""
    try:
        parse_policy("\n".join(lines), name="policy.toml")
    except ConfigError as refused:
        said = str(refused)
    assert all(re.match(r"[\w.*\[\]-]+(:\d+)*: ", each) for each in said.splitlines())


def test_on_call_is_a_table_or_a_name() -> None:
    """An id without quotes is a number, which TOML and Discord read differently."""
    assert problems(changed('"alice"', "123456789012345678", MINIMAL)) == [
        "oncall.primary: 123456789012345678 is not a table; allowed: a table, [oncall.primary]"
    ]


def test_a_moment_is_no_date() -> None:
    """A date with a time is refused as a day off, because days off are whole days."""
    (line,) = problems(changed("days_off = []", "days_off = [2026-12-30T00:00:00]"))
    assert line.startswith("business_hours.days_off[1]: 2026-12-30T00:00:00 is not a date; ")


def test_unknown_parts_of_a_country() -> None:
    """A part of a country that does not exist, such as US-ZZ, is refused for the holidays."""
    (line,) = problems(changed('holidays = "JP"', 'holidays = "US-ZZ"'))
    assert line.startswith('business_hours.holidays: "US-ZZ" is not a known country; ')


@pytest.mark.parametrize("place", ["somewhere", "alerts.somewhere"])
def test_the_table_of_a_capability_that_is_not_there_may_stay_if_it_is_switched_off(place: str) -> None:
    """A folder was deleted: its name is switched off, and its table is ignored wherever it may be."""
    table = f"\n[{place}]\nkey = 1\n"
    assert problems(MINIMAL + table) != []
    policy = parse_policy(f'{MINIMAL}{table}\n[capabilities]\noff = ["somewhere"]\n', name="policy.toml")
    on = parse_policy(PARKY, name="policy.toml")
    assert policy.capabilities == on.capabilities
