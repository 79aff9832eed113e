"""The default policy against Parky's runbook, fact by fact."""

from dataclasses import astuple
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.alerts.alert import AlertPart
from bot.domain.calendar.business_time import Weekday
from bot.domain.dlq import DlqColumn
from bot.domain.severity import NEXT_BUSINESS_DAY, LadderStep, Mention
from bot.domain.sheets import Affected, fill
from bot.domain.triage.tree import UNSURE, Path
from bot.runbook import Policy, default_policy_text, load_policy
from cogs.digest.rules import DigestSchedule
from cogs.postmortem.rules import PostmortemRules

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NOBODY, PRIMARY, BOTH = (), ("primary",), ("primary", "secondary")


@pytest.fixture(scope="module")
def parky() -> Policy:
    """The policy that comes with the package."""
    return load_policy(None)


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("SEV1", ("P0", "p0-alerts", Mention.HERE, 15 * MINUTE, "p0-alerts", True, True)),
        ("SEV2", ("P1", "p1-ops", Mention.NONE, 4 * HOUR, "p0-alerts", True, False)),
        ("SEV3", ("P2", "p2-deploys", Mention.NONE, NEXT_BUSINESS_DAY, "p2-deploys", False, False)),
    ],
)
def test_severities(parky: Policy, name: str, facts: tuple[object, ...]) -> None:
    """Severity 区分, the threads of SEV1/2 in #p0-alerts, the postmortems, and who gets an email."""
    found = parky.severities[name]
    alert = (found.priority, found.channel, found.mention, found.ack_within)
    assert (*alert, found.thread_channel, found.postmortem, found.email_backup) == facts


def test_severities_are_ordered_from_the_most_severe(parky: Policy) -> None:
    """The file's order is the rank."""
    assert [(found.name, found.rank) for found in parky.severities.values()] == [
        ("SEV1", 0),
        ("SEV2", 1),
        ("SEV3", 2),
    ]
    assert parky.most_severe.name == "SEV1"


@pytest.mark.parametrize(
    ("name", "ladder"),
    [
        (
            "SEV1",
            [
                (0 * MINUTE, Mention.NONE, PRIMARY),
                (15 * MINUTE, Mention.HERE, BOTH),
                (30 * MINUTE, Mention.HERE, BOTH),
                (1 * HOUR, Mention.HERE, BOTH),
                (2 * HOUR, Mention.HERE, BOTH),
                (4 * HOUR, Mention.HERE, BOTH, 4 * HOUR),
            ],
        ),
        (
            "SEV2",
            [
                (0 * MINUTE, Mention.NONE, PRIMARY),
                (4 * HOUR, Mention.NONE, BOTH),
                (8 * HOUR, Mention.NONE, BOTH),
            ],
        ),
        ("SEV3", []),
    ],
)
def test_ladders(
    parky: Policy, name: str, ladder: list[tuple[timedelta | None, Mention, tuple[str, ...]]]
) -> None:
    """SEV1/2 は即エスカレーション (担当者 DM); SEV3 waits for the morning triage."""
    assert parky.severities[name].ladder == tuple(LadderStep(*step) for step in ladder)


@pytest.mark.parametrize(
    ("answers", "severity"),
    [
        (("yes", "yes"), "SEV1"),
        (("yes", "no"), "SEV2"),
        (("no", "yes"), "SEV3"),
        (("no", "no"), None),
        ((UNSURE, UNSURE), "SEV1"),
        (("yes", UNSURE), "SEV1"),
        (("no", UNSURE), None),
    ],
)
def test_tree(parky: Policy, answers: tuple[str, ...], severity: str | None) -> None:
    """The default policy follows the 判定フロー; わからない counts as the more severe answer."""
    path: Path = ()
    for answer in answers:
        path = parky.tree.give(path, answer)
    outcome = parky.tree.follow(path).outcome
    assert outcome
    assert outcome.severity == severity


def test_large_impact_names_what_makes_a_sev1(parky: Policy) -> None:
    """全停止 / データ損失 / セキュリティ of the flowchart, 決済系エラー and データ破損 of the list."""
    asked = parky.tree.node("large_impact").text.ja
    for words in ("全停止", "決済系エラー", "データ損失", "破損の可能性", "セキュリティ"):
        assert words in asked


def test_the_first_question_sends_what_makes_a_sev1_on_to_the_next(parky: Policy) -> None:
    """The first question's hint says to answer yes to payment errors, corrupt data and security problems."""
    first = parky.tree.node(parky.tree.start)
    assert first.hint is not None
    for words in ("決済エラー", "データの損失・破損", "セキュリティ", "「はい」"):
        assert words in first.hint.ja
    for words in ("Yes", "payment errors", "corrupt data", "security"):
        assert words in first.hint.en
    assert first.answer("yes").to == "large_impact"


def test_impact_record(parky: Policy) -> None:
    """The default policy has the targets (対象) and symptoms (症状) of the runbook's 影響範囲の特定."""
    assert parky.targets == (
        "parky.co.jp",
        "api.parky.co.jp",
        "admin.parky.co.jp",
        "owner.parky.co.jp",
        "dev-*",
    )
    assert [text.ja for text in parky.symptoms.values()] == [
        "完全停止",
        "部分機能不全",
        "レスポンス遅延",
        "エラー率上昇",
    ]


def test_digest_and_the_rest(parky: Policy) -> None:
    """月曜 18:00 JST に #p3-insights; 👀; the DLQ's table; where postmortems go; 再評価."""
    assert astuple(parky.of(DigestSchedule)) == (
        "p3-insights",
        Weekday.MON,
        time(18),
    )
    assert (parky.timezone, parky.language, parky.ack_emoji) == (ZoneInfo("Asia/Tokyo"), "ja", "👀")
    assert parky.of(PostmortemRules).path == "docs/ops/postmortems/{date}-{title}.md"
    assert (parky.reevaluate.after, parky.reevaluate.promote_to) == (30 * MINUTE, "SEV2")
    assert parky.reevaluate.channel == "p1-ops"
    left = parky.unfinished
    assert (left.ask_after, left.decide_after, left.raises) == (10 * MINUTE, 10 * MINUTE, True)
    assert left.channel == "p1-ops"
    assert parky.channels() == ("p0-alerts", "p1-ops", "p2-deploys", "p3-insights")


def test_alerts_of_others(parky: Policy) -> None:
    """Parky's API posts its P0 and P1 notifications by webhook in these channels."""
    assert parky.alerts.watch == {"p0-alerts": "SEV1", "p1-ops": "SEV2"}
    assert (parky.alerts.bots, parky.alerts.same_within, parky.alerts.rings) == (
        (),
        30 * MINUTE,
        frozenset(["SEV1"]),
    )
    assert parky.alerts.fingerprint == tuple(AlertPart)


def test_people(parky: Policy) -> None:
    """The default policy has the 担当者 primary and secondary, and says who may triage and who may replay."""
    assert [(place.name, place.discord) for place in parky.oncall.values()] == [
        ("primary", "primary"),
        ("secondary", "secondary"),
    ]
    assert parky.permissions.triage == ("responder", "on-call", "admin")
    assert parky.permissions.replay == ("on-call", "admin")


def test_addresses_reach_nobody_by_accident(parky: Policy) -> None:
    """A default that mailed a stranger would be a leak: RFC 2606's domain only."""
    assert all(str(place.email).endswith("@example.com") for place in parky.oncall.values())


def test_every_command_of_the_runbook_is_in_a_sheet(parky: Policy) -> None:
    """The sheets have the commands of 初動コマンド集, with worker and environment filled in by target."""
    everywhere = [Affected((target,)) for target in parky.targets]
    found = [
        command.command
        for sheet in parky.sheets.values()
        for affected in everywhere
        for command in fill(sheet, parky.target_values, affected).commands
    ]
    for command in (
        "npx wrangler tail --config wrangler.public.toml --env prod",
        "npx wrangler tail --config wrangler.admin.toml --env prod",
        "npx wrangler tail --config wrangler.marketing.toml --env prod",
        "npx wrangler tail --config wrangler.store-sync.toml --env prod",
        "npx wrangler tail --config wrangler.store-sync.toml --env dev",
        "scripts/deploy/rollback.sh",
        "npx wrangler deployments list --config wrangler.public.toml --env prod",
        "npx wrangler rollback --config wrangler.public.toml --env prod",
        "gh run list --limit 10",
        "gh run view <run-id> --log-failed",
        "https://dash.cloudflare.com/",
    ):
        assert command in found
    text = "\n".join(found)
    assert 'op run -- \\\n  psql "$SUPABASE_DB_URL" -c "select 1"' in text
    assert text.count("FROM admin.notification_failures") == 3 * len(everywhere)


@pytest.mark.parametrize("name", ["SEV1", "SEV2", "SEV3"])
def test_first_response(parky: Policy, name: str) -> None:
    """Steps and sheets for each severity; rollback.sh comes before the rollback of one worker."""
    first = parky.first_response[name]
    assert first.steps
    assert first.sheets
    assert parky.sheets["rollback"].commands[0].command == "scripts/deploy/rollback.sh"


@pytest.mark.parametrize(
    ("name", "at", "due"),
    [
        ("SEV1", "2026-11-24 14:05", "2026-11-24 14:20"),
        ("SEV2", "2026-11-24 22:00", "2026-11-25 02:00"),
        ("SEV3", "2026-11-24 14:05", "2026-11-25 11:00"),
        ("SEV3", "2026-11-20 18:00", "2026-11-24 11:00"),  # a weekend and 勤労感謝の日
        ("SEV3", "2026-12-31 12:00", "2027-01-04 11:00"),  # 元日 and a weekend
    ],
)
def test_ack_due(parky: Policy, name: str, at: str, due: str) -> None:
    """15 分以内 / 4 時間以内 / 翌営業日, holidays of Japan included."""
    tokyo = ZoneInfo("Asia/Tokyo")
    moment = datetime.fromisoformat(at).replace(tzinfo=tokyo)
    expected = datetime.fromisoformat(due).replace(tzinfo=tokyo)
    assert parky.ack_due(parky.severities[name], at=moment) == expected


def test_japanese_holidays(parky: Policy) -> None:
    """The default policy knows 振替休日: 6 May 2026 is no business day, and 7 May 2026 is one."""
    assert not parky.business_hours.is_business_day(date(2026, 5, 6))
    assert parky.business_hours.is_business_day(date(2026, 5, 7))


def test_the_text_is_a_commented_start() -> None:
    """`runbook show` prints it: the runbook's own words are in it."""
    text = default_policy_text()
    for words in ("翌営業日", "再評価", "朝の triage", "15分以内", "# "):
        assert words in text


def test_undelivered_notifications_are_where_the_runbook_reads_them(parky: Policy) -> None:
    """DLQ 確認: admin.notification_failures, P0, failed; each column by the runbook's own name."""
    table = parky.dlq_table
    assert (str(table), table.most_severe, table.failed) == ("admin.notification_failures", "P0", "failed")
    assert all(table.named(column) == column for column in DlqColumn)
