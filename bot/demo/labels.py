"""The words of the demo's controls, in both languages of the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from bot.demo.clock import ClockStop

Text: TypeAlias = dict[str, str]

NEXT: Final = {"ja": "次の期限まで", "en": "To the next deadline"}
CLOCK: Final = {
    "ja": "時間を進める (bot、データベース、Discord を一緒に)",
    "en": "Move time on: bot, database and Discord",
}
MONITORS: Final = {"ja": "監視のアラートを投稿", "en": "Post a monitor's alert"}
#: What 🔔 offers, by what it shows: its name, and in one sentence what to look at.
ALERTS: Final[Mapping[str, tuple[Text, Text]]] = {
    "new": (
        {"ja": "新しいアラート", "en": "A new alert"},
        {
            "ja": "監視が障害を知らせ、bot が期限を付けて追跡します。押すたびに別の障害です。",
            "en": "A monitor reports trouble, and the bot tracks it with a deadline. Another one each time.",
        },
    ),
    "repeated": (
        {"ja": "同じアラートをもう一度", "en": "The same alert again"},
        {
            "ja": "新しくは開かず、元のアラートの回数が増えます。",
            "en": "It opens nothing new: it is counted on the alert that is there.",
        },
    ),
    "grouped": (
        {"ja": "まとめて届くアラート", "en": "A grouped alert"},
        {
            "ja": "Alertmanager が 3 台分を 1 通で知らせます。追跡するアラートは 1 件です。",
            "en": "Alertmanager reports three machines in one message: one alert to track.",
        },
    ),
    "failed": (
        {"ja": "GitHub のデプロイ失敗", "en": "A failed deployment on GitHub"},
        {
            "ja": "GitHub の webhook の投稿も、設定なしで読み取ります。",
            "en": "A message of GitHub's webhook is understood without any set-up.",
        },
    ),
    "recovered": (
        {"ja": "直前のアラートの復旧", "en": "The last alert recovers"},
        {
            "ja": "ack 前なら、アラートは自動で終わります。",
            "en": "Unless somebody has acknowledged it, the alert ends by itself.",
        },
    ),
    "muted": (
        {"ja": "メンテナンス中のアラート", "en": "An alert during maintenance"},
        {
            "ja": "/mute で止めた対象なので知らせません。1 時間後の終了時にまだ続いていれば知らせます。",
            "en": "/mute holds its target: nobody is told, unless it still fires at the end, an hour later.",
        },
    ),
}
SCENE: Final = {"ja": "場面を見る：チーム、時間、静けさ", "en": "Scenes: teams, time and silence"}
SCENE_HEADINGS: Final[Mapping[str, Text]] = {
    "oncall": {"ja": "当番", "en": "On call"},
    "teams": {"ja": "チーム", "en": "Teams"},
    "silence": {"ja": "鳴らさない", "en": "Silence"},
    "jobs": {"ja": "定期ジョブ", "en": "Jobs that report"},
}
SCENES: Final[Mapping[str, Text]] = {
    "override": {"ja": "代わると @on-call も移る", "en": "@on-call follows a stand-in"},
    "absence": {"ja": "次の当番が不在になる", "en": "The next person will be away"},
    "calendar": {"ja": "当番を自分のカレンダーで見る", "en": "Your shifts in your calendar"},
    "hours": {"ja": "当番の時間", "en": "Hours on call"},
    "team_alert": {"ja": "決済チームのアラート", "en": "An alert of the payments team"},
    "call": {"ja": "ほかのチームを応援に呼ぶ", "en": "Call another team to help"},
    "hand_over": {"ja": "ほかのチームに引き継ぐ", "en": "Hand over to another team"},
    "cause": {"ja": "データベースと、それを使う 2 つの障害", "en": "The database fails, and what needs it"},
    "plan": {"ja": "毎週のメンテナンスを予定する", "en": "Plan a weekly maintenance"},
    "plans": {"ja": "メンテナンスの予定", "en": "What is planned"},
    "silent_job": {"ja": "報告が来ない (36 分進めます)", "en": "One stays silent (36 min pass)"},
    "job_again": {"ja": "また成功する", "en": "It succeeds again"},
    "jobs": {"ja": "ジョブの一覧", "en": "All of them"},
}
NOBODY_NEXT: Final = {
    "ja": "この先 14 日に当番の交代がありません。",
    "en": "Nobody else is on call within the next 14 days.",
}
JOB_IS_FINE: Final = {
    "ja": "ジョブは正常です。先に「報告が来ない」を選んでください。",
    "en": "The job is fine. Let it stay silent first.",
}
BUSY: Final = {
    "ja": "bot の処理がまだ終わっていません。少し待って押し直してください。",
    "en": "The bot is still at work. Press again in a moment.",
}
STOPPED: Final = {
    "ja": "途中で止めました。押し直すと続きへ進みます。",
    "en": "It stopped on the way. Press again to continue.",
}
CALM: Final = {
    "ja": "発生中のアラートはありません。先に「新しいアラート」を投稿してください。",
    "en": "No alert is firing. Post a new alert first.",
}
UNMUTED: Final = {
    "ja": "メンテナンスを始められませんでした。",
    "en": "The maintenance could not begin.",
}
FAILED: Final = {
    "ja": "できませんでした。障害を起こしているなら、解除してください。",
    "en": "That did not work. If a fault is active, lift it.",
}
_KINDS: Final[Mapping[str, Text]] = {
    "escalate": {"ja": "エスカレーション", "en": "escalation"},
    "reevaluate": {"ja": "再評価の確認", "en": "re-evaluation question"},
    "unfinished_triage": {"ja": "途中のトリアージの確認", "en": "unfinished triage"},
    "remind": {"ja": "状況報告の催促", "en": "status update reminder"},
    "drill": {"ja": "訓練", "en": "drill"},
    "morning": {"ja": "朝のトリアージの催促", "en": "morning triage reminder"},
    "handover": {"ja": "当番の交代", "en": "on-call handover"},
    "digest": {"ja": "週次 digest", "en": "weekly digest"},
    "morning triage": {"ja": "朝のトリアージ", "en": "morning triage"},
}
_DAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "ja": ("月曜", "火曜", "水曜", "木曜", "金曜", "土曜", "日曜"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
#: Characters of a day's name where there is little room: 月, Mon.
_SHORT: Final = {"ja": 1, "en": 3}


def of_span(span: timedelta) -> Text:
    """Return a button's words for a time span: "+15 min"."""
    minutes = round(span.total_seconds() / 60)
    if minutes % 60:
        return {"ja": f"+{minutes} 分", "en": f"+{minutes} min"}
    return {"ja": f"+{minutes // 60} 時間", "en": f"+{minutes // 60} h"}


def of_hour(at: datetime, zone: ZoneInfo) -> Text:
    """Return a button's words for a moment to go to: "To Monday 18:00"."""
    local = at.astimezone(zone)
    days = {language: names[local.weekday()] for language, names in _DAYS.items()}
    return {"ja": f"{days['ja']} {local:%H:%M} まで", "en": f"To {days['en']} {local:%H:%M}"}


def of_moment(at: datetime, zone: ZoneInfo, *, now: datetime) -> Text:
    """Return "14:20", with the date where it is another day's."""
    local = at.astimezone(zone)
    day = "" if local.date() == now.astimezone(zone).date() else f"{local.month}/{local.day} "
    return dict.fromkeys(("ja", "en"), f"{day}{local:%H:%M}")


def of_deadline(deadline: ClockStop, zone: ZoneInfo, *, now: datetime) -> Text:
    """Return a button's words for a deadline: "14:20 escalation INC-42"."""
    number = "" if deadline.number is None else f" INC-{deadline.number}"
    moment = of_moment(deadline.at, zone, now=now)
    return {
        language: f"{moment[language]} {word}{number}" for language, word in _KINDS[deadline.kind].items()
    }


def of_time_travel(to: datetime, zone: ZoneInfo, *, since: datetime, goal: datetime) -> Text:
    """Return "14:05 → 14:20 …": the clock is on its way; to another day "木 14:05 → 金 10:00 → … 月 18:00".

    Args:
        to: Where it goes now.
    """
    moments = [one.astimezone(zone) for one in (since, min(to, goal), goal)]
    begun, reached, end = moments
    if begun.date() == end.date():
        return dict.fromkeys(("ja", "en"), f"{begun:%H:%M} → {reached:%H:%M} …")
    texts = {}
    for language, names in _DAYS.items():
        short = [names[one.weekday()][: _SHORT[language]] for one in moments]
        first, now, last = (f"{day} {one:%H:%M}" for day, one in zip(short, moments, strict=True))
        texts[language] = f"{first} → {now} → … {last}" if reached < end else f"{first} → {last} …"
    return texts


class DemoRefused(Exception):
    """The demo cannot do what a person pressed on the page; *text* says why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text["en"])
        self.text = text


@dataclass(frozen=True, slots=True)
class ControlPress:
    """A press of one of the page's controls.

    Attributes:
        id: Of the press.
        user: Who has pressed: an id.
    """

    id: str
    control: str
    user: str
