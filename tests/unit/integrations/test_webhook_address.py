"""Which addresses are a webhook of Discord's, and that nothing else of them survives but id and token."""

import re
from typing import Final, cast

import aiohttp
import discord
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from bot.integrations.addresses import WebhookAddress, webhooks_of

TOKEN: Final = "aB3_-" * 13 + "xyz"
ID: Final = 1100000000000000777
GOOD: Final = f"https://discord.com/api/webhooks/{ID}/{TOKEN}"
BASE: Final = "https://discord.com/api/v10"

HOSTILE: Final = [
    f"http://discord.com/api/webhooks/{ID}/{TOKEN}",
    f"https://discord.com.evil.tld/api/webhooks/{ID}/{TOKEN}",
    f"https://discord.com@127.0.0.1/api/webhooks/{ID}/{TOKEN}",
    f"https://bot:secret@discord.com/api/webhooks/{ID}/{TOKEN}",
    f"https://discord.com:8443/api/webhooks/{ID}/{TOKEN}",
    f"https://discord.com:443/api/webhooks/{ID}/{TOKEN}",
    f"https://evil.tld/https://discord.com/api/webhooks/{ID}/{TOKEN}",
    f"https://evil-discord.com/api/webhooks/{ID}/{TOKEN}",
    f"https://canary.evil.discord.com/api/webhooks/{ID}/{TOKEN}",
    f"https://xn--dscord-q9a.com/api/webhooks/{ID}/{TOKEN}",
    f"https://dіscord.com/api/webhooks/{ID}/{TOKEN}",  # a Cyrillic і
    f"https://discord。com/api/webhooks/{ID}/{TOKEN}",  # an ideographic full stop, which IDNA takes for a dot
    f"https://127.0.0.1/api/webhooks/{ID}/{TOKEN}",
    f"https://[::1]/api/webhooks/{ID}/{TOKEN}",
    f"https://2130706433/api/webhooks/{ID}/{TOKEN}",
    f"https://discord.com/api/webhooks/{ID}/{TOKEN}/../../users/@me",
    f"https://discord.com/api/webhooks/{ID}/{TOKEN}?thread_id=1",
    f"https://discord.com/api/webhooks/{ID}/{TOKEN}#x",
    f"https://discord.com/api/webhooks/{ID}/{TOKEN}/slack",
    f"https://discord.com\\@127.0.0.1/api/webhooks/{ID}/{TOKEN}",
    f"https://discord.com/api/webhooks/١١٠٠٠٠٠٠٠٠٠٠٠٠٠٠٧٧/{TOKEN}",
    f"https://discord.com/api/webhooks/{ID}/{TOKEN}\nhttps://evil.tld",
    f"https://discord.com/api/webhooks/{ID}/short",
    "",
]


@pytest.mark.parametrize(
    "host", ["discord.com", "discordapp.com", "canary.discord.com", "ptb.discordapp.com"]
)
@pytest.mark.parametrize("path", ["/api", "/api/v10"])
def test_an_address_of_discords_is_rebuilt_from_its_id_and_token(host: str, path: str) -> None:
    """A webhook's address is rebuilt from its id and token, whichever Discord host and version it had."""
    address = f" https://{host}{path}/webhooks/{ID}/{TOKEN} "
    found = WebhookAddress.parse(address)
    assert (found.id, found.token) == (ID, TOKEN)
    assert found.on(BASE) == f"{BASE}/webhooks/{ID}/{TOKEN}"


def test_discord_py_reads_the_same_of_it() -> None:
    """The id and the token of a webhook's address are read as discord.py reads them."""
    theirs = discord.Webhook.from_url(GOOD, session=cast("aiohttp.ClientSession", object()))
    found = WebhookAddress.parse(GOOD)
    assert (found.id, found.token) == (theirs.id, theirs.token)


@pytest.mark.parametrize("address", HOSTILE)
def test_another_address_is_refused_without_a_word_of_it(address: str) -> None:
    """The message names neither host nor token: people paste secrets into the wrong line."""
    with pytest.raises(ValueError, match=r"^is not a webhook's address on discord\.com$") as refused:
        WebhookAddress.parse(address)
    assert refused.value.__cause__ is None


@given(st.text(max_size=40), st.integers(0, len(GOOD)))
@example("@127.0.0.1", len("https://discord.com"))
@example(".evil.tld", len("https://discord.com"))
def test_nothing_put_into_an_address_moves_the_request(inserted: str, at: int) -> None:
    """Text put into a webhook's address leads to a refusal or still to Discord's API.

    The request then has a webhook's path of id and token, and no user, other port or query.
    """
    try:
        found = WebhookAddress.parse(GOOD[:at] + inserted + GOOD[at:])
    except ValueError:
        return
    url = URL(found.on(BASE), encoded=True)
    assert (url.scheme, url.host, url.port, url.user, url.query_string) == (
        "https",
        "discord.com",
        443,
        None,
        "",
    )
    assert re.fullmatch(r"/api/v10/webhooks/[0-9]+/[A-Za-z0-9_-]+", url.path)


def test_its_token_does_not_show() -> None:
    """The token is not in the repr of a webhook's address, which is what logs and tracebacks would show."""
    assert TOKEN not in repr(WebhookAddress.parse(GOOD))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"p0-alerts": 1}', "is not a JSON object"),
        (f'{{"p0-alerts": "{GOOD}", "#p0-alerts": "{GOOD}"}}', "has a channel twice"),
        (f'{{" ": "{GOOD}"}}', "without a name"),
        (f'{{"p0-alerts": "{GOOD}x?"}}', "has an address that is not a webhook's"),
    ],
)
def test_a_wrong_map_is_refused_without_a_word_of_it(text: str, said: str) -> None:
    """A wrong map of webhooks is refused with the reason, and the message does not contain a token."""
    with pytest.raises(ValueError, match=said) as refused:
        webhooks_of(text)
    assert TOKEN not in str(refused.value)


def test_channels_are_named_with_or_without_their_sign() -> None:
    """The key of the map is what entries of the DLQ are compared with."""
    assert list(webhooks_of(f'{{"#p0-alerts": "{GOOD}", "p1-ops": "{GOOD}"}}')) == ["p0-alerts", "p1-ops"]
