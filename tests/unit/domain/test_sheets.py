"""Command sheets: which commands are shown, filled in for what is affected; and pasted output."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.incident.forms import Checklist
from bot.domain.sheets import (
    SHOWN,
    SHOWN_LINES,
    Affected,
    Sheet,
    SheetCommand,
    TargetValues,
    fill,
    fitting,
    opening,
    shortened,
    step_of,
)
from bot.domain.triage.tree import Text

API, ADMIN, DEV, OWNER = "api.parky.co.jp", "admin.parky.co.jp", "dev-*", "owner.parky.co.jp"
VALUES = TargetValues(
    {"*": {"env": "prod"}, API: {"worker": "public"}, ADMIN: {"worker": "admin"}, DEV: {"env": "dev"}},
    {"worker": ("public", "admin", "store-sync")},
)


def command(text: str, *targets: str) -> SheetCommand:
    return SheetCommand(Text(text, text), text, targets)


def sheet(topic: str, *commands: SheetCommand, **more: tuple[str, ...]) -> Sheet:
    return Sheet(topic, Text(topic, topic), commands, **more)  # type: ignore[arg-type]


TAIL = command("tail {worker} --env {env}")
LOGS = sheet("logs", TAIL, command("tail store-sync --env {env}"))
ROLLBACK = sheet("rollback", command("rollback.sh"), command("rollback {worker}"))
DATABASE = sheet("database", command("psql"), symptoms=("slow",))
PAGES = sheet("pages", command("https://dash.cloudflare.com/"), targets=(OWNER,))


def texts(filled: object) -> list[str]:
    return [one.command for one in filled]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ((API,), ["tail public --env prod", "tail store-sync --env prod"]),
        ((ADMIN,), ["tail admin --env prod", "tail store-sync --env prod"]),
        ((API, ADMIN), ["tail public --env prod", "tail admin --env prod", "tail store-sync --env prod"]),
        ((OWNER,), ["tail <worker> --env prod", "tail store-sync --env prod"]),
        ((DEV,), ["tail <worker> --env dev", "tail store-sync --env dev"]),
        ((), ["tail <worker> --env prod", "tail store-sync --env prod"]),
    ],
)
def test_a_command_is_filled_in_for_each_target_once(targets: tuple[str, ...], said: list[str]) -> None:
    """A placeholder without a value stays visible; two targets that fill it in alike give one command."""
    assert texts(fill(LOGS, VALUES, Affected(targets)).commands) == said


def test_what_is_left_open_says_what_can_be_chosen() -> None:
    """The policy's choices, or else the values that targets have."""
    filled = fill(LOGS, VALUES, Affected((OWNER,)))
    assert filled.left == ("worker",)
    assert VALUES.options("worker") == ("public", "admin", "store-sync")
    assert VALUES.options("env") == ("prod", "dev")


def test_a_given_value_counts_instead_of_the_targets() -> None:
    """A value typed with the command, as in `/runbook worker_logs env:dev`, replaces the target's value."""
    filled = fill(LOGS, VALUES, Affected((API,), given={"env": "dev"}))
    assert texts(filled.commands) == ["tail public --env dev", "tail store-sync --env dev"]


def test_the_shells_own_braces_stay() -> None:
    """Variables, awk, and JSON; a doubled pair of braces is one."""
    own = sheet("own", command("""echo ${worker} {{worker}} '{"a": 1}' {print $1} {worker}"""))
    (filled,) = fill(own, VALUES, Affected((API,))).commands
    assert filled.command == """echo ${worker} {worker} '{"a": 1}' {print $1} public"""


def test_a_sheet_for_other_targets_is_left_out() -> None:
    """A sheet for other targets than the affected ones is left out; while no target is known, it is shown."""
    assert fitting([LOGS, PAGES], Affected((API,))) == (LOGS,)
    assert fitting([LOGS, PAGES], Affected((OWNER,))) == (PAGES, LOGS)
    assert fitting([LOGS, PAGES], Affected()) == (LOGS, PAGES)
    assert fill(PAGES, VALUES, Affected((API,))).commands == ()


def test_the_sheet_for_the_symptom_comes_first() -> None:
    """The others keep the policy's order."""
    assert fitting([LOGS, ROLLBACK, DATABASE], Affected((API,), ("slow",))) == (DATABASE, LOGS, ROLLBACK)
    assert fitting([LOGS, ROLLBACK, DATABASE], Affected((API,), ("errors",))) == (LOGS, ROLLBACK, DATABASE)


def test_a_thread_begins_with_the_first_command_of_each_sheet() -> None:
    """A thread begins with the first command of each sheet, for each target, and without links."""
    affected = Affected((API, ADMIN))
    filled = [fill(one, VALUES, affected) for one in (LOGS, PAGES, ROLLBACK, DATABASE)]
    assert texts(opening(filled, most=3)) == [
        "tail public --env prod",
        "tail admin --env prod",
        "rollback.sh",
    ]
    assert texts(opening(filled, most=9))[3:] == ["psql"]
    assert opening([], most=3) == ()


def test_addresses_are_links() -> None:
    """A command that only contains one is not."""
    filled = fill(
        sheet("x", command("https://a.example.com/x?y"), command("curl https://a.example.com")),
        VALUES,
        Affected(),
    )
    assert texts(filled.links) == ["https://a.example.com/x?y"]
    assert texts(filled.to_copy) == ["curl https://a.example.com"]


STEPS = Checklist(
    "SEV1",
    (
        Text("ログ (wrangler tail) と Sentry を確認する", "Read the logs (wrangler tail) and Sentry"),
        Text("rollback するか判断する", "Decide whether to roll back"),
        Text("もう一度 Sentry を確認する", "Look at Sentry again"),
    ),
)


def completing(step: str) -> Sheet:
    """A sheet whose output completes a step."""
    return Sheet("x", Text("x", "x"), (), step=step)


def test_a_short_output_is_shown_whole() -> None:
    """A short output is shown whole, with its line breaks and blanks."""
    assert shortened("a\n  b\n") == "a\n  b\n"


def test_a_long_output_shows_its_beginning_and_its_end() -> None:
    """A long output is shown with its first and last lines and a gap between.

    An error is mostly at the end.
    """
    said = shortened("\n".join(f"line {number}" for number in range(100))).splitlines()
    assert said[:5] == ["line 0", "line 1", "line 2", "line 3", "…"]
    assert said[-1] == "line 99"
    assert len(said) == SHOWN_LINES + 1


@given(st.text(st.sampled_from("ab \n決"), max_size=4_000))
def test_what_is_shown_fits(text: str) -> None:
    """Whatever the lines are, the shown output has a limited length and number of lines."""
    said = shortened(text)
    assert len(said) <= SHOWN + SHOWN_LINES + 2
    assert len(said.splitlines()) <= SHOWN_LINES + 1


def test_the_first_open_step_with_the_words_is_completed() -> None:
    """The first open step with the sheet's words is completed, in either language and whatever the case.

    No step is completed without words, or once all matching steps are done.
    """
    assert step_of(completing("sentry"), STEPS, done=()) == 0
    assert step_of(completing("Sentry"), STEPS, done={0}) == 2
    assert step_of(completing("Roll back"), STEPS, done=()) == 1
    assert step_of(completing("Sentry"), STEPS, done={0, 2}) is None
    assert step_of(completing(""), STEPS, done=()) is None
    assert step_of(None, STEPS, done=()) is None
