"""docs/reference.md says what there is: every call of the human side, every fault as it is taken."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from local_discord.faults.faults import DISPATCH_FAULTS, GATEWAY_FAULTS
from local_discord.gateway.rules import GatewayRules
from local_discord.human.table import _ROUTES
from local_discord.tests.client import Client

DOCS = (Path(__file__).parents[2] / "docs" / "reference.md").read_text()
EXAMPLES = "".join(re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)).splitlines()


@pytest.mark.parametrize("example", EXAMPLES)
async def test_every_example_is_taken(client: Client, example: str) -> None:
    """Each example of a fault in the docs is accepted as it is written."""
    reply = await client.human("POST fault", **json.loads(example))
    assert reply.status == 200, reply.body


def test_nothing_is_left_out() -> None:
    """The reference names every call of the human side, kind of gateway fault, and rule of the gateway."""
    calls = [f"`{method} {path}`" for method, path, _ in _ROUTES]
    kinds = [f'"gateway": "{kind}"' for kind in (*GATEWAY_FAULTS, *DISPATCH_FAULTS)]
    rules = [f"`{one.name}`" for one in fields(GatewayRules)]
    assert [name for name in (*calls, *kinds, *rules) if name not in DOCS] == []
