"""Commands, components and modals, from both sides."""

from typing import Any

import pytest

from local_discord.client import Human, HumanSideError
from local_discord.tests.client import ALERTS, PRIMARY, Client, Reply

TRIAGE = {"name": "triage", "description": "Open an incident", "type": 1}
ACK = {"type": 1, "components": [{"type": 2, "style": 3, "label": "Ack", "custom_id": "ack"}]}


@pytest.fixture
async def bot(client: Client) -> Client:
    """A client whose guild has /triage."""
    assert (await client.register(TRIAGE)).status == 200
    return client


def original(client: Client, interaction: dict[str, Any]) -> str:
    return f"/webhooks/{client.sandbox.address.application_id}/{interaction['token']}"


async def seen(client: Client, interaction: dict[str, Any]) -> dict[str, Any]:
    reply = await client.human(f"GET interaction/{interaction['id']}")
    body: dict[str, Any] = reply.body
    return body


async def test_the_payload_says_who_where_and_in_which_language(bot: Client) -> None:
    """Member with permissions, locales, context, and what the app may do."""
    await bot.human("PATCH member", user="primary", locale="en-US")
    payload = await bot.run()
    assert payload["member"]["user"]["id"] == PRIMARY
    assert int(payload["member"]["permissions"]) & (1 << 11)
    assert int(payload["app_permissions"]) & (1 << 17)
    assert (payload["locale"], payload["guild_locale"], payload["context"]) == ("en-US", "ja", 0)
    guild_id = bot.sandbox.address.guild_id
    assert payload["authorizing_integration_owners"] == {"0": guild_id}
    assert (payload["entitlements"], payload["channel"]["id"]) == ([], ALERTS)


async def test_a_first_response_within_3_seconds(bot: Client) -> None:
    """The response is a message of the command; a second response is 40060."""
    interaction = await bot.run()
    reply = await bot.respond(interaction, 4, content="opened", flags=64)
    assert reply.body["resource"]["message"]["interaction_metadata"]["id"] == interaction["id"]
    again = await bot.respond(interaction, 4, content="again")
    assert (again.status, again.code) == (400, 40060)
    shown = await seen(bot, interaction)
    assert (shown["state"], shown["messages"][0]["only_for"]) == ("responded", "primary")
    assert shown["first_response_ms"] < 3000


async def test_after_3_seconds_the_interaction_is_unknown(bot: Client) -> None:
    """A response after 3 seconds is refused with 10062, and the person sees a failure."""
    interaction = await bot.run()
    bot.sandbox.core.clock.advance(3.1)
    late = await bot.respond(interaction, 4, content="x")
    assert (late.status, late.code) == (404, 10062)
    shown = await seen(bot, interaction)
    assert (shown["state"], shown["error"]) == ("failed", "The application did not respond")
    assert (await bot.api(f"POST {original(bot, interaction)}", {"content": "x"})).code == 10015


async def test_the_token_lives_15_minutes(bot: Client) -> None:
    """A follow-up after 14 minutes works, after 15 it is 50027."""
    interaction = await bot.run()
    await bot.respond(interaction, 4, content="x")
    bot.sandbox.core.clock.advance(14 * 60)
    assert (await bot.api(f"POST {original(bot, interaction)}", {"content": "y"})).status == 200
    bot.sandbox.core.clock.advance(61)
    reply = await bot.api(f"POST {original(bot, interaction)}", {"content": "z"})
    assert (reply.status, reply.code) == (401, 50027)


async def test_a_deferral_ends_with_the_first_follow_up(bot: Client) -> None:
    """The first follow-up becomes the deferred response and keeps its privacy; the next is a new message."""
    interaction = await bot.run()
    deferred = await bot.respond(interaction, 5, flags=64)
    assert deferred.body["interaction"]["response_message_loading"] is True
    assert (await seen(bot, interaction))["state"] == "deferred"
    first = (await bot.api(f"POST {original(bot, interaction)}", {"content": "a"})).body
    assert (first["content"], first["flags"]) == ("a", 64)
    assert first["id"] == deferred.body["interaction"]["response_message_id"]
    second = (await bot.api(f"POST {original(bot, interaction)}", {"content": "b"})).body
    assert second["id"] != first["id"]
    assert (await seen(bot, interaction))["state"] == "responded"


async def test_ephemeral_messages_are_seen_by_one_person_only(bot: Client) -> None:
    """An ephemeral message is not in the history; only its reader and the interaction's token reach it."""
    interaction = await bot.run()
    await bot.respond(interaction, 4, content="secret", flags=64, components=[ACK])
    assert (await bot.api(f"GET /channels/{ALERTS}/messages")).body == []
    assert (await bot.human("GET messages/p0-alerts")).body == []
    async with bot.http.get(f"{bot.sandbox.human}/messages/p0-alerts?user=primary") as response:
        (message,) = await response.json()
    path = f"/channels/{ALERTS}/messages/{message['id']}"
    assert (await bot.api(f"GET {path}")).code == 10008
    assert (await bot.api(f"GET {original(bot, interaction)}/messages/@original")).body["content"] == "secret"
    click = {"message": message["id"], "custom_id": "ack"}
    assert (await bot.human("POST click", user="primary", **click)).status == 200
    assert (await bot.human("POST click", user="observer", **click)).status == 404


async def test_original_is_edited_and_deleted_through_the_token(bot: Client) -> None:
    """The original response is edited and deleted with the interaction's token.

    After that, reading it is refused with 10008.
    """
    interaction = await bot.run()
    await bot.respond(interaction, 4, content="a")
    path = f"{original(bot, interaction)}/messages/@original"
    assert (await bot.api(f"PATCH {path}", {"content": "b"})).body["content"] == "b"
    assert (await bot.api(f"DELETE {path}")).status == 204
    assert (await bot.api(f"GET {path}")).code == 10008


async def clicked(client: Client, **message: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A message with a button, and the interaction of primary pressing it."""
    made = await client.post(content="alert", components=[ACK], **message)
    reply = await client.human("POST click", user="primary", message=made["id"], custom_id="ack")
    return made, client.payload(reply)


async def test_a_button_updates_its_message(bot: Client) -> None:
    """UPDATE_MESSAGE edits the message; the payload carries message and custom id."""
    made, interaction = await clicked(bot)
    assert (interaction["message"]["id"], interaction["data"]["custom_id"]) == (made["id"], "ack")
    reply = await bot.respond(interaction, 7, content="acked", components=[])
    assert reply.body["resource"]["message"]["id"] == made["id"]
    gone = await bot.human("POST click", user="primary", message=made["id"], custom_id="ack")
    assert gone.status == 400


async def test_a_button_may_answer_with_a_message_or_defer(bot: Client) -> None:
    """A new message refers to the button's; a deferred update is ended by editing @original."""
    made, interaction = await clicked(bot)
    reply = await bot.respond(interaction, 4, content="thanks")
    assert reply.body["resource"]["message"]["message_reference"]["message_id"] == made["id"]
    _, second = await clicked(bot)
    await bot.respond(second, 6)
    assert (await seen(bot, second))["state"] == "deferred"
    edited = await bot.api(f"PATCH {original(bot, second)}/messages/@original", {"content": "acked"})
    assert edited.body["id"] == second["message"]["id"]
    assert (await seen(bot, second))["state"] == "responded"


async def test_what_a_person_cannot_press(bot: Client) -> None:
    """A disabled button or an unknown custom id is 400 with a reason."""
    ack = {"type": 1, "components": [{**ACK["components"][0], "disabled": True}]}  # type: ignore[index]
    made = await bot.post(content="x", components=[ack])
    for custom_id, reason in (("ack", "disabled"), ("nope", "no component")):
        reply = await bot.human("POST click", user="primary", message=made["id"], custom_id=custom_id)
        assert reply.status == 400
        assert reason in reply.body["error"]


async def test_a_press_goes_to_what_an_edit_has_put_in_its_place(client: Client) -> None:
    """A press by label reaches the control that has this label after an edit; an old control is refused."""
    ack = {"type": 2, "style": 3, "label": "Ack", "emoji": {"name": "👀"}, "custom_id": "ack:1"}
    pick = {"type": 5, "placeholder": "Who?", "custom_id": "who:1"}
    posted = await client.post(components=[{"type": 1, "components": [one]} for one in (ack, pick)])
    edited = [
        {"type": 1, "components": [one]}
        for one in (ack | {"custom_id": "ack:2"}, pick | {"custom_id": "who:2"})
    ]
    async with Human(client.sandbox.human, waits=False) as human:
        [message] = await human.messages("p0-alerts")
        await client.api(f"PATCH /channels/{ALERTS}/messages/{posted['id']}", {"components": edited})
        pressed = [
            await human.press("primary", message, "Ack"),
            await human.press("primary", message, "Who?", values=["secondary"]),
        ]
        with pytest.raises(HumanSideError, match="no component 'ack:1'"):
            await human.click("primary", message.id, message.control("Ack"))
    payloads = [client.sandbox.core.interactions[one.id].payload for one in pressed]
    assert [one["data"]["custom_id"] for one in payloads] == ["ack:2", "who:2"]


async def test_selects_resolve_people_by_name(bot: Client) -> None:
    """Values of a user select are ids with resolved users; a string select offers only its options."""
    user = {"type": 5, "custom_id": "who"}
    sev = {"type": 3, "custom_id": "sev", "options": [{"label": "SEV1", "value": "1"}]}
    made = await bot.post(content="x", components=[{"type": 1, "components": [one]} for one in (user, sev)])
    chosen = await bot.human(
        "POST click", user="primary", message=made["id"], custom_id="who", values=["secondary"]
    )
    data = bot.payload(chosen)["data"]
    assert data["resolved"]["users"][data["values"][0]]["username"] == "secondary"
    wrong = await bot.human("POST click", user="primary", message=made["id"], custom_id="sev", values=["2"])
    assert wrong.status == 400


def modal(**fields: Any) -> dict[str, Any]:
    text = {"type": 4, "style": 1, "custom_id": "what", "min_length": 3, "max_length": 10}
    label = {"type": 18, "label": "What?", "component": text}
    who = {"type": 18, "label": "Who?", "component": {"type": 5, "custom_id": "who"}}
    return {
        "custom_id": "impact",
        "title": "Impact",
        "components": [label, who, {"type": 10, "content": "*"}],
        **fields,
    }


async def test_a_modal_is_opened_and_submitted(bot: Client) -> None:
    """Fields are checked as a client would; the submit carries labels with their inputs."""
    interaction = await bot.run()
    assert (await bot.respond(interaction, 9, **modal())).status == 200

    async def submit(**fields: Any) -> Reply:
        return await bot.human("POST modal", user="primary", interaction=interaction["id"], fields=fields)

    for bad in ({"who": ["primary"]}, {"what": "ab", "who": ["primary"]}, {"what": "abc"}, {"x": "y"}):
        assert (await submit(**bad)).status == 400
    submitted = bot.payload(await submit(what="down", who=["secondary"]))
    assert submitted["type"] == 5
    first, second, third = submitted["data"]["components"]
    assert first["component"]["value"] == "down"
    assert second["component"]["values"][0] in submitted["data"]["resolved"]["users"]
    assert third == {"type": 10, "id": third["id"]}
    assert (await bot.respond(submitted, 9, **modal())).code == 50035
    assert (await bot.respond(submitted, 4, content="ok")).status == 200


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"title": "x" * 46}, ("data", "title")),
        ({"components": []}, ("data", "components")),
        ({"components": [{"type": 2}]}, ("data", "components", "0", "type")),
        ({"custom_id": "x" * 101}, ("data", "custom_id")),
    ],
)
async def test_modal_rules(bot: Client, fields: dict[str, Any], path: tuple[str, ...]) -> None:
    """Title 45, one to five components, only the kinds that modals take. The answer may be tried again."""
    interaction = await bot.run()
    assert (await bot.respond(interaction, 9, **modal(**fields))).errors(*path)
    assert (await bot.respond(interaction, 9, **modal())).status == 200


async def test_plain_rows_of_text_inputs_still_work(bot: Client) -> None:
    """The older modal: action rows with a labelled text input each."""
    text = {"type": 4, "style": 2, "custom_id": "what", "label": "What?", "required": False}
    interaction = await bot.run()
    shown = modal(components=[{"type": 1, "components": [text]}])
    assert (await bot.respond(interaction, 9, **shown)).status == 200
    reply = await bot.human("POST modal", user="primary", interaction=interaction["id"], fields={"what": ""})
    assert bot.payload(reply)["data"]["components"][0]["components"][0]["value"] == ""


async def test_wrong_kinds_of_response_are_form_errors(bot: Client) -> None:
    """No update without a message, no choices for a command."""
    interaction = await bot.run()
    for kind in (6, 7, 8, 1, 99):
        assert (await bot.respond(interaction, kind)).code == 50035


async def test_activities_are_launched_where_there_are_any(client: Client) -> None:
    """Type 12 only for an app with Activities; it answers with the instance, and makes no message."""
    await client.register({"name": "triage", "description": "d"})
    refused = await client.respond(await client.run(), 12)
    assert refused.errors("type") == ["INTERACTION_RESPONSE_TYPE_INVALID"]
    await client.human("PATCH application", activities=True)
    interaction = await client.run()
    told = (await client.respond(interaction, 12)).body
    instance = told["interaction"]["activity_instance_id"]
    assert told["resource"] == {"type": 12, "activity_instance": {"id": instance}}
    assert (await client.human(f"GET interaction/{interaction['id']}")).body["state"] == "responded"
    assert (await client.respond(interaction, 4, content="x")).code == 40060


@pytest.mark.parametrize("kind", [1, 10, 13])
async def test_answers_to_what_cannot_come_are_refused(client: Client, kind: int) -> None:
    """A pong without a ping; what only apps answer that sell something."""
    await client.register({"name": "triage", "description": "d"})
    reply = await client.respond(await client.run(), kind, eligible=True)
    assert reply.errors("type") == ["INTERACTION_RESPONSE_TYPE_INVALID"]
