"""One change by a person: its preparation, how often it is recorded, and who sees it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from bot.demo.triage_walk import TriageReport, TriageWalk
from local_discord.client import Human, Interaction, Message
from tests.faults.changes.view import View, view_of
from tests.faults.stage.stage import Stage
from tests.pressing import with_control

Act: TypeAlias = Callable[[], Awaitable[object]]

_ENTRIES: Final = "SELECT count(*) FROM timeline WHERE incident_id = $1 AND kind = $2"
_INCIDENTS: Final = "SELECT count(*) FROM incidents WHERE title = $1"
_WALKS: Final = """
SELECT count(*)
  FROM audit JOIN triages ON triages.id = (audit.data ->> 'triage')::bigint
 WHERE audit.action = $2 AND audit.allowed AND triages.title = $1
"""
_ACTIONS: Final = """
SELECT count(*) FROM audit WHERE action = $1 AND allowed AND data::text LIKE '%' || $2 || '%'
"""

_WITHIN_S: Final = 30.0
#: A look is a query for each of a hundred changes, and goes through all messages.
_LOOK_EVERY_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Change:
    """One change, ready to be made.

    Attributes:
        act: Makes it, and waits for no answer.
        query, arguments: How often it is on record.
        places: The threads whose every message may show it.
        words: What stands in any other message that may show it.
        screen: Asks for the screen of one's own that shows it, where no post does.
    """

    act: Act
    query: str
    arguments: tuple[object, ...]
    places: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    screen: Callable[[], Awaitable[str]] | None = None

    async def recorded(self, stage: Stage) -> int:
        """How often it is on record."""
        [row] = await stage.world.rows(self.query, *self.arguments)
        return int(row["count"])

    def shown(self, view: View) -> dict[str, str]:
        """The messages that may show it to everybody whom it concerns, by their ids."""
        return {
            written.id: f"{written.text}{written.reactions}"
            for written in view
            if written.place in self.places or any(words in written.text for words in self.words)
        }


@dataclass(frozen=True, slots=True)
class Known:
    """An incident that was raised for one change.

    Attributes:
        alert: Its post.
        thread: Empty for a tracked alert.
    """

    number: int
    alert: Message
    thread: str = ""

    def change(self, act: Act, kind: str) -> Change:
        """A change of it whose entry on the timeline is a *kind*."""
        return Change(act, _ENTRIES, (self.number, kind), (self.thread,), (f"INC-{self.number}",))


class Scene:
    """Prepares one change, while all is well.

    Args:
        title: Of what is raised for it.
    """

    def __init__(self, stage: Stage, hasty: Human, title: str) -> None:
        self.stage = stage
        self.title = title
        self._hasty = hasty

    @property
    def human(self) -> Human:
        """Return the client that acts for people and waits for the bot's answers."""
        return self.stage.world.human

    # -- what is there before
    async def raised(self, severity: str = "sev3", *, by: str = "responder", **options: object) -> Known:
        """An incident with its thread; further *options* go to `/incident declare`."""
        title = options.pop("title", self.title)
        if options:
            options |= {"severity": severity.upper()}
        await self.say("incident declare" if options else severity, by=by, title=title, **options)
        return await self.known(str(title))

    async def known(self, title: str) -> Known:
        """The incident with that title, once its thread is there."""
        query = (
            "SELECT id, alert_message_id, thread_id FROM incidents"
            " WHERE title = $1 AND alert_message_id IS NOT NULL AND thread_id IS NOT NULL"
        )
        [row] = await self.stage.until(lambda: self.stage.world.rows(query, title), title, within_s=_WITHIN_S)
        alert = self.posted(str(row["alert_message_id"]))
        return Known(row["id"], await alert, str(row["thread_id"]))

    async def moved(self, known: Known) -> str:
        """The private thread of an incident that was made private."""
        query = "SELECT thread_id FROM incidents WHERE id = $1 AND thread_id <> $2"
        arguments = (known.number, int(known.thread))
        [row] = await self.stage.until(
            lambda: self.stage.world.rows(query, *arguments), "the private thread", within_s=_WITHIN_S
        )
        return str(row["thread_id"])

    async def posted(self, message_id: str) -> Message:
        """A message by its id."""
        for place, messages in self.stage.world.sandbox.core.world.messages.items():
            if message_id in messages:
                return next(one for one in await self.human.messages(place) if one.id == message_id)
        raise LookupError(message_id)

    async def showing(self, place: str, label: str, words: str = "") -> Message:
        """A post with a control of that label, waited for."""
        return await self.human.see(
            place,
            words,
            where=lambda post: any(label in control.label for control in post.controls),
            within_s=_WITHIN_S,
        )

    async def say(self, command: str, *, by: str = "responder", **options: object) -> Interaction:
        """Run a command, and have its answer."""
        said = await self.human.command(by, "general", command, options)
        assert said.state == "responded", (command, said)
        return said

    async def form(self, command: str, *, by: str = "responder", **options: object) -> Interaction:
        """Run a command that opens a form."""
        opened = await self.human.command(by, "general", command, options)
        assert opened.modal is not None, (command, opened)
        return opened

    async def resolved(self, severity: str = "sev3") -> Known:
        """An incident that is over."""
        known = await self.raised(severity)
        form = await self.form("incident resolve", number=known.number)
        await self.human.submit("responder", form, {})
        return known

    async def press(
        self, on: Message | Interaction, label: str, *, by: str = "responder", value: str | None = None
    ) -> Interaction:
        """Press something, perhaps behind [その他…], and have the answer."""
        message = await with_control(
            self.human, on.messages[-1] if isinstance(on, Interaction) else on, label, by=by
        )
        return await self.human.press(by, message, label, values=[] if value is None else [value])

    async def others(self, on: Message | Interaction) -> Interaction:
        """What is behind [その他…]."""
        return await self.press(on, "その他…")

    async def walked(self, *answers: str) -> Message:
        """The card of a triage after *answers*."""
        walk = TriageWalk(self.human, "responder", "general")
        return await walk.answer(await walk.begin(TriageReport(self.title)), *answers)

    async def held(self) -> Message:
        """The post of a triage that waits for its re-evaluation."""
        await self.walked("いいえ", "いいえ", "再評価に回す")
        return await self.showing("p1-ops", "問題なし", self.title)

    # -- the change
    def runs(self, command: str, *, by: str = "responder", where: str = "general", **options: object) -> Act:
        """Run a command; *where* is the channel: many commands have an option `place`."""
        return lambda: self._hasty.command(by, where, command, options)

    def presses(
        self, on: Message | Interaction, label: str, *, by: str = "responder", value: str | None = None
    ) -> Act:
        """Press a button or choose from a select."""
        message = on.messages[-1] if isinstance(on, Interaction) else on
        return lambda: self._hasty.press(by, message, label, values=[] if value is None else [value])

    def sends(self, form: Interaction, by: str = "responder", /, **fields: Any) -> Act:
        """Send a form that was opened before."""
        assert form.modal is not None, form
        return lambda: self._hasty.submit(by, form, fields)

    def uses_menu(self, name: str, message: Message) -> Act:
        """Use the menu of a message."""
        return lambda: self._hasty.context("responder", message.channel_id, name, message)

    def opens(self, act: Act, title: str | None = None) -> Change:
        """A change that opens an incident."""
        title = title or self.title
        return Change(act, _INCIDENTS, (title,), words=(title,))

    def walks(self, act: Act, action: str) -> Change:
        """A change of a triage, on record as *action*."""
        return Change(act, _WALKS, (self.title, action), words=(self.title,))

    async def on_card(self, act: Act, action: str) -> Change:
        """Return a change of a triage that only its card shows, to a person who joins."""
        line = await self.showing("general", "トリアージに参加", self.title)

        async def card() -> str:
            return (await self.press(line, "トリアージに参加")).text

        return Change(act, _WALKS, (self.title, action), screen=card)

    def acts(
        self, act: Act, action: str, *, of: str, places: tuple[str, ...] = (), words: tuple[str, ...] = ()
    ) -> Change:
        """A change that is on record as *action*, with *of* in its facts; other *words* may show it."""
        return Change(act, _ACTIONS, (action, of), places, words or (() if places else (of,)))


def value_of(message: Message | Interaction, label: str, *, last: bool = False) -> str:
    """The first or the last option of the select with that label."""
    shown = message.messages[-1] if isinstance(message, Interaction) else message
    options = list((shown.control(label).options or {}).values())
    return options[-1 if last else 0]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is there of a change at one moment.

    Attributes:
        count: How often it is on record.
        posts: What may show it.
        screen: Where only a screen of one's own does.
    """

    count: int
    posts: dict[str, str]
    screen: str

    @classmethod
    async def of(cls, stage: Stage, change: Change, view: View) -> "Seen":
        """Collect what is recorded, posted and on the screen; *view* has the posts as they are now."""
        screen = "" if change.screen is None else await change.screen()
        return cls(await change.recorded(stage), change.shown(view), screen)


async def made(
    stage: Stage, changes: Mapping[str, Change], before: Mapping[str, Seen]
) -> dict[str, list[str]]:
    """Wait until each change is on record and posts show it; what did not come of that, by its name."""
    unrecorded, unseen = dict(changes), dict(changes)

    async def are_made() -> bool:
        for name, change in list(unrecorded.items()):
            if await change.recorded(stage) > before[name].count:
                del unrecorded[name]
        view = view_of(stage)
        for name, change in list(unseen.items()):
            is_shown = change.screen is not None or change.shown(view) != before[name].posts
            if is_shown and name not in unrecorded:
                del unseen[name]
        return not unseen

    with suppress(AssertionError):  # said of each change that is missing
        await stage.until(are_made, "every change", within_s=2 * _WITHIN_S, every_s=_LOOK_EVERY_S)
    return {name: ["no record of it" if name in unrecorded else "nothing shows it"] for name in unseen}


async def wrong_with(stage: Stage, change: Change, before: Seen) -> list[str]:
    """What is wrong when answers are given again: it was made more than once, or no screen shows it."""
    now = await Seen.of(stage, change, ())
    times = now.count - before.count
    wrong = [] if times <= 1 else [f"made {times} times"]
    return wrong if change.screen is None or now.screen != before.screen else [*wrong, "no screen shows it"]


async def all_of(work: dict[str, Awaitable[Any]]) -> dict[str, Any]:
    """Every result by its name; an error names what it was about."""
    done = await asyncio.gather(*work.values(), return_exceptions=True)
    failed = {name: each for name, each in zip(work, done, strict=True) if isinstance(each, BaseException)}
    if failed:
        raise ExceptionGroup(", ".join(failed), [e for e in failed.values() if isinstance(e, Exception)])
    return dict(zip(work, done, strict=True))
