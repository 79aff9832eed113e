"""Discord's messages as the tracking of alerts reads them."""

from typing import Any, cast

import pytest

from bot.ui.discord_api.messages import Incoming
from tests.unit.ui.samples import JA

OWN, APPLICATION, HOOK = 900, 901, 902


class Somebody:
    """A client that has logged in."""

    application_id = APPLICATION

    class user:  # noqa: N801  # discord.py's name
        id = OWN


INCOMING = Incoming(cast("Any", Somebody()), JA)


def payload(**changes: object) -> dict[str, Any]:
    """A webhook's message."""
    return {
        "id": "800",
        "channel_id": "301",
        "type": 0,
        "content": "API が遅い",
        "embeds": [],
        "attachments": [],
        "author": {"id": str(HOOK), "username": "Parky API", "bot": True},
        "webhook_id": str(HOOK),
        "timestamp": "2026-11-24T05:07:00.000000+00:00",
        **changes,
    }


def read(**changes: object) -> Any:  # an AlertMessage
    """That message, read."""
    return INCOMING.read(payload(**changes), guild_id=7, channel="p0-alerts")


def test_a_webhooks_message() -> None:
    """A webhook's message is read with its ids, channel, title, target, author, text and link."""
    found = read(embeds=[{"title": "5xx", "fields": [{"name": "Service", "value": "api"}]}])
    assert (found.id, found.guild_id, found.channel_id, found.channel) == (800, 7, 301, "p0-alerts")
    assert (found.title, found.target(())) == ("5xx", "api")
    assert (found.is_webhook, found.is_bot, found.is_ours) == (True, True, False)
    assert found.evidence.url == "https://discord.com/channels/7/301/800"
    assert (found.evidence.author_name, found.evidence.text) == ("Parky API", "API が遅い")
    assert found.stand_in == "#p0-alerts の通知 (Parky API)"


def test_a_preview_is_nothing_that_the_monitor_said() -> None:
    """Discord adds it at once, later or never: the alert is the same with and without it."""
    said = {"content": "disk full on api.parky.co.jp https://grafana.example/d/1"}
    preview = {"type": "article", "title": "Grafana", "description": "Open and composable"}
    bare, shown = read(**said), read(**said, embeds=[preview])
    assert (shown.title, shown.embeds, shown.evidence) == (bare.title, bare.embeds, bare.evidence)
    own = {"type": "rich", "title": "5xx"}
    assert read(content="", embeds=[own, preview]).title == "5xx"


def test_a_message_made_of_components_has_words_too() -> None:
    """A message that consists of components has its title from the texts in its frame."""
    shown = [{"type": 17, "components": [{"type": 10, "content": "## disk full"}, {"type": 14}]}]
    assert read(content="", components=shown).title == "disk full"


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook_id": None, "author": {"id": str(OWN), "username": "incident-bot", "bot": True}},
        {"application_id": str(APPLICATION)},
        {"webhook_id": str(APPLICATION)},
    ],
)
def test_what_is_our_own_is_known(changes: dict[str, object]) -> None:
    """The bot's messages, those of its webhooks, and its answers to commands."""
    assert read(**changes).is_ours


def test_notes_of_discord_itself_are_no_alerts() -> None:
    """A channel that is followed from elsewhere, a pinned message."""
    found = read(type=12)
    assert (found.is_webhook, found.is_bot) == (False, False)


@pytest.mark.parametrize("kind", [0, 19, 20, 23])
@pytest.mark.parametrize("field", ["interaction_metadata", "interaction"])
def test_what_an_app_answers_to_a_person_is_no_alert(kind: int, field: str) -> None:
    """An app's answer to a button or a command is not read as a webhook's or a bot's message.

    Discord posts such answers by a webhook, too.
    """
    found = read(type=kind, application_id="903", **{field: {"id": "5", "type": 3}})
    assert (found.is_webhook, found.is_bot, found.is_ours) == (False, False, False)
    assert read(type=0, application_id="903", **{field: None}).is_webhook


def test_a_message_that_cannot_be_read() -> None:
    """A message whose content is empty, as without the intent for it, has no title and no target."""
    found = read(content="")
    assert (found.title, found.target(("api",))) == ("", None)
