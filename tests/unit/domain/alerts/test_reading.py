"""What a message says by its evidence, what it is about, and which alert a recovery is about."""

import pytest

from bot.domain.alerts.alert import AlertEmbed
from bot.domain.alerts.reading import ended_by, read_message, same_subject
from bot.domain.alerts.recognition import Reading, Says
from bot.domain.alerts.subject import look_of, words_of
from tests.unit.domain.alerts.test_alert import message

RED, GREEN = 0xE74C3C, 0x2ECC71


def read(content: str = "", *embeds: AlertEmbed) -> Reading:
    """Return what is read of a message, without patterns."""
    return read_message(message(content, *embeds), (), ())


@pytest.mark.parametrize(
    "content",
    [
        "🔴 Gate 3 is down",
        "【障害】第5駐車場のゲートが応答していません",
        "精算機3号が停止しました",
        "db-1 has not recovered yet",
        "第5駐車場は復旧していません",
        "復旧後に再び停止しました",
        "The password recovery service is failing",
        "復旧ツールが停止しました",
        "Backup completed with errors",
        "[Lot 3] barrier does not respond",
        "OK -> CRITICAL: disk of db-1",
        "予約が開始できません",
        "no longer responding: db-1",
        "障害のお知らせ：決済API",
        "Pods are unhealthy in prod",
    ],
)
def test_it_fires(content: str) -> None:
    """A message about trouble fires, whatever words of recovery, success or news it has besides."""
    assert read(content).says is Says.FIRING


@pytest.mark.parametrize(
    "content",
    [
        "Gate 3 is back up",
        "Resolved: db-1 is down",
        "障害が復旧しました：第5駐車場",
        "障害復旧のお知らせ：決済API",
        "アラート：第5駐車場 復旧しました",
        "OK: Interface eth0 link down",
        "CRITICAL -> OK: disk of db-1",
        "db-1 recovered from link down",
        "Your service 'x' is currently back online and was down for 12 minutes.",
        "No longer failing: api health",
        "✅ deploy of api",
        "精算機3号は正常に戻りました",
        "バックアップが完了しました",
        "no errors found in the nightly check",
        "送信エラーは収まりました",
        "センサー B-14 応答あり",
        "ネットにつながるようになりました",
        "Unavailable by ICMP ping resolved",
        "Interface eth0 link down has recovered",
        "Incident on High CPU resolved",
        "Connection restored after outage",
        "第5駐車場の障害は復旧しました",
        "[OK] disk is full on db-1",
        "【復旧】第5駐車場のゲートが応答していません",
        "✅ Gate 3 barrier recovered",
        "ライン3 運転再開しました（停止 22分）",
        "【水位警報 解除】第一排水ポンプ場",
        "HealthCheck api is healthy again",
    ],
)
def test_it_is_over_or_went_well(content: str) -> None:
    """A recovery names the trouble that is over; work that went well is none."""
    assert read(content).says is Says.RESOLVED


@pytest.mark.parametrize(
    "content",
    [
        "Test notification: db-1 is down",
        "ACKNOWLEDGEMENT (CRITICAL): disk of db-1",
        "本日の予約件数：98件",
        "Scheduled: Database maintenance",
        "[INFO] sync of store 10234 started",
        "12/3 02:00 から定期メンテナンスを行います",
    ],
)
def test_it_is_chatter(content: str) -> None:
    """News, tests and what people have acknowledged are no alerts."""
    assert read(content).says is Says.CHATTER


@pytest.mark.parametrize(
    "content",
    [
        "gate-3 failed to come back online after restart",
        "db-1 is down again, it was back up for 3 minutes",
        "Hostname db.example cannot be resolved",
        "通信が復帰しません：精算機3号機",
        "第5駐車場 復旧できず",
        "no healthy upstream for checkout-api",
        "Payment success rate dropped to 62%",
        "No successful backup of db-1 for 3 days",
        "Timed out waiting for web-3 to be back online",
        "web-1 is up, web-2 is down",
        "Not all services are up",
        "CPU is back up at 99%",
        "ゲート2が正常に起動しません",
        "一部復旧：第5駐車場",
        "復旧待ち 第5駐車場",
        "オンライン決済が利用できなくなっています",
        "稼働中のゲートが0台です",
        "Healthy hosts: 0 of 3",
        "メールの通知が届かない",
        "満車なのに空車表示になっています",
        "受付端末が起動しない",
        "料金の更新が反映されません",
        "Report generator: HTTP 500",
        "[INFO] checkout-api health check failed 5 times",
        "✅ web-2 is up\n❌ web-1 is down",
        "監視結果\nweb-1 正常\nweb-2 異常",
        "0 of 3 replicas available",
        "Recovery of db-1 failed",
        "復旧に失敗しました：db-1",
        "正常ではありません：ゲート2",
        "Backup not completed",
        "処理が完了しませんでした",
        "db-1 recovered but is failing again",
        "web-1 is down, web-2 is up",
        "CPU of db-1 is up 98%",
        "第3駐車場は停止中、第4駐車場は復旧しました",
    ],
)
def test_trouble_is_neither_over_nor_news(content: str) -> None:
    """What is denied, waited for or partial is not over, and an ordinary word silences no trouble."""
    assert read(content).says in {Says.FIRING, None}


@pytest.mark.parametrize(
    "content", ["", "Kiosk 7 says hi", "42", "http://example.test/a", "決済について", "🙂🙂"]
)
def test_it_is_not_recognised(content: str) -> None:
    """A message without evidence is not recognised."""
    assert read(content).says is None


def test_a_colour_is_weak_evidence() -> None:
    """A colour decides nothing alone, and nothing against a word."""
    assert read("", AlertEmbed(title="Kiosk 7", colour=RED)).says is None
    assert read("", AlertEmbed(title="Resolved: Kiosk 7 is down", colour=RED)).says is Says.RESOLVED
    assert read("", AlertEmbed(title="Kiosk 7 alert", colour=RED)).says is Says.FIRING


def test_the_state_may_be_in_a_field() -> None:
    """A field of state counts more than the colour and a word elsewhere; its clue names it."""
    found = read("", AlertEmbed(title="api p95", colour=RED, fields=(("`❓` Status", "OK"),)))
    assert found.says is Says.RESOLVED
    assert (found.clues[0].part, found.clues[0].words) == ("`❓` Status", "ok")


def test_quoted_words_are_no_evidence() -> None:
    """A quoted name is a name, unless it is a state itself."""
    assert read("stored artifact for 'Fix the alert of failed payments'").says is not Says.FIRING
    assert read("api is **down**").says is Says.FIRING


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Gate 3 is down for 5 minutes", "Gate 3 is down for 12 minutes"),
        ("Investigating: Login is slow", "Identified: Login is slow"),
        ("Health check failed after 5m0.01s", "Health check failed after 10m1.2s"),
        ("第7駐車場 応答なし 3台", "第7駐車場 応答なし 12台"),
        ("Build #214 failed: nightly", "Build #215 failed: nightly"),
        ("lots-7d9f8c6b5d-x2abc crashed", "lots-6c5b4d3e2f-qq1zz crashed"),
        ("disk usage = 91.4% on db-1", "disk usage = 92% on db-1"),
        ("終了コード 1 で失敗 バッチA", "終了コード 137 で失敗 バッチA"),
        ("Pod api crashed (restarts: 7)", "Pod api crashed (restarts: 9)"),
        ("latency 812 ms on api is high", "latency 1,907.5 ms on api is high"),
        ("エラー率12% api", "エラー率3.5% api"),
        ("https://s.test/i/1?id=2#top is down", "https://s.test/i/1?id=77 is down"),
        ("5/12 pods down in prod", "3/12 pods down in prod"),
        ("error, trace 4bf92f3577b34da6", "error, trace 00f067aa0ba902b7"),
        ("load is 4.52 on db-1: high", "load is 5.1 on db-1: high"),
        ("Gate 3 is down for 5m", "Gate 3 is down for 12m"),
        ("disk at 91.4 on db-1 critical", "disk at 92 on db-1 critical"),
        (
            "[FIRING] req 0f8fad5b-d9cb-469f-a165-70867728950e failed on api",
            "[FIRING] req 7c9e6679-7425-40de-944b-e07fc1f90ae7 failed on api",
        ),
    ],
)
def test_a_measurement_makes_no_difference(first: str, second: str) -> None:
    """A duration, a percentage, a count, the number of a run and what Kubernetes adds to a name differ each
    time.
    """
    assert same_subject(read(first).subject, read(second).subject)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("【障害】第7駐車場", "【障害】第8駐車場"),
        ("精算機3号が停止しました", "精算機4号が停止しました"),
        ("精算機 3 号が停止しました", "精算機 4 号が停止しました"),
        ("Lot #3 is down", "Lot #4 is down"),
        ("shard 3 is down", "shard 4 is down"),
        ("edge-1 port 8080 is down", "edge-1 port 8443 is down"),
        ("store 10234 failed", "store 10235 failed"),
        ("みどり駐車場 障害", "さくら駐車場 障害"),
        ("3階のゲートが開きません", "4階のゲートが開きません"),
        ("Gate 3B is down", "Gate 4B is down"),
        ("Level 2 barrier stuck", "Level 3 barrier stuck"),
        ("i-0abc1234def567890 is down", "i-0abc1234def567891 is down"),
        ("Kiosk No. 3 is down", "Kiosk No. 4 is down"),
        ("Zone 1.2 offline", "Zone 1.3 offline"),
        ("Lot 12D is down", "Lot 13D is down"),
        ("Bay 7C offline", "Bay 8C offline"),
        ("区画3B 異常", "区画4B 異常"),
        ("Row 5 is down", "Row 6 is down"),
        ("Line 3 is down", "Line 4 is down"),
        ("シャード1/4 停止", "シャード2/4 停止"),
        ("端末 4f2c1d8a9 停止", "端末 4f2c1d8b9 停止"),
        (
            "device 0f8fad5b-d9cb-469f-a165-70867728950e is down",
            "device 7c9e6679-7425-40de-944b-e07fc1f90ae7 is down",
        ),
        ("端末ID 1234567890123 停止", "端末ID 1234567890124 停止"),
        ("account 123456789012 failed", "account 123456789013 failed"),
        ("Kiosk ID 3 down", "Kiosk ID 4 down"),
        ("Charger 50kW #1 is down", "Charger 50kW #2 is down"),
    ],
)
def test_a_number_of_a_name_makes_a_difference(first: str, second: str) -> None:
    """Two car parks, machines, gates, ports, stores and floors are two alerts."""
    assert not same_subject(read(first).subject, read(second).subject)


def test_what_a_constant_title_is_about_is_elsewhere() -> None:
    """The name is in a field, in bold, in the author or in a link; the title that people read has it."""
    for embed in (
        AlertEmbed(title="🔴 Monitor Down", fields=(("Monitor", "shop"), ("Latency", "12 ms"))),
        AlertEmbed(title="🔴 Monitor Down", description="**shop** does not answer"),
        AlertEmbed(title="🔴 Monitor Down", author="shop"),
        AlertEmbed(title="🔴 Monitor Down", description="**[shop](https://shop.example)**"),
    ):
        found = read("", embed)
        assert "shop" in found.title
        assert "shop" in found.subject.split("\n")[0]


ALERTS = {
    1: words_of("gate 3 barrier is stuck") + "\n",
    2: words_of("gate 4 barrier is stuck") + "\n",
    3: words_of("payments queue of api is long") + "\n",
}


@pytest.mark.parametrize(
    ("recovery", "number"),
    [
        ("barrier of gate 3 works normally again", 1),
        ("gate 4 recovered", 2),
        ("gate 5 recovered", None),  # nothing about gate 5 is open
        ("the barrier is ok again", None),  # which one?
        ("payments recovered", 3),
        ("復旧しました", None),
    ],
)
def test_a_recovery_ends_the_alert_that_it_clearly_resembles(recovery: str, number: int | None) -> None:
    """Names decide; without one, the words that one alert alone has; in doubt no alert ends."""
    assert ended_by(read(recovery).subject, ALERTS, is_success=False) == number


def test_work_that_went_well_ends_just_its_own_alert() -> None:
    """A backup that succeeded ends the alert of that backup, and not that its server is down."""
    alerts = {1: words_of("server db-1 is down") + "\n", 2: words_of("nightly dump of db-1 failed") + "\n"}
    assert ended_by(read("nightly dump of db-1 succeeded").subject, alerts, is_success=True) == 2
    assert ended_by(read("weekly vacuum of db-1 succeeded").subject, alerts, is_success=True) is None


def test_messages_that_look_alike_have_one_look() -> None:
    """Names and figures are left open in a look."""
    assert look_of("Kiosk 7 says hi to 12 visitors") == look_of("Kiosk 8 says hi to 3 visitors")
    assert read("本日の予約件数：98件").look == read("本日の予約件数：132件").look
    assert read("Kiosk 7 says hi").look != read("Kiosk 7 says bye").look


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[Error] [ping] [gate-3] [✔ Released]", Says.RESOLVED),
        ("【重大】第5駐車場【✅ 復旧】", Says.RESOLVED),
        ("[Error] [gate-3] [✔ acknowledged]", Says.CHATTER),
        ("[ERROR] Worker 3 lags [running]", Says.FIRING),
        ("[WARNING] Gate 3 [closed]", Says.FIRING),
        ("[FAIL] unit tests of web [✅ OK]", Says.FIRING),
        ("[🔴 CRITICAL] web-1 down, web-2 [✅ OK]", Says.FIRING),
    ],
)
def test_a_signed_label_at_the_end_lifts_a_grade_only(content: str, says: Says) -> None:
    """A label with a sign says how it ended, if the rest only grades it: a thing that is closed or runs may
    be in trouble.
    """
    assert read(content).says is says


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("update resource\ndeployment shop/web failed", Says.FIRING),
        ("update resource\nSuccessfully updated deployment shop/web", Says.RESOLVED),
        ("Test\nweb-1 is down", Says.CHATTER),
        ("Successfully updated web, but web-1 is down", Says.FIRING),
    ],
)
def test_a_title_that_names_a_kind_of_news_hides_no_outcome(content: str, says: Says) -> None:
    """The line below it says how it went; that it is a test stays."""
    assert read(content).says is says


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("web-1 recovered\nERROR\nconnection refused", Says.RESOLVED),
        ("web-1 recovered\n**ERROR**\nconnection refused", Says.RESOLVED),
        ("Alert\nweb-1 recovered", Says.RESOLVED),
        ("web-1 recovered\nERROR\nweb-2 connection refused", None),
        ("web-1 recovered\nERROR\nweb-2: connection refused", Says.FIRING),
        ("Alert\nweb-1 recovered, web-2 is down", Says.FIRING),
        ("Alert\nweb-1 recovered\nweb-2 status: critical", Says.FIRING),
        ("Alert\nBackup of db-1 restored over live data", Says.FIRING),
        ("アラート\n第5駐車場が復旧しました", Says.RESOLVED),
        ("Alert\nweb-1 has recovered after 5 minutes", Says.RESOLVED),
    ],
)
def test_a_block_of_what_it_was_keeps_no_recovery_open(content: str, says: Says | None) -> None:
    """A line that is just "Error" is the title of what it was, unless that is about another thing."""
    assert read(content).says is says


def test_a_line_with_a_colon_introduces_the_next() -> None:
    """What it introduces is what the message is about, and what is in trouble there is not over."""
    first, second = (
        read(f"Vendor Alarm:\nResponse time of {name} is too long") for name in ("cart", "login")
    )
    assert not same_subject(first.subject, second.subject)
    assert first.title == "Vendor Alarm: Response time of cart is too long"
    assert read("All checks completed:\nweb-1 is down").says is None


def test_fields_in_front_of_a_headline_are_no_headline() -> None:
    """An id, and what follows it, come before what happened; another number is no other alert."""
    first, second = (
        read(f"Job ID: {job}\nDatastore: offsite\nRemote: osaka\nSync failed: no route")
        for job in ("s-6c1e", "s-77d2")
    )
    assert first.says is Says.FIRING
    assert first.title == "Sync failed: no route: offsite: osaka"
    assert same_subject(first.subject, second.subject)
    assert read("Host: web-1\nGate stuck").title == read("Job ID: 7\nHost: web-1\nGate stuck").title


def test_a_trace_is_an_error() -> None:
    """A field with a backtrace belongs to an error: the message fires."""
    fields = (("Exception", "no such host"), ("Backtrace", "app/card.rb:41"))
    assert read("", AlertEmbed(title="Card::Gone in checkout", fields=fields)).says is Says.FIRING
    recovered = AlertEmbed(title="checkout recovered", fields=fields)
    assert read("", recovered).says is Says.RESOLVED
    assert read("", AlertEmbed(title="checkout", fields=(("Backtrace", "none"),))).says is None


def test_a_state_of_alert_may_be_entered_and_left() -> None:
    """A monitor that enters its state of alert fires."""
    assert read("Monitor orders just entered alert status").says is Says.FIRING
    assert read("Monitor orders is no longer in alert").says is Says.RESOLVED


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("(https://pay.test/) is DOWN (503)", "(https://pay.test/) is DOWN (502)"),
        ("shop/web 1.9.3->1.9.4 failed", "shop/web 1.9.4->1.9.5 failed"),
        ("web is critical\nFail: 1, Pass: 0", "web is critical\nFail: 2, Pass: 3"),
        (
            "[failure] <https://ci.test/shop/web/482> (main)『直す』by sato",
            "[failure] <https://ci.test/shop/web/483> (main)『もっと直す』by abe",
        ),
        (f"web failed\nImage: a\nBuilt: {'a1' * 20}", f"web failed\nImage: a\nBuilt: {'b2' * 20}"),
    ],
)
def test_what_differs_from_run_to_run_makes_no_difference(first: str, second: str) -> None:
    """An answer of HTTP, versions, counts, what was committed and a hash by itself differ each time."""
    assert same_subject(read(first).subject, read(second).subject)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Gate is DOWN (101)", "Gate is DOWN (102)"),
        ("Entrance (main) gate #3 is down", "Entrance (main) gate #4 is down"),
        ("https://nvr.test/cameras/3 (main) is down", "https://nvr.test/cameras/4 (main) is down"),
        ("Job 'nightly backup' of (main) failed", "Job 'hourly sync' of (main) failed"),
        ("10.0.0.1 -> 10.0.0.2 unreachable", "10.0.0.1 -> 10.0.0.3 unreachable"),
        (f"Container down\nContainer ID: {'a1' * 32}", f"Container down\nContainer ID: {'b2' * 32}"),
        (
            "ueno is CRITICAL\ndb-1: replication is critical",
            "ueno is CRITICAL\ndb-2: replication is critical",
        ),
        (
            "ueno is CRITICAL\ndb-1:tickets:MySQL replication is critical",
            "ueno is CRITICAL\ndb-2:tickets:MySQL replication is critical",
        ),
        ("ueno is CRITICAL\ndb-1:mysql が停止", "ueno is CRITICAL\ndb-2:mysql が停止"),
        ("Gate down\ninstancename: 千葉2", "Gate down\ninstancename: 千葉3"),
    ],
)
def test_what_names_a_thing_makes_a_difference(first: str, second: str) -> None:
    """What only resembles the number of a run, a branch, a version or a hash stays a name; a further line
    that says how a thing is names it.
    """
    assert not same_subject(read(first).subject, read(second).subject)


def test_the_title_names_the_thing_that_a_further_line_or_field_names() -> None:
    """A line that says how a thing is, and a name of an instance in one word."""
    found = read("ueno is CRITICAL.\ndb-1:tickets:MySQL replication is critical.")
    assert found.title == "ueno is CRITICAL: db-1:tickets:MySQL"
    fields = (("Status", "firing"), ("alertname", "port_unavailable"), ("instancename", "PORT_千葉2"))
    assert "千葉2" in read("", AlertEmbed(title="Alert", fields=(*fields, ("instance", "10.60.2.5")))).title


def test_a_further_line_about_another_thing_that_is_well_is_no_name_of_what_fires() -> None:
    """A list names what is in trouble."""
    found = read("第5駐車場 状況\n第5駐車場は停止中\n第6駐車場は正常")
    assert "第6駐車場" not in found.title
    assert "第6駐車場" not in found.subject.split("\n")[0]
