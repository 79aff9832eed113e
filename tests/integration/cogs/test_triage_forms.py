"""The form of a triage about a message or an alert: what it opens with, and how much is read before it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from structlog.testing import capture_logs

from tests.integration.cogs.console_world import (
    ConsoleWorld,
    alerted,
    presses,
    shown,
    words,
)

_IS_MESSAGE = re.compile(r"/messages/\d+$")  # and not its reactions


async def test_the_form_about_an_alert_opens_with_what_was_heard_and_else_with_what_is_read(
    world: ConsoleWorld,
) -> None:
    """A read is a round trip before the form can come; after a restart there is no other way."""
    await world.session_began()
    said = {"channel": "p1-ops", "name": "monitor", "embeds": [{"title": "disk full on db-1"}]}
    await world.human("POST", "webhook", **said)
    alone = await world.until("p1-ops", contains="inc:v1:others:1")
    post = shown(await world.click(alone, "inc:v1:others:1"))
    [triage] = [one for one in presses(post) if one.startswith("tri:v1:from:")]

    async def opened() -> tuple[str, int]:
        await world.caught_up()  # the bot reads the alert for itself, too, when it starts
        await world.rest()  # and when it posts
        since = (await world.human("GET", "log?since=1000000000"))["next"]
        form = await world.click(post, triage)
        log = (await world.human("GET", f"log?since={since}"))["entries"]
        asked = [(one.get("method"), one.get("path", "")) for one in log]
        answer = next(number for number, (_, path) in enumerate(asked) if path.endswith("/callback"))
        reads = [path for method, path in asked[:answer] if method == "GET" and _IS_MESSAGE.search(path)]
        return form["modal"]["components"][0]["component"].get("value", ""), len(reads)

    heard = await opened()
    await world.restart()
    read = await opened()
    assert (heard[0], read[0]) == (read[0], heard[0])
    assert (heard[1], read[1]) == (0, 1)


async def test_a_slow_database_leaves_the_alerts_title_out_and_the_log_says_why(world: ConsoleWorld) -> None:
    """The form comes at once; the error of a deadline has no text of its own."""
    await world.human("POST", "webhook", channel="p1-ops", name="monitor", embeds=[{"title": "disk full"}])
    await world.until("p1-ops", contains="inc:v1:declare:1")
    posted = await world.until("p1-ops", contains="disk full")
    async with locked_incidents(world):
        with capture_logs() as logged:
            form = await world.context("Triage this message", posted)
    assert form["modal"]
    reasons = [one["reason"] for one in logged if one["event"] == "triage.alert_not_looked_up"]
    assert reasons == ["TimeoutError"]


@asynccontextmanager
async def locked_incidents(world: ConsoleWorld) -> AsyncIterator[None]:
    """No incident can be read for the block."""
    await world.rest()
    others = world.database.connections()
    connection = await others.acquire(timeout=5.0)
    async with connection.transaction():
        await connection.execute("LOCK TABLE incidents IN ACCESS EXCLUSIVE MODE")
        yield
    await others.release(connection)


async def test_the_form_about_a_message_opens_without_a_query(world: ConsoleWorld) -> None:
    """The triage form opens while no incident can be read from the database.

    This holds for the menu in an incident's thread, and for the button under an alert whose title was shown.
    """
    await world.session_began()
    alert = await alerted(world)
    thread = alert["id"]
    await world.rest()
    said = await world.human("POST", "say", user="responder", channel=thread, content="決済も落ちています")
    monitor = {"channel": "p1-ops", "name": "monitor", "embeds": [{"title": "disk full"}]}
    await world.human("POST", "webhook", **monitor)
    alone = await world.until("p1-ops", contains="inc:v1:others:2")
    post = shown(await world.click(alone, "inc:v1:others:2"))
    [triage] = [one for one in presses(post) if one.startswith("tri:v1:from:")]
    async with locked_incidents(world):
        with capture_logs() as logged:
            by_menu = await world.context("Triage this message", said)
            by_button = await world.click(post, triage)
    titles = [form["modal"]["components"][0]["component"].get("value") for form in (by_menu, by_button)]
    assert titles == ["決済も落ちています", "#p1-ops の通知 (monitor)"], "the title that the post shows"
    assert [one for one in logged if one["event"].endswith("not_looked_up")] == []


async def test_a_message_that_was_triaged_here_is_looked_up_before_its_form(world: ConsoleWorld) -> None:
    """After a message has become an incident, its menu shows that incident instead of a new triage form.

    This holds for a message in an ordinary channel, too.
    """
    said = await world.human("POST", "say", user="observer", channel="general", content="決済が通りません")
    form = await world.context("Triage this message", said)
    card = shown(await world.send(form, title="決済 API が 5xx"))
    for question in ("users_affected", "large_impact"):
        card = shown(await world.click(card, f"tri:v1:answer:1:{question}:yes"))
    await world.click(card, "tri:v1:confirm:1:SEV1")
    shown_instead = await world.context("Triage this message", said)
    assert not shown_instead.get("modal")
    assert "INC-1" in words(shown(shown_instead))


async def test_the_form_comes_back_before_its_message_is_written(world: ConsoleWorld) -> None:
    """The message's words are known where the menu was used, even if it is deleted by then."""
    said = await world.human("POST", "say", user="observer", channel="general", content="決済が通りません")
    others = world.database.connections()
    connection = await others.acquire(timeout=5.0)
    async with connection.transaction():
        # The lock must outlast the form, however busy the machine is.
        await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        await connection.execute("LOCK TABLE noted_messages IN ACCESS EXCLUSIVE MODE")
        form = await world.context("Triage this message", said)
        await world.human("DELETE", "message", user="observer", message=said["id"])
        card = shown(await world.send(form, title="決済 API が 5xx"))
    await others.release(connection)
    assert "> 決済が通りません" in words(card)
