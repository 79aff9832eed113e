"""`demo --tour`: the runbook, played through the local Discord by simulated people.

Each step is checked by what is seen in Discord, and the first one that is not seen ends the tour.
"""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeAlias

from rich.console import Console

from bot.demo.acts import Actors
from bot.demo.play import CONFIRM, TriageReport
from bot.demo.stage import Stage
from bot.demo.story.cast import ITO, SATO, SUZUKI
from bot.demo.transcript import Transcript
from bot.runbook import load_policy
from local_discord.client import HumanSideError, Message, NotOnScreen, NotSeen

Chapter: TypeAlias = Callable[[Actors], Awaitable[None]]

YES: Final = "はい"
NO: Final = "いいえ"

PAYMENTS: Final = TriageReport(
    "決済 API が 5xx", targets=("api.parky.co.jp",), symptoms=("errors",), started="5分前"
)
VACANCY: Final = TriageReport("満空情報の更新が遅い", targets=("parky.co.jp",), symptoms=("slow",))
DEV: Final = TriageReport("dev-api のビルドが失敗", targets=("dev-*",), symptoms=("full_outage",))
BATCH: Final = TriageReport("夜間バッチの件数が半分", targets=("admin.parky.co.jp",))
MACHINES: Final = "精算機 3 台が応答しない"


async def play_tour(stage: Stage, console: Console) -> int:
    """Play every chapter.

    Returns:
        0 when each step was seen, else 1.
    """
    started = time.monotonic()
    transcript = await _transcript(stage, console)
    actors = Actors(stage, transcript)
    await actors.arrive()
    for title, chapter in CHAPTERS.items():
        transcript.chapter(title)
        try:
            await chapter(actors)
        except (NotSeen, NotOnScreen, HumanSideError) as failure:
            transcript.missed(str(failure))
            return 1
    transcript.chapter(f"{actors.steps} 個の手順をすべて確認 ({time.monotonic() - started:.0f} 秒)")
    return 0


async def _transcript(stage: Stage, console: Console) -> Transcript:
    state = await stage.human.state()
    places = [*state["channels"], *state["threads"], *state["roles"]]
    names = {found["id"]: str(found["name"]) for found in places}
    for member in state["members"]:
        names[member["id"]] = names[member["name"]] = member["shown_name"]
    return Transcript(console, names=names, zone=load_policy(None).timezone)


async def _digest(actors: Actors) -> None:
    post = await actors.see("p3-insights", "先週は", "先週の digest が、月曜 18:00 の日付で届いた")
    actors.require(await actors.count("p3-insights") == 1, "1 回だけ届いた")
    actors.require("DLQ" in post.text and "ack" in post.text, "件数、ack、DLQ がまとまっている")


async def _sev1(actors: Actors) -> None:
    card = await actors.triage(PAYMENTS, YES, YES)
    actors.require("SEV1 / P0" in card.text, "本番影響あり → 影響大 は SEV1")
    await actors.press(card, CONFIRM)
    alert = await actors.see("p0-alerts", PAYMENTS.title, "#p0-alerts に @here で届いた")
    actors.require(alert.pings_here, "@here が鳴った")
    thread = await actors.thread(alert)
    await actors.see(thread, "開始時刻", "スレッドの 1 行目は開始時刻 (JST)")
    primary = await actors.on_call("primary")
    await actors.see(f"dm:{primary.username}", PAYMENTS.title, "当番に DM が届いた")
    await actors.see(thread, "まずはこのコマンド", "初動のコマンドが、対象の worker を埋めて並んだ")
    checks = await actors.see(thread, "システムの状態", "各システムの状態を確認した")
    await actors.see_edit(checks, "HTTP 503", "止まっている対象が分かる")
    await actors.see(thread, "直前の変更", "直前のデプロイが並んだ")
    await actors.wait(timedelta(minutes=2), "2 分後")
    await actors.react(SATO, alert, place="#p0-alerts")
    await actors.see_edit(alert, "対応中 · 👀 @佐藤", "👀 で ack、投稿が書き換わった")
    await _resolve(actors, alert)


async def _sev2(actors: Actors) -> None:
    card = await actors.triage(VACANCY, YES, NO)
    actors.require("SEV2 / P1" in card.text, "本番影響あり → 一部の影響 は SEV2")
    await actors.press(card, CONFIRM)
    alert = await actors.see("p1-ops", VACANCY.title, "#p1-ops に届いた")
    actors.require(not alert.pings_here, "@here は鳴らない")
    root = await actors.see("p0-alerts", VACANCY.title, "開始時刻のスレッドは #p0-alerts に静かに開いた")
    await actors.see(await actors.thread(root), "開始時刻", "スレッドの 1 行目は開始時刻 (JST)")
    primary = await actors.on_call("primary")
    page = await actors.see(f"dm:{primary.username}", VACANCY.title, "当番に DM が届いた")
    await actors.wait(timedelta(minutes=6), "6 分後")
    await actors.press(page, "ack", user=primary.username)
    await actors.see_edit(alert, f"対応中 · 👀 @{primary.names['ja']}", "DM のボタンで ack した")


async def _sev3(actors: Actors) -> None:
    card = await actors.triage(DEV, NO, YES)
    actors.require("SEV3 / P2" in card.text, "本番影響なし → dev / 監視のみ は SEV3")
    await actors.press(card, CONFIRM)
    alert = await actors.see("p2-deploys", DEV.title, "#p2-deploys に届いた")
    actors.require(not alert.pings_here, "誰も起こさない")
    await actors.wait(timedelta(minutes=20), "20 分後")
    await actors.react(ITO, alert, place="#p2-deploys")
    await actors.see_edit(alert, "対応中", "朝のトリアージを待たずに ack した")


async def _reevaluate(actors: Actors) -> None:
    card = await actors.triage(BATCH, NO, NO)
    actors.require("再評価" in card.text, "どちらとも言えなければ再評価")
    await actors.press(card, "再評価に回す")
    await actors.see("p1-ops", BATCH.title, "#p1-ops に、いつ確認するかが静かに出た")
    await actors.wait(timedelta(minutes=30), "30 分後")
    await actors.see("p1-ops", "もう一度見てください", "報告した人に確認を求めている")
    await actors.wait(timedelta(minutes=15), "15 分、誰も答えない")
    raised = await actors.see("p1-ops", f"SEV2 · {BATCH.title}", "SEV2 に昇格した")
    await actors.react(SUZUKI, raised, place="#p1-ops")
    await actors.see_edit(raised, "対応中 · 👀 @鈴木", "ack した")


async def _missed(actors: Actors) -> None:
    await actors.command("sev1", {"title": MACHINES})
    alert = await actors.see("p0-alerts", MACHINES, "/sev1 ですぐに発報した")
    await actors.wait(timedelta(minutes=15), "15 分、誰も ack しない")
    escalation = await actors.see("p0-alerts", "15 分経っても ack なし", "期限を過ぎてエスカレーションした")
    actors.require(escalation.pings_here, "@here が 1 回鳴った")
    for place in ("primary", "secondary"):
        who = await actors.on_call(place)
        await actors.see(
            f"dm:{who.username}", "15 分経っても ack なし · ⏰ ack 期限", f"{who.names['ja']} に DM が届いた"
        )
    await actors.react(SUZUKI, escalation, place="#p0-alerts")
    await actors.see_edit(alert, "対応中 · 👀 @鈴木", "エスカレーションへの 👀 で ack した")
    await actors.silence(timedelta(minutes=40), "40 分後", "ack のあとは誰も呼び出さない")
    thread = await actors.thread(alert)
    await actors.see(thread, "状況を知らせてください", "黙ったままなら、スレッドで対応者に更新を頼む")
    await actors.command("incident note", {"text": "電源系統を切り替えた", "number": _number(alert.text)})
    await _resolve(actors, alert)


async def _resolve(actors: Actors, alert: Message) -> None:
    form = await actors.command("incident resolve", {"number": _number(alert.text)})
    await actors.send(form, {"cause": "電源系統の故障", "fix": "電源系統を切り替えた"})
    await actors.see_edit(alert, "原因：電源系統の故障", "解決し、原因と対処が投稿に出た")
    await actors.see_edit(alert, "postmortem：", "postmortem の担当と期限が決まった")


async def _dlq(actors: Actors) -> None:
    recent = await actors.command("dlq recent")
    actors.require("直近 24 時間" in recent.text, "質問 1: 直近 24 時間の失敗")
    p0 = await actors.command("dlq p0-email")
    actors.require("メール" in p0.text, "質問 2: P0 のメールが送られたか")
    statuses = await actors.command("dlq http-status")
    actors.require("HTTP 429" in statuses.text, "質問 3: HTTP status の集計")


async def _replay(actors: Actors) -> None:
    shown = await actors.command("dlq recent", {"severity": "P0"}, user=SATO)
    listed = shown.messages[-1]
    entry = next(iter((listed.control("1 件を開く").options or {}).values()))
    await actors.command("dlq show", {"id": entry}, user=SATO)
    preview = await actors.command("dlq replay", {"id": entry}, user=SATO)
    actors.require("再送しますか" in preview.text, "送る前に、内容と取り除くものを見せる")
    await actors.press(preview.messages[-1], "再送する", user=SATO)
    sent = await actors.see("p0-alerts", "再送", "#p0-alerts に 1 回届いた")
    actors.require(not sent.pings_here, "再送は誰も鳴らさない")
    again = await actors.command("dlq replay", {"id": entry}, user=SUZUKI)
    actors.require("再送済みです" in again.text, "2 回目は断られ、誰が送ったかが分かる")


async def _list(actors: Actors) -> None:
    listed = await actors.command("incident list")
    actors.require(MACHINES in listed.text, "今日の incident と先週の続きが並ぶ")


def _number(text: str) -> int:
    return int(text.partition("INC-")[2].partition("*")[0].split()[0])


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
}
