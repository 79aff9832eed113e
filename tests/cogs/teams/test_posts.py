"""Posts about calls to a team: unanswered ones, and the last place of a schedule."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.errors import InvalidTransition
from bot.domain.incident.incident import Status
from bot.i18n import Texts
from bot.runbook import default_policy_text, parse_policy
from bot.ui.errors import describe
from bot.ui.posts.renderer import is_refreshed, render
from bot.ui.words.wording import Voice, Wording
from cogs.teams.posts import called_answer
from cogs.teams.rules import CallData, TeamCall, TeamDelivery
from cogs.teams.use_cases import Called
from tests.integration.discord_api.notifier_world import owed, running_world
from tests.unit.ui.samples import TRIGGERED, delivery, embed_of


def words(team: str = "") -> Wording:
    """Return the wording of a policy with a team, whose table has the lines *team*."""
    policy = parse_policy(f"{default_policy_text()}\n[teams.payments]\n{team}\n", name="teams")
    return Wording(Texts.load(), policy)


WORDS = words()
T0 = datetime(2026, 12, 2, 5, 0, tzinfo=UTC)
DATA = CallData(call=1, team="payments", by="", due_at=T0).to_json()


def test_the_channel_is_told_with_a_mention() -> None:
    """The channel's message says of which incident, and rings."""
    told = delivery(TeamDelivery.UNANSWERED, to="channel:payments-alerts", data=DATA)
    body = render(WORDS, told, TRIGGERED)
    assert "「payments」から応答がありません" in str(body["content"])
    assert str(body["content"]).startswith("@here")


def test_a_team_that_is_not_mentioned_is_told_without_one() -> None:
    """The channel's message rings as an alert of the called team would."""
    told = delivery(TeamDelivery.UNANSWERED, to="channel:payments-alerts", data=DATA)
    body = render(words('mention = "none"'), told, TRIGGERED)
    assert str(body["content"]).startswith("📣")
    assert body["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize("is_open", [True, False])
def test_people_are_told_with_a_button(*, is_open: bool) -> None:
    """The DM says that no one has joined, and its reader can join by it while the incident is open."""
    private = replace(TRIGGERED, is_private=True)
    ended = replace(private, status=Status.RESOLVED)
    told = delivery(TeamDelivery.UNANSWERED, to="person:pay", data=DATA)
    body = render(WORDS, told, private if is_open else ended)
    assert "「payments」の担当は、期限までに誰も参加していません" in str(embed_of(body)["description"])
    assert ("inc:v1:ack" in str(body["components"])) == is_open
    assert "@here" not in str(body)


@pytest.mark.parametrize(
    ("status", "shown", "asks"),
    [
        (Status.TRIGGERED, "引き受ける", True),
        (Status.ACKNOWLEDGED, "参加する", True),
        (Status.RESOLVED, "", False),
    ],
)
def test_the_dm_of_a_call_follows_the_incident(status: Status, shown: str, *, asks: bool) -> None:
    """While the incident is open the called person may join it; after its end nothing is asked any more."""
    called = delivery(TeamDelivery.CALL, to="person:pay", data=DATA)
    incident = replace(TRIGGERED, status=status)
    body = render(WORDS, called, incident)
    assert is_refreshed(WORDS, called, incident)
    assert shown in str(body["components"])
    assert ("次の担当を呼びます" in str(embed_of(body)["description"])) == asks
    assert ("inc:v1:ack" in str(body["components"])) == asks


def test_the_last_place_reads_that_the_team_is_told() -> None:
    """The DM and the answer promise a next person only if the schedule has one."""
    call = TeamCall(1, 42, 7, "payments", 0, T0)
    voice = Voice.of(Texts.load(), WORDS.policy, locale="en")
    for is_last, then in ((False, "the next person is called"), (True, "the team is told")):
        dm = delivery(TeamDelivery.CALL, to="person:pay", data={**DATA, "is_last": is_last})
        assert ("チームに知らせます" in str(embed_of(render(WORDS, dm, TRIGGERED)))) == is_last
        assert then in called_answer(voice, Called(TRIGGERED, call, "pay", is_last))


@pytest.mark.parametrize(("locale", "name"), [("ja", "「既定のチーム」"), ("en-US", "the default team")])
@pytest.mark.parametrize("key", ["team_same", "team_called_already", "team_on_it"])
def test_a_refusal_names_the_default_team_as_posts_do(key: str, locale: str, name: str) -> None:
    """The default team has one name in refusals and in posts."""
    voice = Voice.of(Texts.load(), WORDS.policy, locale=locale)
    told = describe(voice, InvalidTransition(key, incident="INC-42", team="default"))
    assert name in told
    assert "default」" not in told


async def test_the_role_of_the_called_team_is_rung(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unanswered call rings the role of the called team in the place of @here, not the owner's."""
    async with running_world(monkeypatch) as world:
        world.notifier = world.make(policy=words('role = "on-call"').policy)
        call = CallData.from_json({**DATA, "rings_team": "payments"})
        told = owed(TeamDelivery.UNANSWERED, to="channel:p1-ops", data=call.to_json())
        message = world.message(await world.deliver(told))
        assert message.content.startswith(f"<@&{message.mention_roles[0]}> 📣")
        assert not message.mention_everyone
