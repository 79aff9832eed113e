"""Ids of the bot's own failures in other programs' tables."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.dlq import is_ours, number_for


@given(st.uuids())
def test_our_ids_are_recognised_in_every_type(failure: UUID) -> None:
    """The bot's own failure is recognised by its id as a uuid, as a cut uuid and as a negative number.

    The number fits its type.
    """
    for bits in (32, 64):
        number = number_for(failure, bits=bits)
        assert -(2 ** (bits - 1)) <= number < 0
        assert is_ours(str(number), failure)
    assert is_ours(str(failure), failure)
    assert is_ours(str(failure)[:20], failure)


def test_other_ids_are_not_ours() -> None:
    """A number of a sequence, another uuid, a few characters that happen to agree."""
    failure = UUID("12345678-1234-4234-8234-123456789abc")
    for other in ("42", str(uuid4()), "1234", "ntf_01HX-1", ""):
        assert not is_ours(other, failure)
