"""`incident-bot demo`: starts the demo, waits for people or plays the tour, leaves nothing behind."""

import asyncio
import fcntl
import signal
import sys
import tempfile
import time
import tomllib
import webbrowser
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

from rich.console import Console

from bot.demo.controls import served_controls
from bot.demo.process import ChildDied
from bot.demo.running_demo import RunningDemo, running_demo
from bot.demo.setup import Setup
from bot.demo.story.beginning import raise_alarm
from bot.demo.story.cast import ADMIN
from bot.demo.tour import play_tour
from bot.domain.errors import ConfigError
from bot.runbook import Policy
from bot.storage.database.migrate import migrate
from bot.storage.embedded import EmbeddedPostgres

#: What asks us politely to end, besides Ctrl-C; a closed terminal, too.
_ENDS: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_DATABASE: Final = "incident_bot"
_PLAIN_WIDTH: Final = 100  # columns when the output is no terminal
_INTERRUPTED: Final = 130

_PLAY: Final = """\
  curl -s {human}/command -d '{{"user": "ito", "channel": "general",
       "name": "{severity}", "options": {{"title": "{title}"}}}}'
  curl -s {human}/messages/{alerts}
  curl -s {human}/dms/sato
  curl -s -X PUT {human}/reaction -d '{{"user": "sato", "channel": "{alerts}",
       "message": "{some_id}", "emoji": "👀"}}'
  curl -s {human}/command -d '{{"user": "ito", "channel": "general", "name": "dlq recent"}}'
"""

_HOW_TO: Final = {
    "ja": f"""\
準備ができました ({{took:.1f}} 秒)。{{runbook}} のチャンネルがあるローカルの Discord で、
先週の記録と DLQ を持つ bot が動いています。
{{now}}

  ブラウザーで見る                      {{page}}
  プログラムから使う                    {{human}}
  bot のデータベース                    {{dsn}}
  登場人物                              {{people}}

誰かになって操作する例：

{_PLAY}
先週の digest：{{human}}/messages/{{digest}}
Ctrl-C で終了します。
""",
    "en": f"""\
Ready in {{took:.1f}} s. A local Discord with the channels of {{runbook}}, a bot with a past week, a DLQ,
and {{now}}.

  The local Discord in a browser        {{page}}
  The same for programs                 {{human}}
  The bot's database                    {{dsn}}
  People                                {{people}}

Play a person, for example:

{_PLAY}
Last week's digest is in {{human}}/messages/{{digest}}
Ctrl-C ends it.
""",
}
_PARKYS: Final = {"ja": "Parky の runbook", "en": "Parky's runbook"}
_AS_LEFT: Final = {"ja": "前回の続きから始まります。", "en": "everything as it was left"}
_WAITING: Final = {
    "ja": "#{alerts} のアラートには、まだ誰も ack していません。",
    "en": "an alert in #{alerts} that nobody has acknowledged",
}
_SOME_ID: Final = {"ja": "アラートの ID", "en": "ID OF THE ALERT"}
_NO_PAGE: Final = {"ja": "この版にはありません", "en": "not in this build"}
_IN_USE: Final = {
    "ja": "別の demo が {folder} を使っています。その demo を終了するか、別の --data-dir を指定してください",
    "en": "another demo is using {folder}: end it, or choose another --data-dir",
}
_DIED: Final = {"ja": "demo の一部が止まったため、終了します。\n{death}", "en": "{death}"}
_ENDED: Final = {"ja": "bot が終了しました (コード {code})：", "en": "the bot ended with code {code}:"}

_TITLES: Final = {"ja": "領収書が発行できない", "en": "Receipts are not issued"}


def run_demo(setup: Setup, *, tour: bool, data_dir: Path | None, open_page: bool) -> int:
    """Run the demo until Ctrl-C, or the tour to its end. Call it from the main thread.

    Args:
        setup: Its language, policy and port.
        tour: Play the runbook and check each step, instead of waiting for people.
        data_dir: Keeps the demo's database and local Discord; None takes a temporary folder.
        open_page: Open the local Discord in the browser once everything is ready.

    Returns:
        The exit code: 0; 1 when a step of the tour was not seen, or a part died.

    Raises:
        ConfigError: Another demo is using *data_dir*.
    """
    started = time.monotonic()
    console = _console()
    with _interruptible(), _folder(data_dir, setup.terminal) as folder:
        try:
            # What a temporary folder holds need not survive a crash of the machine.
            with EmbeddedPostgres(folder / "postgres", durable=data_dir is not None) as server:
                dsn = server.ensure_database(_DATABASE)
                migrate(dsn)
                demo_run = _DemoRun(console, setup, tour=tour, open_page=open_page, started=started)
                return asyncio.run(_cancellable(demo_run.run(dsn, folder, keeps=data_dir is not None)))
        except (KeyboardInterrupt, asyncio.CancelledError):
            return _INTERRUPTED if tour else 0
        except ChildDied as death:
            told = _DIED[setup.terminal].format(death=death)
            console.print(told, style="red", markup=False, highlight=False)
            return 1


class _DemoRun:
    """Starts the demo on its database, and plays the tour or waits until the bot ends."""

    def __init__(
        self, console: Console, setup: Setup, *, tour: bool, open_page: bool, started: float
    ) -> None:
        self._console = console
        self._setup = setup
        self._tour = tour
        self._open_page = open_page
        self._started = started

    async def run(self, dsn: str, folder: Path, *, keeps: bool) -> int:
        leaps = not self._tour
        async with running_demo(dsn, folder=folder, setup=self._setup, keeps=keeps, leaps=leaps) as demo:
            if self._tour:
                return await play_tour(demo, self._console)
            async with served_controls(demo):
                await self._explain(demo)
                code = await demo.bot.wait()
            ended = _ENDED[self._setup.terminal].format(code=code)
            raise ChildDied(f"{ended}\n{demo.bot.last_words()}")

    async def _explain(self, demo: RunningDemo) -> None:
        if demo.is_new:
            await demo.human.say(ADMIN, "general", welcome(self._setup))
            await raise_alarm(demo.human, self._setup.language, command=self._setup.alarm_command)
        await demo.human.open_on(self._setup.policy.most_severe.channel)
        await demo.human.offer_tour(page_tour(self._setup.policy, is_new=demo.is_new))
        members = (await demo.human.state())["members"]
        page = await demo.human.page()
        if page and self._setup.is_language_named:  # otherwise it has the browser's
            page = f"{page}?lang={self._setup.language}"
        told_in, names = self._setup.terminal, named(self._setup.policy)
        now = _WAITING[told_in].format(alerts=names["alerts"]) if demo.is_new else _AS_LEFT[told_in]
        people = (f"{one['name']} ({one['shown_name']})" for one in members if not one["bot"])
        text = _HOW_TO[told_in].format(
            took=time.monotonic() - self._started,
            page=page or _NO_PAGE[told_in],
            human=demo.human_url,
            dsn=demo.dsn,
            runbook="RUNBOOK_FILE" if self._setup.own_file else _PARKYS[told_in],
            now=now,
            title=_TITLES[self._setup.language],
            some_id=_SOME_ID[told_in],
            people=", ".join(people),
            **names,
        )
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)
        if self._open_page and page:
            webbrowser.open(page)


def named(policy: Policy) -> dict[str, str]:
    """Return what the printed commands call by the policy's names."""
    severe = policy.most_severe
    digest = next(iter(policy.channels_of("digest")), severe.channel)
    return {"severity": severe.name.lower(), "alerts": severe.channel, "digest": digest}


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=_PLAIN_WIDTH)


@contextmanager
def _folder(data_dir: Path | None, language: str) -> Iterator[Path]:
    if data_dir is not None:
        data_dir.mkdir(parents=True, exist_ok=True)
        with _alone(data_dir, language):
            yield data_dir
        return
    with tempfile.TemporaryDirectory(prefix="incident-bot-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def _alone(data_dir: Path, language: str) -> Iterator[None]:
    """Keep a second demo out of *data_dir*: its local Discord would not know what is posted in ours.

    Args:
        language: Of what the second one says.
    """
    with (data_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(_IN_USE[language].format(folder=data_dir)) from None
        yield


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let a polite request to end, or a terminal that is closed, end us as Ctrl-C does."""
    before = {number: signal.signal(number, _interrupt) for number in _ENDS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _cancellable(work: Coroutine[None, None, int]) -> int:
    """Run *work*, and let the same signals cancel it, as asyncio does for Ctrl-C.

    An exception that a signal raises in the middle of what asyncpg does crashes the interpreter.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in _ENDS:
        loop.add_signal_handler(number, task.cancel)
    try:
        return await work
    finally:
        for number in _ENDS:
            loop.remove_signal_handler(number)
            signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


_FILE: Final = Path(__file__).with_name("page_tour.toml")
_ALERTS: Final = "{alerts}"

#: The first message in #general.
_WELCOME: Final = {
    "ja": """\
👋 `/triage` で障害を報告すると、質問に答えるだけで発報されます。`/sev1 件名` が近道です。\
チャンネル一覧の下の名前で、別の人に切り替えられます。""",
    "en": """\
👋 `/triage` reports a problem: answer a few questions, and the alert is raised. `/sev1 title` is the \
shortcut. The name below the channels switches to another person.""",
}


def page_tour(policy: Policy, *, is_new: bool = True) -> list[dict[str, Any]]:
    """Return the steps as `Human.offer_tour` takes them, with the policy's channel for the worst alerts.

    Args:
        is_new: The story has just begun: its alert waits. In a kept demo it may be over.
    """
    text = _FILE.read_text(encoding="utf-8").replace(_ALERTS, policy.most_severe.channel)
    return [step for step in tomllib.loads(text)["step"] if not step.pop("waits", False) or is_new]


def welcome(setup: Setup) -> str:
    """Return the first message, in the demo's language; in both if none was named."""
    return _WELCOME[setup.language] if setup.is_language_named else "\n".join(_WELCOME.values())
