"""Everything there is to press and to choose, each ready for as many presses as the benchmark needs.

Some of it is gone after one press in earnest. So the local Discord takes no edits of posts meanwhile: buttons
stay, and a press that comes too late is answered like the first one. Cards that only one person sees are made
for one press each.
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

from bot.demo.triage_walk import TriageReport, TriageWalk
from local_discord.client import Control, Human, Interaction, Message
from tests.bench.measurements.answers import Ask
from tests.bench.servers.stand import Discord

_WHO: Final = "responder"
_EDITS: Final = "PATCH /channels/*/messages/*"
_READS: Final = "GET /channels/*/messages/*"
_MISSING_PERMISSIONS: Final = 50013
#: The rows of a triage's result and of its re-evaluation.
ON_A_RESULT: Final = ("🚨 発報する", "⏲️ 再評価に回す", "select 重大度を変える", "select 前の答えを変える")
#: Seconds that a slow Discord takes for a read: longer than anybody waits for a form.
_SLOW_S: Final = 3.0


@asynccontextmanager
async def no_edits(discord: Discord) -> AsyncIterator[None]:
    """Posts stay as they are for the block."""
    refused = {"status": HTTPStatus.FORBIDDEN, "code": _MISSING_PERMISSIONS, "times": None}
    await discord.human.fault(route=_EDITS, **refused)
    try:
        yield
    finally:
        await discord.human.clear_faults()


@asynccontextmanager
async def slow_reads(discord: Discord) -> AsyncIterator[None]:
    """Discord is slow to give a message, for the block."""
    await discord.human.fault(route=_READS, delay_s=_SLOW_S, times=None)
    try:
        yield
    finally:
        await discord.human.clear_faults()


async def of_a_triage(discord: Discord, *, presses: int) -> dict[str, Ask]:
    """The result's controls, and the re-evaluation that it may lead to; *presses* cards of each."""
    confirmed = await _cards(discord, "bench confirm", "はい", "はい", count=presses)
    revised = await _cards(discord, "bench revise", "はい", "はい", count=presses)
    graded = (await _cards(discord, "bench grade", "はい", "いいえ", count=1))[0]
    held = await _cards(discord, "bench hold", "いいえ", "いいえ", count=presses)
    asks = (
        _in_turn(confirmed, "発報する"),
        _in_turn(held, "再評価に回す"),
        _choose(graded, "重大度を変える"),
        _in_turn(revised, "前の答えを変える"),
    )
    return dict(zip(ON_A_RESULT, asks, strict=True))


async def of_ended_incidents(discord: Discord) -> dict[str, Ask]:
    """🔄 under one that was resolved, and the way to what another was merged into."""
    resolved = await _alert(discord, "bench resolved")
    asked = await _say(discord, "incident resolve", number=_number(resolved))
    await discord.human.submit(_WHO, asked, {})
    duplicate = await _alert(discord, "bench duplicate")
    other = await _alert(discord, "bench other")
    await _say(discord, "incident merge", number=_number(duplicate), into=_number(other))
    posts = {"再開": "bench resolved", "合流先を見る": "bench duplicate"}
    return {
        label: press(post, post.control(label))
        for label, title in posts.items()
        for post in [await _showing(discord, title, label)]
    }


async def of_a_tracked_alert(discord: Discord, title: str) -> dict[str, Ask]:
    """🚨 ⚪ 🔎 under the answer to a monitor."""
    await discord.human.post_webhook("p1-ops", "monitor", f"ALERT: {title}")
    post = await _showing(discord, title, "インシデントにする", channel="p1-ops")
    others = (await discord.human.press(_WHO, post, "その他")).messages[-1]
    asks = {label: press(others, others.control(label)) for label in ("トリアージ", "誤報")}
    return asks | {label: press(post, post.control(label)) for label in ("インシデントにする", "その他")}


async def of_a_page(discord: Discord) -> dict[str, Ask]:
    """🙅 under the DM to whoever is on call."""
    await _say(discord, "sev1", title="bench page")
    page = await discord.human.see("dm:primary", "bench page")
    label = "対応できない"
    return {f"DM {label}": press(page, page.control(label), by="primary")}


async def of_lists(discord: Discord) -> dict[str, Ask]:
    """What opens one of the list, and what there is no button for."""
    listed = await _say(discord, "incident list")
    shown = await _say(discord, "incident show", number=_number(await _alert(discord, "bench shown")))
    return {
        "select of /incident list": _choose(listed.messages[-1]),
        "その他 of /incident show": press(shown.messages[-1], shown.messages[-1].control("その他")),
    }


async def of_a_card(discord: Discord) -> dict[str, Ask]:
    """The first-response steps of a thread's card."""
    alert = await _alert(discord, "bench steps")
    label = "完了した手順を選ぶ"
    card = await _showing(discord, "", label, channel=str(alert.thread_id))
    return {f"select {label}": _choose(card, label)}


async def of_menus(discord: Discord) -> dict[str, Ask]:
    """The menus of a message; it stands in a thread, where both make sense."""
    alert = await _alert(discord, "bench menu")
    said = await discord.human.say(_WHO, str(alert.thread_id), "payments are down")
    return {name: _menu(name, said) for name in ("Triage this message", "Add to timeline")}


def press(message: Message, control: Control, *values: str, by: str = _WHO) -> Ask:
    """Uses a control."""
    return lambda human: human.click(by, message.id, control, values=values)


def _menu(name: str, message: Message) -> Ask:
    return lambda human: human.context(_WHO, message.channel_id, name, message)


def _choose(message: Message, label: str = "") -> Ask:
    """Chooses the first option of the select with *label* on it, or of the first select."""
    control, value = next(_selects(message, label))
    return press(message, control, value)


def _selects(message: Message, label: str) -> Iterator[tuple[Control, str]]:
    for control in message.controls:
        if control.options and label in control.label:
            yield control, next(iter(control.options.values()))


def _in_turn(cards: list[Message], label: str) -> Ask:
    waiting = iter([_one(card, label) for card in cards])

    async def ask(human: Human) -> Interaction:
        return await next(waiting)(human)

    return ask


def _one(card: Message, label: str) -> Ask:
    control = card.control(label)
    return _choose(card, label) if control.options else press(card, control)


async def _cards(discord: Discord, title: str, *answers: str, count: int) -> list[Message]:
    """One triage, answered, and as many cards of it as people who joined."""
    walk = TriageWalk(discord.human, _WHO, "general")
    await walk.answer(await walk.begin(TriageReport(title)), *answers)
    line = await discord.human.see("general", title)
    control = line.control("トリアージに参加")
    joined = [await discord.human.click(_WHO, line.id, control) for _ in range(count)]
    return [said.messages[-1] for said in joined]


async def _alert(discord: Discord, title: str) -> Message:
    """The alert of a new SEV3, with its thread."""
    await _say(discord, "sev3", title=title)
    return await discord.human.see("p2-deploys", title, where=lambda post: post.thread_id is not None)


async def _showing(discord: Discord, title: str, label: str, *, channel: str = "p2-deploys") -> Message:
    return await discord.human.see(
        channel, title, where=lambda post: any(label in control.label for control in post.controls)
    )


def _number(alert: Message) -> int:
    found = re.search(r"(?:INC|ALERT)-(\d+)", alert.text)
    assert found is not None
    return int(found[1])


async def _say(discord: Discord, command: str, **options: object) -> Interaction:
    return await discord.human.command(_WHO, "general", command, options)
