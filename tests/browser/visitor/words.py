"""What the page, the bot and Parky's policy say in a story, in both languages."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Captions:
    """What stands above the frames of the animated picture, in their order."""

    typed: str
    form: str
    card: str
    alert: str
    escalated: str
    called: str
    taken: str


@dataclass(frozen=True, slots=True)
class Words:
    """One language: that of the browser, and of the bot's posts.

    Attributes:
        title: What breaks.
        asked: The first question; *path* is its answer in the alert, *due* the deadline before it is raised.
        field_title, field_targets, field_symptoms, symptom, done, submit: The form.
        raised, to_post: The card afterwards.
        start, sheet: The thread's first words, and its first-response sheet.
        field_cause, cause: The form of the resolve, and what is typed there.
        open, taken, resolved: States of the post; *paged* is the DM to the person on call, *called* the same
            after the deadline, *yours* once they have acknowledged.
        why, because: The button below the DM, and what its answer tells.
        captions: Those of the animated picture.
    """

    language: str
    locale: str
    title: str
    field_title: str
    field_targets: str
    field_symptoms: str
    symptom: str
    done: str
    submit: str
    asked: str
    yes: str
    path: str
    due: str
    only_you: str
    confirm: str
    raised: str
    to_post: str
    open: str
    start: str
    sheet: str
    channels: str
    close_thread: str
    paged: str
    called: str
    yours: str
    why: str
    because: str
    taken: str
    resolve: str
    field_cause: str
    cause: str
    resolved: str
    captions: Captions


JAPANESE: Final = Words(
    language="ja",
    locale="ja-JP",
    title="決済 API が 5xx",
    field_title="件名",
    field_targets="対象",
    field_symptoms="症状",
    symptom="エラー率上昇",
    done="決定",
    submit="送信",
    asked="本番ユーザーに影響がありますか",
    yes="はい",
    path="本番影響あり",
    due="まだ送っていません",
    only_you="あなただけに見えています",
    confirm="発報する",
    raised="発報しました",
    to_post="アラートを開く",
    open="未対応",
    start="開始時刻",
    sheet="次：1. ログ (wrangler tail)",
    channels="チャンネル一覧を開く",
    close_thread="スレッドを閉じる",
    paged="あなたが当番です",
    called="⏰ ack 期限切れ",
    yours="あなたが対応中です",
    why="なぜ私に？",
    because="規則：SEV1 · 1 段目",
    taken="対応中",
    resolve="解決",
    field_cause="原因",
    cause="接続プールの枯渇",
    resolved="が解決 (",
    captions=Captions(
        typed="障害に気付いた人が /triage と打つ",
        form="分かっていることを書く",
        card="質問 2 つで重大度が決まり、何が起きるかが見える",
        alert="1 秒以内にアラート、スレッド、当番への DM",
        escalated="15 分、誰も反応しない → エスカレーション",
        called="当番の DM: あとは 1 回押すだけ",
        taken="👀 で止まり、誰が対応中かが全員に見える",
    ),
)
ENGLISH: Final = Words(
    language="en",
    locale="en-US",
    title="Payments API answers 5xx",
    field_title="Title",
    field_targets="Targets",
    field_symptoms="Symptoms",
    symptom="Rising error rate",
    done="Done",
    submit="Submit",
    asked="Are production users affected",
    yes="Yes",
    path="Production affected",
    due="Not sent yet",
    only_you="Only you can see this",
    confirm="Raise the alert",
    raised="Alert raised",
    to_post="Open the alert",
    open="unacknowledged",
    start="Started at",
    sheet="next: 1. Read the logs",
    channels="Open the channel list",
    close_thread="Close the thread",
    paged="You are on call",
    called="⏰ ack overdue since",
    yours="You are on it",
    why="Why me?",
    because="Rule: SEV1 · step 1",
    taken="on it since",
    resolve="Resolve",
    field_cause="Cause",
    cause="The connection pool ran dry",
    resolved="resolved by",
    captions=Captions(
        typed="Something is wrong: type /triage",
        form="Write down what you know",
        card="Two questions give the severity, and show what will happen",
        alert="Within a second: the alert, its thread, a DM to the person on call",
        escalated="15 minutes, and nobody reacts: the bot escalates",
        called="The DM of the person on call: one tap",
        taken="👀 stops the clock, and everyone sees who is on it",
    ),
)
LANGUAGES: Final = (JAPANESE, ENGLISH)
