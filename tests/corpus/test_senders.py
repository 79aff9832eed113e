"""What monitors post to Discord, one file each with its source beside it: what each message means."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import pytest

from bot.domain.alerts.reading import ended_by
from bot.domain.alerts.recognition import Says
from bot.i18n import Texts
from bot.runbook import default_policy_text, parse_policy
from bot.services.alerts.tracking import AlertTracking, Understood
from bot.ui.discord_api.messages import Incoming
from bot.ui.words.wording import Wording
from tests.services.database import unreachable
from tests.services.desk import Desk

FOLDER: Final = Path(__file__).parent / "senders"
TEN: Final = {
    *("alertmanager", "grafana", "sentry", "github", "uptimerobot"),
    *("uptime-kuma", "better-stack", "datadog", "healthchecks", "cloudflare"),
}

JSON = Mapping[str, Any]
POLICY: Final = parse_policy(default_policy_text().replace("bots = []", 'bots = ["Sentry"]'), name="corpus")


class Somebody:
    """A client that is logged in as another bot."""

    application_id = 1
    user = None


def files() -> dict[str, JSON]:
    """Each sender's messages, by the file's name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def messages() -> Iterator[Any]:
    """Every message of every file, as a test's parameters."""
    for name, file in files().items():
        for number, said in enumerate(file["messages"], 1):
            yield pytest.param(file, said, id=f"{name}-{number}")


def payload(file: JSON, body: JSON) -> JSON:
    """The message that Discord makes of a webhook's body, or of a bot's."""
    hook = {} if file.get("bot") else {"webhook_id": "77"}
    return {
        "id": "900",
        "channel_id": "51",
        "type": 0,
        "content": body.get("content", ""),
        "embeds": body.get("embeds", []),
        "author": {"id": "77", "username": body.get("username", file["sender"]), "bot": True},
        "timestamp": "2026-11-24T05:05:00+00:00",
        **hook,
    }


@cache
def reader() -> Incoming:
    """What reads messages."""
    return Incoming(cast("Any", Somebody()), Wording(Texts.load(), POLICY))


@cache
def alerts() -> AlertTracking:
    """What understands them."""
    return Desk(unreachable(), POLICY).services.alerts


def understood(file: JSON, said: JSON) -> Understood:
    """What the bot makes of one message in #p1-ops."""
    message = reader().read(payload(file, said["body"]), guild_id=7, channel="p1-ops")
    found = alerts().understand(message)
    assert found is not None
    return found


def test_ten_senders_are_known() -> None:
    """The corpus has ten senders, each with the source of its messages and whether the source is sure.

    All but GitHub and Better Stack have a firing and a resolved message.
    """
    found = files()
    assert found.keys() >= TEN
    assert all(len(file["source"]) > 20 and isinstance(file["confirmed"], bool) for file in found.values())
    for name in TEN - {"github", "better-stack"}:
        says = {said["says"] for said in found[name]["messages"]}
        assert {"firing", "resolved"} <= says, name


@pytest.mark.parametrize(("file", "said"), [*messages()])
def test_what_a_message_means_and_is_about(file: JSON, said: JSON) -> None:
    """Firing, resolved, neither, or not known; and the title that an alert of it has."""
    found = understood(file, said)
    expected = None if said["says"] is None else Says(said["says"])
    assert (found.reading.says, found.would_be.title) == (expected, said["title"])


@pytest.mark.parametrize("name", [*files()])
def test_two_things_are_two_alerts_and_a_recovery_finds_its_own(name: str) -> None:
    """Firing messages about one alert have one subject; a recovery ends that alert, with all open."""
    file, firing, subjects = files()[name], defaultdict(set), {}
    told = [(said, understood(file, said)) for said in file["messages"] if said["alert"] is not None]
    for said, found in told:
        if said["says"] == "firing":
            firing[said["alert"]].add(found.occurrence.subject.split("\n")[0] or found.fingerprint)
            subjects[said["alert"]] = found.occurrence.subject
    assert [alert for alert, found in firing.items() if len(found) != 1] == []
    assert len(set().union(*firing.values())) == len(firing)
    numbers = dict(enumerate(firing))
    for said, found in told:
        if said["says"] == "resolved" and said["alert"] in firing:
            is_equal = found.occurrence.subject.split("\n")[0] in firing[said["alert"]]
            ended = ended_by(
                found.occurrence.subject,
                {number: subjects[alert] for number, alert in numbers.items()},
                is_success=found.reading.is_success,
            )
            assert is_equal or (ended is not None and numbers[ended] == said["alert"]), said
