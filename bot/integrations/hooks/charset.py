"""The text of a hook's body, in whatever charset its sender writes."""

import codecs
import json
import re
from email.message import Message
from typing import Final

from bot.domain.hooks.hook import HookRequest, HookUnreadable
from bot.domain.hooks.nesting import is_shallow, is_utf_8

CONTENT_TYPE: Final = "content-type"

#: Names under which senders mean a superset. Source: WHATWG, Encoding, "Names and labels".
_MEANT: Final = {"shift_jis": "cp932", "iso8859-1": "cp1252", "ascii": "cp1252", "latin_1": "cp1252"}

#: Charsets that no standard library of another language has, or that take long to decode.
_NEVER: Final = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "utf-7"})

#: Kana, or the kanji of everyday words, twice in a row: no other charset's words look like this.
_JAPANESE: Final = {
    "euc_jp": re.compile(rb"(?:[\xa4\xa5][\xa1-\xf6]|\xa1\xbc|[\xb0-\xcf][\xa1-\xfe]){2}"),
    "cp932": re.compile(
        rb"(?:[\x82\x83][\x40-\x7e\x80-\xfc]|\x81\x5b|[\x88-\x97][\x40-\x7e\x80-\xfc]|"
        rb"\x98[\x40-\x72]|[\xa6-\xdf]){2}"
    ),
}
#: Signs of a reading, in EUC-JP, that a wrong reading is full of: the rarer half of the kanji, half-width
#: punctuation, a half-width mark of voice behind what takes none.
_SIGN: Final = re.compile(
    rb"(?P<odd>[\xd0-\xfe].|\x8e[\xa1-\xa5]|(?<!\x8e[\xb3\xb6-\xc4\xca-\xce])\x8e[\xde\xdf])|"
    rb"\x8e.|\x8f..|[^\0-\x7f].|.",
    re.DOTALL,
)
_OTHERS: Final = ("cp1252", "cp1251")

#: Bytes by which a charset is recognised.
_SAMPLE: Final = 65_536

_ISO_2022_JP: Final = (b"\x1b$", b"\x1b(")


def text_of(request: HookRequest) -> str:
    """Return the body of *request* as text, without a byte order mark.

    The charset is that of a byte order mark, else of the Content-Type, else UTF-8, else what the bytes look
    like. Bytes that fit none of these become U+FFFD.

    Raises:
        HookUnreadable: it is nested too deeply, which could not be seen before it was decoded.
    """
    body = request.body
    names = (_marked(body), _declared(request.headers.get(CONTENT_TYPE, "")), _unmarked(body))
    text = next((text for name in names if name and (text := _decoded(body, name)) is not None), None)
    if text is None:
        text = body.decode(_recognised(body) or "utf-8", "replace")
    if not is_utf_8(body) and not is_shallow(text.encode("utf-8", "replace")):
        raise HookUnreadable("the body is nested too deeply")
    return text.removeprefix("\ufeff")


def _marked(body: bytes) -> str | None:
    marks = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # UTF-32 begins like UTF-16
    return json.detect_encoding(body) if body.startswith((*marks, codecs.BOM_UTF32_BE)) else None


def _declared(content_type: str) -> str | None:
    """Return the charset that a Content-Type names; None for one that Python does not decode."""
    message = Message()
    try:
        message[CONTENT_TYPE] = content_type
        name = codecs.lookup(message.get_content_charset() or "").name
    except (LookupError, ValueError):
        return None
    return None if name in _NEVER else _MEANT.get(name, name)


def _unmarked(body: bytes) -> str:
    """Return the charset of a body that says nothing about it, if it is one of Unicode's or seven bits."""
    if body[:_SAMPLE].isascii() and any(escape in body for escape in _ISO_2022_JP):
        return "iso2022_jp"
    return json.detect_encoding(body)  # JSON begins with ASCII, so that NULs tell UTF-16


def _recognised(body: bytes) -> str | None:
    likely = [
        name
        for name, pattern in _JAPANESE.items()
        if pattern.search(body) and _decoded(body, name) is not None
    ]
    odd = {name: _odd_signs(body[:_SAMPLE].decode(name, "ignore")) for name in likely}
    likely = [name for name in likely if odd[name] == min(odd.values())]
    if len(likely) == 1:
        return likely[0]
    # Only a body that nothing else explains pays for the time that its import takes.
    from charset_normalizer import from_bytes  # noqa: PLC0415

    best = from_bytes(body[:_SAMPLE], cp_isolation=likely or list(_OTHERS)).best()
    return None if best is None else best.encoding


def _odd_signs(text: str) -> int:
    return sum(found["odd"] is not None for found in _SIGN.finditer(text.encode("euc_jp", "ignore")))


def _decoded(body: bytes, name: str) -> str | None:
    try:
        return body.decode(name)
    except (LookupError, ValueError):  # LookupError: it is no charset of texts, such as "hex"
        return None
