"""What messages said, as this process heard them."""

from datetime import UTC, datetime

from bot.domain.evidence import Evidence
from bot.ui.heard import Heard


def said(text: str) -> Evidence:
    """Somebody's words."""
    return Evidence(
        text=text, author_id=1, author_name="monitor", url="", at=datetime(2026, 1, 5, tzinfo=UTC)
    )


def test_the_latest_words_are_given() -> None:
    """Of each message its own."""
    heard = Heard()
    heard.keep(1, said("a"))
    heard.keep(2, said("b"))
    assert (heard.get(1), heard.get(2), heard.get(3)) == (said("a"), said("b"), None)


def test_what_may_say_something_else_is_forgotten() -> None:
    """An old title would be one that nobody has written."""
    heard = Heard()
    for message_id in (1, 2, 3):
        heard.keep(message_id, said("a"))
    heard.forget([1, 9])
    assert [heard.get(one) is None for one in (1, 2, 3)] == [True, False, False]
    heard.forget_all()
    assert heard.get(2) is None


def test_there_is_an_end_to_it() -> None:
    """A storm must not fill the memory: the oldest go first."""
    heard = Heard(most=2)
    for message_id in (1, 2, 3):
        heard.keep(message_id, said("a"))
    assert [heard.get(one) is None for one in (1, 2, 3)] == [True, False, False]
