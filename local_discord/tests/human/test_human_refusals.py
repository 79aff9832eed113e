"""Refusals of the human side: for programs in English, for people by a key and the names that they see."""

from typing import Any

import pytest

from local_discord.tests.client import Client

OPTIONS = [{"label": "a", "value": "a"}, {"label": "b", "value": "b"}]
FORM: dict[str, Any] = {
    "custom_id": "form",
    "title": "Form",
    "components": [
        {
            "type": 18,
            "label": "Title",
            "component": {"type": 4, "style": 1, "custom_id": "t", "max_length": 5},
        },
        {"type": 18, "label": "Size", "component": {"type": 21, "custom_id": "s", "options": OPTIONS}},
        {
            "type": 18,
            "label": "Parts",
            "component": {"type": 22, "custom_id": "p", "min_values": 2, "options": OPTIONS},
        },
    ],
}
RIGHT = {"t": "x", "s": "a", "p": ["a", "b"]}


@pytest.fixture
async def form(client: Client) -> dict[str, Any]:
    """An open form, as a call that submits it."""
    await client.register({"name": "triage", "description": "d"})
    interaction = await client.run()
    assert (await client.respond(interaction, 9, **FORM)).status == 200
    return {"user": "primary", "interaction": interaction["id"]}


@pytest.mark.parametrize(
    ("wrong", "why", "fields"),
    [
        ({"t": ""}, "required", {"label": "Title", "field": "t"}),
        ({"t": "too long"}, "length", {"label": "Title", "field": "t", "least": 0, "most": 5, "n": 8}),
        ({"s": None}, "choose", {"label": "Size", "field": "s", "least": 1, "most": 1, "n": 0}),
        ({"s": "c"}, "not_offered", {"label": "Size", "field": "s"}),
        ({"p": ["a"]}, "count", {"label": "Parts", "field": "p", "least": 2, "most": 2, "n": 1}),
        ({"unknown": "x"}, "mistake", {}),
    ],
)
async def test_forms_say_why(
    client: Client, form: dict[str, Any], wrong: dict[str, Any], why: str, fields: dict[str, Any]
) -> None:
    """The label for the person, the custom id for the page; the form stays open."""
    reply = await client.human("POST modal", **form, fields=RIGHT | wrong)
    assert (reply.status, reply.body["why"], reply.body["fields"]) == (400, why, fields)
    assert (await client.human("POST modal", **form, fields=RIGHT)).status == 200


async def test_a_form_is_submitted_once(client: Client, form: dict[str, Any]) -> None:
    """Discord's client closes it; it stays open only while the bot has not answered in time."""
    first = await client.human("POST modal", **form, fields=RIGHT)
    assert first.status == 200
    assert (await client.human("POST modal", **form, fields=RIGHT)).body["why"] == "form_closed"
    await client.human("POST clock", advance_s=4)  # the bot let three seconds go by: "Try again"
    second = await client.human("POST modal", **form, fields=RIGHT)
    assert second.status == 200
    assert (await client.respond(client.payload(second), 4, content="thanks")).status == 200
    await client.human("POST clock", advance_s=4)
    assert (await client.human("POST modal", **form, fields=RIGHT)).body["why"] == "form_closed"


async def test_codes_that_people_meet_have_keys_of_their_own(client: Client) -> None:
    """The others are told by their number."""
    made = await client.post(content="x")
    call = {"user": "primary", "message": made["id"]}
    assert (await client.human("PUT reaction", **call, emoji="x")).body["why"] == "10014"
    reply = await client.human("PATCH message", **call, content="x" * 3000)
    assert (reply.body["why"], reply.body["fields"]) == ("50005", {})
    reply = await client.human("POST say", user="primary", channel="general", content="x" * 3000)
    assert (reply.body["why"], reply.body["fields"]) == ("other", {"code": 50035})
    assert (await client.human("POST say", user="nobody", channel="general", content="x")).body[
        "why"
    ] == "unknown"


@pytest.mark.parametrize("kind", [3, 21])
async def test_no_more_is_chosen_beforehand_than_may_be(client: Client, kind: int) -> None:
    """Two defaults in a choice of one are refused, in messages and forms."""
    chosen = [{**one, "default": True} for one in OPTIONS]
    one = {"type": kind, "custom_id": "x", "options": chosen}
    await client.register({"name": "triage", "description": "d"})
    form = {**FORM, "components": [{"type": 18, "label": "Size", "component": one}]}
    reply = await client.respond(await client.run(), 9, **form)
    path = ("data", "components", "0", "component", "options")
    assert reply.errors(*path) == ["SELECT_COMPONENT_TOO_MANY_DEFAULTS"]
    if kind == 3:
        body = {"components": [{"type": 1, "components": [one]}]}
        reply = await client.api("POST /channels/1100000000000000301/messages", body)
        assert reply.errors("components", "0", "components", "0", "options") == [
            "SELECT_COMPONENT_TOO_MANY_DEFAULTS"
        ]
