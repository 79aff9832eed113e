"""Targets asked by HTTP: real servers on loopback, good and bad."""

import asyncio
import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.errors import OutboundProblem
from bot.domain.systems import CheckResult, Fact, HttpTarget, SystemState
from bot.integrations.outbound.call import AllowedPlaces
from bot.integrations.outbound.http import OutboundHttp
from bot.integrations.systems.http_probe import HttpProbe
from tests.integration.outbound.certificates import make_certificate, server_side
from tests.integration.outbound.upstream import Behaviour, in_turn, says, upstream

OK, AWAY = says(200, b'{"ok": true}'), says(503, b"busy")


async def looked(
    http: OutboundHttp, behaviour: Behaviour, *, path: str = "/health", target: HttpTarget | None = None
) -> CheckResult:
    """The result of a probe of a server that behaves so."""
    async with upstream(behaviour) as there:
        rules = target or HttpTarget("", needs_ok=True)
        made = HttpTarget(
            f"http://127.0.0.1:{there.port}{path}", rules.status, rules.needs_ok, rules.slow_after
        )
        return await HttpProbe(http, "api.parky.co.jp", made, pause_s=0).look()


async def test_a_good_answer_is_one_line_with_its_time(http: OutboundHttp) -> None:
    """The key in the query is not shown."""
    found = await looked(http, OK, path="/health?key=hunter2")
    assert (found.state, found.fact, found.values["status"]) == (SystemState.OK, Fact.RESPONDS, "200")
    assert found.url is not None
    assert found.url.endswith("/health")


@pytest.mark.parametrize("location", ["/there", "https://www.parky.co.jp/"])
async def test_an_expected_redirect_is_not_followed(http: OutboundHttp, location: str) -> None:
    """A probe that expects a redirect is well when it gets that one, wherever it leads, and only then."""
    moved = says(301, b"", Location=location)
    expecting = HttpTarget("", 301)
    assert (await looked(http, moved, target=expecting)).state is SystemState.OK
    found = await looked(http, says(302, b"", Location=location), target=expecting)
    assert (found.state, found.values["status"]) == (SystemState.DOWN, "302")


async def test_an_unexpected_redirect_on_the_host_is_followed(http: OutboundHttp) -> None:
    """A probe that expects a 200 gets it from where the target redirects to."""
    answers = in_turn(says(301, b"", Location="/there"), OK)
    found = await looked(http, answers, target=HttpTarget(""))
    assert (found.state, found.values["status"]) == (SystemState.OK, "200")


async def test_an_address_with_a_token_is_not_shown(http: OutboundHttp) -> None:
    """An address whose path holds a token is not shown."""
    found = await looked(http, OK, path=f"/ghp_{'a1B2' * 9}/health")
    assert (found.state, found.url) == (SystemState.OK, None)


@pytest.mark.parametrize(
    ("behaviour", "state", "fact"),
    [
        (AWAY, SystemState.DOWN, Fact.WRONG_STATUS),
        (says(404), SystemState.DOWN, Fact.WRONG_STATUS),
        (says(403), SystemState.UNKNOWN, Fact.WRONG_STATUS),
        (says(429), SystemState.UNKNOWN, Fact.WRONG_STATUS),
        (says(200, b'{"ok": false}'), SystemState.DOWN, Fact.BODY_NOT_OK),
        (says(200, b"<html>hello</html>", kind="text/html"), SystemState.DOWN, Fact.BODY_NOT_OK),
        (says(200, b"[" * 100_000), SystemState.DOWN, Fact.BODY_NOT_OK),
    ],
)
async def test_two_bad_answers_are_an_outage_and_a_gate_is_none(
    http: OutboundHttp, behaviour: Behaviour, state: SystemState, fact: Fact
) -> None:
    """A gate that refuses the bot may let users pass."""
    found = await looked(http, behaviour)
    assert (found.state, found.fact) == (state, fact)


async def test_one_bad_answer_before_a_good_one_is_no_outage(http: OutboundHttp) -> None:
    """A target that answers well at the second try is degraded, not down."""
    found = await looked(http, in_turn(AWAY, OK))
    assert (found.state, found.fact) == (SystemState.DEGRADED, Fact.SECOND_TRY)


async def test_a_port_where_nobody_listens_is_down(http: OutboundHttp) -> None:
    """A site whose port refuses the connection is down, with the refusal as the problem."""
    async with upstream(OK) as there:
        port = there.port
    found = await HttpProbe(http, "t", HttpTarget(f"http://127.0.0.1:{port}/"), pause_s=0).look()
    assert (found.state, found.values["problem"]) == (SystemState.DOWN, OutboundProblem.REFUSED)


async def test_a_slow_answer_is_degraded(http: OutboundHttp) -> None:
    """A right answer that comes later than the allowed time makes the system degraded."""

    async def late(_nth: int, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)  # what is measured is that it takes a time
        await OK(1, writer)

    found = await looked(http, late, target=HttpTarget("", slow_after=timedelta(milliseconds=20)))
    assert (found.state, found.fact) == (SystemState.DEGRADED, Fact.SLOW)


async def test_a_private_address_is_asked_only_if_the_policy_says_so() -> None:
    """A private address is asked only if the policy allows it; else the target's state is unknown."""
    guarded = OutboundHttp()
    async with upstream(OK) as there:
        url = f"http://127.0.0.1:{there.port}/"
        found = await HttpProbe(guarded, "t", HttpTarget(url), pause_s=0).look()
        assert (found.state, found.values["problem"]) == (
            SystemState.UNKNOWN,
            OutboundProblem.FORBIDDEN_ADDRESS,
        )
        assert there.heads == []
        allowed = await HttpProbe(guarded, "t", HttpTarget(url, is_private=True), pause_s=0).look()
        assert allowed.state is SystemState.OK


async def test_a_certificate_that_ends_soon_is_a_warning_and_one_that_does_not_match_an_outage(
    tmp_path: Path,
) -> None:
    """The first is good until tomorrow; the second is another host's."""
    certificate = make_certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(certificate))
    http = OutboundHttp(allowed=AllowedPlaces.parse("127.0.0.1"), tls=trusting)
    async with upstream(OK, tls=server_side(certificate)) as there:
        good = HttpTarget(f"https://127.0.0.1:{there.port}/")
        found = await HttpProbe(http, "t", good, pause_s=0).look()
        assert (found.state, found.fact) == (SystemState.DEGRADED, Fact.CERTIFICATE_ENDS)
        assert found.values["days"] in {"0", "1"}
        strangers = OutboundHttp(allowed=AllowedPlaces.parse("127.0.0.1"))
        refused = await HttpProbe(strangers, "t", good, pause_s=0).look()
        assert (refused.state, refused.values["problem"]) == (SystemState.DOWN, OutboundProblem.TLS)


@pytest.mark.parametrize(
    ("begin", "state"),
    [
        (b'{"checks": {"ok": false}, "ok": true, "log": "', SystemState.OK),
        (b'{"checks": {"ok": true}, "ok": false, "log": "', SystemState.DOWN),
        (b'{"checks": {"ok": true}, "log": "', SystemState.DOWN),
        (b'["ok", true, "', SystemState.DOWN),
    ],
)
async def test_a_body_that_is_too_long_says_ok_at_its_beginning(
    http: OutboundHttp, begin: bytes, state: SystemState
) -> None:
    """The rest of it is not read: a health page that lists all its checks is no outage."""
    assert (await looked(http, says(200, begin + b"x" * 1_200_000 + b'"}'))).state is state
