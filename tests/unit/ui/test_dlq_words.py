"""What rows of the DLQ say: where it was to go, and what became of it."""

import pytest

from bot.services.delivery.failures import _MUTE
from bot.ui.words.systems import answer, where
from tests.unit.ui.samples import EN, JA


@pytest.mark.parametrize(
    ("stored", "shown"),
    [("p0-alerts", "#p0-alerts"), ("#p0-alerts", "#p0-alerts"), ("person:primary", "DM @primary")],
)
def test_where_it_was_to_go(stored: str, shown: str) -> None:
    """A page of ours is a DM, in the digest as in the console."""
    assert where(stored) == shown


def test_what_became_of_it() -> None:
    """A ping that was suppressed was answered, and is posted."""
    assert answer(JA, 503, "upstream") == "HTTP 503"
    assert answer(JA, None, "connection failed") == "応答なし"
    assert answer(JA, None, _MUTE) == "投稿済み、@here は鳴らず"
    assert answer(EN, None, _MUTE) == "posted, but @here did not ping"
