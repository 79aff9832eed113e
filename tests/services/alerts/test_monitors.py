"""Show what becomes of monitors' messages other than alerts: recoveries, repeats, unknown formats."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.alerts.alert import AlertEmbed, AlertMessage
from bot.domain.alerts.questions import AlertAnswer
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import NotPermitted, UserError
from bot.domain.incident.forms import digest_of
from bot.domain.incident.incident import IncidentFilter, IncidentKind, Status
from bot.domain.incident.transitions import AckVia
from bot.domain.timeline.entries import TimelineKind
from bot.domain.triage.session import Evidence, TriageStatus
from bot.runbook import default_policy_text, parse_policy
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import TimelineRows
from bot.storage.tables.triages import TriageRows
from tests.by_person import name_of
from tests.fakes.discord import WATCHED
from tests.services.database import Database
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, Desk
from tests.services.triage.triage_walks import hold

FIRING = "[FIRING:1] HighErrorRate (10.0.0.5:9090 api.parky.co.jp critical)"
FIRING_TWO = "[FIRING:2] HighErrorRate (api.parky.co.jp critical)"
RESOLVED = "[RESOLVED] HighErrorRate (api.parky.co.jp critical)"


def posted(desk: Desk, number: int, title: str, *, channel: str = "p1-ops") -> AlertMessage:
    """A webhook's message with an embed, posted now."""
    url = f"https://discord.com/channels/{GUILD}/{WATCHED[channel]}/{number}"
    return AlertMessage(
        id=number,
        guild_id=GUILD,
        channel_id=WATCHED[channel],
        channel=channel,
        content="",
        embeds=(AlertEmbed(title=title),),
        evidence=Evidence(text=title, author_id=77, author_name="Captain Hook", url=url, at=desk.clock.time),
        is_webhook=True,
        is_bot=True,
        is_ours=False,
        username="Captain Hook",
        stand_in="?",
    )


async def say(desk: Desk, number: int, title: str, *, channel: str = "p1-ops") -> None:
    """Post it, and let the bot hear of it."""
    await desk.services.alerts.receive(posted(desk, number, title, channel=channel))


@pytest.fixture
def sharing(database: Database) -> Desk:
    """A desk whose policy takes the same words of two senders, or in two channels, for one alert."""
    policy = default_policy_text().replace(', "channel", "author"]', "]")
    return Desk(database, parse_policy(policy, name="shared"))


async def statuses(desk: Desk) -> list[tuple[str, Status, int]]:
    """Of every incident that there was: title, status, how often it came."""
    found = await IncidentRows(desk.store.sql).list_incidents(GUILD, IncidentFilter(), limit=25, offset=0)
    return [(one.title, one.status, one.tracked.occurrences) for one in sorted(found, key=lambda one: one.id)]


async def notices(desk: Desk) -> list[str]:
    """Return the names of the notices that were queued."""
    owed = [one.data for one in await desk.database.deliveries() if one.kind is DeliveryKind.NOTICE]
    return [str(data["notice"]) for data in owed]


async def test_a_recovery_closes_what_nobody_has_acknowledged(desk: Desk) -> None:
    """A recovery resolves an unacknowledged incident of a grown alert group, and ends its escalation."""
    await say(desk, 1, FIRING)
    await say(desk, 2, FIRING_TWO)
    await say(desk, 3, RESOLVED)
    assert await statuses(desk) == [("HighErrorRate", Status.RESOLVED, 2)]
    incident = await IncidentRows(desk.store.sql).incident(1)
    assert name_of(incident.ended) == "Captain Hook"
    await desk.database.advance(timedelta(hours=5))
    await desk.work()
    assert [kind for kind, _ in desk.discord.sent if kind is DeliveryKind.ESCALATION] == []


def by(message: AlertMessage, name: str, *, author_id: int = 78) -> AlertMessage:
    """The same message, posted by another webhook."""
    return replace(message, evidence=replace(message.evidence, author_id=author_id, author_name=name))


@pytest.mark.parametrize("channel", ["p1-ops", "p0-alerts"])
async def test_another_monitors_recovery_closes_nothing(desk: Desk, channel: str) -> None:
    """The recovery of another monitor's alert with the same name closes only that alert."""
    await say(desk, 1, FIRING)
    await desk.services.alerts.receive(by(posted(desk, 2, FIRING, channel=channel), "Staging"))
    assert await statuses(desk) == [("HighErrorRate", Status.TRIGGERED, 1)] * 2
    await desk.services.alerts.receive(by(posted(desk, 3, RESOLVED, channel=channel), "Staging"))
    assert [status for _, status, _ in await statuses(desk)] == [Status.TRIGGERED, Status.RESOLVED]
    assert await notices(desk) == []


async def test_a_recovery_by_another_sender_is_a_line(sharing: Desk) -> None:
    """Another sender's recovery adds a line to the shared alert; only its first sender's resolves it."""
    await say(sharing, 1, "ALERT: disk full")
    for number, name in ((2, "Captain Hook"), (3, "Staging")):  # another webhook, then another name too
        await sharing.services.alerts.receive(by(posted(sharing, number, "Recovered: disk full"), name))
    assert [status for _, status, _ in await statuses(sharing)] == [Status.TRIGGERED]
    assert await notices(sharing) == ["recovered", "recovered"]
    await say(sharing, 4, "Recovered: disk full")
    assert [status for _, status, _ in await statuses(sharing)] == [Status.RESOLVED]


async def test_a_recovery_closes_nothing_that_another_sender_posts_too(sharing: Desk) -> None:
    """An alert that two senders post stays open, with one line, when the first sender reports a recovery."""
    await say(sharing, 1, "ALERT: disk full")
    await sharing.services.alerts.receive(by(posted(sharing, 2, "ALERT: disk full"), "Staging"))
    assert await statuses(sharing) == [("disk full", Status.TRIGGERED, 2)]
    await say(sharing, 3, "Recovered: disk full")
    assert [status for _, status, _ in await statuses(sharing)] == [Status.TRIGGERED]
    assert await notices(sharing) == ["recovered"]


@pytest.mark.parametrize("last", ["Captain Hook", "Staging"])
async def test_what_two_senders_post_is_closed_when_both_have_recovered(sharing: Desk, last: str) -> None:
    """An alert of two senders ends when both have recovered, whichever is the last, and its ladder stops."""
    author_ids = {"Captain Hook": 77, "Staging": 78}

    async def post(number: int, title: str, name: str) -> None:
        message = by(posted(sharing, number, title), name, author_id=author_ids[name])
        await sharing.services.alerts.receive(message)

    first = next(name for name in author_ids if name != last)
    await post(1, "ALERT: disk full", "Captain Hook")
    await post(2, "ALERT: disk full", "Staging")
    await post(3, "Recovered: disk full", first)
    await post(4, "ALERT: disk full", first)
    await post(5, "Recovered: disk full", last)
    assert await statuses(sharing) == [("disk full", Status.TRIGGERED, 3)]
    await post(6, "Recovered: disk full", first)
    assert await statuses(sharing) == [("disk full", Status.RESOLVED, 3)]
    assert name_of((await IncidentRows(sharing.store.sql).incident(1)).ended) == first
    await sharing.database.advance(timedelta(hours=5))
    await sharing.work()
    assert [kind for kind, _ in sharing.discord.sent if kind is DeliveryKind.ESCALATION] == []


async def test_what_came_in_two_channels_is_not_over_in_both(database: Database) -> None:
    """The recovery in one is a line: in the other it may still fire."""
    text = default_policy_text().replace('p0-alerts = "SEV1"', 'p0-alerts = "SEV2"')
    text = text.replace(', "channel", "author"]', "]")
    sharing = Desk(database, parse_policy(text, name="two"))
    await say(sharing, 1, "ALERT: disk full", channel="p0-alerts")
    await say(sharing, 2, "ALERT: disk full")
    await say(sharing, 3, "Recovered: disk full")
    assert await statuses(sharing) == [("disk full", Status.TRIGGERED, 2)]
    assert await notices(sharing) == ["recovered"]


@pytest.mark.parametrize("chatter", [RESOLVED, "✅ deploy ok", "[OK] disk", "Resolved: 5xx", "復旧: 5xx"])
@pytest.mark.parametrize("channel", ["p0-alerts", "p1-ops"])
async def test_a_recovery_never_opens_anything(desk: Desk, chatter: str, channel: str) -> None:
    """A recovery opens no incident and sends nothing, even in the channel of the most severe alerts."""
    await say(desk, 1, chatter, channel=channel)
    assert await statuses(desk) == []
    assert await desk.database.deliveries() == []


async def test_a_recovery_that_is_read_again_does_not_close_what_fires_since(desk: Desk) -> None:
    """The channel is read once a minute, behind the events."""
    await say(desk, 1, FIRING)
    recovery = posted(desk, 2, RESOLVED)
    await desk.services.alerts.receive(recovery)
    await say(desk, 3, FIRING)
    await desk.services.alerts.receive(recovery)
    assert [status for _, status, _ in await statuses(desk)] == [Status.RESOLVED, Status.TRIGGERED]


async def test_a_recovery_is_a_line_on_what_somebody_works_on(desk: Desk) -> None:
    """A recovery adds one line to an acknowledged alert or a declared incident, and resolves neither."""
    await say(desk, 1, FIRING)
    await say(desk, 2, "ALERT: disk full")
    await desk.services.acknowledger.acknowledge(1, by=PRIMARY, via=AckVia.BUTTON)
    await desk.services.lifecycle.declare(2, by=RESPONDER)
    for _ in range(2):
        await say(desk, 3, RESOLVED)
        await say(desk, 4, "Recovered: disk full")
    assert [status for _, status, _ in await statuses(desk)] == [Status.ACKNOWLEDGED, Status.TRIGGERED]
    assert await notices(desk) == ["recovered", "recovered"]
    for number in (1, 2):
        kinds = [entry.kind for entry in await TimelineRows(desk.store.sql).timeline(number)]
        assert kinds.count(TimelineKind.RECOVERED) == 1


async def test_what_fires_again_is_told_to_who_heard_that_it_was_over(desk: Desk) -> None:
    """An alert that fires again soon adds a line to its incident; hours later it opens another one."""
    await say(desk, 1, FIRING)
    await desk.services.acknowledger.acknowledge(1, by=PRIMARY, via=AckVia.BUTTON)
    await say(desk, 2, RESOLVED)
    await say(desk, 3, FIRING)
    assert await notices(desk) == ["recovered", "fires_again"]
    await say(desk, 4, RESOLVED)
    await desk.database.advance(timedelta(hours=2))
    await say(desk, 5, FIRING)
    assert [status for _, status, _ in await statuses(desk)] == [Status.ACKNOWLEDGED, Status.TRIGGERED]


async def test_what_still_fires_hours_later_is_the_same(desk: Desk) -> None:
    """Alertmanager repeats itself every four hours; what others post again is new by then."""
    await say(desk, 1, FIRING)
    await say(desk, 2, "ALERT: disk full")
    await desk.database.advance(timedelta(hours=4, minutes=1))
    await say(desk, 3, FIRING_TWO)
    await say(desk, 4, "ALERT: disk full")
    assert [(title, count) for title, _, count in await statuses(desk)] == [
        ("HighErrorRate", 2),
        ("disk full", 1),
        ("disk full", 1),
    ]


async def test_the_policy_may_only_note_a_recovery(database: Database) -> None:
    """A team that closes everything itself."""
    text = default_policy_text().replace('recovery = "close"', 'recovery = "note"')
    desk = Desk(database, parse_policy(text, name="noting"))
    await say(desk, 1, FIRING)
    await say(desk, 2, RESOLVED)
    assert [status for _, status, _ in await statuses(desk)] == [Status.TRIGGERED]
    assert await notices(desk) == ["recovered"]


async def test_what_was_merged_is_not_closed_by_one_of_the_two(desk: Desk) -> None:
    """Recoveries of two merged alerts resolve nothing, because the other may go on; each adds a notice."""
    await say(desk, 1, FIRING)
    await say(desk, 2, "ALERT: disk full")
    await desk.merging.merge(2, into=1, by=RESPONDER)
    await say(desk, 3, RESOLVED)
    await say(desk, 4, "Recovered: disk full")
    assert [status for _, status, _ in await statuses(desk)] == [Status.TRIGGERED, Status.MERGED]
    assert (await notices(desk)).count("recovered") == 2


async def test_a_recovery_ends_the_second_look_that_waits(desk: Desk) -> None:
    """A recovery dismisses a triage that waits for re-evaluation."""
    await say(desk, 600, FIRING)
    held = await hold(desk)
    assert held.triage.is_under_reevaluation
    await say(desk, 601, RESOLVED)
    found = await TriageRows(desk.store.sql).triage(held.triage.id)
    assert (found.status, found.ended_by_name) == (TriageStatus.DISMISSED, "Captain Hook")
    assert [status for _, status, _ in await statuses(desk)] == [Status.RESOLVED]


async def test_a_triage_of_an_alert_begins_with_its_title(desk: Desk) -> None:
    """A triage of an alert's message starts with the alert's short title, unless the alert is private."""
    await say(desk, 600, FIRING)
    (alert,) = await IncidentRows(desk.store.sql).list_incidents(GUILD, IncidentFilter(), limit=1, offset=0)
    assert alert.title != FIRING
    assert await desk.alert_titles.of_message(600) == alert.title
    assert await desk.alert_titles.of_message(601) is None
    async with desk.store.transaction() as tx:
        await IncidentWrites(tx.sql).save(replace(alert, is_private=True, version=alert.version + 1))
    assert await desk.alert_titles.of_message(600) is None


async def test_the_title_that_the_post_shows_needs_no_query(desk: Desk) -> None:
    """An alert's title is known without the database while the alert's post shows that title.

    No title is known for an alert that was not rendered yet, shows another title or was declared an incident.
    """
    await say(desk, 600, FIRING)
    (alert,) = await IncidentRows(desk.store.sql).list_incidents(GUILD, IncidentFilter(), limit=1, offset=0)
    digest, titles = digest_of(alert.title), desk.alert_titles
    assert titles.as_shown(alert.id, digest) is None, "not rendered yet"
    await desk.work()
    desk.database.is_away = True
    assert titles.as_shown(alert.id, digest) == alert.title
    assert titles.as_shown(alert.id, digest_of("another title")) is None
    desk.database.is_away = False
    await desk.lifecycle.declare(alert.id, by=PRIMARY)
    await desk.work()
    assert titles.as_shown(alert.id, digest) is None


async def test_a_second_look_names_the_monitor(desk: Desk) -> None:
    """Posts about a re-evaluation name the monitor, not the person who triaged its alert."""
    await say(desk, 600, FIRING)
    await hold(desk)
    await desk.database.advance(desk.policy.reevaluate.after)
    await desk.work()
    kinds = (DeliveryKind.REEVALUATION_HELD, DeliveryKind.REEVALUATION)
    told = [one.data.get("monitor") for one in await desk.database.deliveries() if one.kind in kinds]
    assert told == ["Captain Hook", "Captain Hook"]


async def test_what_was_over_before_the_bot_came_back_pages_nobody(desk: Desk) -> None:
    """Fired and recovered while it was down; what fires once more after that is tracked."""
    await desk.services.missed_alerts.catch_up(GUILD)
    missed = [
        (1, FIRING),
        (2, RESOLVED),
        (3, "ALERT: disk full"),
        (4, "OK: disk full"),
        (5, "ALERT: disk full"),
    ]
    desk.discord.watching = [posted(desk, number, title) for number, title in missed]
    await desk.services.missed_alerts.catch_up(GUILD)
    assert await statuses(desk) == [("disk full", Status.TRIGGERED, 1)]


async def test_another_senders_recovery_hides_nothing_that_was_missed(desk: Desk) -> None:
    """Fired while the bot was down, and another monitor's recovery came after it."""
    await desk.services.missed_alerts.catch_up(GUILD)
    recovery = by(posted(desk, 2, "Recovered: disk full"), "Staging")
    desk.discord.watching = [posted(desk, 1, "ALERT: disk full"), recovery]
    await desk.services.missed_alerts.catch_up(GUILD)
    assert await statuses(desk) == [("disk full", Status.TRIGGERED, 1)]


async def test_what_nobody_understands_is_asked_about(desk: Desk) -> None:
    """A quiet line, no number, no ladder; the same one again is asked about once."""
    for number in (1, 1, 2):
        await say(desk, number, "kiosk 42 says hi")
    [line] = await desk.database.deliveries()
    assert (line.kind, line.to, line.data["answers"]) == (DeliveryKind.ALERT_QUESTION, "channel:51", 1)
    assert await statuses(desk) == []
    await say(desk, 3, "a visitor waves")
    assert len(await desk.database.deliveries()) == 2


async def test_a_sender_that_talks_a_lot_is_asked_about_a_few_times(desk: Desk) -> None:
    """The bot asks about at most five messages of one sender."""
    for number in range(1, 20):
        await say(desk, number, f"kiosk {'abcdefghijklmnopqrst'[number]} says hi")
    assert len(await desk.database.deliveries()) == 5


async def test_the_answer_is_that_it_is_an_alert(desk: Desk) -> None:
    """The answer that a message is an alert opens an alert, whose deadline counts from the answer.

    The alert begins at the time of the message, and the next message is counted on the alert. A second answer
    is refused; a 👀 can acknowledge.
    """
    await say(desk, 1, "something odd")
    began = desk.clock.time
    await desk.database.advance(timedelta(minutes=20))
    incident = await desk.services.questions.track(1, guild_id=GUILD, by=RESPONDER)
    assert (incident.kind, incident.severity, incident.started_at) == (IncidentKind.ALERT, "SEV2", began)
    assert incident.ack_due_at == desk.clock.time + timedelta(hours=4)
    await say(desk, 2, "something odd")
    assert await statuses(desk) == [("something odd", Status.TRIGGERED, 2)]
    with pytest.raises(UserError, match="alert_tracked_before"):
        await desk.services.questions.track(1, guild_id=GUILD, by=PRIMARY)
    await desk.services.acknowledger.acknowledge(1, by=PRIMARY, via=AckVia.REACTION)


async def test_the_answer_is_that_its_sender_is_ignored(desk: Desk) -> None:
    """The answer that a sender is ignored still holds after 100 days, for that name only, and is audited.

    A message of that sender that is plainly an alert is tracked all the same.
    """
    await say(desk, 1, "kiosk says hi")
    await desk.services.questions.ignore(1, guild_id=GUILD, by=RESPONDER)
    await desk.database.advance(timedelta(days=100))
    await say(desk, 2, "another kiosk says hi")
    assert len(await desk.database.deliveries()) == 1
    await say(desk, 3, FIRING)
    assert await statuses(desk) == [("HighErrorRate", Status.TRIGGERED, 1)]
    other = posted(desk, 4, "nightly job")
    named = replace(other, evidence=replace(other.evidence, author_name="Backups"))
    await desk.services.alerts.receive(named)
    assert [one.data["sender"] for one in await desk.database.deliveries() if "sender" in one.data] == [
        "Captain Hook",
        "Backups",
    ]
    assert [(row.action, row.allowed) for row in await desk.database.audit_rows()] == [
        ("sender_ignored", True)
    ]


async def test_it_is_ignored_no_more(desk: Desk) -> None:
    """A person who may ignore a sender may end that, and the bot asks about its messages again."""
    await say(desk, 1, "kiosk says hi")
    with pytest.raises(UserError, match="sender_not_ignored"):
        await desk.services.questions.heed(1, guild_id=GUILD, by=RESPONDER)
    await desk.services.questions.ignore(1, guild_id=GUILD, by=RESPONDER)
    with pytest.raises(UserError, match="alert_ignored_before"):
        await desk.services.questions.track(1, guild_id=GUILD, by=PRIMARY)
    await desk.services.questions.heed(1, guild_id=GUILD, by=PRIMARY)
    await say(desk, 2, "another kiosk says hi")
    assert len(await desk.database.deliveries()) == 2
    assert [row.action for row in await desk.database.audit_rows()] == ["sender_ignored", "sender_heeded"]
    await desk.services.questions.track(1, guild_id=GUILD, by=PRIMARY)


async def test_the_line_says_what_was_answered(desk: Desk) -> None:
    """A job edits the question's line to show the answer."""
    await say(desk, 1, "kiosk says hi")
    await say(desk, 2, "a visitor waves")
    await desk.work()
    await desk.services.questions.ignore(1, guild_id=GUILD, by=RESPONDER)
    await desk.work()
    await desk.services.questions.heed(1, guild_id=GUILD, by=RESPONDER)
    await desk.services.questions.track(2, guild_id=GUILD, by=RESPONDER)
    await desk.work()
    line = DeliveryKind.ALERT_QUESTION
    assert desk.discord.questions == [
        (AlertAnswer.IGNORED, False, line),
        (None, False, line),
        (AlertAnswer.TRACKED, True, line),
    ]


async def test_the_line_forgets_what_became_private(desk: Desk) -> None:
    """An answered question about a message no longer shows its incident once the incident is private."""
    await say(desk, 1, "something odd")
    await desk.work()
    await desk.services.questions.track(1, guild_id=GUILD, by=RESPONDER)
    await desk.services.lifecycle.declare(1, by=RESPONDER)
    await desk.work()
    await desk.privacy.make_private(1, by=PRIMARY)
    await desk.work()
    line = DeliveryKind.ALERT_QUESTION
    assert desk.discord.questions == [(AlertAnswer.TRACKED, True, line), (AlertAnswer.TRACKED, False, line)]


async def test_an_observer_answers_nothing(desk: Desk) -> None:
    """An observer's answers to a question about an alert are refused, and each refusal is on record."""
    await say(desk, 1, "kiosk says hi")
    for answer in (
        desk.services.questions.track,
        desk.services.questions.ignore,
        desk.services.questions.heed,
    ):
        with pytest.raises(NotPermitted):
            await answer(1, guild_id=GUILD, by=OBSERVER)
    assert [row.allowed for row in await desk.database.audit_rows()] == [False] * 3
    assert await statuses(desk) == []


async def test_another_guild_answers_nothing(desk: Desk) -> None:
    """A question about a message cannot be answered from another guild."""
    await say(desk, 1, "kiosk says hi")
    with pytest.raises(UserError, match="alert_not_asked"):
        await desk.services.questions.track(1, guild_id=GUILD + 1, by=RESPONDER)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ('p1-ops = { severity = "SEV2", unknown = "ignore" }', []),
        ('p1-ops = { severity = "SEV2", unknown = "track" }', [("something odd", Status.TRIGGERED, 1)]),
    ],
)
async def test_a_channel_says_what_becomes_of_it(
    database: Database, change: str, expected: list[tuple[str, Status, int]]
) -> None:
    """A channel's own rule says whether a message that is not understood is ignored or tracked, unasked."""
    desk = Desk(database, parse_policy(default_policy_text().replace('p1-ops = "SEV2"', change), name="own"))
    await say(desk, 1, "something odd")
    assert await statuses(desk) == expected
    assert [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT_QUESTION] == []


async def test_a_sender_on_the_policys_list_is_never_an_alert(database: Database) -> None:
    """A sender whose name matches a pattern in the policy's list of ignored senders opens no alert."""
    text = default_policy_text().replace("ignore = []", 'ignore = ["captain*"]')
    desk = Desk(database, parse_policy(text, name="own"))
    await say(desk, 1, FIRING, channel="p0-alerts")
    assert await statuses(desk) == []


async def test_a_recovery_is_never_too_old(desk: Desk) -> None:
    """A recovery that the bot reads 30 hours late still resolves its alert."""
    await desk.services.missed_alerts.catch_up(GUILD)
    await say(desk, 1, FIRING)
    desk.discord.watching = [posted(desk, 2, RESOLVED)]
    await desk.database.advance(timedelta(hours=30))
    await desk.services.missed_alerts.catch_up(GUILD)
    assert [status for _, status, _ in await statuses(desk)] == [Status.RESOLVED]


async def test_more_than_a_page_is_read_back(desk: Desk) -> None:
    """A busy channel hides nothing: page by page back to where the last look ended."""
    desk.discord.watching = [posted(desk, 1, "first")]
    await desk.services.missed_alerts.catch_up(GUILD)
    chatter = [posted(desk, number, "✅ deploy ok") for number in range(3, 260)]
    desk.discord.watching += [posted(desk, 2, FIRING), *chatter]
    await desk.services.missed_alerts.catch_up(GUILD)
    assert await statuses(desk) == [("HighErrorRate", Status.TRIGGERED, 1)]


async def test_what_is_too_far_back_is_told_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages too far back to read are reported once in the channel, and the newest are tracked."""
    monkeypatch.setattr("bot.services.alerts.arrivals.MOST_PAGES", 2)
    desk.discord.watching = [posted(desk, 1, "first", channel="p0-alerts")]
    await desk.services.missed_alerts.catch_up(GUILD)
    lost = [posted(desk, number, "✅ deploy ok", channel="p0-alerts") for number in range(2, 300)]
    desk.discord.watching += [*lost, posted(desk, 300, FIRING, channel="p0-alerts")]
    for _ in range(2):
        await desk.services.missed_alerts.catch_up(GUILD)
    told = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERTS_SKIPPED]
    assert [(one.to, one.data["rings"]) for one in told] == [("channel:50", True)]
    assert await statuses(desk) == [("HighErrorRate", Status.TRIGGERED, 1)]
