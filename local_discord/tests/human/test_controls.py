"""Controls on the page: offered and carried out by a program, pressed by people, one at a time."""

import asyncio

import pytest

from local_discord.client import Human, HumanSideError
from local_discord.running import running_discord
from local_discord.tests.client import ALERTS, PRIMARY, Client
from local_discord.tests.human.test_live import VIEW


def text(words: str) -> dict[str, str]:
    """A text that is alike in both languages."""
    return {"ja": words, "en": words}


BELLS = {
    "id": "bells",
    "icon": "bell",
    "label": text("Bells"),
    "controls": [{"id": "bells.ring", "label": text("Ring"), "detail": text("once")}],
}


async def test_program_does_what_is_pressed_and_people_see_what_was_written() -> None:
    """The program waits for a press, says how it goes, and ends it; the report has the bot's words alone."""
    async with running_discord() as discord:
        human, desk = discord.human, discord.server.desk
        await human.offer([BELLS])
        asked = asyncio.create_task(human.next_press())
        press = await human.press_control("primary", "bells.ring")
        told = await asked
        assert told is not None
        assert (told["id"], told["control"], told["user"]) == (press, "bells.ring", PRIMARY)
        await human.tell_press(press, says=text("ringing"))
        assert await human.next_press(within_s=0) is None
        with pytest.raises(HumanSideError, match="busy"):
            await human.press_control("observer", "bells.ring")
        await human.say("primary", "general", "what a person writes")
        posted = await human.post_webhook("p1-ops", "Bell", "**ding**\nand more")
        await human.advance_clock(900)
        await human.tell_press(press, done=True, show={"channel": posted.channel_id, "message": posted.id})
        report = desk.offered.report
        assert report is not None
        assert report["ended_ms"] - report["began_ms"] >= 900_000
        assert report["show"]["message"] == posted.id
        [change] = report["changes"]
        assert (change["name"], change["text"], change["new"]) == ("p1-ops", "**ding**", 1)
        assert desk.offered.now is None
        with pytest.raises(HumanSideError, match="not being carried out"):
            await human.tell_press(press, done=True)


async def test_person_may_stop_what_the_program_says_may_be_stopped(client: Client) -> None:
    """The program learns it when it next tells how it goes; nothing else of the press changes."""
    async with Human(client.sandbox.human) as human:
        await human.offer([BELLS])
        press = await human.press_control("primary", "bells.ring")
        assert not await human.tell_press(press, says=text("ringing"))
        with pytest.raises(HumanSideError, match="cannot be stopped"):
            await human.stop_press(press)
        assert not await human.tell_press(press, progress=0.4, may_stop=True)
        await human.stop_press(press)
        shown = client.sandbox.desk.offered.now
        assert shown is not None
        assert (shown["progress"], shown["may_stop"], shown["is_stopping"]) == (0.4, True, True)
        assert await human.tell_press(press, progress=2)
        assert (client.sandbox.desk.offered.now or {})["progress"] == 1
        await human.tell_press(press, refused=text("stopped on the way"))
        with pytest.raises(HumanSideError, match="not being carried out"):
            await human.stop_press(press)


async def test_edits_are_told_and_so_is_a_refusal(client: Client) -> None:
    """An edit of something older counts as one; a refused press says why."""
    async with Human(client.sandbox.human) as human:
        old = await client.post(content="state: open")
        await human.offer([BELLS])
        press = await human.press_control("primary", "bells.ring")
        await client.api(f"PATCH /channels/{ALERTS}/messages/{old['id']}", {"content": "state: closed"})
        await human.tell_press(press, refused=text("No bell today"))
    report = client.sandbox.desk.offered.report
    assert report is not None
    assert report["refused"] == text("No bell today")
    [change] = report["changes"]
    assert (change["text"], change["new"], change["edited"]) == ("state: closed", 0, 1)


async def test_answer_to_one_person_may_be_all_there_is(client: Client) -> None:
    """A report of nothing is no news to a person who is taken to an answer; a post beside it is."""
    world = client.sandbox.core.world
    async with Human(client.sandbox.human) as human:
        await human.offer([BELLS])
        for beside in (False, True):
            press = await human.press_control("primary", "bells.ring")
            answer = await client.post(content="only for you")
            world.messages[ALERTS][answer["id"]].ephemeral_to = PRIMARY
            if beside:
                await client.post(content="for all")
            await human.tell_press(press, done=True, show={"channel": ALERTS, "message": answer["id"]})
            report = client.sandbox.desk.offered.report
            assert report is not None
            assert (report["is_all"], len(report["changes"])) == (not beside, int(beside))


async def test_pages_show_the_controls_and_no_channel_that_their_person_may_not_view(client: Client) -> None:
    """Every page lists all DMs, since one person plays all of the demo's people."""
    async with Human(client.sandbox.human) as human:
        await human.change("channel", channel="p1-ops", user="primary", deny=1 << 10)
        await human.offer([BELLS])
        press = await human.press_control("observer", "bells.ring")
        await human.post_webhook("p1-ops", "Bell", "secret")
        dm = (await client.api("POST /users/@me/channels", {"recipient_id": "1100000000000000104"})).body
        await client.post(
            dm["id"], content="for the observer", embeds=[{"description": "**too late**\nmore"}]
        )
        await human.tell_press(press, done=True)
    async with client.http.ws_connect(f"{client.sandbox.core.origin}/_page/ws") as socket:
        await socket.send_json(VIEW)
        while not (state := await socket.receive_json(timeout=5)).get("report"):
            pass
    assert [one["id"] for one in state["controls"]] == ["bells"]
    [change] = state["report"]["changes"]
    assert (change["text"], change["person"]) == ("**too late** · for the observer", "1100000000000000104")


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ("all", "'groups' is a list"),
        ([{"id": "bells"}], "a group is"),
        ([{**BELLS, "controls": [{"label": text("x")}]}], "a control is"),
        ([{**BELLS, "label": {"en": "Bells"}}], "a text is"),
        ([{**BELLS, "controls": [{"id": "x", "label": text("x"), "heading": "Bells"}]}], "a text is"),
    ],
)
async def test_senseless_offers_are_refused(client: Client, groups: object, said: str) -> None:
    """The refusal of a senseless offer says what is allowed."""
    reply = await client.human("PUT controls", groups=groups)
    assert (reply.status, said in reply.body["error"]) == (400, True)


async def test_unknown_control_is_gone(client: Client) -> None:
    """Pressing a control that no program offers is refused with status 400 and the reason "gone"."""
    reply = await client.human("POST press", user="primary", control="bells.ring")
    assert (reply.status, reply.body["why"]) == (400, "gone")
