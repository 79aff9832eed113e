"""Hypothesis strategies for requests byte by byte: headers, encodings, multipart bodies, pieces of them."""

import gzip
import zlib
from dataclasses import dataclass

from hypothesis import strategies as st

# What a header can hold without ending it: anything but CR, LF; most of it is nonsense to whoever reads it.
_LINES = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=40)
_JSON_BODIES = st.sampled_from(
    [
        b"",
        b"{}",
        b'{"content": "x"}',
        b'{"type": 4, "data": {"content": "x"}}',
        b"[",
        b"null",
        b"\xff",
        b"1e9999",
    ]
)
_BYTES = st.one_of(st.binary(max_size=60), _JSON_BODIES)
_DISPOSITIONS = st.one_of(
    st.sampled_from(
        [
            'form-data; name="payload_json"',
            'form-data; name="content"',
            'form-data; name="files[0]"; filename="a.png"',
            'form-data; name="files[0]"',
            'form-data; name="files[99999]"; filename=""',
            "form-data; name*=utf-8''files%5B0%5D; filename*=utf-8''%E5%9B%B3",
            "form-data; filename*=nope''x",
            "attachment",
            "form-data; name=",
        ]
    ),
    _LINES,
)
_PART_HEADERS = st.dictionaries(
    st.sampled_from(
        ["Content-Type", "Content-Transfer-Encoding", "Content-Encoding", "Content-Length", "X", ""]
    ),
    st.one_of(
        st.sampled_from(
            ["base64", "quoted-printable", "binary", "gzip", "nope", "-1", "5", "multipart/mixed; boundary=b"]
        ),
        st.just("application/json; charset=nope"),
        _LINES,
    ),
    max_size=3,
)
_ENDS = st.sampled_from([b"--a--\r\n", b"--a--", b"--a", b"--b--", b""])
_TYPES = st.one_of(
    st.sampled_from(["application/json", "multipart/form-data; boundary=a"] * 4),
    st.sampled_from(
        [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            'multipart/form-data; boundary="' + "a" * 200 + '"',
            "multipart/mixed; boundary=a",
            "application/x-www-form-urlencoded; charset=nope",
            "application/json; charset=utf-16",
        ]
    ),
    _LINES,
)
_ENCODINGS = st.sampled_from([None] * 6 + ["gzip", "deflate", "br", "zstd", "identity", "nope", ""])
_OTHERS = st.dictionaries(
    st.sampled_from(
        ["X-Audit-Log-Reason", "Authorization", "Accept", "Cookie", "Expect", "X-RateLimit-Precision"]
    ),
    _LINES,
    max_size=2,
)
ROUTES = (
    "POST /channels/<channel>/messages",
    "PATCH /channels/<channel>/messages/<message>",
    "POST /interactions/<interaction>/<interaction-token>/callback",
    "POST /webhooks/<webhook>/<webhook-token>",
    "PATCH /guilds/<guild>/members/@me",
    "GET /users/@me",
)


@dataclass(frozen=True)
class Bytes:
    """A request: a route with names of the stage, the headers, the body, and how much of it never comes."""

    verb: str
    headers: dict[str, str]
    body: bytes


@st.composite
def raw_requests(draw: st.DrawFn) -> Bytes:
    """A request whose body may be cut, wrongly encoded, or in the wrong dress."""
    kind, encoding = draw(_TYPES), draw(_ENCODINGS)
    body = draw(_multipart() if "boundary" in kind else _BYTES)
    body = body[: draw(st.integers(0, len(body)))] if draw(st.booleans()) else body
    headers = draw(_OTHERS) | {"Content-Type": kind}
    if encoding is not None:
        headers["Content-Encoding"] = encoding
        body = draw(
            st.sampled_from([body, gzip.compress(body), zlib.compress(body), gzip.compress(body)[:-9]])
        )
    return Bytes(draw(st.sampled_from(ROUTES)), headers, body)


@st.composite
def _multipart(draw: st.DrawFn) -> bytes:
    body = draw(st.sampled_from([b"", b"preamble\r\n"]))
    for _ in range(draw(st.integers(0, 3))):
        headers = {"Content-Disposition": draw(_DISPOSITIONS)} | draw(_PART_HEADERS)
        if draw(st.integers(0, 9)) == 0:
            headers |= {f"X-{number}": "y" for number in range(200)}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("latin-1")
        body += b"--a\r\n" + lines + b"\r\n" + draw(_BYTES) + b"\r\n"
    return body + draw(_ENDS)
