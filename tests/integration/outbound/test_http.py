"""The client for everything outside, against real servers on loopback that behave badly."""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web

from bot.domain.errors import OutboundFailed, OutboundProblem
from bot.integrations.addresses import EgressProxy
from bot.integrations.outbound.call import AllowedPlaces, Call, CallTerms
from bot.integrations.outbound.http import OutboundHttp
from tests.integration.outbound.certificates import make_certificate, server_side
from tests.integration.outbound.proxy import proxy as http_proxy
from tests.integration.outbound.upstream import Upstream, in_turn, says, upstream
from tests.patience import PATIENCE_S
from tests.standins.serving import serving

HERE = AllowedPlaces.parse("127.0.0.1")
TERMS = CallTerms("test", deadline_s=5.0)
OK = says(200, b'{"ok": true}')


class Names:
    """A resolver that a test controls: each question gets the next answer, the last one again and again."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def url_of(there: Upstream, path: str = "/v1?key=hunter2", host: str = "127.0.0.1") -> str:
    return f"http://{host}:{there.port}{path}"


async def problem_of(http: OutboundHttp, call: Call, terms: CallTerms = TERMS) -> OutboundFailed:
    with pytest.raises(OutboundFailed) as failed:
        await http.json(call, terms)
    assert "hunter2" not in f"{failed.value!r} {call!r}"
    assert failed.value.__cause__ is None
    return failed.value


async def test_an_answer_comes_with_its_json() -> None:
    """The JSON of an answer is returned.

    The request has the method, parameters, headers and body of the call, and asks for no compression.
    """
    asked: list[tuple[web.Request, object]] = []

    async def take(request: web.Request) -> web.Response:
        asked.append((request, await request.json()))
        return web.json_response({"ok": True})

    application = web.Application()
    application.router.add_route("*", "/v1", take)
    async with serving(application) as there:
        url = f"{there}/v1?key=hunter2"
        call = Call("POST", url, headers={"X-Key": "k"}, params={"page": "2"}, json={"a": 1})
        assert await OutboundHttp(allowed=HERE).json(call, TERMS) == {"ok": True}
    ((request, body),) = asked
    assert (request.method, request.path_qs) == ("POST", "/v1?key=hunter2&page=2")
    assert (request.headers["X-Key"], request.headers["Accept-Encoding"]) == ("k", "identity")
    assert (request.content_type, body) == ("application/json", {"a": 1})


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (400, OutboundProblem.REJECTED),
        (401, OutboundProblem.UNAUTHORISED),
        (403, OutboundProblem.FORBIDDEN),
        (404, OutboundProblem.NOT_FOUND),
        (500, OutboundProblem.SERVER_ERROR),
    ],
)
async def test_a_refusal_is_told_by_its_status_and_not_by_its_body(
    status: int, problem: OutboundProblem
) -> None:
    """The body may quote what was sent."""
    async with upstream(says(status, b'{"message": "hunter2"}')) as there:
        failed = await problem_of(OutboundHttp(allowed=HERE), Call("GET", url_of(there)))
        assert (failed.problem, failed.http_status) == (problem, status)


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/json"])
async def test_html_instead_of_json_is_a_problem_of_its_own(kind: str) -> None:
    """A captive portal's, whatever it calls itself."""
    async with upstream(says(200, b"<html>Log in</html>", kind=kind)) as there:
        failed = await problem_of(OutboundHttp(allowed=HERE), Call("GET", url_of(there)))
        assert failed.problem is OutboundProblem.NOT_JSON


async def test_nested_json_is_refused() -> None:
    """A hundred thousand brackets would end the reader's stack."""
    async with upstream(says(200, b"[" * 100_000)) as there:
        failed = await problem_of(OutboundHttp(allowed=HERE), Call("GET", url_of(there)))
        assert failed.problem is OutboundProblem.NOT_JSON


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "168.63.129.16", "0.0.0.0"])
async def test_a_private_address_is_not_asked(address: str) -> None:
    """The client sends nothing to a private address, whether it is in the URL or behind a name."""
    async with upstream(OK) as there:
        for host, names in ((address, None), ("innocent.example", Names([address]))):
            http = OutboundHttp() if names is None else OutboundHttp(resolver=names)
            failed = await problem_of(http, Call("GET", url_of(there, host=host)))
            assert failed.problem is OutboundProblem.FORBIDDEN_ADDRESS
        assert not there.heads


@pytest.mark.parametrize(
    "address",
    [
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fe80::1%lo",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b:1::1",
        "fec0::1",
    ],
)
async def test_a_private_address_is_not_asked_in_the_dress_of_ipv6(address: str) -> None:
    """A private address is not asked in IPv6 form: mapped, translated, tunnelled or link-local."""
    http = OutboundHttp(resolver=Names([address]))
    failed = await problem_of(http, Call("GET", "http://innocent.example/"))
    assert failed.problem is OutboundProblem.FORBIDDEN_ADDRESS


async def test_a_name_that_changes_after_the_check_changes_nothing() -> None:
    """A host name is resolved once, and the connection goes to the address that was checked."""
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    async with upstream(OK) as there:
        http = OutboundHttp(allowed=HERE, resolver=names)
        assert await http.json(Call("GET", url_of(there, host="rebind.example")), TERMS) == {"ok": True}
        assert (names.asked, there.peers) == (["rebind.example"], ["127.0.0.1"])
        assert f"host: rebind.example:{there.port}" in there.heads[0].lower()


async def test_a_name_that_changes_before_the_retry_is_checked_again() -> None:
    """No connection is kept whose address was good once."""
    names = Names(["127.0.0.1"], ["10.0.0.8"])
    async with upstream(in_turn(says(503), OK)) as there:
        http = OutboundHttp(allowed=HERE, resolver=names)
        failed = await problem_of(http, Call("GET", url_of(there, host="rebind.example")))
        assert failed.problem is OutboundProblem.FORBIDDEN_ADDRESS
        assert len(there.heads) == 1


async def test_the_next_address_is_asked_if_the_first_one_refuses() -> None:
    """A host with IPv6 that does not work is reached by IPv4."""
    async with upstream(OK) as there:
        http = OutboundHttp(
            allowed=AllowedPlaces.parse("127.0.0.0/8"), resolver=Names(["127.0.0.7", "127.0.0.1"])
        )
        assert await http.json(Call("POST", url_of(there, host="two.example")), TERMS) == {"ok": True}
        assert there.peers == ["127.0.0.1"]


@pytest.mark.parametrize("url", ["ftp://files.example/", "file:///etc/passwd", "not an address", "http://"])
async def test_what_is_no_web_address_is_not_asked(url: str) -> None:
    """A URL that is no http or https address with a host, such as a file, is forbidden."""
    failed = await problem_of(OutboundHttp(), Call("GET", url))
    assert failed.problem is OutboundProblem.FORBIDDEN_ADDRESS


async def test_an_unknown_host_is_told() -> None:
    """A host name that the resolver does not find is reported as an unknown host."""

    async def nowhere(_host: str, _port: int) -> Sequence[str]:
        raise OSError(-2, "Name or service not known")

    failed = await problem_of(OutboundHttp(resolver=nowhere), Call("GET", "https://gone.example/"))
    assert failed.problem is OutboundProblem.UNKNOWN_HOST


@pytest.mark.parametrize(
    "target", ["http://elsewhere.example/", "http://127.0.0.1:1/", "//[::1]/", "file:///etc"]
)
async def test_a_redirect_across_hosts_is_not_followed(target: str) -> None:
    """A redirect to another host is not followed, because it would take the token there."""
    async with upstream(says(302, Location=target)) as there:
        failed = await problem_of(OutboundHttp(allowed=HERE), Call("GET", url_of(there)))
        assert failed.problem in {OutboundProblem.REDIRECT, OutboundProblem.FORBIDDEN_ADDRESS}
        assert len(there.heads) == 1


async def test_a_redirect_on_the_same_host_is_followed() -> None:
    """A redirected GET is followed on the same host; a redirected POST fails.

    Followed, a change would become a GET or happen twice.
    """
    async with upstream(in_turn(says(301, Location="/v2"), OK, says(307, Location="/v3"))) as there:
        http = OutboundHttp(allowed=HERE)
        assert await http.json(Call("GET", url_of(there)), TERMS) == {"ok": True}
        assert there.heads[1].startswith("GET /v2 ")
        failed = await problem_of(http, Call("POST", url_of(there)))
        assert failed.problem is OutboundProblem.REDIRECT


async def test_redirects_in_a_circle_end() -> None:
    """Redirects that go in a circle end with an error after a few requests."""
    async with upstream(says(302, Location="/again")) as there:
        failed = await problem_of(OutboundHttp(allowed=HERE), Call("GET", url_of(there)))
        assert (failed.problem, len(there.heads)) == (OutboundProblem.REDIRECT, 4)


async def test_a_body_that_never_ends_meets_the_deadline() -> None:
    """A body that comes byte by byte without end fails at the call's deadline."""

    async def drip(_nth: int, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with upstream(drip) as there:
        failed = await problem_of(
            OutboundHttp(allowed=HERE), Call("GET", url_of(there)), CallTerms("test", deadline_s=0.3)
        )
        assert failed.problem is OutboundProblem.TIMEOUT


async def test_a_body_over_the_limit_is_refused_or_cut() -> None:
    """A body over the limit is refused or cut before it is in memory."""
    async with upstream(says(200, b"7" * 50_000)) as there:
        http = OutboundHttp(allowed=HERE)
        failed = await problem_of(http, Call("GET", url_of(there)), CallTerms("test", most_bytes=1000))
        assert failed.problem is OutboundProblem.TOO_LARGE
        answer = await http.send(
            Call("GET", url_of(there)), CallTerms("test", most_bytes=1000, cuts_body=True)
        )
        assert answer.content == b"7" * 1000


async def test_nobody_listens() -> None:
    """A call to a port on which nobody listens fails as refused."""
    async with upstream(OK) as there:
        url = url_of(there)
    failed = await problem_of(OutboundHttp(allowed=HERE), Call("GET", url))
    assert failed.problem is OutboundProblem.REFUSED


async def test_a_connection_that_breaks_is_only_repeated_if_that_is_harmless() -> None:
    """After a broken connection, only a call that may arrive twice is made again."""

    async def hang_up(_nth: int, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with upstream(in_turn(hang_up, OK)) as there:
        failed = await problem_of(OutboundHttp(allowed=HERE), Call("POST", url_of(there)))
        assert (failed.problem, len(there.heads)) == (OutboundProblem.REFUSED, 1)
    async with upstream(in_turn(hang_up, OK)) as there:
        call = Call("POST", url_of(there), is_repeatable=True)
        assert await OutboundHttp(allowed=HERE).json(call, TERMS) == {"ok": True}


@pytest.mark.parametrize("as_date", [False, True])
async def test_a_short_pause_is_waited_for(as_date: bool) -> None:
    """Given in seconds, or as a date; a POST was not processed, so it is repeated, too."""
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    limited = says(429, Retry_After=until if as_date else "1")
    async with upstream(in_turn(limited, OK)) as there:
        begun = asyncio.get_running_loop().time()
        assert await OutboundHttp(allowed=HERE).json(Call("POST", url_of(there)), TERMS) == {"ok": True}
        assert as_date or asyncio.get_running_loop().time() - begun >= 0.9


async def test_a_long_pause_is_kept_by_everybody() -> None:
    """The call fails at once, and no further request goes to that host meanwhile."""
    async with upstream(says(429, Retry_After="300")) as there:
        http = OutboundHttp(allowed=HERE)
        failed = await problem_of(http, Call("GET", url_of(there)))
        assert (failed.problem, failed.retry_after_s) == (OutboundProblem.RATE_LIMITED, 300.0)
        failed = await problem_of(http, Call("GET", url_of(there)))
        assert failed.problem is OutboundProblem.PAUSED
        assert 290 < (failed.retry_after_s or 0) <= 300
        assert len(there.heads) == 1


async def test_a_pause_without_end_is_a_day() -> None:
    """An endless Retry-After is taken as one day, because no moment could be counted from it."""
    async with upstream(says(429, Retry_After="9" * 400)) as there:
        failed = await problem_of(OutboundHttp(allowed=HERE), Call("GET", url_of(there)))
        assert (failed.problem, failed.retry_after_s) == (OutboundProblem.RATE_LIMITED, 86_400.0)


async def test_a_host_that_keeps_failing_is_left_alone_and_others_are_not() -> None:
    """After four failures in a row, a host is paused and not asked.

    Other hosts are asked as before, and a probe asks the failing host all the same.
    """
    async with upstream(says(500)) as sick, upstream(OK) as well:
        http = OutboundHttp(allowed=HERE)
        for _ in range(4):
            assert (await problem_of(http, Call("GET", url_of(sick)))).http_status == 500
        assert (await problem_of(http, Call("GET", url_of(sick)))).problem is OutboundProblem.PAUSED
        assert await http.json(Call("GET", url_of(well)), TERMS) == {"ok": True}
        assert len(sick.heads) == 4
        probe = CallTerms("probe", has_breaker=False)
        assert (await http.send(Call("GET", url_of(sick)), probe)).status == 500


async def test_a_system_that_keeps_failing_pauses_no_other_at_its_host() -> None:
    """Of two systems behind one host, the one that works is asked while the other is paused."""
    async with upstream(in_turn(*[says(500)] * 4, OK)) as there:
        http, other = OutboundHttp(allowed=HERE), CallTerms("other", deadline_s=5.0)
        for _ in range(4):
            assert (await problem_of(http, Call("GET", url_of(there)))).http_status == 500
        assert (await problem_of(http, Call("GET", url_of(there)))).problem is OutboundProblem.PAUSED
        assert await http.json(Call("GET", url_of(there)), other) == {"ok": True}


async def test_a_probe_that_keeps_failing_pauses_no_one_else() -> None:
    """A target that is down is asked again and again: a page by the same host leaves all the same."""
    async with upstream(says(500)) as sick:
        http, probe = OutboundHttp(allowed=HERE), CallTerms("probe", has_breaker=False)
        for _ in range(6):
            assert (await http.send(Call("GET", url_of(sick)), probe)).status == 500
        assert (await problem_of(http, Call("GET", url_of(sick)))).http_status == 500


async def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    """A trusted certificate is refused for another host name, and accepted for its own.

    The name counts although the connection goes to an address; the answer has the day of expiry.
    """
    certificate = make_certificate(tmp_path, name="DNS:right.example")
    trust = ssl.create_default_context(cafile=str(certificate))
    async with upstream(OK, tls=server_side(certificate)) as there:
        http = OutboundHttp(allowed=HERE, resolver=Names(["127.0.0.1"]), tls=trust)
        call = Call("GET", f"https://wrong.example:{there.port}/?key=hunter2")
        failed = await problem_of(http, call)
        assert failed.problem is OutboundProblem.TLS
        assert "wrong.example" not in failed.reason
        answer = await http.send(Call("GET", f"https://right.example:{there.port}/"), TERMS)
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        assert abs((answer.certificate_not_after or 0) - tomorrow.timestamp()) < 600


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """A certificate of a self-made authority is refused."""
    async with upstream(OK, tls=server_side(make_certificate(tmp_path))) as there:
        call = Call("GET", f"https://127.0.0.1:{there.port}/")
        assert (await problem_of(OutboundHttp(allowed=HERE), call)).problem is OutboundProblem.TLS


async def test_what_speaks_no_tls_is_told_so() -> None:
    """A port that answers in the clear."""
    async with upstream(OK) as there:
        call = Call("GET", f"https://127.0.0.1:{there.port}/")
        assert (await problem_of(OutboundHttp(allowed=HERE), call)).problem in {
            OutboundProblem.TLS,
            OutboundProblem.REFUSED,
        }


async def test_a_handshake_that_never_ends_meets_the_deadline_and_leaves_no_socket() -> None:
    """The server accepts, and says nothing."""
    closed = asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1 << 16):
            pass
        closed.set()
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    call = Call("GET", f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    failed = await problem_of(OutboundHttp(allowed=HERE), call, CallTerms("test", deadline_s=0.4))
    assert failed.problem is OutboundProblem.TIMEOUT
    await asyncio.wait_for(closed.wait(), PATIENCE_S)
    server.close()


async def test_the_proxy_of_the_settings_is_asked() -> None:
    """A host name is passed to the configured proxy unresolved; a private address in a URL is refused."""
    async with http_proxy() as proxy:
        http = OutboundHttp(proxy=EgressProxy.parse(proxy.address()), no_proxy="direct.example")
        failed = await problem_of(http, Call("GET", "https://innocent.example/"))
        assert failed.problem is OutboundProblem.REFUSED
        assert proxy.asked
        assert proxy.asked[0].startswith("CONNECT innocent.example:443")
        for host in ("10.0.0.8", "[::1]"):
            failed = await problem_of(http, Call("GET", f"https://{host}/"))
            assert failed.problem is OutboundProblem.FORBIDDEN_ADDRESS


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY", "http_proxy"])
async def test_a_proxy_of_the_environment_is_not_asked(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy named by the environment is not asked, because it would learn the secret."""
    async with upstream(OK) as there, http_proxy() as proxy:
        monkeypatch.setenv(variable, proxy.url)
        assert await OutboundHttp(allowed=HERE).json(Call("GET", url_of(there)), TERMS) == {"ok": True}
        assert not proxy.asked + proxy.denied


@pytest.mark.parametrize("text", ["10.0.0.0/99", "::1::", "ho/st"])
def test_a_list_of_allowed_places_is_checked(text: str) -> None:
    """An invalid entry in the list of allowed places is refused by an error that does not quote it."""
    with pytest.raises(ValueError, match="has an entry") as refused:
        AllowedPlaces.parse(text)
    assert text not in str(refused.value)
