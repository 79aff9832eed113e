"""What of an output is shown, and which step it completes."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.incident.checklist import Checklist
from bot.domain.sheets.output import SHOWN, SHOWN_LINES, shortened, step_of
from bot.domain.sheets.sheet import Sheet
from bot.domain.triage.tree import Text

STEPS = Checklist(
    "SEV1",
    (
        Text("ログ (wrangler tail) と Sentry を確認する", "Read the logs (wrangler tail) and Sentry"),
        Text("rollback するか判断する", "Decide whether to roll back"),
        Text("もう一度 Sentry を確認する", "Look at Sentry again"),
    ),
)


def sheet(step: str) -> Sheet:
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
    assert step_of(sheet("sentry"), STEPS, done=()) == 0
    assert step_of(sheet("Sentry"), STEPS, done={0}) == 2
    assert step_of(sheet("Roll back"), STEPS, done=()) == 1
    assert step_of(sheet("Sentry"), STEPS, done={0, 2}) is None
    assert step_of(sheet(""), STEPS, done=()) is None
    assert step_of(None, STEPS, done=()) is None
