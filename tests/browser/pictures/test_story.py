"""One incident from `/triage` to the resolved post, with the real bot, by clicks and keys alone."""

from collections.abc import Callable

import pytest
from playwright.async_api import Locator, expect

from local_discord.server import LocalDiscord
from tests.browser.conftest import Visit, WorldIn
from tests.browser.pictures.pictures import LARGE_PHONE, WINDOW, Album, Film, by_language
from tests.browser.visitor.visitor import Visitor
from tests.browser.visitor.words import JAPANESE, LANGUAGES, Words
from tests.e2e.world.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")
VisitorOf = Callable[[LocalDiscord], Visit]
ESCALATED = "⏫"
ALERT_FRAME = 3  # after the command, the form and the card


def alert_in(visitor: Visitor) -> Locator:
    """The alert itself, on which the thread hangs: the escalation is a message of its own."""
    return visitor.main.locator("li.message", has=visitor.page.locator(".thread-card"))


async def report(visitor: Visitor, words: Words, film: Film) -> None:
    """`/triage`, and its form filled in."""
    await visitor.box.fill("/triage")
    await expect(visitor.picker.get_by_role("option").first).to_contain_text("triage")
    await film.take(visitor, words.captions.typed, seconds=2)
    await visitor.command("triage")
    form = visitor.page.get_by_role("dialog")
    await expect(form.get_by_label(words.field_title)).to_be_focused()
    await visitor.type(words.title)
    for field, choice in ((words.field_targets, "api.parky.co.jp"), (words.field_symptoms, words.symptom)):
        await form.get_by_label(field).click()
        await visitor.page.get_by_role("option", name=choice, exact=True).click()
        await visitor.press(words.done, within=form)
    await film.take(visitor, words.captions.form)
    await visitor.press(words.submit, within=form)
    await expect(form).to_be_hidden()


async def raise_alert(visitor: Visitor, words: Words, album: Album, film: Film) -> None:
    """Answer the questions, confirm, and follow the link to the post."""
    await visitor.sees(words.asked)
    await visitor.press(words.yes)
    await visitor.sees(words.path)
    await visitor.press(words.yes)
    await visitor.sees(words.due)
    await expect(visitor.message(words.due)).to_contain_text(words.only_you)
    await album.take(visitor, f"triage-card.{words.language}", first=visitor.message(words.due))
    await film.take(visitor, words.captions.card, shows=visitor.message(words.due))
    await visitor.press(words.confirm)
    await visitor.sees(words.raised)
    # The card has one, and by now perhaps the quiet line of the triage as well: both lead there.
    await visitor.main.get_by_role("link", name=words.to_post).first.click()
    await visitor.sees(words.open)
    await film.take(visitor, words.captions.alert, shows=visitor.message(words.open), seconds=4)


async def read_on_a_phone(phone: Visitor, words: Words, album: Album) -> None:
    """What the phone of the person on call shows before the deadline: the card, the DM, and why it came."""
    await phone.main.locator(".thread-card").click()
    await phone.sees(words.sheet)
    await album.take(phone, f"card.{words.language}", first=phone.message(words.sheet))
    await phone.page.get_by_role("button", name=words.channels).click()
    await phone.act_as("primary")
    await phone.sidebar.locator("a.dm").click()
    await phone.sees(words.paged)
    await album.take(phone, f"dm.{words.language}", first=phone.message(words.paged))
    await phone.press(words.why)
    await phone.sees(words.because)
    await phone.page.get_by_role("button", name=words.channels).click()
    await phone.act_as("responder")
    await phone.go("p0-alerts")


async def wait_in_vain(world: World, visitor: Visitor, words: Words, film: Film) -> None:
    """Nobody reacts until the deadline has passed, and the bot escalates in the channel."""
    await world.fast_forward(minutes=15)
    await visitor.sees(ESCALATED)
    await film.take(visitor, words.captions.escalated, shows=visitor.message(ESCALATED), seconds=4)


async def acknowledge(visitor: Visitor, words: Words, film: Film) -> None:
    """The person on call finds DMs with a badge on them, and takes it on."""
    await visitor.act_as("primary")
    dm = visitor.sidebar.locator("a.dm")
    await expect(dm.locator(".count")).to_have_text("1")  # the escalation's: the phone has shown the alert's
    await dm.click()
    await visitor.sees(words.called)
    await expect(dm.locator(".count")).to_be_hidden()
    await film.take(visitor, words.captions.called)
    await visitor.press("ack")
    await visitor.go("p0-alerts")
    await visitor.sees("@primary")
    await visitor.sees(words.taken)
    await film.take(visitor, words.captions.taken, shows=alert_in(visitor), seconds=4)


async def read_what_is_theirs(phone: Visitor, words: Words) -> None:
    """On a phone, the person who acknowledged reads in the DM that they have it."""
    await phone.page.get_by_role("button", name=words.channels).click()
    await phone.act_as("primary")
    await phone.sidebar.locator("a.dm").click()
    await phone.sees(words.yours)


async def resolve(visitor: Visitor, words: Words) -> None:
    """Resolve it by the form, which is the question; the post, the thread and its name say so."""
    await visitor.press(words.resolve, within=alert_in(visitor))
    form = visitor.page.get_by_role("dialog")
    await form.get_by_label(words.field_cause).fill(words.cause)
    await visitor.press(words.submit, within=form)
    await visitor.sees(words.cause)
    await visitor.sees(words.resolved)
    await expect(visitor.sidebar.locator("a.thread", has_text="🟢")).to_be_visible()


async def follow_thread(visitor: Visitor, words: Words) -> None:
    """Open the alert's thread beside it, and read it from its start."""
    await visitor.main.locator(".thread-card").click()
    await visitor.sees(words.start, pane=visitor.side)
    await visitor.sees(words.sheet, pane=visitor.side)
    start = visitor.message(words.start, pane=visitor.side)
    await start.evaluate("(one) => one.scrollIntoView({block: 'start'})")


@by_language("words", LANGUAGES, first="ja")
async def test_incident_from_triage_to_resolved(
    world_in: WorldIn, visitor_of: VisitorOf, album: Album, words: Words
) -> None:
    """Form, questions, alert, thread, escalation, DM, ack and resolution, each seen on the page."""
    film = Film(album)
    async with world_in(words.language) as world:
        opened = visitor_of(world.sandbox)
        async with opened(locale=words.locale, size=WINDOW) as visitor:
            await report(visitor, words, film)
            await raise_alert(visitor, words, album, film)
            await expect(visitor.message(words.open)).to_contain_text("@here")
            await follow_thread(visitor, words)
            await album.take(visitor, f"alert.{words.language}", first=visitor.message(words.open))
            async with opened(size=LARGE_PHONE, locale=words.locale) as phone:
                await phone.page.get_by_role("button", name=words.channels).click()
                await phone.go("p0-alerts")
                await phone.sees(words.open)
                await album.take(phone, f"phone.{words.language}", first=phone.message(words.open))
                await visitor.press(words.close_thread, within=visitor.side)
                await read_on_a_phone(phone, words, album)
                await wait_in_vain(world, visitor, words, film)
                await phone.sees(ESCALATED)
                await album.take(phone, f"escalation.{words.language}", first=phone.message(ESCALATED))
                await acknowledge(visitor, words, film)
                await read_what_is_theirs(phone, words)
            film.keep(f"story.{words.language}", cover=ALERT_FRAME)
            await resolve(visitor, words)
        async with opened(dark=False, locale=words.locale, size=WINDOW) as visitor:
            await visitor.go("p0-alerts")
            await visitor.main.locator(".thread-card").click()
            await visitor.sees("postmortem", pane=visitor.side)
            await expect(visitor.sidebar.locator("a.unread")).to_have_count(0)
            await album.take(visitor, f"resolved.{words.language}", first=alert_in(visitor))


async def test_autocomplete_and_thread_by_keys_alone(world: World, visitor_of: VisitorOf) -> None:
    """No mouse at all: raise by `/sev1`, find the number by a part of the title, ack by a reaction."""
    async with visitor_of(world.sandbox)() as visitor:
        await expect(visitor.box).to_be_focused()
        await visitor.type("/sev1")
        await visitor.keys("Enter")
        await visitor.type(JAPANESE.title)
        await visitor.keys("Enter")
        await visitor.sees("発報しました")
        await visitor.type("/incident show")
        await visitor.keys("Enter", "ArrowDown", "Enter")
        await visitor.type("決済")
        await expect(visitor.picker.get_by_role("option", name=JAPANESE.title)).to_be_visible()
        await visitor.keys("Enter", "Enter")
        await visitor.sees("直近の記録")
        await visitor.keys("Control+k")
        await visitor.type("p0-al")
        await visitor.keys("Enter")
        await visitor.sees("未対応")
        await visitor.message("未対応").focus()
        await visitor.keys("Enter", "Enter", "Enter")  # menu, add a reaction, the first emoji: 👀
        await visitor.sees("@responder が対応中")
        await expect(visitor.main.get_by_role("button", name="👀 2 件")).to_have_attribute(
            "aria-pressed", "true"
        )
