"""Expressions of a policy on bodies that they do not expect."""

import json

import pytest

from bot.domain.hooks.hook import MappedPart
from bot.integrations.hooks.mapping import DEFAULTS, Mapped


@pytest.mark.parametrize("expression", ["ceil(load)", "tags[::0]", "join(',', tags)"])
def test_an_expression_that_fails_costs_its_part_and_not_the_alert(expression: str) -> None:
    """A number without end, a step of zero, a list of something else: the text says which part it is."""
    body = json.loads('{"title": "Disk is full", "load": 1e999, "tags": [1]}')
    [event] = Mapped({MappedPart.TARGET: expression}, DEFAULTS).events(body)
    assert (event.title, event.target) == ("Disk is full", None)
    assert event.text.startswith("mapping.target: ")
