"""``[alerts]``: its table of patterns, and what each channel does with what none of them matches."""

import pytest

from bot.domain.alerts.recognition import Says, Unknown
from bot.domain.errors import ConfigError
from bot.runbook import default_policy_text, parse_policy
from bot.runbook.alerts import usual_senders
from bot.runbook.model import Policy

BACKUP = """
[[alerts.patterns]]
says = "firing"
line = "Backup of {what} failed*"
sender = "Backups*"
same_within = "1d"
exact = true
"""


def parsed(text: str) -> Policy:
    """Parky's policy with *text* at its end."""
    return parse_policy(default_policy_text() + text, name="own.toml")


def changed(before: str, after: str) -> Policy:
    """Parky's policy with one line put differently."""
    assert before in default_policy_text()
    return parse_policy(default_policy_text().replace(before, after), name="own.toml")


def test_the_files_own_patterns_come_first() -> None:
    """The patterns of the policy's file come before the bot's own patterns of known monitors."""
    usual = usual_senders().patterns
    [own, *others] = parsed(BACKUP).alerts.patterns
    assert (own.says, own.exact, own.same_within is not None) == (Says.FIRING, True, True)
    assert tuple(others) == usual


def test_the_usual_ones_may_be_left_out() -> None:
    """With `usual_patterns = false` only the patterns in the policy's file count, here none."""
    policy = changed('rings = "highest"', "usual_patterns = false")
    assert (policy.alerts.patterns, policy.alerts.names) == ((), ())


def test_a_file_of_before_loads() -> None:
    """A policy without the newer keys of `[alerts]` loads with their defaults."""
    text = default_policy_text()
    for line in ('recovery = "close"', "ignore = []"):
        text = text.replace(line, "")
    policy = parse_policy(text, name="old.toml")
    assert policy.alerts == parse_policy(default_policy_text(), name="new.toml").alerts
    assert policy.alerts.unknown == {"p0-alerts": Unknown.ASK_THEN_TRACK, "p1-ops": Unknown.ASK}
    assert policy.alerts.unread == {"p0-alerts": Unknown.TRACK, "p1-ops": Unknown.TRACK}


@pytest.mark.parametrize("unknown", Unknown)
def test_a_channel_decides(unknown: Unknown) -> None:
    """A channel's `unknown` also decides what happens to messages there that cannot be read."""
    given = f'"#p1-ops" = {{ severity = "SEV2", unknown = "{unknown}" }}'
    alerts = changed('p1-ops = "SEV2"', given).alerts
    assert (alerts.watch["p1-ops"], alerts.unknown["p1-ops"], alerts.unread["p1-ops"]) == (
        "SEV2",
        unknown,
        unknown,
    )


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (
            'p1-ops = "SEV2"',
            'p1-ops = { severity = "SEV9" }',
            'alerts.watch.p1-ops.severity: "SEV9" is not a',
        ),
        ('p1-ops = "SEV2"', "p1-ops = { unknown = 1 }", "alerts.watch.p1-ops.severity: is missing"),
        ('p1-ops = "SEV2"', 'p1-ops = { severity = "SEV2", unknwon = "ask" }', 'did you mean "unknown"?'),
        (
            'recovery = "close"',
            'recovery = "reopen"',
            'alerts.recovery: "reopen" is not what a recovery does',
        ),
        ("ignore = []", 'ignore = ["a{b"]', 'alerts.ignore[1]: "a{b" is not a pattern'),
    ],
)
def test_a_wrong_value_is_named(before: str, after: str, problem: str) -> None:
    """A wrong value or key in `[alerts]` is named, with what is wrong with it or what may have been meant."""
    with pytest.raises(ConfigError) as error:
        changed(before, after)
    assert problem in str(error.value)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ('says = "firing"', "alerts.patterns[1].line: is missing"),
        ('says = "broken"\nline = "x*"', 'alerts.patterns[1].says: "broken" is not what a message says'),
        ('says = "firing"\nline = "*"', "alerts.patterns[1].line: matches every message"),
        ('says = "firing"\nline = "{what}"\nsender = "*"', "alerts.patterns[1].line: matches every message"),
        ('says = "firing"\nline = "a**b"', 'alerts.patterns[1].line: "a**b" is not a pattern'),
        ('says = "firing"\nline = "x*"\nregex = "x"', "alerts.patterns[1].regex: is not a key here"),
    ],
)
def test_a_wrong_pattern_is_named(row: str, problem: str) -> None:
    """A wrong pattern in `[[alerts.patterns]]` is named by its number and its key."""
    with pytest.raises(ConfigError) as error:
        parsed(f"\n[[alerts.patterns]]\n{row}\n")
    assert problem in str(error.value)
