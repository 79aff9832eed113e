"""One incident from `/triage` to the resolved post, with the real bot, by clicks and keys alone."""

from collections.abc import Callable

import pytest
from playwright.async_api import expect

from local_discord.server import LocalDiscord
from tests.browser.conftest import Visit, WorldIn
from tests.browser.pictures import LARGE_PHONE, WINDOW, Album
from tests.browser.visitor import Visitor
from tests.browser.words import JAPANESE, LANGUAGES, Words
from tests.e2e.world import World

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("browser-and-bot")]
by_language = pytest.mark.parametrize("words", LANGUAGES, ids=lambda words: words.language)
VisitorOf = Callable[[LocalDiscord], Visit]


async def report(visitor: Visitor, words: Words) -> None:
    """`/triage`, and its form filled in."""
    await visitor.command("triage")
    form = visitor.page.get_by_role("dialog")
    await expect(form.get_by_label(words.field_title)).to_be_focused()
    await visitor.type(words.title)
    for field, choice in ((words.field_targets, "api.parky.co.jp"), (words.field_symptoms, words.symptom)):
        await form.get_by_label(field).click()
        await visitor.page.get_by_role("option", name=choice, exact=True).click()
        await visitor.press(words.done, within=form)
    await visitor.press(words.submit, within=form)
    await expect(form).to_be_hidden()


async def raise_alert(visitor: Visitor, words: Words, album: Album) -> None:
    """Answer the questions, confirm, and follow the link to the post."""
    await visitor.sees(words.asked)
    await visitor.press(words.yes)
    await visitor.sees(words.path)
    await visitor.press(words.yes)
    await visitor.sees(words.due)
    await expect(visitor.message(words.due)).to_contain_text(words.only_you)
    await album.take(visitor, f"triage-card.{words.language}")
    await visitor.press(words.confirm)
    await visitor.sees(words.raised)
    # The card has one, and by now perhaps the quiet line of the triage as well: both lead there.
    await visitor.main.get_by_role("link", name=words.to_post).first.click()
    await visitor.sees(words.open)


async def acknowledge(visitor: Visitor, words: Words) -> None:
    """The person on call finds a DM with a badge on it, and takes it on."""
    await visitor.act_as("primary")
    dm = visitor.sidebar.locator("a.dm")
    await expect(dm.locator(".count")).to_have_text("1")
    await dm.click()
    await visitor.sees(words.called)
    await expect(dm.locator(".count")).to_be_hidden()
    await visitor.press("ack")
    await visitor.go("p0-alerts")
    await visitor.sees("👀 @primary")
    await visitor.sees(words.taken)


async def resolve(visitor: Visitor, words: Words) -> None:
    """Resolve it, asked once; the post, the thread and its name say so."""
    await visitor.press(words.resolve, within=visitor.message(words.title))
    await visitor.press(words.resolve_now, within=visitor.message(words.only_you))
    await visitor.sees(words.resolved)
    await expect(visitor.sidebar.locator("a.thread", has_text="🟢")).to_be_visible()


async def follow_thread(visitor: Visitor, words: Words) -> None:
    """Open the alert's thread beside it, and read it from its start."""
    await visitor.main.locator(".thread-card").click()
    await visitor.sees(words.start, pane=visitor.side)
    await visitor.sees(words.sheet, pane=visitor.side)
    start = visitor.message(words.start, pane=visitor.side)
    await start.evaluate("(one) => one.scrollIntoView({block: 'start'})")


@by_language
async def test_incident_from_triage_to_resolved(
    world_in: WorldIn, visitor_of: VisitorOf, album: Album, words: Words
) -> None:
    """Form, questions, alert, thread, DM, ack and resolution, each seen on the page."""
    async with world_in(words.language) as world:
        opened = visitor_of(world.sandbox)
        async with opened(locale=words.locale, size=WINDOW) as visitor:
            await report(visitor, words)
            await raise_alert(visitor, words, album)
            await expect(visitor.message(words.open)).to_contain_text("@here")
            await follow_thread(visitor, words)
            await album.take(visitor, f"alert.{words.language}")
            async with opened(size=LARGE_PHONE, locale=words.locale) as phone:
                await phone.page.get_by_role("button", name=words.channels).click()
                await phone.go("p0-alerts")
                await phone.sees(words.open)
                await album.take(phone, f"phone.{words.language}")
            await visitor.press(words.close_thread, within=visitor.side)
            await acknowledge(visitor, words)
            await resolve(visitor, words)
        async with opened(dark=False, locale=words.locale, size=WINDOW) as visitor:
            await visitor.go("p0-alerts")
            await visitor.main.locator(".thread-card").click()
            await visitor.sees("postmortem", pane=visitor.side)
            await expect(visitor.sidebar.locator("a.unread")).to_have_count(0)
            await album.take(visitor, f"resolved.{words.language}")


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
        await visitor.sees("👀 @responder")
        await expect(visitor.main.get_by_role("button", name="👀 2 件")).to_have_attribute(
            "aria-pressed", "true"
        )
