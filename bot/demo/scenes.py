"""The page's button of scenes: teams, time and silence, each played by one choice of its menu."""

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from bot.demo import labels
from bot.demo.labels import ControlPress, DemoRefused
from bot.demo.reporters import DATABASE, DEPENDENTS, JOB, JOB_IS_LATE_AFTER, PAYMENTS, Alert, Reporters
from bot.demo.running_demo import RunningDemo
from bot.demo.story.cast import ADMIN, SATO, TAKAHASHI
from local_discord.client import JSON, Message, NotSeen

_GENERAL: Final = "general"
_OPS: Final = "p1-ops"
_PAYMENTS: Final = "payments"
_FIRST: Final = "primary"  # the on-call place that is asked first

_NEWS_S: Final = 8.0  # what was there before is shown if nothing new comes for so long
_FIRST_S: Final = 25.0
ROLE_S: Final = 15.0  # the bot promises ten seconds

_NUMBER: Final = re.compile(r"\b(?:ALERT|INC)-(\d+)", re.ASCII)
_OVER: Final = ("🟢", "⚪", "↗")  # how posts begin of what is over, or with another team
#: Of `/oncall show`: from when another person has the first place, and who.
_NEXT: Final = re.compile(rf"<t:(\d+):R>\) {_FIRST} → <@(\d+)>", re.ASCII)
_ABSENT_FOR: Final = timedelta(days=2)
_SUNDAY: Final = {"ja": "日曜 2:00", "en": "sunday 02:00"}

#: Moves the demo's clock on, and shows on the page how that goes.
Travel: TypeAlias = Callable[[timedelta], Awaitable[None]]


def number_in(text: str) -> int:
    """Return the number of the incident that a post is about.

    Raises:
        NotSeen: There is none.
    """
    if (found := _NUMBER.search(text)) is None:
        raise NotSeen(f"the number of an incident in: {text}")
    return int(found[1])


def next_turn(oncall: str) -> tuple[str, datetime] | None:
    """Return the id of the next person at the first place, and from when.

    Args:
        oncall: What `/oncall show` says.
    """
    found = _NEXT.search(oncall)
    return None if found is None else (found[2], datetime.fromtimestamp(int(found[1]), UTC))


class Stage:
    """Plays scenes, and returns the message in which each can be seen.

    Args:
        user: Who uses the commands, an id or a username: they alone see the answers.
    """

    def __init__(self, demo: RunningDemo, reporters: Reporters, *, user: str, travel: Travel) -> None:
        self._demo = demo
        self._human = demo.human
        self._reporters = reporters
        self._user = user
        self._travel = travel

    async def command(self, name: str, **options: object) -> Message:
        """Use a command, and return its answer."""
        answer = await self._human.command(self._user, _GENERAL, name, options)
        return answer.messages[-1]

    async def override(self) -> Message:
        """Let another person be on call for two hours, wait until the role has followed, and show both."""
        (role, *_) = self._demo.setup.policy.given_roles
        taker = SATO if role in await self._roles(TAKAHASHI) else TAKAHASHI
        options = {"user": taker, "until": "2h", "place": _FIRST}
        await self._human.command(ADMIN, _GENERAL, "oncall override", options)

        async def has_it() -> bool | None:
            return True if role in await self._roles(taker) else None

        await self._human.until(has_it, f"{taker} with the role {role}", within_s=ROLE_S)
        return await self.command("oncall show")

    async def absence(self) -> Message:
        """Let the person who is on call next be away then, and show who could take the shift."""
        shown = await self.command("oncall show")
        if (following := next_turn(shown.text)) is None:
            raise DemoRefused(labels.NOBODY_NEXT)
        who, at = following
        begins = at.astimezone(self._demo.setup.policy.timezone)
        options = {"from": f"{begins:%m/%d %H:%M}", "to": f"{begins + _ABSENT_FOR:%m/%d}"}

        async def be_away() -> None:
            await self._human.command(who, _GENERAL, "oncall away", options)

        return await self._news(_OPS, "🏖️", be_away)

    async def team_alert(self) -> Message:
        """Let an alert of the payments team fire, another one each time."""
        told = [message.text for message in await self._human.messages(_PAYMENTS)]
        alert = min(PAYMENTS, key=lambda one: sum(self._reporters.said(one) in text for text in told))
        return await self._fire(_PAYMENTS, alert)

    async def call(self) -> Message:
        """Call the default team to an alert of the payments team."""
        return await self.command("incident call", team="default", number=await self._teams_incident())

    async def hand_over(self) -> Message:
        """Hand an alert of the payments team over to the default team."""
        return await self.command("incident team", team="default", number=await self._teams_incident())

    async def cause(self) -> Message:
        """Let the database fail, then two systems that need it, and show what is held."""
        await self._fire(_OPS, DATABASE)

        async def follow() -> None:
            await self._reporters.fire(*DEPENDENTS)

        return await self._news(_OPS, self._reporters.said(DEPENDENTS[-1]), follow)

    async def plan(self) -> Message:
        """Preview a maintenance of each Sunday."""
        every = _SUNDAY[self._demo.setup.language]
        return await self.command("mute start", target="admin.parky.co.jp", every=every, until="2h")

    async def silent_job(self) -> Message:
        """Let a job report, and then not again in time."""
        await self._reporters.beat()

        async def miss() -> None:
            await self._travel(JOB_IS_LATE_AFTER)

        return await self._news(_OPS, JOB, miss)

    async def job_again(self) -> Message:
        """Let the job succeed, and show that its alert is over."""
        posts = [message for message in await self._human.messages(_OPS) if JOB in message.text]
        if not posts or posts[-1].text.startswith(_OVER):
            raise DemoRefused(labels.JOB_IS_FINE)
        await self._reporters.beat()

        async def over() -> Message | None:
            shown = await self._human.messages(_OPS)
            return next((one for one in shown if one.id == posts[-1].id and one.text.startswith(_OVER)), None)

        return await self._human.until(over, f"the end of the alert about {JOB}")

    async def _fire(self, channel: str, alert: Alert) -> Message:
        async def report() -> None:
            await self._reporters.fire(alert)

        return await self._news(channel, self._reporters.said(alert), report)

    async def _teams_incident(self) -> int:
        """Return the number of the newest alert that the payments team still has; without any, one fires."""
        posts = [message for message in await self._human.messages(_PAYMENTS) if _NUMBER.search(message.text)]
        open_ones = [message for message in posts if not message.text.startswith(_OVER)]
        return number_in((open_ones[-1] if open_ones else await self.team_alert()).text)

    async def _news(self, channel: str, words: str, happen: Callable[[], Awaitable[None]]) -> Message:
        """Let something happen, and return the message with *words* that it leads to.

        If there is none, something that was there before has counted it: that is returned.
        """
        before = [message for message in await self._human.messages(channel) if words in message.text]
        known = {message.id for message in before}
        await happen()
        with suppress(NotSeen):
            return await self._human.see(
                channel,
                words,
                where=lambda one: one.id not in known,
                within_s=_NEWS_S if before else _FIRST_S,
            )
        if not before:
            raise DemoRefused(labels.FAILED)
        return before[-1]

    async def _roles(self, user: str) -> list[str]:
        (found,) = [one for one in (await self._human.state())["members"] if one["name"] == user]
        roles: list[str] = found["roles"]
        return roles


@dataclass(frozen=True, slots=True)
class Scene:
    """One choice of the menu.

    Attributes:
        capability: Without it there is no such choice.
        play: Returns the message to show.
        detail: The command that is used, or the channel to look at.
    """

    capability: str
    play: Callable[[Stage], Awaitable[Message]]
    detail: str = ""


def _of(command: str) -> Callable[[Stage], Awaitable[Message]]:
    async def play(stage: Stage) -> Message:
        return await stage.command(command)

    return play


#: By heading, and by name, in the menu's order.
SCENES: Final[Mapping[str, Mapping[str, Scene]]] = {
    "oncall": {
        "override": Scene("roles", Stage.override, "/oncall override"),
        "absence": Scene("absence", Stage.absence, "/oncall away"),
        "calendar": Scene("feeds", _of("oncall calendar"), "/oncall calendar"),
        "hours": Scene("hours", _of("oncall hours"), "/oncall hours"),
    },
    "teams": {
        "team_alert": Scene("teams", Stage.team_alert, f"#{_PAYMENTS}"),
        "call": Scene("teams", Stage.call, "/incident call"),
        "hand_over": Scene("teams", Stage.hand_over, "/incident team"),
    },
    "silence": {
        "cause": Scene("dependencies", Stage.cause),
        "plan": Scene("maintenance", Stage.plan, "/mute start"),
        "plans": Scene("maintenance", _of("mute list"), "/mute list"),
    },
    "jobs": {
        "silent_job": Scene("heartbeats", Stage.silent_job),
        "job_again": Scene("heartbeats", Stage.job_again),
        "jobs": Scene("heartbeats", _of("heartbeats"), "/heartbeats"),
    },
}


class SceneGroup:
    """The page's button of scenes.

    Args:
        travel: Moves the clock on for a press of that id.
    """

    def __init__(self, demo: RunningDemo, travel: Callable[[str, timedelta], Awaitable[None]]) -> None:
        self._demo = demo
        self._travel = travel
        self._reporters = Reporters(demo)

    async def offer(self) -> JSON:
        """Return the scenes of the capabilities that are there, below their headings."""
        there = {one.name for one in self._demo.setup.policy.capabilities}
        controls: list[JSON] = []
        for heading, scenes in SCENES.items():
            shown = {name: scene for name, scene in scenes.items() if scene.capability in there}
            for name, scene in shown.items():
                begins = {"heading": labels.SCENE_HEADINGS[heading]} if name == next(iter(shown)) else {}
                detail = {"detail": dict.fromkeys(("ja", "en"), scene.detail)} if scene.detail else {}
                controls.append({"id": f"scene.{name}", "label": labels.SCENES[name], **detail, **begins})
        return {"id": "scene", "icon": "calendar", "label": labels.SCENE, "controls": controls}

    async def do(self, press: ControlPress) -> JSON | None:
        """Play the scene for the person who has pressed, and show where it can be seen."""
        name = press.control.partition(".")[2]
        scene = next(scenes[name] for scenes in SCENES.values() if name in scenes)

        async def travel(span: timedelta) -> None:
            await self._travel(press.id, span)

        try:
            shown = await scene.play(Stage(self._demo, self._reporters, user=press.user, travel=travel))
        except NotSeen:
            raise DemoRefused(labels.FAILED) from None
        return {"channel": shown.channel_id, "message": shown.id}
