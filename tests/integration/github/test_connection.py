"""Whatever GitHub, or the way to it, does instead of answering: one clear error each, and no secret in it."""

import io
import json
import logging

import pytest

from bot.domain.code_host import CodeHostProblem
from bot.domain.errors import BotError, CodeHostRefused, UpstreamUnavailable
from bot.integrations.github.connection import GitHubConnection, Limits
from bot.integrations.github.repository import GitHubRepository
from bot.logs import configure_logging
from tests.integration.github.conftest import address
from tests.standins.github.faults import LIMIT_S, Fault
from tests.standins.github.server import TOKEN, GitHub

REFUSED = {
    Fault.BAD_TOKEN: CodeHostProblem.TOKEN,
    Fault.FORBIDDEN: CodeHostProblem.PERMISSION,
    Fault.NOT_FOUND: CodeHostProblem.NOT_FOUND,
    Fault.GONE: CodeHostProblem.NOT_FOUND,
    Fault.CONFLICT: CodeHostProblem.CONFLICT,
    Fault.INVALID: CodeHostProblem.INVALID,
}
AWAY = {
    Fault.BROKEN: "GitHub answered 500",
    Fault.BAD_GATEWAY: "GitHub answered 502",
    Fault.AWAY: "GitHub answered 503",
    Fault.HTML: "GitHub answered with text/html instead of JSON",
    Fault.BAD_JSON: "GitHub answered with application/json instead of JSON",
    Fault.OTHER_JSON: "GitHub's answer cannot be read: KeyError",
    Fault.RESET: "GitHub cannot be reached",
    Fault.RESET_AFTER: "GitHub cannot be reached",
    Fault.ELSEWHERE: "GitHub leads to another host",
    Fault.CIRCLE: "GitHub leads round in a circle",
}


async def failure(repository: GitHubRepository) -> BotError:
    """The error of one request."""
    with pytest.raises(BotError) as caught:
        await repository.issue(1)
    return caught.value


@pytest.mark.parametrize("fault", REFUSED)
async def test_what_a_person_has_to_change(
    github: GitHub, repository: GitHubRepository, fault: Fault
) -> None:
    """A refusal says what is wrong, in GitHub's words."""
    github.fault(fault)
    refused = await failure(repository)
    assert isinstance(refused, CodeHostRefused)
    assert refused.problem is REFUSED[fault]
    assert refused.http_status == int(fault)
    assert refused.reason


@pytest.mark.parametrize("fault", AWAY)
async def test_what_passes(github: GitHub, repository: GitHubRepository, fault: Fault) -> None:
    """The same call may succeed later, and does."""
    await repository.connection.send("POST", "/repos/parky/ops/issues", {"title": "x"})
    github.fault(fault)
    away = await failure(repository)
    assert isinstance(away, UpstreamUnavailable)
    assert away.reason.startswith(AWAY[fault])
    github.heal()
    assert (await repository.issue(1)).number == 1


async def test_a_slow_answer_has_a_deadline(github: GitHub) -> None:
    """A slow answer raises an error after the deadline."""
    github.fault(Fault.SLOW)
    async with GitHubConnection(address(github, deadline_s=0.2)) as connection:
        away = await failure(GitHubRepository(connection, "parky/ops"))
    assert str(away) == "GitHub did not answer within 0 s"


async def test_nobody_is_there(github: GitHub) -> None:
    """A refused connection is reported as GitHub that cannot be reached."""
    there = address(github)
    nowhere = type(there)("http://127.0.0.1:9", there.token)
    async with GitHubConnection(nowhere) as connection:
        away = await failure(GitHubRepository(connection, "parky/ops"))
    assert str(away) == "GitHub cannot be reached: ConnectError"


@pytest.mark.parametrize("fault", [Fault.PRIMARY_LIMIT, Fault.SECONDARY_LIMIT, Fault.SECONDARY_LIMIT_UNSAID])
async def test_a_limit_is_waited_for(github: GitHub, repository: GitHubRepository, fault: Fault) -> None:
    """After a rate limit nothing is asked of any repository for as long as GitHub says, else for a minute."""
    github.fault(fault, times=1)
    limited = await failure(repository)
    assert isinstance(limited, UpstreamUnavailable)
    expected_s = 60 if fault is Fault.SECONDARY_LIMIT_UNSAID else LIMIT_S
    assert limited.retry_after_s == pytest.approx(expected_s, abs=3)
    asked = len(github.asked)
    again = await failure(GitHubRepository(repository.connection, "parky/other"))
    assert isinstance(again, UpstreamUnavailable)
    assert again.capacity_in is not None
    assert len(github.asked) == asked


async def test_the_last_request_of_the_limit_is_noticed(github: GitHub, repository: GitHubRepository) -> None:
    """A success with nothing left: the next request waits without being refused first."""
    github.remaining = 1
    await repository.default_branch_name()
    asked = len(github.asked)
    with pytest.raises(UpstreamUnavailable):
        await repository.default_branch_name()
    assert len(github.asked) == asked


def test_limits_that_do_not_say_how_long_grow() -> None:
    """A minute, two, four: up to a quarter of an hour; a success begins anew."""
    now = 0.0
    limits = Limits(lambda: now)
    waits = []
    for _ in range(6):
        waits.append(limits.note(403, {}, says_limited=True))
        now += 3600
    assert waits == [60, 120, 240, 480, 900, 900]
    assert limits.note(200, {}) is None
    assert limits.note(429, {}) == 60


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "999999999"}, 3600),
        ({"retry-after": "soon"}, 60),
        ({"retry-after": "-5"}, 60),
        ({"retry-after": "inf"}, 60),
        ({"retry-after": "Sun, 09 Sep 2001 01:46:40 GMT"}, 1),
        ({"retry-after": "Fri, 31 Dec 2199 23:59:59 GMT"}, 3600),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "never"}, 60),
        (
            {
                "x-ratelimit-remaining": "0",
                "x-ratelimit-reset": "1000000090",
                "date": "Sun, 09 Sep 2001 01:46:40 GMT",
            },
            90,
        ),
    ],
)
def test_strange_limits_are_bounded(headers: dict[str, str], wait_s: float) -> None:
    """A strange limit is waited for by GitHub's own clock, and never for longer than an hour."""
    assert Limits(lambda: 0.0).note(403, headers, says_limited=True) == wait_s


async def test_no_redirect_takes_the_token_elsewhere(github: GitHub, repository: GitHubRepository) -> None:
    """A renamed repository is followed on the same host only."""
    github.fault(Fault.ELSEWHERE)
    await failure(repository)
    assert len(github.asked) == 1


async def test_the_token_is_in_no_line(github: GitHub) -> None:
    """The token is neither in the log at its most talkative, nor in an error, nor in the values' `repr`."""
    stream = io.StringIO()
    before = logging.getLogger().handlers[:], logging.getLogger().level
    configure_logging(form="json", level="debug", stream=stream)
    try:
        there = address(github)
        async with GitHubConnection(there) as connection:
            repository = GitHubRepository(connection, "parky/ops")
            for fault in (*REFUSED, Fault.SECONDARY_LIMIT):
                github.fault(fault, times=1)
                said = repr(await failure(repository))
                assert TOKEN not in said
            assert TOKEN not in f"{there!r}{connection!r}{repository!r}"
    finally:
        logging.getLogger().handlers[:] = before[0]
        logging.getLogger().setLevel(before[1])
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert any(line["event"] == "github.limited" for line in lines)
    assert TOKEN not in stream.getvalue()
