"""The words of the demo's controls, in both languages of the page."""

from collections.abc import Mapping
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
MONITORS: Final = {"ja": "監視アラートを投稿", "en": "Post a monitor's alert"}
BUSY: Final = {
    "ja": "bot の処理がまだ終わっていません。少し待って押し直してください。",
    "en": "The bot is still at work. Press again in a moment.",
}
SLOW: Final = {
    "ja": "時間がかかるため、途中で止めました。押し直すと続きへ進みます。",
    "en": "This takes long, so it stopped on the way. Press again to continue.",
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


def of_alert(sender: str, *, is_firing: bool) -> Text:
    """Return "Sentry: firing"."""
    return {
        "ja": f"{sender}：{'発生' if is_firing else '復旧'}",
        "en": f"{sender}: {'firing' if is_firing else 'resolved'}",
    }


def of_calm(sender: str) -> Text:
    """Return that there is nothing of *sender* to resolve."""
    return {
        "ja": f"{sender} で発生中のアラートはありません。先に「発生」を投稿してください。",
        "en": f"Nothing of {sender} is firing. Post an alert that fires first.",
    }


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


def of_time_travel(to: datetime, zone: ZoneInfo, *, since: datetime) -> Text:
    """Return "14:05 → 14:20 …": the clock is on its way."""
    begun = of_moment(since, zone, now=since)
    reached = of_moment(to, zone, now=since)
    return {language: f"{begun[language]} → {reached[language]} …" for language in begun}


class DemoRefused(Exception):
    """The demo cannot do what a person pressed on the page; *text* says why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text["en"])
        self.text = text
