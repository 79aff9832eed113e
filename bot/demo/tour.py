"""`demo --tour`: the runbook, played through the local Discord by simulated people.

Each step is checked by what is seen in Discord, and the first one that is not seen ends the tour.
"""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import httpx
from rich.console import Console

from bot.demo import clock
from bot.demo.reporters import DATABASE, DEPENDENTS, JOB, JOB_IS_LATE_AFTER, Alert, Reporters
from bot.demo.reporters import PAYMENTS as PAYMENTS_TEAMS
from bot.demo.running_demo import RunningDemo
from bot.demo.scenes import ROLE_S, next_turn, number_in
from bot.demo.story.cast import ADMIN, ITO, SATO, SUZUKI, TURNS, Actor, turn_at
from bot.demo.transcript import Transcript
from bot.demo.triage_walk import ACK_EMOJI, CONFIRM, TriageReport, TriageWalk
from bot.domain.delivery.kinds import PAGING, DeliveryKind
from bot.runbook import load_policy
from local_discord.client import HumanSideError, Interaction, Message, NotOnScreen, NotSeen

_REPORTER: Final = ITO
_CHANNEL: Final = "general"
_ALERTED: Final = ("p0-alerts", "p1-ops", "p2-deploys")
_TAKE_TURNS: Final = TURNS["primary"]
_PAGING: Final = PAGING | {DeliveryKind.ALERT, DeliveryKind.BUNDLE}


class TourSteps:
    """Takes the steps of the tour for its people. A step that is not seen to happen raises NotSeen.

    Attributes:
        steps: How many steps were seen to happen.
        reporters: The other systems.
    """

    def __init__(self, demo: RunningDemo, transcript: Transcript) -> None:
        self.steps = 0
        self.reporters = Reporters(demo)
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

    async def press(
        self, message: Message, label: str, *, user: str = _REPORTER, choice: str | None = None
    ) -> Interaction:
        """Press a button, or choose what *choice* begins in a menu, and return what its presser sees."""
        control = message.control(label)
        chosen = [value for name, value in (control.options or {}).items() if name.startswith(choice or "")]
        self._transcript.act(user, f"[{control.label}]{'' if choice is None else f' {choice}'}")
        answer = await self._human.press(user, message, label, values=chosen if choice else ())
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

    async def fire(self, *alerts: Alert) -> None:
        """Let Alertmanager report that *alerts* fire."""
        self._transcript.act(
            "Alertmanager", "POST /hooks/alertmanager", where=" · ".join(one.name for one in alerts)
        )
        await self.reporters.fire(*alerts)

    async def beat(self) -> None:
        """Let the job report that it has succeeded."""
        self._transcript.act(JOB, "POST /ping/…")
        await self.reporters.beat()

    async def fetch(self, url: str) -> str:
        """Read what a program that has subscribed to *url* gets."""
        self._transcript.act("Google カレンダー", "GET /calendar/….ics")
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(url)).raise_for_status().text

    async def next_turn(self) -> tuple[str, datetime]:
        """Return the id of the next person at the first place, and when their turn begins."""
        following = next_turn((await self.command("oncall show")).text)
        if following is None:
            raise NotSeen("the next turn in /oncall show")
        return following

    async def role_follows(self, what: str) -> frozenset[str]:
        """Wait until only those whom `/oncall show` names now have the role, and return their ids."""
        (role, *_) = self._demo.setup.policy.given_roles
        shown = await self.command("oncall show")
        on_call = frozenset(re.findall(r"^\*\*\w+\*\* <@(\d+)>", shown.text, re.ASCII | re.MULTILINE))

        async def is_so() -> bool | None:
            members = (await self._human.state())["members"]
            return True if {one["id"] for one in members if role in one["roles"]} == on_call else None

        await self._human.until(is_so, f"@{role}", within_s=ROLE_S)
        self._step(what)
        return on_call

    async def wait_until(self, at: datetime, words: str) -> None:
        """Move the demo's clock on to shortly after *at*."""
        await self.wait(at - await self._now() + timedelta(seconds=5), words)

    async def dms(self, actor: Actor) -> list[Message]:
        """Return the DMs that *actor* got in the tour."""
        return [message for message in await self._human.dms(actor.username) if message.at >= self._begun]

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


Chapter: TypeAlias = Callable[[TourSteps], Awaitable[None]]

YES: Final = "はい"
NO: Final = "いいえ"

PAYMENTS: Final = TriageReport(
    "決済 API が 5xx", targets=("api.parky.co.jp",), symptoms=("errors",), started="5分前"
)
VACANCY: Final = TriageReport("満空情報の更新が遅い", targets=("parky.co.jp",), symptoms=("slow",))
DEV: Final = TriageReport("dev-api のビルドが失敗", targets=("dev-*",), symptoms=("full_outage",))
BATCH: Final = TriageReport("夜間バッチの件数が半分", targets=("admin.parky.co.jp",))
MACHINES: Final = "精算機 3 台が応答しない"


async def play_tour(demo: RunningDemo, console: Console) -> int:
    """Play every chapter.

    Returns:
        0 when each step was seen, else 1.
    """
    started = time.monotonic()
    state = await demo.human.state()
    places = [*state["channels"], *state["threads"], *state["roles"]]
    names = {place["id"]: str(place["name"]) for place in places}
    for member in state["members"]:
        names[member["id"]] = names[member["name"]] = member["shown_name"]
    transcript = Transcript(console, names=names, zone=load_policy(None).timezone)
    tour = TourSteps(demo, transcript)
    await tour.arrive()
    for title, chapter in CHAPTERS.items():
        transcript.chapter(title)
        try:
            await chapter(tour)
        except (NotSeen, NotOnScreen, HumanSideError) as failure:
            transcript.missed(str(failure))
            return 1
    transcript.chapter(f"{tour.steps} 個の手順をすべて確認 ({time.monotonic() - started:.0f} 秒)")
    return 0


async def _digest(tour: TourSteps) -> None:
    post = await tour.see("p3-insights", "先週 (", "先週の digest が、月曜 18:00 の日付で届いた")
    tour.require(await tour.count("p3-insights") == 1, "1 回だけ届いた")
    tour.require("届かなかった通知" in post.text and "ack" in post.text, "件数、ack、DLQ がまとまっている")


async def _sev1(tour: TourSteps) -> None:
    card = await tour.triage(PAYMENTS, YES, YES)
    tour.require("SEV1 / P0" in card.text, "本番影響あり → 影響大 は SEV1")
    await tour.press(card, CONFIRM)
    alert = await tour.see("p0-alerts", PAYMENTS.title, "#p0-alerts に @here で届いた")
    tour.require(alert.pings_here, "@here が鳴った")
    thread = await tour.thread(alert)
    await tour.see(thread, "開始時刻", "スレッドの 1 行目は開始時刻 (JST)")
    primary = await tour.on_call("primary")
    await tour.see(f"dm:{primary.username}", PAYMENTS.title, "当番に DM が届いた")
    await tour.see(thread, "まずはこのコマンド", "初動のコマンドが、対象の worker を埋めて並んだ")
    checks = await tour.see(thread, "システムの状態", "各システムの状態を確認した")
    await tour.see_edit(checks, "HTTP 503", "止まっている対象が分かる")
    await tour.see(thread, "直前の変更", "直前のデプロイが並んだ")
    await tour.wait(timedelta(minutes=2), "2 分後")
    await tour.react(SATO, alert, place="#p0-alerts")
    await tour.see_edit(alert, "@佐藤 が対応中", "👀 で ack、投稿が書き換わった")
    await _resolve(tour, alert)


async def _sev2(tour: TourSteps) -> None:
    card = await tour.triage(VACANCY, YES, NO)
    tour.require("SEV2 / P1" in card.text, "本番影響あり → 一部の影響 は SEV2")
    await tour.press(card, CONFIRM)
    alert = await tour.see("p1-ops", VACANCY.title, "#p1-ops に届いた")
    tour.require(not alert.pings_here, "@here は鳴らない")
    root = await tour.see("p0-alerts", VACANCY.title, "開始時刻のスレッドは #p0-alerts に静かに開いた")
    await tour.see(await tour.thread(root), "開始時刻", "スレッドの 1 行目は開始時刻 (JST)")
    primary = await tour.on_call("primary")
    page = await tour.see(f"dm:{primary.username}", VACANCY.title, "当番に DM が届いた")
    await tour.wait(timedelta(minutes=6), "6 分後")
    await tour.press(page, "ack", user=primary.username)
    await tour.see_edit(alert, f"@{primary.names['ja']} が対応中", "DM のボタンで ack した")


async def _sev3(tour: TourSteps) -> None:
    card = await tour.triage(DEV, NO, YES)
    tour.require("SEV3 / P2" in card.text, "本番影響なし → dev / 監視のみ は SEV3")
    await tour.press(card, CONFIRM)
    alert = await tour.see("p2-deploys", DEV.title, "#p2-deploys に届いた")
    tour.require(not alert.pings_here, "誰も起こさない")
    await tour.wait(timedelta(minutes=20), "20 分後")
    await tour.react(ITO, alert, place="#p2-deploys")
    await tour.see_edit(alert, "対応中", "朝のトリアージを待たずに ack した")


async def _reevaluate(tour: TourSteps) -> None:
    card = await tour.triage(BATCH, NO, NO)
    tour.require("再評価" in card.text, "どちらとも言えなければ再評価")
    await tour.press(card, "再評価に回す")
    await tour.see("p1-ops", BATCH.title, "#p1-ops に、いつ確認するかが静かに出た")
    await tour.wait(timedelta(minutes=30), "30 分後")
    await tour.see("p1-ops", "もう一度見てください", "報告した人に確認を求めている")
    await tour.wait(timedelta(minutes=15), "15 分、誰も答えない")
    raised = await tour.see("p1-ops", f"SEV2 · {BATCH.title}", "SEV2 に昇格した")
    await tour.react(SUZUKI, raised, place="#p1-ops")
    await tour.see_edit(raised, "@鈴木 が対応中", "ack した")


async def _missed(tour: TourSteps) -> None:
    await tour.command("sev1", {"title": MACHINES})
    alert = await tour.see("p0-alerts", MACHINES, "/sev1 ですぐに発報した")
    await tour.wait(timedelta(minutes=15), "15 分、誰も ack しない")
    escalation = await tour.see("p0-alerts", "から未対応", "期限を過ぎてエスカレーションした")
    tour.require(escalation.pings_here, "@here が 1 回鳴った")
    for place in ("primary", "secondary"):
        who = await tour.on_call(place)
        await tour.see(f"dm:{who.username}", "⏰ ack 期限切れ：", f"{who.names['ja']} に DM が届いた")
    await tour.react(SUZUKI, escalation, place="#p0-alerts")
    await tour.see_edit(alert, "@鈴木 が対応中", "エスカレーションへの 👀 で ack した")
    await tour.silence(timedelta(minutes=40), "40 分後", "ack のあとは誰も呼び出さない")
    thread = await tour.thread(alert)
    await tour.see(thread, "状況を知らせてください", "黙ったままなら、スレッドで対応者に更新を頼む")
    await tour.command("incident note", {"text": "電源系統を切り替えた", "number": number_in(alert.text)})
    await _resolve(tour, alert)


async def _resolve(tour: TourSteps, alert: Message) -> None:
    form = await tour.command("incident resolve", {"number": number_in(alert.text)})
    await tour.send(form, {"cause": "電源系統の故障", "fix": "電源系統を切り替えた"})
    await tour.see_edit(alert, "原因：電源系統の故障", "解決し、原因と対処が投稿に出た")
    await tour.see_edit(alert, "postmortem：", "postmortem の担当と期限が決まった")


async def _dlq(tour: TourSteps) -> None:
    recent = await tour.command("dlq recent")
    tour.require("直近 24 時間" in recent.text, "質問 1: 直近 24 時間の失敗")
    p0 = await tour.command("dlq p0-email")
    tour.require("メール" in p0.text, "質問 2: P0 のメールが送られたか")
    statuses = await tour.command("dlq http-status")
    tour.require("HTTP 429" in statuses.text, "質問 3: HTTP status の集計")


async def _replay(tour: TourSteps) -> None:
    shown = await tour.command("dlq recent", {"severity": "P0"}, user=SATO)
    listed = shown.messages[-1]
    entry = next(iter((listed.control("1 件を開く").options or {}).values()))
    await tour.command("dlq show", {"id": entry}, user=SATO)
    preview = await tour.command("dlq replay", {"id": entry}, user=SATO)
    tour.require("再送しますか" in preview.text, "送る前に、内容と取り除くものを見せる")
    await tour.press(preview.messages[-1], "再送する", user=SATO)
    sent = await tour.see("p0-alerts", "再送", "#p0-alerts に 1 回届いた")
    tour.require(not sent.pings_here, "再送は誰も鳴らさない")
    again = await tour.command("dlq replay", {"id": entry}, user=SUZUKI)
    tour.require("再送済みです" in again.text, "2 回目は断られ、誰が送ったかが分かる")


async def _list(tour: TourSteps) -> None:
    listed = await tour.command("incident list")
    tour.require(MACHINES in listed.text, "今日の incident と先週の続きが並ぶ")


async def _teams(tour: TourSteps) -> None:
    alert = PAYMENTS_TEAMS[0]
    await tour.fire(alert)
    post = await tour.see("payments", tour.reporters.said(alert), "決済チームのアラートは #payments に届いた")
    own = await tour.on_call("payments")
    await tour.see(f"dm:{own.username}", alert.name, f"決済チームの当番 {own.names['ja']} に DM が届いた")
    primary, options = await tour.on_call("primary"), {"team": "default", "number": number_in(post.text)}
    await tour.command("incident call", options)
    await tour.see(f"dm:{primary.username}", "応援を頼んでいます", "ほかのチームの当番を応援に呼んだ")
    await tour.command("incident team", options)
    moved = await tour.see("p1-ops", alert.name, "引き継いだアラートは、そのチームのチャンネルに移った")
    await tour.react(primary.username, moved, place="#p1-ops")
    await tour.see_edit(moved, f"@{primary.names['ja']} が対応中", "引き継いだチームが ack した")


async def _dependencies(tour: TourSteps) -> None:
    await tour.fire(DATABASE)
    await tour.see("p1-ops", DATABASE.name, "データベースの障害が届いた")
    await tour.fire(*DEPENDENTS)
    names = [alert.name for alert in DEPENDENTS]
    held = await tour.see("p1-ops", names[-1], "それを使うシステムのアラートは、そこに数えて保留した")
    tour.require(all(name in held.text for name in names), "2 種類とも、呼び出しなしで並んでいる")
    await tour.press(held, "別の障害として出す", choice=names[0])
    primary = await tour.on_call("primary")
    await tour.see(f"dm:{primary.username}", names[0], "別の障害として出した 1 件だけ、当番に DM が届いた")
    paged = [message.text for message in await tour.dms(primary)]
    tour.require(not any(names[1] in text for text in paged), "もう 1 件は誰も呼び出していない")


async def _planned(tour: TourSteps) -> None:
    options = {"target": "admin.parky.co.jp", "every": "日曜 2:00", "until": "2h", "reason": "バックアップ"}
    preview = await tour.command("mute start", options, user=ADMIN)
    tour.require("次の 3 回" in preview.text, "登録する前に、次の 3 回を見せる")
    await tour.press(preview.messages[-1], "この予定で登録", user=ADMIN)
    listed = await tour.command("mute list", user=ADMIN)
    tour.require("admin.parky.co.jp" in listed.text, "予定が一覧に並んでいる")


async def _heartbeats(tour: TourSteps) -> None:
    await tour.beat()
    await tour.wait(JOB_IS_LATE_AFTER, "36 分、ジョブは報告しない")
    alert = await tour.see("p1-ops", f"{JOB} から報告なし", "報告が来ないことが、アラートになった")
    await tour.beat()
    await tour.see_edit(alert, "解決", "次の成功で、アラートは終わった")
    listed = await tour.command("heartbeats")
    tour.require(f"`{JOB}` 正常" in listed.text, "一覧でも正常に戻った")


async def _calendar(tour: TourSteps) -> None:
    given = await tour.command("oncall calendar", user=SATO)
    (address,) = re.findall(r"^http://\S+\.ics$", given.text, re.ASCII | re.MULTILINE)
    tour.require("BEGIN:VEVENT" in await tour.fetch(address), "アドレスから、本人の当番を読み取れる")
    hours = await tour.command("oncall hours", user=SATO)
    tour.require(
        all(kind in hours.text for kind in ("平日", "夜間", "週末", "祝日")),
        "月の当番時間が、平日、夜間、週末、祝日に分かれている",
    )


async def _handover(tour: TourSteps) -> None:
    before = await tour.role_follows("@on-call のロールは、いま当番の人だけにある")
    who, begins = await tour.next_turn()
    local = begins.astimezone(load_policy(None).timezone)
    options = {"from": f"{local:%m/%d %H:%M}", "to": f"{local + timedelta(days=2):%m/%d}"}
    await tour.command("oncall away", options, user=who)
    post = await tour.see("p1-ops", "不在の当番", "不在の間の当番が、代われる人とともに知らされた")
    await tour.press(post, "引き受ける")
    await tour.see_edit(post, "@伊藤 が引き受けました", "ボタンひとつで引き受けた")
    await tour.wait_until(begins, f"{local:%m/%d %H:%M} の交代")
    await tour.see(f"dm:{ITO}", "当番になりました", "引き受けた人に、当番になったと知らせた")
    after = await tour.role_follows("@on-call のロールも移った")
    tour.require(before != after, "交代の前とは別の人にある")


#: The morning first: the questions to the DLQ look at the last hour, and time moves on later.
CHAPTERS: Final[dict[str, Chapter]] = {
    "1. 先週の digest": _digest,
    "2. DLQ への 3 つの質問": _dlq,
    "3. DLQ の 1 件を再送": _replay,
    "4. /triage → SEV1、👀 で ack": _sev1,
    "5. /triage → SEV2、スレッドは #p0-alerts": _sev2,
    "6. /triage → SEV3": _sev3,
    "7. /triage → 再評価 → 昇格": _reevaluate,
    "8. ack なし → エスカレーション → 解決": _missed,
    "9. いまの一覧": _list,
    "10. チーム：別のチームを呼ぶ、引き継ぐ": _teams,
    "11. 依存：1 つの原因に、呼び出しは 1 回": _dependencies,
    "12. 予定したメンテナンス": _planned,
    "13. 定期ジョブの報告が来ない": _heartbeats,
    "14. カレンダーと当番の時間": _calendar,
    "15. 不在、交代、@on-call のロール": _handover,
}
