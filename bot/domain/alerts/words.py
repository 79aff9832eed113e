"""The words by which messages of monitors are read: of states, names of fields, and words that tell nothing.

Each row of a state's table is a phrase. Longer phrases are tried first, and what one has taken no
other one sees: "not resolved" is no "resolved". Texts are compared in lower case after NFKC.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_BEGIN: Final = 2  # signs by which phrases are looked up


class Meaning(StrEnum):
    """What a phrase speaks for."""

    TROUBLE = "trouble"
    WELL = "well"  # it was in trouble, and is no longer
    SUCCESS = "success"  # some work went well; nothing need have been in trouble
    CHATTER = "chatter"  # news that are neither
    NOTHING = "nothing"  # it looks like one of the others, and is none


DECISIVE: Final = 20.0  # whatever else is said
STRONG: Final = 3.0
NORMAL: Final = 2.0
WEAK: Final = 1.0

_Rows = Mapping[tuple[Meaning, float], str]

#: Phrases between bars. "~" stands for any ending of the word: "fail~" is "fails", "failed", "failure".
_ENGLISH: Final[_Rows] = {
    (Meaning.NOTHING, 0): (
        "for more information|more information|was back|is back up at|is back up to|success rate|"
        "successful rate|healthy hosts|healthy host count|back up at|back up to|up at|was down|were down|"
        "had been down|been down|was unreachable|was raised|was triggered|was failing|error budget|"
        "error message|up to date|up to|failed over|down to|no longer than|mark as resolved|resolve this|"
        "fail if|alert on|alert when|alert rule|auto resolve|auto-resolve|to resolve|all automations|"
        "turned on|turned off|expected|if not|last success~|last failure|last error|error log|up/down|"
        "link up/down|start/stop|on/off|connected to|set up|setup|follow up|backup|started at|start time|"
        "alert name|alert details|alert id|alert rule|event start|event end|end time|not required|"
        "not applicable|could not be sent to|acknowledge url|acknowledge link|click to acknowledge|"
        "please acknowledge|to acknowledge|ack url|password recovery|account recovery|disaster recovery|"
        "recovery code~|recovery time|recovery email|recovery link|name resolution|dns resolution|"
        "screen resolution|log in|log out|checked in"
    ),
    (Meaning.TROUBLE, STRONG): (
        "partiallyfailed|partially failed|trouble|on battery|low battery|battery low|battery is low|"
        "alert_state_event_start|health_warn|health_err|new alert~|overlimit|unreadable|signal loss|"
        "not resolved|not yet resolved|not recovered|not ok|not healthy|not up|not available|"
        "not reachable|not responding|not ready|not running|not working|not respond|not reach|"
        "not complete|not connect~|not found|not receiv~|not start~|not open~|not clos~|not finish~|"
        "not succeed~|not successful~|not deployed|did not complete|did not report|did not ping|"
        "did not run|does not answer|does not respond|doesn't respond|isn't responding|didn't respond|"
        "no response|no answer|no data|no ping|no heartbeat|no signal|no longer responding|"
        "no longer responds|no longer reachable|no longer available|no longer working|no longer running|"
        "failed to recover|recovery failed|unresolved|unhealthy|unavailable|unreachable|unsuccessful~|"
        "unacknowledged|unresponsive|unable to|can't|cannot|could not|couldn't|is down|are down|"
        "went down|gone down|goes down|down|offline|went offline|outage|incident started|with error~|"
        "with warning~|with failure~|with issues|but failed|new alert|alert created|alert opened|"
        "alert was created|incident was created|is not|are not|was not|has not|have not|did not|does not|"
        "do not|doesn't|didn't|isn't|wasn't|hasn't|won't|will not|rule is active|alert is active|"
        "issue is active|alarm is active|is fired|has fired|fired|new incident|incident opened|"
        "incident triggered|incident created|downtime started|firing|triggered|re-triggered|retriggered|"
        "alerting|problem|critical|crit|fatal|emergency|fail~|crash~|crashloopbackoff|oomkill~|oom|"
        "out of memory|time out|timed out|timeout|refused|disconnect~|degrad~|exceed~|breach~|violat~|"
        "above threshold|over threshold|below threshold|in alarm|in error|dead|panic|exhausted|saturated|"
        "stopped unexpectedly|has stopped|been stopped|has been stopped|missed|is late|lost|"
        "needs attention|attention required|action required|sev1|sev2|p0|p1|power loss|intrusion|flood~|"
        "smoke|is broken|overheat~|backoff|evicted|investigating|identified|major outage|partial outage|"
        "does not open|does not close|stuck|jammed|stalled|back off restarting|imagepullbackoff|"
        "errimagepull|entered alert|enters alert|went into alert|is in alert"
    ),
    (Meaning.TROUBLE, NORMAL): (
        "backlog|low|http 500|http 501|http 502|http 503|http 504|http 520|http 521|http 522|status 500|"
        "status 502|status 503|status code 500|status code 502|status code 503|status code 504|"
        "returned 500|returned 502|returned 503|error 500|dropped|drops to|fell to|fell below|hot|error~|"
        "errored|exception~|alarm~|warn~|abnormal|anomal~|stopped|exited|expired|expir~|high|slow|"
        "overload~|throttl~|leak~|full|missing|denied|reject~|broken|severe|attack|suspicious|"
        "unexpected~|spike~|blocked|unknown state|nodata|insufficient data|killed|terminated|overdue|"
        "late|too many|too high|too low|rate is up|rate up|usage is up|latency is up|load is up|"
        "errors are up|is up to|is up by|is up from|5xx|out of|under attack|vulnerab~|quarantine~|"
        "corrupt~|invalid|abort~|traceback|bad|red|unauthorized|forbidden|starting to fail|intermittent~|"
        "elevated|delayed|delays|disrupt~|interrupt~|impaired"
    ),
    (
        Meaning.TROUBLE,
        WEAK,
    ): (
        "escalation|escalated|still|continues|continuing|ongoing|reminder|alert~|incident~|issue~|major|"
        "impact~|affected|outdated|drop~|increase~|monitoring"
    ),
    (Meaning.WELL, STRONG): (
        "has been renewed|was renewed|drained|back under|back within|back below|within normal|is normal|"
        "are normal|on line power|succeeded again|passed again|passing again|alert_state_event_end|"
        "health_ok|new recovery|no longer down|no longer failing|no longer firing|no longer alerting|"
        "no longer in alert|no longer critical|no longer in alarm|no longer~|stopped firing|stopped failing|"
        "stopped alerting|resolved|auto-resolved|recovered|is back|back up|back online|back to normal|"
        "back to healthy|back in service|come back|came back|is up|are up|is now up|now up|up again|"
        "is online|are online|went online|now online|came online|online again|restored|revived|cleared|"
        "all clear|returned to normal|return to normal|returned to ok|is working again|working again|"
        "available again|reachable again|is reachable|now reachable|is healthy|now healthy|healthy again|"
        "is ok|is okay|now ok|reconnect~|incident ended|downtime ended|downtime is over|incident closed|"
        "alert closed|alert ended|is over|has ended|is operational|operational again|is fixed|"
        "reporting again|checked in again|works again|works normally|normally again|connected again|"
        "is responding|responding again|deactivated|solved|normalized|normalised|is available|"
        "now available|service restored|connection established|is running again|running again|"
        "up and running"
    ),
    (
        Meaning.WELL,
        NORMAL,
    ): (
        "recover~|recovery|resolv~|restor~|healthy|operational|online|reachable|normal|closed|fixed|"
        "revived|ok|okay|passing|ended"
    ),
    (Meaning.SUCCESS, STRONG): (
        "errors: 0|failed: 0|error: 0|success|successful~|succeed~|succeeded|passed|completed|complete|"
        "finished|deployed|is live|no errors|no error|without errors|without error|0 errors|0 failed|"
        "0 failures|no issues|no problems|all good|all green|nothing to report|is working"
    ),
    (
        Meaning.SUCCESS,
        NORMAL,
    ): ("done|built|published|merged|stored artifact|installed|upgraded|uploaded|live|green"),
    (Meaning.CHATTER, DECISIVE): (
        "testalert|notification test|testnotification|test notification|test message|test alert|"
        "test event|test webhook|this is a test|this is only a test|sending a test|acknowledged|"
        "acknowledgement|acked|has acknowledged|downtimestart~|downtimeend~|downtimecancelled"
    ),
    (Meaning.CHATTER, STRONG): (
        "testing the|test from|testing|scheduled maintenance|planned maintenance|maintenance|in process|"
        "in progress|is starting|has started|started|update available|updates available|new version|"
        "update is available|an update available|new release|release published|pull request|new commit~|"
        "new comment|commented|comment on|assigned to|unassigned|daily report|weekly report|"
        "monthly report|daily summary|weekly summary|monthly summary|daily digest|weekly digest|"
        "summary report|status report|usage report|welcome to|was added|was created|was deleted|"
        "was removed|was updated|was paused|was resumed|has been added|has been created|has been deleted|"
        "has been removed|has been updated|has been paused|has been resumed|has been enabled|"
        "has been disabled|has been acknowledged|deployment created|deployment started|deploy started|"
        "build started|build queued|pipeline started|job started|flapping started|flapping stopped|"
        "flappingstart|flappingstop|snoozed|silenced|unsilenced|muted|invited|joined|left the|logged in|"
        "login from|sign-in|signed in|subscribed|unsubscribed|postmortem|post-mortem|changelog|"
        "release notes|new feature"
    ),
    (Meaning.CHATTER, NORMAL): (
        "summary|report|digest|created|queued|pending|canceled|cancelled|paused|resumed|enabled|disabled|"
        "test|scheduled|restarted|planned|upcoming|info|informational|information|notice|newsletter|"
        "statistics|stats|deploying|building|release~|opened|pushed|update~|starting|skipped|reopened|"
        "configuration|connected|added|removed|changed"
    ),
}

_JAPANESE: Final[_Rows] = {
    (Meaning.NOTHING, 0): (
        "成功率|正答率|可用率|稼働率|問題ない|異常ない|変わりない|少ない|かもしれません|すみません|"
        "異常は確認されていません|問題は確認されていません|検出されていません|発生していません|"
        "確認されておりません|障害対応訓練|障害報告書|エラー率|異常検知システム|障害情報|障害監視|"
        "異常監視|死活監視|アラート通知|警報システム|復旧後|回復後|再開後|復旧直後|復旧ツール|復旧処理|"
        "復旧手順|復旧バッチ|復旧支援|復旧計画|復旧手段|名前解決|復旧作業|復旧対応|復旧見込み|"
        "復旧の見込み|復旧予定|復旧まで|復旧に向け|復旧を試み|解決に向け|解消に向け|正常性確認|"
        "正常性監視|発生時刻|発生日時|検知時刻|検知日時|復旧時刻|復旧日時|開始時刻|終了時刻|開始日時|"
        "終了日時|異常の有無|発生元|発生場所|発生箇所|発生源|停止時間|予約システム|予約api|予約サイト|"
        "予約受付|予約サーバ|予約管理|予約画面|予約サービス|更新サーバ|更新api|テスト環境|テストサーバ|"
        "通知サーバ|報告サーバ|確認画面"
    ),
    (Meaning.TROUBLE, STRONG): (
        "近づいています|近づきました|期限間近|こけた|こけました|止まっています|止まりました|止まった|"
        "止まっている|できなくな|なくなっています|なくなりました|なくなった|ていません|ていない|"
        "でいません|ませんでした|できておりません|ておりません|vpn断|回線断|通信断|疎通なし|疎通不可|"
        "疎通ng|瞬断|復旧していません|復旧していない|復旧しません|復旧しない|復旧できません|復旧できない|"
        "復旧せず|未復旧|未解決|未回復|回復していません|回復していない|回復しません|回復せず|"
        "解消していません|解消していない|解消されていません|解消しません|解決していません|"
        "正常ではありません|正常ではない|正常でない|正常でありません|正常に動作していません|"
        "正常に動いていません|正常に応答していません|正常に起動していません|正常に終了していません|"
        "正常に完了していません|正常に終了しませんでした|正常に完了しませんでした|完了していません|"
        "完了しませんでした|終了していません|成功していません|異常終了|接続不良|応答なし|応答無し|"
        "応答がありません|応答がない|応答していません|応答していない|応答しません|応答しない|応答不能|"
        "無応答|障害|異常|故障|不具合|ダウン|停止しました|停止しています|停止した|停止中|停止|不通|切断|"
        "断線|途絶|落ちています|落ちました|落ちている|落ちた|死んでいます|エラー|失敗|接続できません|"
        "接続できない|つながりません|つながらない|繋がりません|繋がらない|できません|できない|"
        "できていません|できませんでした|開きません|開かない|閉まりません|閉まらない|動きません|動かない|"
        "動いていません|動作していません|動作しません|動作しない|届いていません|届きません|"
        "受信できません|来ていません|ありません|見つかりません|タイムアウト|クラッシュ|超過|超えました|"
        "超えています|超えた|上回りました|上回っています|下回りました|下回っています|逼迫|枯渇|高負荷|"
        "過負荷|緊急|重大|致命的|危険|警報|警告|アラーム|紙切れ|紙詰まり|詰まり|停電|漏水|浸水|火災|侵入|"
        "不正アクセス|未受信|欠測|欠損|期限切れ|失効|オフライン|利用不可|使用不可|要対応|要確認|"
        "対応してください|確認してください|滞留|溜まっています|たまっています|中断|強制終了|"
        "再起動を繰り返|破損|失われ|不一致|使えません|使えない|開いたまま|閉じたまま|開きっぱなし"
    ),
    (Meaning.TROUBLE, NORMAL): (
        "ません|しない|できない|れない|けない|かない|らない|えない|めない|高いです|高すぎ|低すぎ|"
        "高くなって|低くなって|遅延|遅れています|遅れて|遅い|遅く|不足|満杯|検知|検出|発生|注意|高温|"
        "低下|急増|急減|高騰|上昇|拒否|不正|アラート|トラブル|おかしい|切れ|外れ|クリティカル|ワーニング|"
        "空き容量"
    ),
    (Meaning.TROUBLE, WEAK): "継続中|続いています|まだ|影響|調査中|問題",
    (Meaning.WELL, STRONG): (
        "証明書が更新|証明書を更新|正常に閉じ|正常に開|正常に動作|正常に稼働|正常に応答|正常に起動|"
        "正常に接続|正常です|正常値|正常範囲|なおった|なおりました|直った|通常どおり|通常通り|"
        "ご利用いただけます|お使いいただけます|復帰|収まりました|収まった|おさまりました|治まりました|"
        "応答あり|ようになりました|生き返|警告は解除|警告を解除|アラートを解除|アラートは解除|警報を解除|"
        "警報は解除|取り込みました|障害復旧|障害回復|障害解消|異常解消|警報解除|エラー解消|障害が解決|"
        "障害は解決|復旧|回復|解消|解決しました|解決済|復帰しました|正常に戻|正常値に戻|正常化|正常復帰|"
        "正常になりました|正常な状態に戻|平常に戻|元に戻りました|再開しました|再開されました|収束|再接続|"
        "つながりました|繋がりました|オンラインになりました|応答が戻り|応答するようになりました|"
        "アラート解除|解除されました|解除しました|終息|鎮火|直りました|戻りました"
    ),
    (Meaning.WELL, NORMAL): ("再開|起動しました|解決|復帰|解除|正常|オンライン|平常|稼働中|接続されました"),
    (Meaning.SUCCESS, STRONG): (
        "エラー0件|エラー 0件|エラー:0件|エラー: 0件|障害0件|障害 0件|障害件数:0件|障害件数: 0件|異常0件|"
        "異常 0件|失敗0件|失敗 0件|失敗:0件|成功|完了|正常終了|正常に終了|正常に完了|異常なし|異常無し|"
        "異常はありません|異常ありません|問題なし|問題ありません|問題はありません|エラーなし|"
        "エラーはありません|障害なし|障害はありません|終了しました"
    ),
    (Meaning.SUCCESS, NORMAL): "済み|公開しました|反映しました",
    (Meaning.CHATTER, STRONG): (
        "満車になりました|空車になりました|満車です|空車です|停止します|停止いたします|実施します|"
        "実施いたします|行います|再起動します|通知テスト|テストです|メンテナンス|定期点検|計画停止|"
        "計画停電|作業開始|作業終了|作業予定|予定です|日次レポート|週次レポート|月次レポート|本日の|"
        "昨日の|今週の|先週の|今月の|対応開始|対応中|確認中|受け付けました|開始しました|開始します|"
        "開始されました|デプロイ開始|リリースしました|アップデートがあります|更新があります|"
        "新しいバージョン|ログインしました|参加しました|追加されました|作成されました|削除されました|"
        "変更されました|更新されました|いいね|キャンペーン|おはよう|お疲れ|リマインド|リマインダー|"
        "ご予約|ご利用|入庫しました|出庫しました"
    ),
    (
        Meaning.CHATTER,
        DECISIVE,
    ): "テスト通知|テスト送信|テストメッセージ|これはテスト|テストアラート|訓練です",
    (
        Meaning.CHATTER,
        NORMAL,
    ): (
        "ご案内|満車|空車|日報|週報|月報|テスト|試験|訓練|お知らせ|工事|予定|レポート|集計|ランキング|"
        "件数|売上|受付|コメント|開始|更新|報告|通知|案内|情報|予約|リリース|変更|追加|登録|会議|"
        "打ち合わせ"
    ),
}

#: What a field of state may have as its whole value, or a title as its label, besides the phrases above.
_WHOLE: Final[_Rows] = {
    (Meaning.TROUBLE, STRONG): (
        "open|opened|active|alarm|alert|bad|error|high|warning|warn|major|severe|disaster|average|"
        "on fire|fail|ng|n g|×|✕|異常あり|発生|発報|検知|開始|赤|要注意|down|trigger|problem"
    ),
    (Meaning.WELL, STRONG): (
        "ok|up|close|closed|inactive|end|ended|clear|cleared|good|normal|green|healthy|completed|fine|"
        "online|alive|running|ready|recovery|recover|recovered|resolve|resolved|o k|○|◯|〇|正常|終了|"
        "解除|緑|良好|復帰|稼働|稼働中"
    ),
    (Meaning.CHATTER, WEAK): "info|information",
    (Meaning.CHATTER, NORMAL): "update|none|more",
    (Meaning.CHATTER, STRONG): ("notice|maintenance|test|scheduled|planned|情報|参考|保守"),
}

#: Signs, and the names that Discord's clients and senders use for them between colons.
_SIGNS: Final[_Rows] = {
    (Meaning.TROUBLE, STRONG): (
        "🔴|🟥|🚨|❌|⛔|🔥|💥|🆘|☠|💀|🛑|✖|❎|:rotating_light:|:x:|:red_circle:|:fire:|:skull:|:boom:|"
        ":no_entry:|:octagonal_sign:|:red_square:|:large_red_square:|:sos:|:broken_heart:|💔|🤯|😱|🚫|"
        ":no_entry_sign:|:bomb:|💣"
    ),
    (Meaning.TROUBLE, NORMAL): (
        "❗|‼|⚠|🟠|🟧|:warning:|:exclamation:|:bangbang:|:large_orange_circle:|:orange_circle:|📉|🔻|⬇|"
        ":arrow_down:|:small_red_triangle_down:|🐌"
    ),
    (Meaning.TROUBLE, WEAK): ("🟡|🟨|:yellow_circle:|:large_yellow_circle:|:bell:|🔔|❓"),
    (Meaning.WELL, STRONG): (
        "✅|🟢|🟩|✔|☑|💚|🆗|:white_check_mark:|:green_circle:|:large_green_circle:|:green_square:|"
        ":heavy_check_mark:|:ballot_box_with_check:|:green_heart:|:ok:|:large_green_square:"
    ),
    (Meaning.WELL, NORMAL): ("👍|🎉|⬆|:thumbsup:|:+1:|:tada:|:arrow_up:|😌|🙂|💪"),
    (Meaning.CHATTER, NORMAL): (
        "🧪|🔧|🛠|📊|📈|📅|🗓|📝|ℹ|📢|🚧|🔵|🟦|⚪|🔨|🏗|🆕|🎁|:information_source:|:test_tube:|:bar_chart:|"
        ":calendar:|:memo:|:construction:|:blue_circle:|:large_blue_circle:|:wrench:|:tools:|:hammer:|"
        ":clock:|:alarm_clock:|:white_circle:|:mega:|:loudspeaker:|🎂|👋|💤|😴|🔕|:no_bell:|👀"
    ),
    (Meaning.CHATTER, WEAK): "🚀|:rocket:|⏰|⏳|📦|:package:",
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase that was found.

    Attributes:
        start, end: Where it stands in the text.
        words: What stands there.
    """

    state: Meaning
    weight: float
    start: int
    end: int
    words: str


class Lexicon:
    """Phrases, to be found in texts that are folded: in lower case, with single blanks."""

    def __init__(self, *tables: _Rows) -> None:
        self._meanings: dict[str, tuple[Meaning, float]] = {}
        self._by_begin: dict[str, list[tuple[str, bool]]] = {}
        for table in tables:
            for meaning, phrases in table.items():
                for phrase in phrases.split("|"):
                    text = phrase.rstrip("~")
                    if text and text not in self._meanings:
                        self._meanings[text] = meaning
                        self._by_begin.setdefault(text[:_BEGIN], []).append((text, phrase.endswith("~")))
        for known in self._by_begin.values():
            known.sort(key=lambda each: len(each[0]), reverse=True)

    def phrases(self, text: str) -> Iterator[Phrase]:
        """Yield the phrases in *text*, the longest one where several begin at one place."""
        ends = 0
        for at, sign in enumerate(text):
            if at < ends or (text[at : at + _BEGIN] not in self._by_begin and sign not in self._by_begin):
                continue
            if (phrase := self._at(text, at)) is not None:
                yield phrase
                ends = phrase.end

    def whole(self, text: str) -> tuple[Meaning, float] | None:
        """Return what *text* means if it is one phrase of the table, else None."""
        return self._meanings.get(text)

    def _at(self, text: str, at: int) -> Phrase | None:
        """Return the longest phrase that begins at *at*, or None."""
        is_word = _is_letter(text[at])
        if is_word and at and _is_letter(text[at - 1]):
            return None
        for known in (text[at : at + _BEGIN], text[at]):
            for phrase, is_stem in self._by_begin.get(known, ()):
                if text.startswith(phrase, at):
                    end = _end_of(text, at + len(phrase), is_stem=is_stem) if is_word else at + len(phrase)
                    if end is not None:
                        return Phrase(*self._meanings[phrase], at, end, text[at:end])
        return None


_ENDING: Final = 8  # letters that a word may have after its stem


def _is_letter(sign: str) -> bool:
    return sign.isascii() and (sign.isalnum() or sign == "_")


def _end_of(text: str, end: int, *, is_stem: bool) -> int | None:
    """Return where the word ends whose phrase ends at *end*; None if it is another word."""
    at = end
    while is_stem and at < len(text) and at - end < _ENDING and text[at].isascii() and text[at].isalpha():
        at += 1
    return None if at < len(text) and _is_letter(text[at]) and _is_letter(text[at - 1]) else at


def phrases(*rows: str) -> frozenset[str]:
    """Return the phrases between the bars of *rows*."""
    return frozenset(each for row in rows for each in row.split("|"))


WORDS: Final = Lexicon(_ENGLISH, _JAPANESE)
SIGNS: Final = Lexicon(_SIGNS)
VALUES: Final = Lexicon(_WHOLE)

#: Names of fields whose value says how it is.
STATE_FIELDS: Final = phrases(
    "status|state|alert state|alert status|current state|current status|new state|new status|event|"
    "event type|alert event|action|result|conclusion|outcome|event status|monitor status|"
    "incident status|service state|host state|notification type|notificationtype|transition|health|"
    "build status|newstatevalue|new state value|alarm state|trigger status|check status|"
    "deployment status|workflow status|build result",
    "状態|ステータス|状況|結果|種別|区分|判定|現在の状態|アラート状態|イベント|監視結果|通知種別|ステート",
)
#: Names of fields whose value says how bad it is, which alone does not tell whether it still is.
GRADE_FIELDS: Final = phrases(
    "severity|level|priority|criticality|urgency|impact|alert level|alert severity|log level|type",
    "重要度|深刻度|重大度|優先度|レベル|影響|タイプ",
)


#: What says that a message is about work that runs again and again.
RUNS: Final = re.compile(
    r"\b(?:build|builds|branch|pipeline|workflow|commit|deploy\w{0,6}|ci|job|run|"
    r"release)\b|ビルド|デプロイ|リリース|ジョブ",
    re.ASCII,
)
#: Labels that a title can do without: that it is an alert is known.
SILENT_LABELS: Final = phrases(
    "new incident|incident started|incident resolved|new alert|problem|alert|alerting|firing|fired|"
    "critical|crit|warning|warn|error|fatal|triggered|info|ok|resolved|recovered|recovery|investigating|"
    "identified|monitoring|update|failure|p0|p1|p2|p3|sev1|sev2|sev3|障害|警告|異常|警報|アラート|"
    "障害発生|発報|緊急|重大|復旧|解決|解消|回復|エラー|復旧しました|通知|監視|注意"
)
#: Labels that say no more than what kind of message it is.
ALERTS: Final = phrases("alert|Alert|ALERT|アラート")
#: Labels of the updates of status pages.
STATUS_PAGE: Final = phrases("investigating|identified|monitoring|update|resolved|in progress")
#: What an alert is, not a thing, in a label with a sign that all is well: "[✔ Released]".
LET_GO: Final = phrases("released|disengaged")
#: Words of a title by which what follows is meant for later, or not at all.
UNREAL: Final = phrases("test|scheduled|planned|upcoming|canceled|cancelled|テスト|試験|訓練|予定|工事")
#: Lines that say nothing of an alert.
BOILERPLATE: Final = re.compile(
    r"(?:お疲れ|お世話に|いつもお世話に|自動通知|自動送信|このメールは|よろしくお願い|ご対応の|ご確認).{0,60}|"
    r""
    r"(?:visit|view|open|see|show|read|learn|click|go to|check out|manage)\s(?:the|in|"
    r"on|more|your|this|it|all|here|"
    r"application|deployment|build|logs?|details?|incident|alert|dashboard|monitor|"
    r"run|status page|trigger|job)\b.{0,60}|"
    r"(?:output|details?|labels?|annotations?|more info|more details|"
    r"powered by .{0,40}|click here|logs?|trace|"
    r"alerts firing|alerts resolved|faults|changes|metrics?|values?|summary|description|message|information|"
    r"詳細はこちら|詳細を見る|詳細|ログを見る|こちら|管理画面|確認はこちら|内容|概要)[:：]?|"
    r"https?://\S{1,300}",
    re.ASCII,
)
#: Names of fields that hold an error, if there is one.
ERROR_FIELDS: Final = phrases(
    "error|error message|last error|failure reason|exception|エラー|エラー内容|エラーメッセージ"
)
#: Names of fields that hold where in a program an error came up.
TRACE_FIELDS: Final = phrases("backtrace|stacktrace|stack trace|traceback|スタックトレース")
#: What such a field has if there is none.
NO_ERROR: Final = phrases("|none|no|null|n/a|-|0|なし|無し|ok")
#: Labels of a text whose first line is its title.
TITLES: Final = phrases("subject|title|件名|タイトル|標題")
#: Names of fields whose value says what it is about.
SUBJECT_FIELDS: Final = phrases(
    "title|subject|alert|alert name|alertname|name|rule|rule name|trigger|trigger name|event name|"
    "incident|incident name|summary|check name|monitor name|policy|policy name|condition name|alarm|"
    "alarm name|test name|件名|タイトル|内容|事象|アラート名|監視名|名称|イベント名|障害内容|"
    "アラート内容|メッセージ|監視項目|項目|概要"
)
#: What has an id that names no thing, but one of many times.
NUMBERED: Final = phrases(
    "job|run|build|execution|workflow|pipeline|task|deployment|alert|incident|event|check|test|issue|problem|"
    "request|trace|session|backup"
)
#: Names of fields whose value names one thing.
NAMING_FIELDS: Final = phrases(
    "host|hostname|host name|instance|service|service name|monitor|monitor name|check|check name|device|"
    "device name|server|server name|node|pod|pod name|namespace|container|container name|app|application|"
    "application name|project|site|site name|url|monitor url|service url|endpoint|target|resource|"
    "resource name|component|cluster|database|queue|dag|dag id|job|"
    "job name|workflow|pipeline|repository|repo|"
    "machine|vm|disk|datastore|remote|volume|interface|port|domain|function|topic|bucket|environment|entity|object|source|"
    "agent|agent name|client|user pool|sensor|location|lot|gate|lane|store|shop|facility|camera|"
    "deployment|image|stack|heartbeat|task|unit|address|ip|ip address|system|system name|account|tenant|"
    "customer|certificate|backup|policy|ホスト|ホスト名|サーバー|サーバ|サーバー名|サービス|サービス名|"
    "監視対象|対象|拠点|拠点名|駐車場|駐車場名|店舗|店舗名|設備|設備名|機器|機器名|装置|端末|場所|ゲート|"
    "レーン|号機|精算機|カメラ|センサー|監視|監視名|監視項目|項目|項目名|システム|システム名|施設|施設名|"
    "設置場所|現場|車室|フロア|階|ロット|発券機|区画|バッチ|ジョブ|ジョブ名|処理名|機種|ドメイン|"
    "リソース|コンポーネント|環境|プロジェクト|アプリ|アプリケーション"
)
#: Of these, names that many things share.
BROAD: Final = phrases(
    "project|environment|namespace|cluster|account|tenant|customer|system|region|stack|source|環境|"
    "プロジェクト|システム"
)
#: Names of other fields whose value differs from time to time, or names nothing.
NOT_NAMING: Final = re.compile(
    r"\b(?:times?|date|datetime|timestamp|since|duration|elapsed|uptime|downtime|"
    r"latency|response|value|values|current|"
    r"threshold|counts?|total|errors?|message|reason|cause|root cause|details?|"
    r"description|output|logs?|stack|trace|"
    r"status|state|severity|level|priority|impact|types?|id|ids|uid|uuid|eventid|"
    r"commit|commits|revision|sha|build|version|"
    r"author|by|user|assignee|assigned|owner|link|links|dashboard|runbook|last|next|"
    r"started|ended|triggered|resolved|"
    r"operational data|changes|labels|annotations|conditions?|results?|expected|"
    r"actual|metrics?|usage|percent|events?|"
    r"history|notes?|comment|tags?|query|expr|silence|offline|online|pings?|attempts?|"
    r"retries|faults|action|actions|"
    r"acknowledged|responders?|period|schedule|interval|grace|age|score|trend|updated|"
    r"created|detected|at|when|view|"
    r"message id|event|result|info|additional info|when|occurrences|code|ttl|loss|"
    r"load|memory|cpu|temperature|speed)\b|"
    r"日時|時刻|時間|日付|値|現在値|閾値|しきい値|件数|回数|エラー|原因|理由|詳細|ログ|状態|ステータス|状況|結果|重要度|"
    r"深刻度|レベル|優先度|"
    r"影響|"
    r"種別|区分|番号|id|担当|リンク|url|備考|コメント|対応|温度|使用率|率$",
    re.ASCII,
)
#: Words that name nothing, from any sender.
GENERIC: Final = phrases(
    "info|debug|"
    "経過|連続|目|継続|担当者|様|送信者|になりました|月|起動|本日|現在|お願|願|再実行|自動|still|continues|"
    "alert|alerts|alerting|notification|notifications|notice|monitor|monitors|monitoring|incident|"
    "incidents|event|events|status|service|services|check|checks|report|update|uptime|build|builds|"
    "deployment|deployments|deploy|pipeline|job|jobs|server|servers|host|hosts|system|systems|health|"
    "healthcheck|problem|trigger|message|warning|error|errors|test|new|your|detected|change|changed|"
    "state|info|information|website|site|sites|endpoint|endpoints|application|app|domain|certificate|ssl|"
    "http|https|url|connection|device|node|nodes|pod|container|database|task|workflow|run|type|last|"
    "issue|issues|name|all|some|one|result|automatic|automated|auto|bot|webhook|integration|source|see|"
    "details|link|open|resource|resources|project|production|prod|value|アラート|通知|監視|システム|サービス|サーバー|"
    "サーバ|状態|状況|情報|報告|変更|自動|速報|発生|メッセージ|検知|検出|イベント|ステータス|更新|連絡|"
    "お知らせ|監視通知|自動通知|自動送信|設備|機器|対象|件|確認|対応|詳細|内容|結果|定期|名|時"
)
