"""What of a stored message is sent again, whom it would ping, and what is said of the rest."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.dlq.rules import Pings, Stripped, pings_of, prepared

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def test_the_message_stays_and_the_rest_is_named() -> None:
    """Content and embeds; buttons, files, speech, pings and unknown keys are left out, each with a word."""
    made = prepared(
        {
            "content": "@everyone 満車",
            "embeds": [{"title": "t", "timestamp": "2020-01-01T00:00:00Z"}],
            "components": [{"type": 1}],
            "tts": True,
            "attachments": [{"id": 0}],
            "username": "spoof",
            "flags": 0,
        }
    )
    assert made.body == {
        "content": "@everyone 満車",
        "embeds": [{"title": "t", "timestamp": "2020-01-01T00:00:00Z"}],
        "allowed_mentions": {"parse": []},
    }
    assert made.stripped == Stripped(True, components=True, tts=True, attachments=True, keys=("username",))
    assert made.has_embeds


@pytest.mark.parametrize(
    "payload", [None, [], "x", 5, {}, {"content": ""}, {"content": 5}, {"embeds": [1, {}]}]
)
def test_nothing_to_send_is_no_error(payload: object) -> None:
    """A payload may be anything: another program wrote it."""
    assert prepared(payload).is_empty


@given(JSON)
def test_any_payload_makes_a_body_that_pings_no_one(payload: object) -> None:
    """Any stored payload makes a JSON body of known keys that pings no one."""
    made = prepared(payload)
    assert made.body["allowed_mentions"] == {"parse": []}
    assert made.body.keys() <= {"content", "embeds", "allowed_mentions"}
    json.dumps(made.body)


@pytest.mark.parametrize(
    ("payload", "pings"),
    [
        ({"content": "@here x"}, Pings(here=True)),
        ({"content": "@everyone <@5> <@!6> <@&7>"}, Pings(everyone=True, roles=(7,), users=(5, 6))),
        ({"content": "@everyoneの皆さん、@hereの皆さん"}, Pings(everyone=True, here=True)),
        ({"content": "@here", "allowed_mentions": {"parse": []}}, Pings()),
        ({"content": "@here <@5>", "allowed_mentions": {"parse": ["everyone"]}}, Pings(here=True)),
        ({"content": "<@5> <@6>", "allowed_mentions": {"users": ["6", "9"]}}, Pings(users=(6,))),
        ({"content": "<@&5>", "allowed_mentions": {"parse": ["roles"]}}, Pings(roles=(5,))),
        ({"content": "<@5>", "allowed_mentions": None}, Pings(users=(5,))),
        ({"content": "x@hereford.example"}, Pings()),
        ({"embeds": [{"description": "@here <@5>"}]}, Pings()),
        ({"content": ["@here"]}, Pings()),
    ],
)
def test_whom_it_would_ping(payload: dict[str, object], pings: Pings) -> None:
    """The content of a message and its allowed mentions decide whom the message would ping.

    Source: Discord's docs, Allowed Mentions.
    """
    assert pings_of(payload) == pings


def test_kept_mentions_allow_no_one_else() -> None:
    """Kept mentions are @here and the ids of the mentioned roles and users, never all roles or users."""
    made = prepared({"content": "@here <@5> <@&7>"}, keeps_mentions=True)
    assert made.body["allowed_mentions"] == {"parse": ["everyone"], "roles": ["7"], "users": ["5"]}
    assert not made.stripped.mentions
