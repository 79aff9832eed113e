"""Expressions of a policy on bodies that they do not expect."""

import json
from typing import Any

import pytest

from bot.domain.alerts.recognition import Says
from cogs.hooks.readers import READERS
from cogs.hooks.readers.mapped import DEFAULTS, Mapped
from cogs.hooks.rules import HookFormat, HookRequest, HookUnreadable, MappedPart
from tests.corpus.hook_requests import rules_of


@pytest.mark.parametrize("expression", ["ceil(load)", "tags[::0]", "join(',', tags)"])
def test_an_expression_that_fails_costs_its_part_and_not_the_alert(expression: str) -> None:
    """A number without end, a step of zero, a list of something else: the text says which part it is."""
    body = json.loads('{"title": "Disk is full", "load": 1e999, "tags": [1]}')
    [event] = Mapped({MappedPart.TARGET: expression}, DEFAULTS).events(body)
    assert (event.title, event.target) == ("Disk is full", None)
    assert event.text.startswith("mapping.target: ")


def says(body: dict[str, Any], read_as: HookFormat = HookFormat.JSON) -> Says:
    """Return what a body without a mapping says."""
    said = {"title": "Disk is full", **body}
    whole = said if read_as is HookFormat.JSON else {"type": "alert.changed", "data": said}
    request = HookRequest({}, json.dumps(whole).encode())
    [event] = READERS[read_as].parse(request, rules_of(read_as, {}))
    return event.says  # type: ignore[union-attr]


STATES = [
    *(
        "復旧",
        "復旧しました",
        "障害復旧",
        "復旧済み",
        "正常",
        "正常に復旧しました",
        "正常稼働中",
        "エラー解消",
        "異常なし",
    ),
    *(
        "回復",
        "resolved",
        "RESOLVED",
        "alert.resolved",
        "auto_resolved",
        "ok",
        "OK",
        "recovered",
        "Closed",
        "up",
    ),
    *("healthy", "DOWN -> UP", "back to normal", "Service is up", "success"),
]
NO_END = [
    *(
        "障害",
        "発生",
        "未復旧",
        "復旧中",
        "復旧作業中",
        "復旧待ち",
        "復旧していません",
        "復旧失敗",
        "正常→異常",
        "復旧できず",
    ),
    *(
        "firing",
        "DOWN",
        "not ok",
        "not resolved",
        "unresolved",
        "unhealthy",
        "UP -> DOWN",
        "backup",
        "",
        "critical",
    ),
]


@pytest.mark.parametrize("read_as", [HookFormat.JSON, HookFormat.STANDARD])
@pytest.mark.parametrize("field", ["status", "state", "event", "alert_status", "状態"])
def test_a_word_of_state_ends_an_alert_in_either_language(field: str, read_as: HookFormat) -> None:
    """A field of state ends an alert by any word that people use for it, and by none that says less."""
    assert {state: says({field: state}, read_as) for state in STATES} == dict.fromkeys(STATES, Says.RESOLVED)
    assert {state: says({field: state}, read_as) for state in NO_END} == dict.fromkeys(NO_END, Says.FIRING)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"resolved": True}, Says.RESOLVED),
        ({"resolved": "true"}, Says.RESOLVED),
        ({"resolved": False}, Says.FIRING),
        ({"ok": True}, Says.RESOLVED),
        ({"healthy": False, "ok": True}, Says.FIRING),
        ({"復旧": True}, Says.RESOLVED),
        ({"status": True}, Says.FIRING),
        ({"status": "production", "event": "recovered"}, Says.RESOLVED),
        ({"status": "down", "event": "closed"}, Says.FIRING),
        ({"status": "firing", "resolved": True}, Says.FIRING),
        ({"status": "acknowledged"}, Says.CHATTER),
        ({}, Says.FIRING),
    ],
)
def test_the_first_field_that_is_understood_decides(body: dict[str, Any], said: Says) -> None:
    """Words come before flags; a word that means nothing gives way; without any, an alert fires."""
    assert says(body) is said


def test_the_policys_own_status_is_the_only_one_that_counts() -> None:
    """With a mapping for the status, no other field ends an alert."""
    [event] = Mapped({MappedPart.STATUS: "phase"}, DEFAULTS).events({"phase": "1", "resolved": True})
    assert event.says is Says.FIRING


SILENT = [
    *("", "{}", " [ ]\n", "null", '""', '" "', "\ufeff{}", "\0"),
    *('{"title": ""}', '{"a": {}}', '{"title": null, "foo": 1}', '{"foo": 1}', "[1]", '[{}, [null, "\\t"]]'),
    '{"title": "", "description": "", "severity": null, "labels": {}, "annotations": [], "value": 0}',
]


@pytest.mark.parametrize("body", SILENT)
@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
def test_a_body_that_says_nothing_is_refused(body: str, charset: str) -> None:
    """A body without any text is refused at once: an alert with raw JSON for a title helps no one."""
    reader, rules = READERS[HookFormat.JSON], rules_of(HookFormat.JSON, {})
    with pytest.raises(HookUnreadable, match="says nothing"):
        reader.answer(HookRequest({}, body.encode(charset)), rules)
    with pytest.raises(HookUnreadable, match="says nothing"):
        reader.parse(HookRequest({}, body.encode(charset)), rules)
    for some in ('{"a": "x"}', '[{"a": {"b": ["x"]}}]', '"x"', "x", "{", "x" * 100):
        assert reader.answer(HookRequest({}, some.encode(charset)), rules) is None


def test_a_long_body_that_says_nothing_is_refused_when_it_is_read() -> None:
    """A long body is stored unread, and refused when it is processed."""
    reader, rules = READERS[HookFormat.JSON], rules_of(HookFormat.JSON, {})
    request = HookRequest({}, json.dumps([{"title": ""}] * 1000).encode())
    assert reader.answer(request, rules) is None
    with pytest.raises(HookUnreadable, match="says nothing"):
        reader.parse(request, rules)


def test_numbers_say_something_to_a_mapping() -> None:
    """With a mapping, figures and flags alone make an alert; empty values do not."""
    reader, rules = READERS[HookFormat.JSON], rules_of(HookFormat.JSON, {MappedPart.TITLE: "'Load is high'"})
    request = HookRequest({}, b'{"load": 97, "up": false}')
    assert reader.answer(request, rules) is None
    [event] = reader.parse(request, rules)
    assert event.title == "Load is high"  # type: ignore[union-attr]
    with pytest.raises(HookUnreadable, match="says nothing"):
        reader.answer(HookRequest({}, b'{"load": null}'), rules)
