"""Show that after a refused DM, the next person on call is paged at once, and the channel if none is left."""

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.transitions import AckVia
from bot.i18n import Texts
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Wording
from tests.services.desk import PRIMARY, RESPONDER, SECONDARY, Desk

CLOSED = {"person:primary"}
ALL_CLOSED = {"person:primary", "person:secondary"}


async def notices(desk: Desk, name: str) -> list[object]:
    """To whom it went on, of each line of that name."""
    return [one.data["to"] for one in await desk.database.deliveries() if one.data.get("notice") == name]


async def test_a_refused_dm_goes_to_the_next_person_at_once(desk: Desk) -> None:
    """A refused DM pages the next person at once, and alert and thread say who could not be reached."""
    desk.discord.refused = set(CLOSED)
    incident = await desk.open("SEV2")
    await desk.work()
    assert desk.sent(DeliveryKind.PAGE) == ["person:secondary"]
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).unreached == ("@primary",)
    assert await notices(desk, "unreached") == ["secondary"]
    assert desk.sent(DeliveryKind.ESCALATION) == []


async def test_when_nobody_can_be_reached_the_channel_is_told_at_once(desk: Desk) -> None:
    """If everybody refuses the DM, the channel is told at once, and again at the ladder's deadline."""
    desk.discord.refused = set(ALL_CLOSED)
    await desk.open("SEV2")
    await desk.work()
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p1-ops"]
    assert await notices(desk, "unreached") == ["secondary", None]
    await desk.pass_time(hours=3)
    assert len(desk.sent(DeliveryKind.ESCALATION)) == 1
    await desk.pass_time(hours=1)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p1-ops"] * 2


async def test_a_step_that_rings_the_channel_is_not_doubled(desk: Desk) -> None:
    """If everybody refuses the DMs of a step that rings the channel, the channel gets one message."""
    await desk.open("SEV1")
    await desk.work()
    desk.discord.refused = set(ALL_CLOSED)
    await desk.pass_time(minutes=15)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]
    assert await notices(desk, "unreached") == ["secondary", None]


async def test_whoever_declines_is_not_passed_on_to_somebody_unreachable(desk: Desk) -> None:
    """If secondary declines and primary cannot be reached, the channel is notified."""
    desk.discord.refused = set(CLOSED)
    incident = await desk.open("SEV2")
    await desk.work()
    dm = desk.message(DeliveryKind.PAGE)
    passed = await desk.passing_on.decline(incident.id, by=SECONDARY, message_id=dm)
    await desk.work()
    assert passed.to is None
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p1-ops"]


async def test_a_dm_that_arrives_after_all_is_no_longer_told_of(desk: Desk) -> None:
    """A person who refused a DM no longer counts as unreached when the DM of the next step arrives."""
    desk.discord.refused = set(CLOSED)
    incident = await desk.open("SEV1")
    await desk.work()
    desk.discord.refused = set()
    await desk.pass_time(minutes=15)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).unreached == ()


async def test_a_refusal_after_an_acknowledge_tells_nobody(desk: Desk) -> None:
    """A DM that fails after an acknowledge is dropped: no other person is paged."""
    desk.discord.put_off = {"person:primary": 40}
    incident = await desk.open("SEV2")
    await desk.work()
    await desk.acknowledger.acknowledge(incident.id, by=RESPONDER, via=AckVia.BUTTON)
    await desk.pass_time(minutes=5)
    assert desk.sent(DeliveryKind.PAGE) == []
    assert await notices(desk, "unreached") == []


async def test_a_dm_that_discord_puts_off_is_tried_again(desk: Desk) -> None:
    """A DM that Discord delays (40003) arrives a moment later, and no other person is paged."""
    desk.discord.put_off = {"person:primary": 1}
    await desk.open("SEV1")
    await desk.pass_time(seconds=5)
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary"]
    page = next(one for one in await desk.database.deliveries() if one.kind is DeliveryKind.PAGE)
    assert (page.status, page.attempts) == (DeliveryStatus.SENT, 1)
    assert PRIMARY.name in page.to


async def test_whoever_declines_hears_when_the_next_person_was_told(desk: Desk) -> None:
    """A person who declines hears who is paged next; on declining again, also when that DM was sent."""
    incident = await desk.open("SEV1")
    await desk.work()
    dm = desk.message(DeliveryKind.PAGE)
    first = await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=dm)
    assert (first.to, first.told_at, first.is_refused) == ("secondary", None, False)
    told_at = desk.clock.time
    await desk.work()
    await desk.pass_time(minutes=1)
    again = await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=dm)
    assert (again.to, again.told_at, again.is_refused) == ("secondary", told_at, False)


async def test_whoever_declines_hears_that_the_next_person_cannot_be_reached(desk: Desk) -> None:
    """A person who declines again hears that the next person has refused the DM."""
    incident = await desk.open("SEV1")
    await desk.work()
    dm = desk.message(DeliveryKind.PAGE)
    desk.discord.refused = {"person:secondary"}
    await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=dm)
    await desk.work()
    again = await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=dm)
    assert (again.to, again.told_at, again.is_refused) == ("secondary", None, True)


async def test_a_later_step_asks_whoever_declined_anew(desk: Desk) -> None:
    """A later step sends a new DM to a person who declined, which says that nobody has acknowledged.

    The first DM goes on saying that the person declined.
    """
    incident = await desk.open("SEV1")
    await desk.pass_time(minutes=1)
    await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=desk.message(DeliveryKind.PAGE))
    await desk.pass_time(minutes=14)
    now, words = (
        await IncidentRows(desk.store.sql).shown_incident(incident.id),
        Wording(Texts.load(), desk.policy),
    )
    own = [
        page for page in await DeliveryRows(desk.store.sql).pages(incident.id) if page.recipient == "primary"
    ]
    first, second = (str(render(words, page, now)["embeds"]) for page in own)
    assert "対応できないと伝えました" in first
    assert "対応できないと伝えました" not in second
    assert "⏰ ack 期限切れ：" in second


async def test_the_dm_of_whoever_declined_is_edited_when_the_next_one_arrives(desk: Desk) -> None:
    """The DM of a person who declined is edited when the DM to the next person has arrived."""
    incident = await desk.open("SEV1")
    await desk.work()
    await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=desk.message(DeliveryKind.PAGE))
    before = (await IncidentRows(desk.store.sql).incident(incident.id)).version
    await desk.work()
    now = await IncidentRows(desk.store.sql).shown_incident(incident.id)
    assert now.version == before + 1
    assert [page.sent_at is not None for page in now.calls.pages] == [True, True]
    assert (now.version, [DeliveryKind.PAGE] * 2) in [
        (version, [kind for kind in kinds if kind is DeliveryKind.PAGE])
        for version, kinds in desk.discord.refreshed
    ]
