"""How deeply JSON is nested, against a parser that counts."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.hooks.rules import DEEPEST, is_shallow

VALUES = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


def depth(value: object) -> int:
    """Lists and objects within each other."""
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(VALUES, st.integers(0, DEEPEST + 2), st.booleans())
def test_it_agrees_with_a_parser(value: object, more: int, in_ascii: bool) -> None:
    """The check of JSON's nesting agrees with the value's depth; brackets within strings do not count."""
    for number in range(more):
        value = [value] if number % 2 else {"[{": value}
    assert is_shallow(json.dumps(value, ensure_ascii=in_ascii).encode()) == (depth(value) <= DEEPEST)


def test_a_line_of_text_may_have_an_open_bracket() -> None:
    """A bracket that nothing closes is no nesting; more of them than JSON may have are refused."""
    assert is_shallow(b"[ERROR] disk [full")
    assert is_shallow(b"}" + b"[" * DEEPEST)
    assert not is_shallow(b"[" * (DEEPEST + 1))


@pytest.mark.parametrize(
    "piece", [b"[", b"]", b'"', b"\\", b'"\\', b"[]", b"{},", b'"a",', b'[{"', b"\xff", b"[[]"]
)
def test_a_hostile_body_takes_no_longer_than_any(piece: bytes) -> None:
    """The depth of a hostile body of a megabyte is checked within a second of processor time."""
    body = piece * (1_000_000 // len(piece))
    began = time.process_time()
    is_shallow(body)
    assert time.process_time() - began < 1.0
