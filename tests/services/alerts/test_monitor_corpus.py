"""What monitors post into a channel, one sender after the other: each step as its sender posts it.

`published.json` has the messages of 29 senders, rendered from their own notifiers; each names its source.
`outsiders.json` has those of 183 more, by people who had not seen how they are read; `invented.json` more,
as such senders and teams' own scripts write them.
"""

import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import pytest

from bot.domain.incident.incident import Incident, IncidentFilter, Status
from bot.i18n import Texts
from bot.storage.tables.incidents import IncidentRows
from bot.ui.discord_api.messages import Incoming
from bot.ui.words.wording import Wording
from tests.fakes.discord import WATCHED
from tests.services.desk import GUILD, Desk

FOLDER: Final = Path(__file__).parents[2] / "corpus" / "monitors"
STEPS: Final = ("a1", "b1", "a2", "ar", "br", "c")
OPEN: Final = (Status.TRIGGERED, Status.ACKNOWLEDGED)

Said = dict[str, Any]


class Somebody:
    """A client that is logged in as another bot."""

    application_id = 1
    user = None


@cache
def senders() -> dict[str, list[Said]]:
    """Each sender's messages, in the order in which they are posted."""
    found: dict[str, list[Said]] = defaultdict(list)
    for path in sorted(FOLDER.glob("*.json")):
        for said in json.loads(path.read_text(encoding="utf-8")):
            found[f"{path.stem}: {said['sender']}"].append(said)
    return {name: sorted(each, key=lambda said: STEPS.index(said["step"])) for name, each in found.items()}


class Channel:
    """A watched channel of #p0-alerts, into which one sender posts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._reader = Incoming(cast("Any", Somebody()), Wording(Texts.load(), desk.policy))
        self._number = 900

    async def post(self, said: Said) -> None:
        """Post a message, and let the bot read it."""
        self._number += 1
        payload = {
            "id": str(self._number),
            "channel_id": str(WATCHED["p0-alerts"]),
            "type": 0,
            "content": "",
            "embeds": [],
            **said["message"],
            "webhook_id": "77",
            "author": {"id": "77", "username": said["post_as"], "bot": True},
            "timestamp": self._desk.clock.time.isoformat(),
        }
        message = self._reader.read(payload, guild_id=GUILD, channel="p0-alerts")
        await self._desk.services.alerts.receive(message)

    async def alerts(self) -> list[Incident]:
        """Return all alerts that there were, oldest first."""
        found = await IncidentRows(self._desk.store.sql).list_incidents(
            GUILD, IncidentFilter(), limit=25, offset=0
        )
        return sorted(found, key=lambda one: one.id)


def plain(text: str) -> str:
    """Return *text* without markup, in lower case."""
    return " ".join(text.replace("*", "").replace("`", "").split()).casefold()


@pytest.mark.parametrize("name", [*senders()])
async def test_a_sender_is_understood(desk: Desk, name: str) -> None:
    """Each thing that fires is one alert of its own name; a repeat counts; a recovery ends its own; chatter
    is none.
    """
    channel, alerts = Channel(desk), dict[str, int]()
    for said in senders()[name]:
        before = await channel.alerts()
        await channel.post(said)
        after, step = await channel.alerts(), said["step"]
        new, ended = after[len(before) :], [one.id for one in after if one.status not in OPEN]
        match step:
            case "a1" | "b1":
                assert len(new) == 1, step
                assert plain(said["name"]) in plain(new[0].title), new[0].title
                alerts[step[0]] = new[0].id
            case "a2":
                assert new == [], step
                assert [one.tracked.occurrences for one in after if one.id == alerts["a"]] == [2]
            case "ar" | "br":
                assert new == [], step
                assert alerts[step[0]] in ended, step
                assert step == "br" or alerts["b"] not in ended, step
            case _:
                assert new == [], said["message"]
