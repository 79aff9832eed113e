"""Values that are stored as JSON: what is written, and what is read of damaged or older rows."""

import json
from dataclasses import fields
from datetime import UTC, datetime
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.payloads import UNSET, Payload, Unset, keyed

AT = datetime(2026, 11, 24, 5, 7, tzinfo=UTC)


class Colour(StrEnum):
    """An example."""

    RED = "red"


class Palette(Payload):
    """A list of values of which a newer version knows more."""

    colours: tuple[Colour, ...]


class Person(Payload):
    """A part."""

    id: int
    name: str


class Everything(Payload):
    """One field of each type."""

    text: str
    number: int
    share: float
    flag: bool
    many: tuple[str, ...]
    counts: dict[str, int]
    maybe: str | None
    person: Person
    at: datetime | None = None
    other: Person | None = None
    colour: Colour | None = None
    next_at: datetime | Unset | None = UNSET
    with_: int | None = keyed("with", default=None)


FULL = Everything(
    text="x",
    number=3,
    share=0.5,
    flag=True,
    many=("a", "b"),
    counts={"a": 2},
    maybe=None,
    person=Person(id=1, name="p"),
    at=AT,
    other=Person(id=2, name="q"),
    colour=Colour.RED,
    next_at=None,
    with_=7,
)
EMPTY = Everything(
    text="",
    number=0,
    share=0.0,
    flag=False,
    many=(),
    counts={},
    maybe=None,
    person=Person(id=0, name=""),
)


def test_it_survives_its_way_through_json() -> None:
    """A payload with fields of each type is read back from JSON equal, and `with_` is stored as `with`."""
    stored = json.loads(json.dumps(FULL.to_json()))
    assert Everything.from_json(stored) == FULL
    assert stored["with"] == 7
    assert "with_" not in stored


def test_a_default_is_not_written_and_all_else_is() -> None:
    """A payload is stored without fields at their default, so that a row has the same keys as before.

    Fields without a default are always written, also if their values are empty.
    """
    assert set(EMPTY.to_json()) == {
        "text",
        "number",
        "share",
        "flag",
        "many",
        "counts",
        "maybe",
        "person",
    }


def test_what_is_missing_is_empty_and_what_is_unknown_is_passed_over() -> None:
    """A stored payload without some fields, or with unknown ones, is read, as other versions may write it."""
    assert Everything.from_json({}) == EMPTY
    assert Everything.from_json({"hologram": 1}) == EMPTY


@pytest.mark.parametrize(
    ("stored", "read"), [({}, UNSET), ({"next_at": None}, None), ({"next_at": AT.isoformat()}, AT)]
)
def test_a_null_differs_from_a_missing_key_where_the_type_says_so(
    stored: dict[str, object], read: object
) -> None:
    """No update is planned; nothing was said about it."""
    assert Everything.from_json(stored).next_at == read


def test_an_item_that_cannot_be_read_takes_no_other_with_it() -> None:
    """A newer version may have written it."""
    assert Palette.from_json({"colours": ["red", "infrared", "red"]}).colours == (Colour.RED, Colour.RED)


def test_a_time_that_is_missing_has_no_empty_value() -> None:
    """A payload without a time that it must have is refused, since no empty value can stand for a time."""

    class Moment(Payload):
        """One field that must be there."""

        at: datetime

    with pytest.raises(ValueError, match="datetime"):
        Moment.from_json({})


NAMES = st.sampled_from([*(one.name for one in fields(Everything)), "with", "other key"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(NAMES, JSON, max_size=13))
def test_any_row_can_be_read(stored: dict[str, object]) -> None:
    """A damaged value counts as missing."""
    read = Everything.from_json(stored)
    assert Everything.from_json(read.to_json()).to_json().keys() == read.to_json().keys()
