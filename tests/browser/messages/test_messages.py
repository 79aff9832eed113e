"""What messages look like: markdown, embeds, files, replies, edits, reactions, system messages."""

import re

import pytest
from playwright.async_api import FilePayload, expect

from local_discord.tests.client import GENERAL
from tests.browser.conftest import Visit
from tests.browser.visitor.gallery import EMBED, MARKDOWN, square_png
from tests.browser.visitor.puppet import MESSAGE, Puppet

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_markdown_as_discord_renders_it(open_page: Visit, puppet: Puppet) -> None:
    """Marks, blocks, links, mentions and timestamps become elements; what is in code stays as written."""
    await puppet.client.post(GENERAL, content=MARKDOWN)
    async with open_page(locale="en-US") as visitor:
        shown = visitor.message("Heading")
        for selector, text in (
            ("h3", "Heading"),
            ("h5", "Smallest"),
            ("strong", "bold"),
            ("em", "italic"),
            ("u", "under"),
            ("s", "gone"),
            ("code.inline-code", "code \\* here"),
            ("blockquote strong", "line"),
            ("ul ul li", "nested"),
            ("ol li", "second"),
            ("pre code", 'print("no **bold** in here")'),
            ("p.small", "small print"),
            (".mention.me", "@responder"),
            ("a.mention", "#p0-alerts"),
        ):
            await expect(shown.locator(selector, has_text=text).first).to_be_visible()
        await expect(shown).to_contain_text("*plain*")
        links = shown.locator("a:not(.mention):not(.embed a)")  # not those of previews
        assert [await one.get_attribute("href") for one in await links.all()] == [
            "https://example.com/a_(b)",
            "https://example.org/",
            "https://example.net/x",
        ]
        await expect(shown.locator("time[data-relative]")).to_have_text(re.compile(r"^in \d+ years$"))
        await shown.locator(".spoiler").click()
        await expect(shown.locator(".spoiler.shown")).to_have_text("secret")


async def test_people_have_their_display_names(open_page: Visit, puppet: Puppet) -> None:
    """Above messages, in avatars, under reactions, in lists to choose from, where a username finds them."""
    await puppet.client.human("PATCH member", user="admin", global_name="中村")
    said = await puppet.client.human("POST say", user="admin", channel="general", content="hello")
    place = {"user": "admin", "channel": "general", "message": said.body["id"]}
    await puppet.client.human("PUT reaction", **place, emoji="👋")
    async with open_page(locale="en-US") as visitor:
        shown = visitor.message("hello")
        await expect(shown.locator(".author")).to_have_text("中村")
        await expect(shown.locator(".avatar")).to_have_text("中")
        await expect(shown.locator(".reaction").first).to_have_attribute("title", "中村")
        await visitor.box.fill("@adm")
        await expect(visitor.picker.get_by_role("option").first).to_contain_text("中村admin")
        await visitor.keys("Enter", "Enter")
        await expect(visitor.main.locator(".mention", has_text="@中村")).to_be_visible()


async def test_relative_times_count_live(open_page: Visit, puppet: Puppet) -> None:
    """`<t:...:R>` is brought up to date while one looks, by the local Discord's clock."""
    soon = puppet.client.sandbox.core.clock.now_ms() // 1000 + 3600
    await puppet.client.post(GENERAL, content=f"due <t:{soon}:R>")
    async with open_page(locale="en-US") as visitor:
        await expect(visitor.message("due")).to_contain_text(re.compile("in (59|60) minutes|in 1 hour"))
        await puppet.client.human("POST clock", advance_s=7200)
        await expect(visitor.message("due")).to_contain_text("1 hour ago")
        rounded = "async (all) => { const m = await import('/_page/times.js'); return all.map(m.rounded); }"
        seen = await visitor.page.evaluate(rounded, [886, 899, 14_399, 3_599, -89, -91, 29, -86_000])
        assert seen == [
            [15, "minute"],
            [15, "minute"],
            [4, "hour"],
            [1, "hour"],
            [-1, "minute"],
            [-2, "minute"],
            [29, "second"],
            [-1, "day"],
        ]


async def test_embed_with_all_its_parts(open_page: Visit, puppet: Puppet) -> None:
    """Colour, author, title, fields beside each other, footer and time."""
    await puppet.client.post(GENERAL, embeds=[EMBED])
    async with open_page(locale="en-US") as visitor:
        embed = visitor.main.locator(".embed")
        for text in ("An author", "A title with code", "Described in bold", "A footer • 01/02/2026 12:04"):
            await expect(embed).to_contain_text(text)
        await expect(embed).to_have_css("border-left-color", "rgb(52, 152, 219)")
        one, two, three = [await field.bounding_box() for field in await embed.locator(".embed-field").all()]
        assert one
        assert two
        assert three
        assert one["y"] == two["y"] < three["y"]


async def test_pictures_and_files(open_page: Visit, puppet: Puppet) -> None:
    """A picture is shown and opens larger; another file can be downloaded; a person can attach one."""
    await puppet.post_file(GENERAL, "square.png", "image/png", square_png())
    await puppet.post_file(GENERAL, "list.csv", "text/csv", b"a,b\n" * 600)
    async with open_page() as visitor:
        await expect(visitor.main.locator(".file")).to_contain_text("2.3 KB")
        picture = visitor.main.get_by_role("button", name="square.png")
        await picture.click()
        await expect(visitor.page.locator("dialog.lightbox img")).to_be_visible()
        await visitor.keys("Escape")
        chosen: FilePayload = {"name": "log.txt", "mimeType": "text/plain", "buffer": b"hello"}
        await visitor.main.locator("input[type=file]").set_input_files(files=[chosen])
        await expect(visitor.main.locator(".attached")).to_contain_text("log.txt")
        await visitor.say("see the log")
        await expect(visitor.message("see the log").locator(".file")).to_contain_text("log.txt")


async def test_edits_replies_and_deletions(open_page: Visit, puppet: Puppet) -> None:
    """An edit is marked, a reply names what it answers, a deleted message goes."""
    posted = await puppet.client.post(GENERAL, content="first words")
    async with open_page(locale="en-US") as visitor:
        await puppet.client.api(
            f"PATCH /channels/{GENERAL}/messages/{posted['id']}", {"content": "better words"}
        )
        await expect(visitor.message("better words")).to_contain_text("(edited)")
        await visitor.message("better words").hover()
        await visitor.press("Reply")
        await visitor.say("well said, @primary!")
        reply = visitor.message("well said")
        await expect(reply.locator(".lead")).to_contain_text("better words")
        await expect(reply.locator(".mention")).to_have_text("@primary")
        await reply.click(button="right")
        await visitor.page.get_by_role("menuitem", name="Delete message").click()
        await expect(visitor.main.locator("li.message", has_text="well said")).to_have_count(0)


async def test_reactions_are_given_and_taken_back(open_page: Visit, puppet: Puppet) -> None:
    """One's own is marked; a second click takes it back; the picker offers more."""
    posted = await puppet.client.post(GENERAL, content="react to this")
    await puppet.client.human("PUT reaction", user="primary", message=posted["id"], emoji="👀")
    async with open_page(locale="en-US") as visitor:
        eyes = visitor.main.get_by_role("button", name="👀 1: primary")
        await eyes.click()
        mine = visitor.main.get_by_role("button", name="👀 2: primary, responder")
        await expect(mine).to_have_attribute("aria-pressed", "true")
        await mine.click()
        await expect(eyes).to_have_attribute("aria-pressed", "false")
        await visitor.press("Add a reaction", within=visitor.main.locator(".reactions"))
        await visitor.page.get_by_role("button", name="🎉").click()
        await expect(visitor.main.get_by_role("button", name="🎉 1: responder")).to_be_visible()


async def test_thread_beside_its_channel(open_page: Visit, puppet: Puppet) -> None:
    """The card below a message opens the thread; what is written there stays there."""
    posted = await puppet.client.post(GENERAL, content="let us talk")
    await puppet.client.api(f"POST /channels/{GENERAL}/messages/{posted['id']}/threads", {"name": "A thread"})
    async with open_page(locale="en-US") as visitor:
        await visitor.press("A thread")
        await visitor.sees("let us talk", pane=visitor.side)
        await visitor.side.locator("textarea").fill("in the thread")
        await visitor.side.locator("textarea").press("Enter")
        await visitor.sees("in the thread", pane=visitor.side)
        await expect(visitor.main.locator("li.message", has_text="in the thread")).to_have_count(0)
        await expect(visitor.sidebar.locator("a.thread")).to_have_text("A thread")


async def test_long_channels_load_in_parts(open_page: Visit, puppet: Puppet) -> None:
    """The newest hundred first, the rest when asked for, and what one looks at does not jump."""
    for number in range(120):
        body = {"user": "primary", "channel": "general", "content": f"line {number:03}"}
        await puppet.client.human("POST say", **body)
    async with open_page(locale="en-US") as visitor:
        await visitor.sees("line 119")
        await expect(visitor.main.get_by_text("line 019")).to_have_count(0)
        await visitor.main.locator(".scroller").evaluate("(one) => one.scrollTo(0, 0)")
        await visitor.press("Load earlier messages")
        await expect(visitor.main.get_by_text("line 000")).to_have_count(1)
        await expect(visitor.main.get_by_text("line 020")).to_be_in_viewport()
        await visitor.press("Jump to the latest")
        await expect(visitor.main.get_by_text("line 119")).to_be_in_viewport()


async def test_list_that_grows_while_scrolled_stays_at_its_end(open_page: Visit, puppet: Puppet) -> None:
    """A picture that loads right after the list has moved does not push the newest message out of sight."""
    for number in range(30):
        await puppet.client.post(GENERAL, content=f"line {number:03}")
    async with open_page(locale="en-US") as visitor:
        await expect(visitor.main.get_by_text("line 029")).to_be_in_viewport()
        await visitor.main.locator(".scroller").evaluate(
            """(one) => {
                one.scrollTop -= 10;
                one.querySelector("li.message:last-child").style.paddingTop = "200px";
                return new Promise((told) => requestAnimationFrame(() => requestAnimationFrame(told)));
            }"""
        )
        await expect(visitor.main.get_by_role("button", name="Jump to the latest")).to_be_hidden()
        await expect(visitor.main.get_by_text("line 029")).to_be_in_viewport()


async def test_replies_quote_what_is_seen(open_page: Visit, puppet: Puppet) -> None:
    """The line above a reply has marks, no escapes and nothing to press; what is hidden stays hidden."""
    text = "## Payment API \\<b>5xx\\</b> is **down** ||token|| [graph](https://example.com)\n> quoted"
    posted = await puppet.client.post(GENERAL, content=text)
    await puppet.client.post(GENERAL, content="on it", message_reference={"message_id": posted["id"]})
    async with open_page(locale="en-US") as visitor:
        lead = visitor.message("on it").locator(".lead")
        await expect(lead).to_contain_text("Payment API <b>5xx</b> is down token graph quoted")
        await expect(lead.locator("strong", has_text="down")).to_be_visible()
        await expect(lead.locator("a, [role=button]")).to_have_count(0)
        await expect(lead.locator(".spoiler > span")).to_have_css("opacity", "0")


async def test_author_is_named_once_to_who_cannot_see(open_page: Visit, puppet: Puppet) -> None:
    """One button beside the picture, which opens the same menu for the pointer."""
    await puppet.client.register({"name": "Look up", "type": 2})
    await puppet.client.human("POST say", user="primary", channel="general", content="hello")
    async with open_page(locale="en-US") as visitor:
        message = visitor.message("hello")
        await expect(message.get_by_role("button", name="primary")).to_have_count(1)
        await message.locator(".avatar").click()
        await expect(visitor.page.get_by_role("menuitem", name="Look up")).to_be_visible()
        await visitor.keys("Escape")
        await expect(message.get_by_role("button", name="primary")).to_be_focused()


async def test_commands_of_menus_have_no_slash(open_page: Visit, puppet: Puppet) -> None:
    """A slash command is named with its slash, a message's command without."""
    await puppet.client.register(
        {"name": "Keep this", "type": 3}, {"name": "note", "description": "Note something"}
    )
    await puppet.client.post(GENERAL, content="worth keeping")
    async with open_page(locale="en-US") as visitor:
        await visitor.message("worth keeping").click(button="right")
        await visitor.page.get_by_role("menuitem", name="Keep this").click()
        await puppet.answer(MESSAGE, content="kept")
        await expect(visitor.message("kept").locator(".lead .mention")).to_have_text("Keep this")
        await visitor.command("note")
        await puppet.answer(MESSAGE, content="noted")
        await expect(visitor.message("noted").locator(".lead .mention")).to_have_text("/note")
