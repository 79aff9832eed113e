"""From a file to a policy, or to one line per problem."""

import re
from datetime import date, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.capability import policy_parts
from bot.domain.calendar.business_time import WORKING_WEEK, Weekday
from bot.domain.errors import ConfigError
from bot.domain.severity import NEXT_BUSINESS_DAY, LadderStep, Mention
from bot.domain.triage.tree import Text
from bot.runbook import Policy, load_policy, parse_policy
from cogs.digest.rules import DigestSchedule
from tests.unit.runbook.policies import DOC, MINIMAL, PARKY, changed, problems


@pytest.fixture(scope="module")
def minimal() -> Policy:
    """The example of the documentation."""
    return parse_policy(MINIMAL, name="minimal.toml")


def test_the_documented_minimum_loads(minimal: Policy) -> None:
    """The smallest documented policy loads: what is left out of the file has the documented default."""
    assert list(minimal.severities) == ["HIGH", "LOW"]
    assert (minimal.timezone, minimal.language, minimal.ack_emoji) == (ZoneInfo("Asia/Tokyo"), "ja", "👀")
    assert minimal.targets == ("production", "development")
    assert list(minimal.symptoms) == ["full_outage", "partial_failure", "slow", "errors"]
    assert (minimal.oncall["primary"].discord, minimal.oncall["primary"].email) == ("alice", None)
    assert (minimal.of(DigestSchedule).day, minimal.of(DigestSchedule).time) == (Weekday.MON, time(18))
    assert minimal.first_response["HIGH"].steps == ()
    assert (minimal.permissions.acknowledge, minimal.permissions.replay) == ((), ("admin",))


def test_the_documented_minimum_reevaluates_to_the_second_severity(minimal: Policy) -> None:
    """The documented minimum reevaluates to the second severity, and asks in that severity's channel.

    An unfinished triage goes to the same channel, and has its default times.
    """
    found = minimal.reevaluate
    assert (found.after, found.promote_to, found.channel) == (timedelta(minutes=30), "LOW", "ops")
    left, ten = minimal.unfinished, timedelta(minutes=10)
    assert (left.ask_after, left.decide_after, left.raises, left.channel) == (ten, ten, True, "ops")


def test_a_severity_without_a_ladder_still_escalates(minimal: Policy) -> None:
    """No alert is ever silent by omission."""
    high, low = minimal.severities.values()
    assert high.ladder == (
        LadderStep(timedelta(0), dm=("primary",)),
        LadderStep(None, Mention.NONE, ("primary",)),
    )
    assert (high.thread_channel, high.postmortem, high.email_backup) == ("alerts", False, True)
    assert (low.ack_within, low.email_backup) == (NEXT_BUSINESS_DAY, False)


def test_plain_texts_serve_both_languages(minimal: Policy) -> None:
    """A text without languages serves both, and an answer without a path shows its label as the path."""
    question = minimal.tree.node("users_affected")
    assert question.text == Text("Are users affected?", "Are users affected?")
    assert question.answer("yes").path == question.answer("yes").label


def test_business_hours_of_the_minimum(minimal: Policy) -> None:
    """The minimal policy has business hours on weekdays from ten to seven, without Japan's holidays.

    Its morning triage ends at eleven.
    """
    hours = minimal.business_hours
    assert (hours.days, hours.starts, hours.ends, hours.triage_by) == (
        WORKING_WEEK,
        time(10),
        time(19),
        time(11),
    )
    assert date(2026, 11, 23) in hours.holidays


def test_times_may_be_tomls_own() -> None:
    """A time in the policy may be one of TOML's own, with the seconds that TOML 1.0 requires."""
    policy = parse_policy(changed('time = "18:00"', "time = 09:30:00"), name="p")
    assert policy.of(DigestSchedule).time == time(9, 30)


def test_days_off_and_toml_dates() -> None:
    """A day off in the policy may be a string or a date of TOML's own, and other days stay business days."""
    policy = parse_policy(changed("days_off = []", 'days_off = ["2026-12-30", 2026-12-31]'), name="p")
    assert not policy.business_hours.is_business_day(date(2026, 12, 30))
    assert not policy.business_hours.is_business_day(date(2026, 12, 31))
    assert policy.business_hours.is_business_day(date(2026, 12, 29))


@pytest.mark.parametrize(
    ("country", "day", "off"), [("none", date(2026, 11, 23), False), ("US-CA", date(2026, 3, 31), True)]
)
def test_holidays_of_other_countries(country: str, day: date, *, off: bool) -> None:
    """None at all, or those of a part of a country."""
    policy = parse_policy(changed('holidays = "JP"', f'holidays = "{country}"'), name="p")
    assert policy.business_hours.is_business_day(day) is not off


@pytest.mark.parametrize(
    ("written", "user_id", "discord"),
    [
        ("alice", None, "alice"),
        ("@alice", None, "alice"),
        ("123456789012345678", 123456789012345678, "123456789012345678"),
        ("1234", None, "1234"),
    ],
)
def test_who_is_on_call(written: str, user_id: int | None, discord: str) -> None:
    """A username, or an id in digits."""
    place = parse_policy(changed('"alice"', f'"{written}"', MINIMAL), name="p").oncall["primary"]
    assert (place.person.user_id, place.discord) == (user_id, discord)


@pytest.mark.parametrize(
    ("written", "roles"),
    [
        ('"everyone"', ()),
        ("[]", ()),
        ('["everyone", "admin"]', ()),
        ('["@on-call", "1100000000000000201"]', ("on-call", "1100000000000000201")),
        ('"sre"', ("sre",)),
    ],
)
def test_roles(written: str, roles: tuple[str, ...]) -> None:
    """A list, one name, or anyone."""
    policy = parse_policy(f"{MINIMAL}\n[permissions]\nreplay = {written}\n", name="p")
    assert policy.permissions.replay == roles


def test_channel_names_may_carry_their_sign() -> None:
    """A channel may be written as "#ops" for "ops", and the thread channel "none" means no thread."""
    policy = parse_policy(
        changed('channel = "ops"', 'channel = "#ops"\nthread_channel = "none"', MINIMAL), name="p"
    )
    assert (policy.severities["LOW"].channel, policy.severities["LOW"].thread_channel) == ("ops", None)


def test_an_empty_ladder_is_a_choice() -> None:
    """An empty ladder is allowed: there is no escalation then."""
    policy = parse_policy(changed('"next_business_day"', '"1d"\nladder = []', MINIMAL), name="p")
    assert policy.severities["LOW"].ladder == ()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('language = "ja"\ntimezone =\n', "policy.toml:2:11"),
        ("a = 1\na = 2\n", "policy.toml:2:6"),
        ('x = """\n\n', "policy.toml:2"),
    ],
)
def test_toml_errors_name_the_place(text: str, place: str) -> None:
    """A TOML error names the file, the line and, if it is known, the column, as an editor opens them."""
    (found,) = problems(text)
    assert found.startswith(f"{place}: is not TOML: ")


def test_load_policy_reads_a_file(tmp_path: Path) -> None:
    """A policy file is read, also with the byte-order mark that some editors leave."""
    path = tmp_path / "policy.toml"
    path.write_text(PARKY, encoding="utf-8-sig")
    assert load_policy(path) == load_policy(None)


def test_load_policy_names_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A policy file that is missing, a folder or no UTF-8 text is refused with its path."""
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path, reason in ((tmp_path / "gone.toml", "No such file"), (tmp_path, ""), (binary, "not UTF-8")):
        with pytest.raises(ConfigError, match=re.escape(f"{path}: cannot be read: {reason}")):
            load_policy(path)


def test_every_key_is_documented() -> None:
    """The table of the documentation names each key that the default file uses."""
    doc = DOC.read_text(encoding="utf-8")
    keys = set(re.findall(r"^([a-z_]+) =", PARKY, re.MULTILINE))
    symptoms = {"full_outage", "partial_failure", "slow", "errors"}
    assert [key for key in sorted(keys - symptoms) if f"`{key}`" not in doc] == []


def test_the_documented_error_lines_are_real() -> None:
    """The examples of the documentation are what the loader says."""
    shown = re.findall(r"```text\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)[0].splitlines()
    wrong = changed('ack_within = "15m"', 'ack_within = "15x"')
    wrong = changed('channel = "p3-insights"', 'channel = "p3-insights"\nchanel = "x"', wrong)
    ladder = 'after = "4h"\ndm = ["primary", "secondary"]'
    said = [*problems(wrong), *problems(changed(ladder, 'after = "4h"\ndm = ["tertiary"]'))]
    assert sorted(said) == sorted(shown)


def test_a_capability_that_waits_for_its_table_is_off_without_it() -> None:
    """An empty table switches it on, `[capabilities] off` switches it off again, and its rules go with it."""
    waiting = [name for name, part in policy_parts().items() if part.opt_in]
    for name in waiting:
        assert name in parse_policy(PARKY, name="policy.toml").off
        on = parse_policy(f"{PARKY}\n[{name}]\n", name="policy.toml")
        assert name not in on.off
        assert name in on.parts
        off = parse_policy(f'{PARKY}\n[{name}]\n[capabilities]\noff = ["{name}"]\n', name="policy.toml")
        assert off.off.count(name) == 1
        assert len(off.own) == len(on.own) - 1
