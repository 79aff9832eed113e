"""What rows of the audit log hold, as every version has stored it: each row is read, and keeps its keys."""

import pytest

from bot.domain.audit import AuditData
from bot.domain.payloads import Json

#: Rows as this version and earlier ones write them, each with the incident and the act that a reader gets.
ROWS: list[tuple[Json, int | None, str | None]] = [
    ({}, None, None),
    ({"incident_id": 42}, 42, None),
    ({"incident_id": 42, "text": "x", "key": "interaction:1"}, 42, None),
    ({"act": "resolve", "incident_id": 42}, 42, "resolve"),
    ({"act": "acknowledge", "incident_id": 42, "private": True, "via": "email"}, 42, "acknowledge"),
    ({"act": "edit_action", "action_item_id": 7}, None, "edit_action"),
    ({"act": "export", "view": "P0"}, None, "export"),
    ({"item": 7, "what": "x"}, None, None),
    ({"triage": 3, "incident": 42, "joined": True}, None, None),
    ({"first": {"place": "primary"}, "second": {"place": "secondary"}}, None, None),
]

#: Rows with a known key of another type: it is not read, and the row is shown as it is stored.
UNREADABLE: list[Json] = [{"incident_id": "42"}, {"incident_id": None}, {"incident_id": True}, {"act": 7}]


@pytest.mark.parametrize(("stored", "incident_id", "act"), ROWS)
def test_each_row_is_read_and_keeps_its_keys(stored: Json, incident_id: int | None, act: str | None) -> None:
    """A stored row gives its incident and its act, and is written again with exactly its keys."""
    data = AuditData.from_json(stored)
    assert (data.incident_id, data.act) == (incident_id, act)
    assert data.to_json() == stored


@pytest.mark.parametrize("stored", UNREADABLE)
def test_a_key_of_another_type_stays_among_the_facts(stored: Json) -> None:
    """A row whose incident or act has another type names neither, and loses nothing."""
    data = AuditData.from_json(stored)
    assert (data.incident_id, data.act) == (None, None)
    assert data.to_json() == stored


def test_a_new_row_is_stored_under_the_keys_of_earlier_ones() -> None:
    """The incident, the act and the facts are keys of one object; what is None is no key."""
    data = AuditData(42, "resolve", {"private": True})
    assert data.to_json() == {"incident_id": 42, "act": "resolve", "private": True}
    assert AuditData(facts={"week": "2026-W48"}).to_json() == {"week": "2026-W48"}
