"""Every system, and every answer that is no good: one line with the reason, and no secret in it."""

from collections.abc import Callable
from typing import Final

import pytest

from bot.domain.errors import OutboundProblem
from bot.domain.systems import CheckResult, Fact, HttpTarget, SystemState
from bot.integrations.outbound.http import OutboundHttp
from bot.integrations.systems.http_probe import HttpProbe
from bot.integrations.systems.vendors import (
    CloudflareAccount,
    CloudflarePages,
    CloudflareWorker,
    DiscordStatus,
    GitHubActions,
    SentryIssues,
)
from bot.services.ports.systems import LiveCheck
from cogs.checks.systems import results_in_steps
from tests.integration.outbound.upstream import Behaviour, says, upstream

TOKEN: Final = "a-token-that-nobody-may-see"

#: Each system behind an address.
SYSTEMS: Final[dict[str, Callable[[OutboundHttp, str], LiveCheck]]] = {
    "github": lambda http, url: GitHubActions(http, url, TOKEN, "parky/app"),
    "workers": lambda http, url: CloudflareWorker(CloudflareAccount(http, url, "acc", TOKEN), "admin"),
    "pages": lambda http, url: CloudflarePages(CloudflareAccount(http, url, "acc", TOKEN), "lp"),
    "sentry": lambda http, url: SentryIssues(http, url, TOKEN, "parky"),
    "discord": DiscordStatus,
}

#: What each answers, and what is made of it. The body has the token: no card may quote it.
ANSWERS: Final[dict[str, tuple[Behaviour, OutboundProblem]]] = {
    "401": (says(401, f'{{"message": "{TOKEN}"}}'.encode()), OutboundProblem.UNAUTHORISED),
    "403": (says(403, TOKEN.encode()), OutboundProblem.FORBIDDEN),
    "404": (says(404), OutboundProblem.NOT_FOUND),
    "422": (says(422), OutboundProblem.REJECTED),
    "429": (says(429, b"{}", Retry_After="600"), OutboundProblem.RATE_LIMITED),
    "500": (says(500), OutboundProblem.SERVER_ERROR),
    "503": (says(503, b"{}", Retry_After="600"), OutboundProblem.SERVER_ERROR),
    "html": (says(200, b"<html>log in</html>", kind="text/html"), OutboundProblem.NOT_JSON),
    "another form": (says(200, b'[{"success": 1}, null]'), OutboundProblem.NOT_JSON),
    "numbers": (says(200, b"12"), OutboundProblem.NOT_JSON),
    "nested": (says(200, b"[" * 100_000), OutboundProblem.NOT_JSON),
    "to a private host": (says(302, b"", Location="http://10.0.0.8/"), OutboundProblem.REDIRECT),
}


async def shown(check: LiveCheck) -> CheckResult:
    """What the card has about a system."""
    [[found]] = [step async for step in results_in_steps([check], every_s=0.0)]
    return found


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_bad_answer_is_unknown_with_its_reason(http: OutboundHttp, system: str, answer: str) -> None:
    """A bad answer makes a system's state unknown, with the reason and without the token."""
    behaviour, problem = ANSWERS[answer]
    async with upstream(behaviour) as there:
        found = await shown(SYSTEMS[system](http, f"http://127.0.0.1:{there.port}"))
    assert (found.state, found.fact) == (SystemState.UNKNOWN, Fact.PROBLEM)
    assert found.values["problem"] == problem
    assert TOKEN not in str(found.to_json())
    assert found.values.get("wait_s") == ("600" if "Retry" in answer or answer in {"429", "503"} else None)


@pytest.mark.parametrize("location", ["http://10.0.0.8/", "http://169.254.169.254/latest", "//10.0.0.8/"])
async def test_a_target_that_leads_to_a_private_host_is_not_followed(
    http: OutboundHttp, location: str
) -> None:
    """A redirect to a private host is not followed, and the target's state is unknown."""
    async with upstream(says(302, b"", Location=location)) as there:
        target = HttpTarget(f"http://127.0.0.1:{there.port}/health?key={TOKEN}")
        found = await shown(HttpProbe(http, "api", target, pause_s=0))
        assert len(there.heads) == 2  # itself, in both tries
    assert (found.state, found.values) == (SystemState.UNKNOWN, {"problem": OutboundProblem.REDIRECT})
    assert TOKEN not in str(found.to_json())
