"""What a person types after a slash: options, subcommands, context menus, direct messages."""

import pytest

from local_discord.tests.client import PRIMARY, Client

TRIAGE = {"name": "triage", "description": "Open an incident", "type": 1}


@pytest.fixture
async def bot(client: Client) -> Client:
    """A client whose guild has /triage."""
    assert (await client.register(TRIAGE)).status == 200
    return client


OPTIONS = [
    {
        "name": "severity",
        "description": "d",
        "type": 3,
        "required": True,
        "choices": [{"name": "1", "value": "SEV1"}],
    },
    {"name": "count", "description": "d", "type": 4, "min_value": 1, "max_value": 5},
    {"name": "who", "description": "d", "type": 6},
    {"name": "where", "description": "d", "type": 7},
    {"name": "role", "description": "d", "type": 8},
    {"name": "note", "description": "d", "type": 3, "max_length": 5},
    {"name": "loud", "description": "d", "type": 5},
]


async def test_options_are_checked_and_resolved(client: Client) -> None:
    """Names become ids with their objects; what a client would refuse is 400 with a reason."""
    await client.register({**TRIAGE, "options": OPTIONS})
    payload = await client.run(
        severity="SEV1", count=3, who="secondary", where="p1-ops", role="on-call", loud=True
    )
    values = {option["name"]: option["value"] for option in payload["data"]["options"]}
    resolved = payload["data"]["resolved"]
    assert resolved["users"][values["who"]]["username"] == "secondary"
    assert resolved["members"][values["who"]]["roles"]
    assert resolved["channels"][values["where"]]["name"] == "p1-ops"
    assert resolved["roles"][values["role"]]["name"] == "on-call"
    for bad in (
        {},
        {"severity": "SEV9"},
        {"severity": "SEV1", "count": 6},
        {"severity": "SEV1", "count": "3"},
        {"severity": "SEV1", "note": "123456"},
        {"severity": "SEV1", "loud": "yes"},
        {"severity": "SEV1", "extra": 1},
    ):
        call = {"user": "primary", "channel": "p0-alerts", "name": "triage", "options": bad}
        assert (await client.human("POST command", **call)).status == 400, bad
    call = {"user": "primary", "channel": "p0-alerts", "name": "nope"}
    assert "registered: ['triage']" in (await client.human("POST command", **call)).body["error"]


async def test_subcommands_permissions_and_japanese_names(client: Client) -> None:
    """A path of names; NFC; default_member_permissions hide a command from who lacks them."""
    sub = {"type": 1, "name": "プレビュー", "description": "d"}
    await client.register(
        {"name": "dlq", "description": "d", "options": [sub]},
        {"name": "purge", "description": "d", "default_member_permissions": "8"},
    )
    payload = await client.run(
        "dlq フ\u309aレヒ\u3099ュー".replace("フ\u309a", "プ").replace("ヒ\u3099", "ビ")
    )
    assert payload["data"]["options"][0]["name"] == "プレビュー"
    call = {"channel": "p0-alerts", "name": "purge"}
    assert (await client.human("POST command", user="primary", **call)).status == 400
    assert (await client.human("POST command", user="admin", **call)).status == 200


async def test_context_menus_carry_their_target(client: Client) -> None:
    """A message's content is readable as a target, without the privileged intent."""
    await client.register({"name": "Open incident", "type": 3}, {"name": "Page", "type": 2})
    said = (await client.human("POST say", user="observer", channel="general", content="down!")).body
    call = {"user": "primary", "channel": "general"}
    reply = await client.human("POST context", name="Open incident", message=said["id"], **call)
    data = client.payload(reply)["data"]
    assert data["resolved"]["messages"][data["target_id"]]["content"] == "down!"
    reply = await client.human("POST context", name="Page", target_user="secondary", **call)
    data = client.payload(reply)["data"]
    assert data["resolved"]["users"][data["target_id"]]["username"] == "secondary"


async def test_interactions_in_a_dm_name_the_user(client: Client) -> None:
    """No member, no guild; context 1. A global command is offered there."""
    await client.api(f"POST /applications/{client.sandbox.address.application_id}/commands", TRIAGE)
    reply = await client.human("POST command", user="primary", channel="dm:primary", name="triage")
    payload = client.payload(reply)
    assert (payload["user"]["id"], payload["context"]) == (PRIMARY, 1)
    assert "member" not in payload
    assert "guild_id" not in payload
    made = await client.respond(payload, 4, content="x")
    assert made.status == 200
