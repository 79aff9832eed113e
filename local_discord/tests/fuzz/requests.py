"""Hypothesis strategies for whole requests: a route, ids that exist or not, a query, and a body or worse."""

import functools
import re
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from local_discord.tests.fuzz.schemas import NAMES, SNOWFLAKES, from_schema
from local_discord.tests.openapi.description import operation, operations
from local_discord.tests.openapi.implemented import is_implemented

_JSON = "application/json"
_MULTIPART = "multipart/form-data; boundary=x"
# What usually stands in a path's place: so that most requests get past the first look-up.
USUAL = {
    "guild_id": ["<guild>"],
    "application_id": ["<application>"],
    "channel_id": ["<channel>", "<thread>", "<archived>", "<forum>", "<news>", "<dm>", "<category>"],
    "message_id": ["<message>", "<old>", "<thread>"],
    "user_id": ["<person>", "<bot>"],
    "role_id": ["<role>"],
    "overwrite_id": ["<role>", "<person>"],
    "webhook_id": ["<webhook>", "<application>"],
    "webhook_token": ["<webhook-token>", "<interaction-token>"],
    "interaction_id": ["<interaction>"],
    "interaction_token": ["<interaction-token>"],
    "command_id": ["<command>"],
    "guild_scheduled_event_id": ["<event>"],
    "emoji_name": ["👀", "name:1"],
}
_NONSENSE_IDS = [
    "1",
    "-1",
    "alerts",
    "9" * 30,
    "%00",
    "@me",
    "٣",
    "👀",
    "...",
    "x" * 300,
    "<message>",
    "<guild>",
]
_LEAVES: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        False,
        -1,
        0,
        1,
        1 << 70,
        1.5,
        "",
        "x",
        "x" * 7000,
        "\ud800",
        "\x00",
        [],
        {},
        [[]],
        {"a": None},
        10,
        17,
    ]
)
_KEYS = st.sampled_from(
    ["content", "embeds", "components", "type", "data", "name", "id", "options", "flags", "message"]
)
NONSENSE: st.SearchStrategy[Any] = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=8,
)
# Bodies that are no JSON at all, or JSON that no server should fall over.
_RAW = (
    (b"{", _JSON),
    (b"[" * 100_000, _JSON),
    (b'{"a":' * 50_000, _JSON),
    (b'{"content": NaN}', _JSON),
    (b'{"content": 1e999}', _JSON),
    (b'{"content": ' + b"9" * 5000 + b"}", _JSON),
    (b'{"content": "\\ud800"}', _JSON),
    (b'{"content": "\xff\xfe"}', _JSON),
    (b"\x00" * 1000, _JSON),
    (b"null", _JSON),
    (b'"text"', _JSON),
    (b"content=x&tts=true", "application/x-www-form-urlencoded"),
    (b"payload_json=%7B", "application/x-www-form-urlencoded"),
    (b"<content/>", "application/xml"),
    (b'{"content": "x"}', "text/plain"),
    (b'{"content": "x"}', "application/json; charset=utf-16"),
    (b'{"content": "x"}', "nonsense"),
    (b"x" * 2_000_000, _JSON),
    (b"", "multipart/form-data"),
    (b"--x\r\n", _MULTIPART),
    (b"--x\r\n\r\n\r\n--x--\r\n", _MULTIPART),
    (b'--x\r\nContent-Disposition: form-data; name="payload_json"\r\n\r\n{\r\n--x--\r\n', _MULTIPART),
    (
        b'--x\r\nContent-Disposition: form-data; name="files[0]"; filename="a.png"\r\n\r\nx\r\n--x--\r\n',
        _MULTIPART,
    ),
    (
        (
            b'--x\r\nContent-Disposition: form-data; name="files[0]"\r\n'
            b"Content-Transfer-Encoding: base64\r\n\r\n!\r\n--x--\r\n"
        ),
        _MULTIPART,
    ),
    (b'--x\r\nContent-Disposition: form-data; name="files[0]"; filename="\\ud800"\r\n\r\n', _MULTIPART),
)


# How often a body is what, and how often a path leads somewhere: by the number of times it stands here.
_HOW = ("right",) * 12 + ("loose",) * 3 + ("broken",) * 3 + ("nonsense", "raw")
_WHERE = ("usual",) * 14 + ("nonsense",)


@dataclass
class Request:
    """A request by the bot or the server's admin. Strings like ``<message>`` stand for ids of the stage."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    raw: tuple[bytes, str] | None = None
    by_admin: bool = False

    def __repr__(self) -> str:
        """Short: hypothesis prints it, and a body may have megabytes."""
        body = self.body if self.raw is None else (self.raw[0][:80], self.raw[1])
        return f"{self.method} {self.path} {self.query} {str(body)[:2_000]}"


@functools.cache
def _implemented() -> list[tuple[str, str]]:
    return [one for one in operations() if is_implemented(*one)]


@st.composite
def requests(draw: st.DrawFn, only: tuple[str, str] | None = None) -> Request:
    """A request to one of the implemented routes, or to one operation (method, template)."""
    method, template = only or draw(st.sampled_from(_implemented()))
    described = operation(template, method.lower())
    path = re.sub(r"\{(\w+)\}", lambda found: draw(_place(found.group(1))), template)
    request = Request(method, path, draw(_query(described)))
    schema = described.get("requestBody", {}).get("content", {}).get(_JSON, {}).get("schema")
    how = draw(st.sampled_from(_HOW))
    if how == "raw":
        request.raw = draw(st.sampled_from(_RAW))
    elif how == "nonsense":
        request.body = draw(NONSENSE)
    elif schema is not None:
        request.body = draw(_body(schema, how))
    return request


@st.composite
def _place(draw: st.DrawFn, name: str) -> str:
    if draw(st.sampled_from(_WHERE)) == "nonsense":
        return draw(st.sampled_from(_NONSENSE_IDS))
    return draw(st.sampled_from(USUAL.get(name, list(NAMES))))


def _query(described: dict[str, Any]) -> st.SearchStrategy[dict[str, str]]:
    names = [one["name"] for one in described.get("parameters", []) if one["in"] == "query"]
    values = st.one_of(
        SNOWFLAKES,
        st.sampled_from(["true", "1", "0", "2", "100", "101", "-1", "", "x", "2026-01-05T09:00:00Z", "\x00"]),
    )
    if not names:
        return st.just({})
    return st.sampled_from((False,) * 5 + (True,)).flatmap(
        lambda asked: st.dictionaries(st.sampled_from(names), values, max_size=2) if asked else st.just({})
    )


def _body(schema: dict[str, Any], how: str) -> st.SearchStrategy[Any]:
    """What the schema asks for, or something beyond its bounds, or with one place of it broken."""
    right = from_schema(schema, strict=how != "loose")
    return st.builds(_broken, right, st.integers(0, 1 << 16), NONSENSE) if how == "broken" else right


def _broken(value: Any, where: int, nonsense: Any) -> Any:
    """A copy of *value* with *nonsense* in one of its places."""
    keys = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    if not keys or where % 7 == 0:
        return nonsense
    key, copied = keys[where % len(keys)], value.copy()
    copied[key] = _broken(value[key], where // len(keys), nonsense)
    return copied
