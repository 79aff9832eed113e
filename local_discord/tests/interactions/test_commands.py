"""Registering application commands."""

from typing import Any

import pytest

from local_discord.tests.client import Client

APPLICATION = "/applications/1100000000000000002"
GUILD = f"{APPLICATION}/guilds/1100000000000000001"
TRIAGE = {"name": "triage", "description": "d", "name_localizations": {"ja": "トリアージ"}}


async def test_a_command_is_created_overwritten_edited_and_deleted(client: Client) -> None:
    """A command is created (201), overwritten under the same id (200), edited and deleted."""
    for base in (APPLICATION, GUILD):
        path = f"{base}/commands"
        first = await client.api(f"POST {path}", TRIAGE)
        second = await client.api(f"POST {path}", {**TRIAGE, "description": "other"})
        assert (first.status, second.status) == (201, 200)
        assert first.body["id"] == second.body["id"]
        edited = await client.api(f"PATCH {path}/{first.body['id']}", {"description": "third"})
        assert edited.body["description"] == "third"
        assert (await client.api(f"GET {path}/{first.body['id']}")).body == edited.body
        assert (await client.api(f"DELETE {path}/{first.body['id']}")).status == 204
        assert (await client.api(f"GET {path}")).body == []


async def test_bulk_overwrite_keeps_what_did_not_change(client: Client) -> None:
    """An unchanged command keeps id and version; the one left out is gone."""
    path = f"{GUILD}/commands"
    first = (await client.api(f"PUT {path}", [TRIAGE, {"name": "dlq", "description": "d"}])).body
    second = (await client.api(f"PUT {path}", [TRIAGE])).body
    assert second == first[:1]
    assert [one["name"] for one in (await client.api(f"GET {path}")).body] == ["triage"]


async def test_localizations_are_listed_on_request(client: Client) -> None:
    """The list of commands has localizations only if `with_localizations` is true."""
    await client.register(TRIAGE)
    plain = (await client.api(f"GET {GUILD}/commands")).body[0]
    full = (await client.api(f"GET {GUILD}/commands", with_localizations="true")).body[0]
    assert "name_localizations" not in plain
    assert full["name_localizations"] == {"ja": "トリアージ"}


async def test_permissions_are_those_nobody_changed(client: Client) -> None:
    """The list is empty, a single one is 10066."""
    command = (await client.register(TRIAGE)).body[0]
    assert (await client.api(f"GET {GUILD}/commands/permissions")).body == []
    assert (await client.api(f"GET {GUILD}/commands/{command['id']}/permissions")).code == 10066


def option(**fields: Any) -> dict[str, Any]:
    return {"name": "a", "description": "d", "type": 3, **fields}


def long_choices() -> list[dict[str, str]]:
    return [{"name": f"{n:x<90}", "value": "y" * 90} for n in range(25)]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "Triage", "description": "d"}, ("0", "name")),
        ({"name": "a b", "description": "d"}, ("0", "name")),
        ({"name": "x" * 33, "description": "d"}, ("0", "name")),
        ({"name": "a", "description": ""}, ("0", "description")),
        ({"name": "a", "description": "x" * 101}, ("0", "description")),
        ({"name": "a", "description": "d", "type": 9}, ("0", "type")),
        ({"name": "A menu", "description": "d", "type": 3}, ("0", "description")),
        ({"name": "a", "description": "d", "options": [option()] * 2}, ("0", "options")),
        (
            {"name": "a", "description": "d", "options": [option(), option(name="b", required=True)]},
            ("0", "options", "1"),
        ),
        (
            {"name": "a", "description": "d", "options": [option(choices=[{"name": "", "value": "1"}])]},
            ("0", "options", "0", "choices", "0", "name"),
        ),
        (
            {
                "name": "a",
                "description": "d",
                "options": [option(name=f"o{n}", choices=long_choices()) for n in range(3)],
            },
            ("0",),
        ),
    ],
)
async def test_registration_rules(client: Client, body: dict[str, Any], path: tuple[str, ...]) -> None:
    """A command that breaks a rule is refused with 50035 at the place in the body that breaks the rule."""
    assert (await client.register(body)).errors(*path)


async def test_names_are_unique_and_at_most_100(client: Client) -> None:
    """Twice the same name in one overwrite is refused; 101 commands are 30032."""
    reply = await client.register(TRIAGE, TRIAGE)
    assert reply.errors("1", "name") == ["APPLICATION_COMMANDS_DUPLICATE_NAME"]
    many = [{"name": f"c{n}", "description": "d"} for n in range(101)]
    assert (await client.register(*many)).code == 30032
