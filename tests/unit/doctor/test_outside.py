"""What the doctor finds beside the server: ways to page, and capabilities that are switched off."""

from dataclasses import replace

from bot.doctor.finding import State
from bot.doctor.outside import check_paging, check_switched_off
from bot.domain.oncall.people import OnCallPerson
from bot.domain.paging import Also, Way
from bot.runbook import default_policy_text, load_policy, parse_policy
from tests.services.paging.policies import paging_policy

POLICY = load_policy(None)
BARE = OnCallPerson("secondary", "secondary")
PUSHED = replace(BARE, name="primary", ntfy="topic")


def test_nothing_configured_and_nothing_named_is_fine() -> None:
    """Doctor accepts that no paging outside Discord is set up, and says that pages stay in Discord."""
    (found,) = check_paging([], POLICY, [BARE])
    assert (found.state, "stay in Discord" in found.said) == (State.OK, True)


def test_a_way_that_a_ladder_names_without_a_system_is_a_warning() -> None:
    """Doctor warns of a way to page without a system, and names the settings that would do."""
    policy = paging_policy(POLICY, also=(Also.PUSH, Also.PAGERDUTY))
    push, pagerduty = check_paging([], policy, [PUSHED])
    assert (push.state, push.todo) == (State.WARN, "set NTFY_URL or PUSHOVER_TOKEN")
    assert "pagerduty" in pagerduty.said


def test_a_way_that_only_a_team_names_is_checked() -> None:
    """Doctor warns of a way without a system if the ladder of a team alone names it."""
    ladder = '[[teams.payments.ladder.SEV1]]\nafter = "0m"\ndm = ["primary"]\nalso = ["pagerduty"]\n'
    (found,) = check_paging([], parse_policy(f"{default_policy_text()}\n{ladder}", name="x.toml"), [BARE])
    assert (found.state, "pagerduty" in found.said) == (State.WARN, True)


def test_a_person_without_an_address_is_named() -> None:
    """Doctor names a person on call who has no address for a page, and shows nobody's address."""
    policy = paging_policy(POLICY, also=(Also.PUSH,))
    (found,) = check_paging([Way.NTFY], policy, [BARE, PUSHED])
    assert (found.state, found.said) == (State.WARN, "no address for push: secondary")
    (found,) = check_paging([Way.NTFY], policy, [PUSHED])
    assert (found.state, "ntfy" in found.said) == (State.OK, True)


def test_a_name_that_no_capability_has_is_a_warning() -> None:
    """A mistyped name switches nothing off, so the doctor names it; a known one is reported."""
    text = f'{default_policy_text()}\n[capabilities]\noff = ["announcement", "announcements"]\n'
    known, unknown = check_switched_off(parse_policy(text, name="policy.toml"))
    assert (known.state, known.said) == (State.OK, "switched off by the policy: announcements")
    assert unknown.state is State.WARN
    assert '"announcement", which is not there' in unknown.said
    assert list(check_switched_off(parse_policy(default_policy_text(), name="policy.toml"))) == []
