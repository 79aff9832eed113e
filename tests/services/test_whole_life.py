"""One incident from the first suspicion to the end: everything that happened is on its timeline, in order."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.errors import DeliveryRefused
from bot.domain.incident.forms import shown_details
from bot.domain.incident.incident import Incident, Role
from bot.domain.incident.transitions import AckVia
from bot.domain.timeline.entries import EntryKind
from bot.domain.timeline.entries import TimelineKind as Kind
from bot.domain.timeline.recorded import ThreadMessage
from bot.domain.triage.session import Evidence
from bot.services.incidents.details import NewDetails
from bot.services.incidents.updates import NewUpdate
from bot.services.timeline.timelines import Correction
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.triage.triage_walks import walk
from tests.unit.ui.samples import entry_line
from tests.unit.ui.screens import VOICES

MESSAGE = 5_000


class Story:
    """An incident, and how much of its timeline has been looked at."""

    def __init__(self, desk: Desk, incident: Incident) -> None:
        self.desk = desk
        self.incident = incident
        self._seen: set[int] = set()

    async def news(self) -> list[EntryKind]:
        """What has been written down since the last look, in order of writing."""
        await self.desk.work()
        entries = sorted(
            await TimelineRows(self.desk.store.sql).timeline(self.incident.id),
            key=lambda entry: entry.id or 0,
        )
        fresh = [entry for entry in entries if entry.id not in self._seen]
        self._seen |= {entry.id or 0 for entry in fresh}
        return [entry.kind for entry in fresh]

    async def message(self) -> ThreadMessage:
        """Put a person's message into the thread."""
        self.incident = await IncidentRows(self.desk.store.sql).incident(self.incident.id)
        at = self.desk.clock.time - timedelta(minutes=2)
        url = f"https://discord.com/channels/{GUILD}/{self.incident.thread.id}/{MESSAGE}"
        found = ThreadMessage(
            MESSAGE,
            self.incident.thread.id or 0,
            Evidence(text="DB が満杯", author_id=4, author_name="observer", url=url, at=at),
        )
        self.desk.discord.messages[MESSAGE] = found
        return found


async def raised(desk: Desk) -> Story:
    """A triage that ended in SEV1, whose page to the second person Discord refuses."""
    view = await walk(desk, "yes", "yes")
    desk.discord.refused.add("person:secondary")
    confirmed = await desk.triages.confirm(view.triage.id, by=RESPONDER)
    assert confirmed.incident is not None
    return Story(desk, confirmed.incident)


async def test_everything_is_on_the_timeline(desk: Desk) -> None:
    """Opening, escalation and what failed of it, ack, roles, voice, notes, pins, updates, the end."""
    story = await raised(desk)
    number = story.incident.id
    begun = await story.news()
    assert begun[:3] == [Kind.OPENED, Kind.EVIDENCE, Kind.TRIAGED]
    assert sorted(begun[3:]) == sorted([Kind.ALERT_POSTED, Kind.PAGED, Kind.THREAD_OPENED])

    await desk.pass_time(minutes=15)
    assert await story.news() == [Kind.ESCALATED, Kind.PAGED, Kind.DELIVERY_FAILED, Kind.EMAILED]

    await desk.acknowledger.acknowledge(number, by=PRIMARY, via=AckVia.BUTTON)
    await desk.acknowledger.acknowledge(number, by=SECONDARY, via=AckVia.REACTION)
    await desk.services.roles.take(number, Role.COMMANDER, by=PRIMARY)
    assert await story.news() == [Kind.ACKNOWLEDGED, Kind.JOINED, Kind.ROLE_CHANGED]

    await desk.timelines.join_voice(GUILD, by=SECONDARY, channel="war-room")
    await desk.timelines.note(number, by=PRIMARY, text="14:10 に再起動", key="n1", at="3分前")
    message = await story.message()
    await desk.pins.pin_reaction(message.channel_id, MESSAGE, by=RESPONDER)
    assert await story.news() == [Kind.VOICE_JOINED, Kind.NOTE, Kind.PINNED]

    rewritten = replace(message.content, text="DB は空")
    await desk.pins.edited(replace(message, content=rewritten, edited_at=desk.clock.time))
    await desk.pins.deleted([MESSAGE])
    (note,) = (
        entry for entry in await TimelineRows(desk.store.sql).timeline(number) if entry.kind is Kind.NOTE
    )
    await desk.timelines.correct(number, note.id or 0, Correction("14:12 に再起動"), by=PRIMARY, key="c1")
    assert await story.news() == [Kind.PIN_EDITED, Kind.PIN_DELETED, Kind.CORRECTED]

    told = NewUpdate("復旧作業中", "決済", timedelta(minutes=30), ("admin.parky.co.jp",), (), key="u1")
    await desk.services.updates.tell(number, told, by=PRIMARY)
    assert await story.news() == [Kind.DETAILS_CHANGED, Kind.UPDATED]
    await desk.pass_time(minutes=31)
    assert await story.news() == [Kind.UPDATE_DUE]

    wrong = shown_details(await IncidentRows(desk.store.sql).incident(number))
    right = NewDetails("決済が落ちた", "2時間前", wrong, key="d1")
    await desk.details.correct(number, right, by=PRIMARY)
    assert await story.news() == [Kind.DETAILS_CHANGED]

    other = await desk.open(key="other")
    await desk.lifecycle.link(number, with_=other.id, by=PRIMARY)
    await desk.lifecycle.unlink(number, with_=other.id, by=PRIMARY)
    await desk.lifecycle.change_severity(number, to="SEV2", by=PRIMARY, reason="一部だけ")
    changed = await story.news()
    assert changed[:3] == [Kind.LINKED, Kind.UNLINKED, Kind.SEVERITY_CHANGED]
    assert set(changed[3:]) <= {Kind.ALERT_POSTED, Kind.THREAD_OPENED}

    await desk.lifecycle.resolve(number, by=PRIMARY)
    await desk.lifecycle.reopen(number, by=SECONDARY, reason="再発")
    await desk.lifecycle.cancel(number, by=SECONDARY, reason="監視の設定")
    await desk.lifecycle.reopen(number, by=SECONDARY)
    await desk.merging.merge(number, into=other.id, by=SECONDARY)
    ends = [Kind.RESOLVED, Kind.REOPENED, Kind.CANCELLED, Kind.REOPENED, Kind.MERGED]
    assert await story.news() == ends


async def test_a_private_one_tells_who_was_let_in(desk: Desk) -> None:
    """The timeline has a declined page, an incident's being made private, and the person added to it."""
    incident = await desk.open()
    story = Story(desk, incident)
    await story.news()
    page = next(
        one for one in await DeliveryRows(desk.store.sql).pages(incident.id) if one.message_id is not None
    )
    await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=page.message_id or 0)
    assert await story.news() == [Kind.DECLINED, Kind.PAGED]
    await desk.services.privacy.make_private(incident.id, by=PRIMARY)
    await desk.services.privacy.add(incident.id, who=OBSERVER, by=PRIMARY, key="a")
    news = await story.news()
    assert news[:2] == [Kind.MADE_PRIVATE, Kind.MEMBER_ADDED]


async def test_every_entry_of_a_life_can_be_read(desk: Desk) -> None:
    """Every entry of an incident's life, with its data as really written, has a line in both languages."""
    await test_everything_is_on_the_timeline(desk)
    for number in (1, 2):
        for entry in await TimelineRows(desk.store.sql).timeline(number):
            for voice in VOICES:
                line = entry_line(voice, entry)
                assert voice.say(f"history.kind.{entry.kind.value}") in line


async def test_what_discord_refuses_is_told(desk: Desk) -> None:
    """An alert that Discord refuses is told in the incident's timeline as a failed delivery."""
    desk.discord.failures = [DeliveryRefused("Missing Permissions", http_status=403, code=50013)]
    story = Story(desk, await desk.open())
    assert Kind.DELIVERY_FAILED in await story.news()
