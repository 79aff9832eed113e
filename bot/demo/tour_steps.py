"""The steps of the tour: what its people do, and what they then see in Discord; the transcript shows both."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.demo import clock
from bot.demo.running_demo import RunningDemo
from bot.demo.story.cast import ITO, TURNS, Actor, turn_at
from bot.demo.transcript import Transcript
from bot.demo.triage_walk import ACK_EMOJI, TriageReport, TriageWalk
from bot.domain.delivery.kinds import PAGING, DeliveryKind
from local_discord.client import Interaction, Message, NotSeen

_REPORTER: Final = ITO
_CHANNEL: Final = "general"
_ALERTED: Final = ("p0-alerts", "p1-ops", "p2-deploys")
_TAKE_TURNS: Final = TURNS["primary"]
_PAGING: Final = PAGING | {DeliveryKind.ALERT, DeliveryKind.BUNDLE}


class TourSteps:
    """Takes the steps of the tour for its people. A step that is not seen to happen raises NotSeen.

    Attributes:
        steps: How many steps were seen to happen.
    """

    def __init__(self, demo: RunningDemo, transcript: Transcript) -> None:
        self.steps = 0
        self._demo = demo
        self._human = demo.human
        self._transcript = transcript
        self._seen: set[str] = set()

    async def arrive(self) -> None:
        """Note the time and the messages that are there already: messages of the past are not new."""
        self._begun = await self._now()
        for channel in _ALERTED:
            self._seen.update(message.id for message in await self._human.messages(channel))
        for user in _TAKE_TURNS:
            self._seen.update(message.id for message in await self._human.dms(user))

    async def triage(self, report: TriageReport, *answers: str) -> Message:
        """Fill in the form of `/triage`, answer the questions, and return the card with the outcome."""
        walk = TriageWalk(self._human, _REPORTER, _CHANNEL)
        self._transcript.act(_REPORTER, "/triage", where=f"#{_CHANNEL}")
        opened = await walk.open_form()
        self._transcript.form(opened, report.fields())
        sent = await self._human.submit(_REPORTER, opened, report.fields())
        self._transcript.reply(sent, to=_REPORTER)
        card = sent.messages[-1]
        for answer in answers:
            self._transcript.act(_REPORTER, f"[{answer}]")
            card = await walk.press(card, answer)
        self._transcript.card(card, to=_REPORTER)
        return card

    async def command(
        self, name: str, options: Mapping[str, object] | None = None, *, user: str = _REPORTER
    ) -> Interaction:
        """Use a slash command, and return its answer."""
        given = " ".join(f"{key}: {value}" for key, value in (options or {}).items())
        self._transcript.act(user, f"/{name} {given}".rstrip(), where=f"#{_CHANNEL}")
        answer = await self._human.command(user, _CHANNEL, name, options)
        self._transcript.reply(answer, to=user)
        return answer

    async def send(
        self, form: Interaction, fields: Mapping[str, str], *, user: str = _REPORTER
    ) -> Interaction:
        """Fill in a form and send it, and return its answer."""
        self._transcript.form(form, fields)
        answer = await self._human.submit(user, form, fields)
        self._transcript.reply(answer, to=user)
        return answer

    async def press(self, message: Message, label: str, *, user: str = _REPORTER) -> Interaction:
        """Press a button, and return what its presser sees."""
        self._transcript.act(user, f"[{message.control(label).label}]")
        answer = await self._human.press(user, message, label)
        self._transcript.reply(answer, to=user)
        return answer

    async def react(self, user: str, message: Message, *, place: str) -> None:
        """React with 👀 once the bot is at rest: people are slower than it is."""
        await self._demo.rest()
        self._transcript.act(user, ACK_EMOJI, where=place)
        await self._human.react(user, message, ACK_EMOJI)

    async def see(self, place: str, words: str, what: str) -> Message:
        """Wait for a new message in *place* with *words*, which means that *what* has happened."""
        message = await self._human.see(place, words, where=lambda each: each.id not in self._seen)
        self._seen.add(message.id)
        await self._post(place, message)
        self._step(what)
        return message

    async def see_edit(self, message: Message, words: str, what: str) -> None:
        """Wait until *message* says *words*."""

        async def look() -> Message | None:
            shown = await self._human.messages(message.channel_id)
            return next((one for one in shown if one.id == message.id and words in one.text), None)

        await self._post(message.channel_id, await self._human.until(look, words), edited=True)
        self._step(what)

    async def on_call(self, place: str) -> Actor:
        """Return who is on call at *place* by now: Monday's handover may come in the middle of the tour."""
        return turn_at(place, self._demo.setup.policy, begun=self._begun, now=await self._now())

    async def count(self, channel: str) -> int:
        """Return the number of messages in *channel*."""
        return len(await self._human.messages(channel))

    async def thread(self, message: Message) -> str:
        """Return the id of the thread that hangs on *message*."""

        async def look() -> str | None:
            return message.id if message.id in await self._name_threads() else None

        return await self._human.until(look, "a thread")

    async def wait(self, span: timedelta, words: str) -> None:
        """Move the demo's clock on by *span*, and print *words* about it."""
        await self._demo.fast_forward(span)
        self._transcript.moved(words)

    async def silence(self, span: timedelta, words: str, what: str) -> None:
        """Let *span* pass, and check that the bot pages no one.

        What the calendar brings at some hour, such as a handover or the morning triage, is no page.
        """
        before = await self._pages()
        await self.wait(span, words)
        await self._demo.rest()
        if news := [text for message_id, text in (await self._pages()).items() if message_id not in before]:
            raise NotSeen(f"{what}, but there is: {news[0]}")
        self._step(what)

    def require(self, condition: bool, what: str) -> None:  # noqa: FBT001 -- reads like `assert`
        """Check *condition*, which means that *what* has happened."""
        if not condition:
            raise NotSeen(what)
        self._step(what)

    async def _post(self, place: str, message: Message, *, edited: bool = False) -> None:
        """Print a message; look up the name of a thread that it links to."""
        await self._name_threads()
        self._transcript.post(place, message, edited=edited)

    def _step(self, what: str) -> None:
        self.steps += 1
        self._transcript.seen(what)

    async def _now(self) -> datetime:
        now: datetime = await self._demo.connection.fetchval("SELECT now()")
        return now

    async def _pages(self) -> dict[str, str]:
        """Return the texts of the alerts, pages and escalations so far, by id."""
        places = [await self._human.messages(channel) for channel in _ALERTED]
        places += [await self._human.dms(user) for user in _TAKE_TURNS]
        paging = await clock.sent(self._demo.connection, _PAGING)
        return {
            message.id: message.text for shown in places for message in shown if int(message.id) in paging
        }

    async def _name_threads(self) -> set[str]:
        """Tell the transcript what the threads are called, and return their ids."""
        threads = (await self._human.state())["threads"]
        for thread in threads:
            self._transcript.name(thread["id"], str(thread["name"]))
        return {thread["id"] for thread in threads}
