"""What proves that a request comes from its source, and what does not."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from standardwebhooks import Webhook

from cogs.hooks.readers import READERS
from cogs.hooks.rules import HookFormat, HookRefused, HookRequest

NOW: Final = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)
KEY: Final = "a-key-of-the-source"
WHSEC: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY: Final = '{"title": "駐車場が満車"}'.encode()


def signature(signed: bytes, key: str = KEY) -> str:
    """Return the HMAC-SHA256 in hex, as openssl would."""
    return hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()


def seconds(at: datetime) -> str:
    """Return Unix seconds."""
    return str(int(at.timestamp()))


def is_verified(
    read_as: HookFormat, headers: Mapping[str, str], body: bytes = BODY, keys: tuple[str, ...] = (KEY,)
) -> bool:
    """Return False if the reader refuses the request."""
    try:
        READERS[read_as].verify(HookRequest(headers, body), keys, now=NOW)
    except HookRefused:
        return False
    return True


def test_githubs_own_example_of_a_signature_is_right() -> None:
    """Source: GitHub's docs, Validating webhook deliveries > Testing the webhook payload validation."""
    said = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    headers, key = {"x-hub-signature-256": said}, ("It's a Secret to Everybody",)
    assert is_verified(HookFormat.GITHUB, headers, b"Hello, World!", key)
    assert not is_verified(HookFormat.GITHUB, headers, b"Hello, World?", key)


@pytest.mark.parametrize(
    ("read_as", "header", "prefix"),
    [
        (HookFormat.SENTRY, "sentry-hook-signature", ""),
        (HookFormat.GITHUB, "x-hub-signature-256", "sha256="),
        (HookFormat.GRAFANA, "x-grafana-alerting-signature", ""),
    ],
)
def test_a_signature_is_over_the_body_and_by_one_of_the_keys(
    read_as: HookFormat, header: str, prefix: str
) -> None:
    """A request is verified by a signature over its exact body with any one of the source's keys."""
    right = prefix + signature(BODY)
    assert is_verified(read_as, {header: right})
    assert is_verified(read_as, {header: right}, keys=("another-key", KEY))
    assert is_verified(read_as, {header: right.upper().replace("SHA256", "sha256")})
    for wrong in (signature(BODY, "another-key"), right[:-1], right + "0", "", "\udcff", "sha1=1"):
        assert not is_verified(read_as, {header: wrong})
    assert not is_verified(read_as, {header: right}, BODY + b" ")
    assert not is_verified(read_as, {})


@pytest.mark.parametrize("header", ["x-grafana-alerting-signature-timestamp", "x-grafana-alerting-timestamp"])
def test_grafana_signs_the_time_with_the_body(header: str) -> None:
    """Grafana's signature covers the time as well as the body.

    A request with another time, an unreadable time or one that is six minutes old is refused.
    """
    at = seconds(NOW)

    def signed(given: str, by: str) -> dict[str, str]:
        return {"x-grafana-alerting-signature": signature(f"{by}:".encode() + BODY), header: given}

    assert is_verified(HookFormat.GRAFANA, signed(at, at))
    later = seconds(NOW + timedelta(seconds=1))
    assert not is_verified(HookFormat.GRAFANA, signed(later, at))
    old = seconds(NOW - timedelta(minutes=6))
    assert not is_verified(HookFormat.GRAFANA, signed(old, old))
    assert not is_verified(HookFormat.GRAFANA, signed("soon", "soon"))


def test_standard_webhooks_are_verified_as_their_library_signs_them() -> None:
    """A request that the library of Standard Webhooks has signed is verified.

    It is refused if its id, time, signature or body is wrong, or if its time is six minutes off.
    """

    def headers(at: datetime, body: bytes = BODY, secret: str = WHSEC) -> dict[str, str]:
        said = Webhook(secret).sign("msg_1", at, body.decode())
        return {"webhook-id": "msg_1", "webhook-timestamp": seconds(at), "webhook-signature": said}

    right = headers(NOW)
    kind, keys = HookFormat.STANDARD, (WHSEC,)
    assert is_verified(kind, right, keys=keys)
    several = f"v1a,c2ln v1,AAAA {right['webhook-signature']}"
    assert is_verified(kind, {**right, "webhook-signature": several}, keys=keys)
    assert is_verified(kind, headers(NOW - timedelta(minutes=4)), keys=keys)
    assert not is_verified(kind, headers(NOW - timedelta(minutes=6)), keys=keys)
    assert not is_verified(kind, headers(NOW + timedelta(minutes=6)), keys=keys)
    assert not is_verified(
        kind, {**right, "webhook-timestamp": seconds(NOW + timedelta(minutes=1))}, keys=keys
    )
    assert not is_verified(kind, {**right, "webhook-id": "msg_2"}, keys=keys)
    assert not is_verified(kind, {**right, "webhook-signature": "v1"}, keys=keys)
    assert not is_verified(kind, right, BODY + b" ", keys=keys)
    assert not is_verified(kind, right, b"\xff", keys=keys)
    assert not is_verified(kind, right, keys=("whsec_", "not base64!"))
    for name in right:
        assert not is_verified(kind, {key: value for key, value in right.items() if key != name}, keys=keys)


def test_cloudflare_sends_its_secret_in_a_header() -> None:
    """A Cloudflare request is verified by the secret in its header `cf-webhook-auth`."""
    assert is_verified(HookFormat.CLOUDFLARE, {"cf-webhook-auth": KEY})
    assert not is_verified(HookFormat.CLOUDFLARE, {"cf-webhook-auth": KEY + "x"})
    assert not is_verified(HookFormat.CLOUDFLARE, {})


def test_pagerdutys_routing_key_is_its_secret() -> None:
    """A PagerDuty request is verified by the routing key in its body."""
    assert is_verified(HookFormat.PAGERDUTY, {}, json.dumps({"routing_key": KEY}).encode())
    for wrong in (b"", b"[]", b"{}", b'{"routing_key": ["a-key-of-the-source"]}', b'{"routing_key": "x"}'):
        assert not is_verified(HookFormat.PAGERDUTY, {}, wrong)


@pytest.mark.parametrize("read_as", [HookFormat.JSON, HookFormat.GRAFANA])
def test_a_bearer_token_or_a_password_will_do_where_nothing_is_signed(read_as: HookFormat) -> None:
    """A JSON request or an unsigned Grafana request is verified by a bearer token or a Basic password."""

    def basic(both: str) -> dict[str, str]:
        return {"authorization": f"Basic {base64.b64encode(both.encode()).decode()}"}

    assert is_verified(read_as, {"authorization": f"Bearer {KEY}"})
    assert is_verified(read_as, {"authorization": f"bearer  {KEY}"})
    assert is_verified(read_as, basic(f"anybody:{KEY}"))
    assert is_verified(read_as, basic("cron:secret:word"), keys=("cron:secret:word",))
    for wrong in ("", "Bearer", "Bearer x", f"Digest {KEY}", "Basic %", "Basic /w==", "Bearer \udcff"):
        assert not is_verified(read_as, {"authorization": wrong})


def test_a_repeated_request_is_known_where_its_source_gives_it_an_id() -> None:
    """A request has a delivery id if its source gives one, by which a repeated request is known.

    Sentry's event alerts have the same id under another request id. Grafana's signature is an id only with a
    time.
    """

    def given(read_as: HookFormat, headers: Mapping[str, str]) -> str | None:
        return READERS[read_as].delivery_id(HookRequest(headers, BODY))

    assert given(HookFormat.GITHUB, {"x-github-delivery": "72d3162e"}) == "72d3162e"
    assert given(HookFormat.STANDARD, {"webhook-id": "msg_1"}) == "msg_1"
    alert = {"sentry-hook-resource": "event_alert"}
    first, again = ({**alert, "request-id": one} for one in ("1", "2"))
    assert given(HookFormat.SENTRY, first) == given(HookFormat.SENTRY, again) is not None
    assert given(HookFormat.SENTRY, {"sentry-hook-resource": "issue", "request-id": "1"}) == "1"
    assert given(HookFormat.GRAFANA, {"x-grafana-alerting-signature": "aa"}) is None
    with_time = {"x-grafana-alerting-signature": "aa", "x-grafana-alerting-timestamp": "1"}
    assert given(HookFormat.GRAFANA, with_time) == "aa"
    for silent in (HookFormat.CLOUDFLARE, HookFormat.PAGERDUTY, HookFormat.JSON):
        assert given(silent, {}) is None
