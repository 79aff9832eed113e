"""What is refused of PagerDuty's events: all that PagerDuty's published description forbids."""

import json
from typing import Any

import pytest

from cogs.hooks.readers import READERS
from cogs.hooks.rules import HookFormat, HookRequest, HookUnreadable
from tests.corpus.hook_requests import examples, rules_of
from tests.corpus.test_hook_requests import ODD, places, with_value
from tests.standins.paging.description import are_there, wrong_event

EVENTS = [one.body for one in examples() if one.format is HookFormat.PAGERDUTY]

#: What the description requires only in its prose.
REQUIRED_BY_WORDS = {("trigger", "payload"), ("resolve", "dedup_key")}


def refused(body: Any) -> str:
    """Return why an event is refused; empty if it is taken."""
    try:
        READERS[HookFormat.PAGERDUTY].answer(
            HookRequest({}, json.dumps(body).encode()), rules_of(HookFormat.PAGERDUTY, {})
        )
    except HookUnreadable as error:
        return error.reason
    return ""


def without(body: Any, path: tuple[Any, ...]) -> Any:
    """Return a copy of *body* without the value at *path*."""
    changed = with_value(body, path, None)
    at = changed
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return changed


@pytest.mark.skipif(not are_there(), reason="PagerDuty's description is not at hand")
@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one["event_action"])
def test_an_event_is_refused_if_and_only_if_its_description_forbids_it(event: Any) -> None:
    """With an odd value in any place, or none, the bot and the description agree.

    The bot is milder where null stands for nothing, and stricter where a text must not be blank.
    """
    assert refused(event) == ""
    for path in places(event):
        for odd in [*ODD, "boom"]:
            changed = with_value(event, path, odd)
            if odd is None or (isinstance(odd, str) and not odd.strip(" \0\ud800")):
                continue
            assert bool(refused(changed)) == bool(wrong_event(changed)), (path, odd, refused(changed))
        left = without(event, path)
        is_wrong = bool(wrong_event(left)) or (event["event_action"], *path) in REQUIRED_BY_WORDS
        assert bool(refused(left)) == is_wrong, path


@pytest.mark.parametrize(
    ("field", "value"),
    [("dedup_key", "k" * 256), ("payload.summary", "s" * 1025), ("payload.summary", " "), ("dedup_key", "")],
)
def test_what_pagerdutys_words_forbid_is_refused(field: str, value: str) -> None:
    """A key of more than 255 characters, a summary of more than 1,024, and an empty one are refused.

    Source: https://developer.pagerduty.com/docs/send-alert-event, the table of parameters.
    """
    event = next(one for one in EVENTS if one["event_action"] == ("resolve" if not value else "trigger"))
    path = tuple(field.split("."))
    assert refused(with_value(event, path, value)).startswith(field)
    assert refused(with_value(event, path, "k" * 255)) == ""
