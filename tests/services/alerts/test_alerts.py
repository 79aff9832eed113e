"""Alerts of others: tracked once, counted, escalated, declared, read when they were missed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.alerts.alert import AlertEmbed, AlertMessage
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.dlq import REPLAYED_AS
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.transitions import AckVia
from bot.domain.jobs import BACKGROUND, current
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineKind
from bot.domain.triage.session import Evidence
from bot.runbook import default_policy_text, parse_policy
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from tests.fakes.discord import WATCHED, FakeDiscord
from tests.services.alerts.test_monitors import sharing as sharing  # noqa: PLC0414  # a fixture
from tests.services.database import Database
from tests.services.desk import GUILD, PRIMARY, RESPONDER, Desk
from tests.services.outcomes import kinds

FIRST = 900


def alert(
    desk: Desk, message_id: int = FIRST, content: str = "API latency 812 ms", *, channel: str = "p1-ops"
) -> AlertMessage:
    """A webhook's message, posted now; what it says is plainly an alert."""
    content = f"ALERT: {content}" if content else ""
    at = desk.clock.time
    url = f"https://discord.com/channels/{GUILD}/{WATCHED.get(channel, 7)}/{message_id}"
    return AlertMessage(
        id=message_id,
        guild_id=GUILD,
        channel_id=WATCHED.get(channel, 7),
        channel=channel,
        content=content,
        embeds=(),
        evidence=Evidence(text=content, author_id=77, author_name="Parky API", url=url, at=at),
        is_webhook=True,
        is_bot=True,
        is_ours=False,
        username="Parky API",
        stand_in=f"#{channel} の通知 (Parky API)",
    )


async def receive(desk: Desk, message: AlertMessage) -> Incident:
    """Track it; it is one that is watched for."""
    incident = await desk.services.alerts.receive(message)
    assert incident is not None
    return incident


async def test_an_alert_is_tracked_with_its_channels_severity(desk: Desk) -> None:
    """An alert gets its channel's severity and deadline, no thread, and a reply that answers it."""
    incident = await receive(desk, alert(desk, content="api.parky.co.jp latency 812 ms", channel="p0-alerts"))
    assert (incident.kind, incident.severity, incident.targets) == (
        IncidentKind.ALERT,
        "SEV1",
        ("api.parky.co.jp",),
    )
    assert (incident.title, incident.reported_by.name) == ("api.parky.co.jp latency 812 ms", "Parky API")
    assert incident.ack_due_at == desk.clock.time + timedelta(minutes=15)
    await desk.work()
    assert set(desk.discord.sent) == {
        (DeliveryKind.ALERT, "channel:50"),
        (DeliveryKind.SEED_ACK, "incident"),
        (DeliveryKind.PAGE, "person:primary"),
    }
    [post] = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT]
    assert post.data["answers"] == FIRST
    assert await kinds(desk, incident.id) == [
        TimelineKind.OPENED,
        TimelineKind.EVIDENCE,
        TimelineKind.ALERT_POSTED,
        TimelineKind.PAGED,
    ]
    await desk.pass_time(minutes=15)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]


async def test_a_replay_by_a_webhook_is_no_alert(desk: Desk) -> None:
    """A message that the bot replays by its own webhook opens no incident; other messages of webhooks do."""
    desk.webhooks = {"p0-alerts": 77}
    desk.use(desk.discord)
    real = alert(desk, channel="p0-alerts")
    replayed = replace(real, id=901, evidence=replace(real.evidence, author_name=REPLAYED_AS))
    stranger = replace(replayed, id=902, evidence=replace(replayed.evidence, author_id=78))
    assert await desk.services.alerts.receive(replayed) is None
    assert await desk.services.alerts.receive(real) is not None
    assert await desk.services.alerts.receive(stranger) is not None


async def test_a_monitors_p0_rings_and_pages_as_a_persons(desk: Desk) -> None:
    """The reply to an alert of the highest severity pings once, and its ladder is that of `/sev1`.

    One of a lower severity stays quiet, and pages by its own ladder.
    """

    async def sent(number: int) -> list[tuple[str, str, bool]]:
        await desk.work()
        return [
            (one.kind.value, one.to.partition(":")[0], "quiet" in one.data)
            for one in await desk.database.deliveries()
            if one.incident_id == number and one.kind in (DeliveryKind.ALERT, DeliveryKind.PAGE)
        ]

    by_person = await desk.open("SEV1")
    by_monitor = await receive(desk, alert(desk, channel="p0-alerts"))
    assert await sent(by_monitor.id) == await sent(by_person.id)
    assert ("alert", "channel", False) in await sent(by_monitor.id)
    ladders = [await EscalationRows(desk.store.sql).steps(one.id) for one in (by_person, by_monitor)]
    first, second = ([(step.rung, step.status) for step in steps] for steps in ladders)
    assert first == second
    again = await receive(desk, alert(desk, FIRST + 1, channel="p0-alerts"))
    assert again.id == by_monitor.id
    assert len(await sent(by_monitor.id)) == len(await sent(by_person.id)), "it rings once"
    lesser = await receive(desk, alert(desk, FIRST + 2, "other 5 ms"))
    assert ("alert", "channel", True) in await sent(lesser.id)


async def test_the_policy_may_let_the_answer_ring(database: Database) -> None:
    """With `rings = true`, the reply to an alert of any severity pings, for teams whose monitors do not."""
    policy = parse_policy(default_policy_text().replace('rings = "highest"', "rings = true"), name="loud")
    desk = Desk(database, policy)
    await receive(desk, alert(desk))
    assert not any("quiet" in one.data for one in await desk.database.deliveries())


async def test_the_same_message_twice_is_one(desk: Desk) -> None:
    """The gateway delivers twice, two instances see it, the channel is read again."""
    first, second = await asyncio.gather(receive(desk, alert(desk)), receive(desk, alert(desk)))
    assert first == second
    assert second.tracked.occurrences == 1


async def test_the_same_alert_again_is_counted_on_the_first(desk: Desk) -> None:
    """The posts are edited once for a burst; the timeline tells of it every five minutes at most."""
    incident = await receive(desk, alert(desk))
    await desk.work()
    for number in range(1, 7):
        again = await receive(desk, alert(desk, FIRST + number, f"API latency {number} s"))
        assert (again.id, again.tracked.occurrences) == (incident.id, number + 1)
    edits = len(desk.discord.refreshed)
    await desk.pass_time(minutes=1)
    assert len(desk.discord.refreshed) == edits + 1
    assert (await kinds(desk, incident.id)).count(TimelineKind.REPEATED) == 1
    await desk.pass_time(minutes=4)
    await receive(desk, alert(desk, FIRST + 7))
    told = [
        e.data
        for e in await TimelineRows(desk.store.sql).timeline(incident.id)
        if e.kind is TimelineKind.REPEATED
    ]
    assert [data and data["count"] for data in told] == [2, 8]
    assert desk.sent(DeliveryKind.ALERT) == ["channel:51"]


async def test_after_the_window_it_is_a_new_alert(desk: Desk) -> None:
    """The same alert is a new incident once the window since it last came is over."""
    first = await receive(desk, alert(desk))
    await desk.database.advance(timedelta(minutes=29))
    assert (await receive(desk, alert(desk, FIRST + 1))).id == first.id
    await desk.database.advance(timedelta(minutes=29))
    assert (await receive(desk, alert(desk, FIRST + 2))).id == first.id
    await desk.database.advance(timedelta(minutes=31))
    assert (await receive(desk, alert(desk, FIRST + 3))).id != first.id


async def test_an_ended_alert_that_comes_again_is_new(desk: Desk) -> None:
    """An alert that repeats after its incident was resolved opens a new incident."""
    first = await receive(desk, alert(desk))
    await desk.lifecycle.resolve(first.id, by=RESPONDER)
    assert (await receive(desk, alert(desk, FIRST + 1))).id != first.id


async def test_a_more_severe_alert_is_never_counted_on_a_lesser_one(sharing: Desk) -> None:
    """The same words in #p0-alerts have a deadline of their own; the lesser one counts on it."""
    lesser = await receive(sharing, alert(sharing))
    more_severe = await receive(sharing, alert(sharing, FIRST + 1, channel="p0-alerts"))
    assert (more_severe.severity, more_severe.id != lesser.id) == ("SEV1", True)
    assert (await receive(sharing, alert(sharing, FIRST + 2))).id == more_severe.id


@pytest.mark.parametrize(
    ("title", "severity"),
    [("[P0] down", "SEV1"), ("SEV3: slow", "SEV3"), ("P9 down", "SEV2"), ("down", "SEV2")],
)
async def test_a_title_may_name_the_severity(desk: Desk, title: str, severity: str) -> None:
    """A known severity or priority at the start of an alert's title overrides the channel's severity.

    The alert is posted in the channel of the message in any case.
    """
    incident = await receive(desk, alert(desk, content=title))
    assert incident.severity == severity
    await desk.work()
    assert desk.sent(DeliveryKind.ALERT) == ["channel:51"]


async def test_what_nobody_can_read_is_not_counted_on_what_somebody_is_on(desk: Desk) -> None:
    """An unreadable message after an acknowledge opens another alert, which counts those that follow."""
    first = await receive(desk, alert(desk, content=""))
    await desk.acknowledger.acknowledge(first.id, by=RESPONDER, via=AckVia.BUTTON)
    second = await receive(desk, alert(desk, FIRST + 1, content=""))
    assert second.id != first.id
    assert (await receive(desk, alert(desk, FIRST + 2, content=""))).id == second.id
    same = await receive(desk, alert(desk, FIRST + 3))
    await desk.acknowledger.acknowledge(same.id, by=RESPONDER, via=AckVia.BUTTON)
    assert (await receive(desk, alert(desk, FIRST + 4))).id == same.id  # this one can be read: it is the same


async def test_what_is_not_watched_for_is_left_alone(desk: Desk) -> None:
    """People, other bots, other channels, and whatever is our own."""
    usual = alert(desk)
    for other in (
        replace(usual, is_webhook=False, is_bot=False),
        replace(usual, is_webhook=False),
        replace(usual, is_ours=True),
        alert(desk, channel="general"),
    ):
        assert await desk.services.alerts.receive(other) is None
    assert await desk.database.deliveries() == []


async def test_a_webhook_that_the_bots_application_made_is_told_from_others(desk: Desk) -> None:
    """A message by a webhook of the bot's own application is recognised in a watched channel.

    Messages by other webhooks, the bot's own messages and those in other channels are not taken for such a
    message.
    """
    tells, usual = desk.services.alerts.is_by_own_webhook, alert(desk)
    own = replace(usual, is_ours=True)
    assert tells(own)
    for other in (usual, replace(own, is_webhook=False), replace(own, channel="general", channel_id=1)):
        assert not tells(other)


@pytest.mark.parametrize("known", ["parky-monitor", "77"])
async def test_an_allowed_bot_counts_like_a_webhook(database: Database, known: str) -> None:
    """A bot that the policy names by username or id opens an alert; a person of that name does not."""
    policy = parse_policy(default_policy_text().replace("bots = []", f'bots = ["{known}"]'), name="bots")
    desk = Desk(database, policy)
    bots = replace(alert(desk), is_webhook=False, username="parky-monitor")
    assert await desk.services.alerts.receive(replace(bots, is_bot=False)) is None
    assert await desk.services.alerts.receive(bots) is not None


async def test_a_channel_may_be_watched_by_its_id(database: Database) -> None:
    """A channel that the policy names by its id is watched whatever the channel's name."""
    policy = parse_policy(default_policy_text().replace("p1-ops = ", '"123456789012345678" = '), name="ids")
    desk = Desk(database, policy)
    found = await receive(desk, replace(alert(desk), channel_id=123456789012345678, channel="renamed"))
    assert found.severity == "SEV2"


async def test_an_alert_that_cannot_be_read_is_tracked_all_the_same(desk: Desk) -> None:
    """An alert without text is tracked by channel and author, under a title that names both."""
    first = await receive(desk, alert(desk, content=""))
    assert first.title == "#p1-ops の通知 (Parky API)"
    assert (await receive(desk, alert(desk, FIRST + 1, content=""))).id == first.id


async def test_eyes_on_the_message_itself_acknowledge(desk: Desk) -> None:
    """A 👀 on a first or later alert message acknowledges the alert, by its event or found by reading."""
    incident = await receive(desk, alert(desk))
    await receive(desk, alert(desk, FIRST + 1))
    [found] = await desk.eyes(FIRST + 1, by=PRIMARY)
    assert found.incident.id == incident.id
    other = await receive(desk, alert(desk, FIRST + 2, "disk full"))
    desk.discord.reactions[FIRST + 2] = [PRIMARY]
    await desk.reconciler.reconcile_all()
    assert (await IncidentRows(desk.store.sql).incident(other.id)).status is Status.ACKNOWLEDGED


async def test_a_click_makes_it_an_incident(desk: Desk) -> None:
    """Posted as one, with its thread; the same alert is still counted on it, its clock goes on."""
    tracked = await receive(desk, alert(desk))
    await desk.work()
    declared = await desk.lifecycle.declare(tracked.id, by=RESPONDER)
    await desk.work()
    assert (declared.kind, declared.ack_due_at) == (IncidentKind.INCIDENT, tracked.ack_due_at)
    assert desk.sent(DeliveryKind.ALERT) == ["channel:51", "channel:p1-ops"]
    assert desk.sent(DeliveryKind.THREAD_START) == ["incident"]
    posts = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT]
    assert ["answers" in one.data for one in posts] == [True, False]
    assert (await receive(desk, alert(desk, FIRST + 1))).id == tracked.id


async def test_a_merged_alert_counts_on_the_other(desk: Desk) -> None:
    """A merged alert counts on the other incident: people have said that it is the same trouble."""
    tracked, incident = await receive(desk, alert(desk)), await desk.open()
    await desk.merging.merge(tracked.id, into=incident.id, by=RESPONDER)
    assert (await receive(desk, alert(desk, FIRST + 1))).id == incident.id


async def test_what_came_while_the_bot_was_away_is_read(desk: Desk) -> None:
    """Alert messages from the time when the bot was away are read once, unless they are too old.

    The 👀 under such a message counts. A channel that was never read before is read from that moment on.
    """
    desk.discord.watching = [alert(desk, 1, "long ago")]
    await desk.services.missed_alerts.catch_up(GUILD)
    assert await desk.database.deliveries() == []
    old = alert(desk, 2, "yesterday")
    await desk.database.advance(timedelta(hours=25))
    new, seen = alert(desk, 3, "a minute ago"), alert(desk, 4, "seen as it came")
    await receive(desk, seen)
    person = replace(alert(desk, 5, "見ています"), is_webhook=False, is_bot=False)
    desk.discord.watching += [old, seen, new, person]
    desk.discord.reactions[3] = [PRIMARY]
    for _ in range(2):
        await desk.services.missed_alerts.catch_up(GUILD)
    found = await IncidentRows(desk.store.sql).open_incidents(GUILD)
    assert [(one.title, one.status) for one in found] == [
        ("seen as it came", Status.TRIGGERED),
        ("a minute ago", Status.ACKNOWLEDGED),
    ]
    assert await AlertRows(desk.store.sql).alert_cursor(GUILD, WATCHED["p1-ops"]) == 5


async def test_many_of_one_alert_are_read_once_and_behind_everything_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A storm that came during downtime is read with one request for reactions, at low priority."""
    await desk.services.missed_alerts.catch_up(GUILD)
    desk.discord.watching = [alert(desk, number, "disk full") for number in range(1, 30)]
    read, real = list[int](), FakeDiscord.acknowledgers

    def counted(
        discord: FakeDiscord, places: Sequence[tuple[int, int]], *, guild_id: int
    ) -> AsyncIterator[tuple[Person, int]]:
        read.append(current())
        return real(discord, places, guild_id=guild_id)

    monkeypatch.setattr(FakeDiscord, "acknowledgers", counted)
    await desk.services.missed_alerts.catch_up(GUILD)
    assert read == [BACKGROUND]


async def test_a_severity_with_more_time_is_read_further_back(desk: Desk) -> None:
    """The next business day may be days away."""
    await desk.services.missed_alerts.catch_up(GUILD)
    desk.discord.watching = [alert(desk, 2, "SEV3: dev is slow")]
    friday = desk.clock.time
    due = desk.policy.ack_due(desk.policy.severities["SEV3"], at=friday)
    await desk.database.advance(max(timedelta(hours=1), due - friday - timedelta(hours=1)))
    await desk.services.missed_alerts.catch_up(GUILD)
    assert len(await IncidentRows(desk.store.sql).open_incidents(GUILD)) == 1


async def test_a_channel_that_cannot_be_read_is_read_the_next_time(desk: Desk) -> None:
    """A channel that cannot be read while Discord is away is read the next time, so no alert is lost."""
    await desk.services.missed_alerts.catch_up(GUILD)
    desk.discord.watching = [alert(desk)]
    desk.discord.is_away = True
    await desk.services.missed_alerts.catch_up(GUILD)
    assert await IncidentRows(desk.store.sql).open_incidents(GUILD) == []
    desk.discord.is_away = False
    await desk.services.missed_alerts.catch_up(GUILD)
    assert len(await IncidentRows(desk.store.sql).open_incidents(GUILD)) == 1


async def test_a_storm_opens_as_many_incidents_as_there_are_alerts(desk: Desk) -> None:
    """200 messages of 10 alerts within a minute: 10 incidents, and a few edits of each."""
    for number in range(200):
        await receive(desk, alert(desk, FIRST + number, f"worker-{number % 10} is down for {number} s"))
        if number % 20 == 0:
            await desk.pass_time(seconds=6)
    await desk.pass_time(minutes=2)
    found = await IncidentRows(desk.store.sql).open_incidents(GUILD)
    assert [one.tracked.occurrences for one in found] == [20] * 10
    assert len(desk.sent(DeliveryKind.ALERT)) == 10
    assert len(desk.discord.refreshed) <= 10 * 8


async def test_a_secret_in_a_watched_message_is_neither_stored_nor_shown(desk: Desk) -> None:
    """A secret in an alert message is in no table, and the alert's title shows a mask instead.

    The secrets are in the text, in an embed and in a field named "password". Messages that differ only in a
    secret are the same alert.
    """
    secrets = ("hunter2-hunter2", f"ghp_{'a1B2' * 9}", "tr0ub4dor-3")
    said = f"cannot connect to postgres://app:{secrets[0]}@db.example/app\nby taro@example.com"
    plain = alert(desk, content=said)
    embed = AlertEmbed(
        title=f"{said} {secrets[1]}", description=said, fields=(("password", secrets[2]), ("target", said))
    )
    text = "\n".join([plain.evidence.text, secrets[1], f"password: {secrets[2]}"])
    loud = replace(plain, id=901, embeds=(embed,), evidence=replace(plain.evidence, text=text))
    passed_over = replace(plain, id=902, content=said, is_webhook=False)
    for message in (plain, loud, passed_over):
        await desk.services.alerts.receive(message)
    again = await receive(desk, replace(plain, id=903))
    assert again.tracked.occurrences == 3
    await desk.work()
    for table in ("incidents", "timeline", "alert_decisions", "alert_questions", "deliveries", "audit"):
        found = await desk.database.pool.fetchval(f"SELECT string_agg(t::text, ' ') FROM {table} AS t") or ""
        assert [secret for secret in secrets if secret in found] == [], table
    assert again.title == "cannot connect to postgres://app:[masked:password]@db.example/app"
