"""Names of fields, and words that tell nothing, by which a monitor's message is read."""

import re
from typing import Final

from bot.domain.alerts.state_words import phrases

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
