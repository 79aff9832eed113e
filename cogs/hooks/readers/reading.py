"""How a request is decoded and proven, and what most readers have in common."""

import base64
import codecs
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from typing import Final, Protocol

from bot.domain.alerts.events import AlertEvent
from bot.domain.systems import RecentChange
from cogs.hooks.rules import (
    HookRefused,
    HookRequest,
    HookRules,
    HookUnreadable,
    UnreadAlert,
    is_shallow,
    is_utf_8,
)

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
    marks = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
    marked = json.detect_encoding(body) if body.startswith(marks) else None  # UTF-32-LE begins like UTF-16-LE
    names = (marked, _declared(request.headers.get(CONTENT_TYPE, "")), _unmarked(body))
    text = next((text for name in names if name and (text := _decoded(body, name)) is not None), None)
    if text is None:
        text = body.decode(_recognised(body) or "utf-8", "replace")
    if not is_utf_8(body) and not is_shallow(text.encode("utf-8", "replace")):
        raise HookUnreadable("the body is nested too deeply")
    return text.removeprefix("\ufeff")


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
    odd = {}
    for name in likely:
        in_euc_jp = body[:_SAMPLE].decode(name, "ignore").encode("euc_jp", "ignore")
        odd[name] = sum(sign["odd"] is not None for sign in _SIGN.finditer(in_euc_jp))
    likely = [name for name in likely if odd[name] == min(odd.values())]
    if len(likely) == 1:
        return likely[0]
    # Only a body that nothing else explains pays for the time that its import takes.
    from charset_normalizer import from_bytes  # noqa: PLC0415

    best = from_bytes(body[:_SAMPLE], cp_isolation=likely or list(_OTHERS)).best()
    return None if best is None else best.encoding


def _decoded(body: bytes, name: str) -> str | None:
    try:
        return body.decode(name)
    except (LookupError, ValueError):  # LookupError: it is no charset of texts, such as "hex"
        return None


#: Years of a moment that is believed: Go writes year 1 for "none".
_YEARS: Final = range(2000, 2200)


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object in a hook's body, read by the names of its fields."""

    values: Mapping[str, object]

    def text(self, *names: str) -> str:
        """Return the first text or number under *names* that is not blank, else an empty text."""
        return next((found for name in names if (found := plain_text(self.values.get(name)))), "")

    def fields(self, name: str) -> "Fields":
        """Return the object under *name*; without any fields if there is none."""
        found = self.values.get(name)
        return Fields(found if isinstance(found, dict) else {})

    def each(self, name: str) -> tuple["Fields", ...]:
        """Return the objects of the list under *name*."""
        found = self.values.get(name)
        items = found if isinstance(found, list) else []
        return tuple(Fields(item) for item in items if isinstance(item, dict))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts of the list under *name*."""
        found = self.values.get(name)
        items = found if isinstance(found, list) else []
        return tuple(text for item in items if (text := plain_text(item)))

    def moment(self, *names: str) -> datetime | None:
        """Return the first moment under *names*, aware: ISO 8601, or Unix seconds."""
        return next((found for name in names if (found := moment_of(self.values.get(name)))), None)


def json_of(request: HookRequest) -> object:
    """Return the JSON of a body, whatever its charset.

    Raises:
        HookUnreadable.
    """
    return json_in(text_of(request))


def json_in(text: str) -> object:
    """Return the JSON that *text* is.

    Raises:
        HookUnreadable.
    """
    if not text.strip():
        raise HookUnreadable("the body is empty")
    try:
        content: object = json.loads(text)
    except RecursionError:
        raise HookUnreadable("the body is nested too deeply") from None
    except ValueError:
        raise HookUnreadable("the body is not JSON") from None
    return content


def fields_of(request: HookRequest) -> Fields:
    """Return the JSON object of a body.

    Raises:
        HookUnreadable.
    """
    return fields_in(text_of(request))


def fields_in(text: str) -> Fields:
    """Return the JSON object that *text* is.

    Raises:
        HookUnreadable.
    """
    content = json_in(text)
    if not isinstance(content, dict):
        raise HookUnreadable("the body is not a JSON object")
    return Fields(content)


def plain_text(value: object) -> str:
    """Return a text or a number as a text that PostgreSQL can store; anything else is empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return storable(str(value)).strip()


def storable(text: str) -> str:
    """Return *text* without NULs and lone surrogates, which JSON can hold and PostgreSQL cannot."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def moment_of(value: object) -> datetime | None:
    """Return the moment that *value* names, aware; None if it names none that is to be believed."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            moment = datetime.fromtimestamp(value, UTC)
        else:
            moment = datetime.fromisoformat(str(value).strip())
    except (ValueError, OverflowError, OSError):
        return None
    if moment.year not in _YEARS:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


#: How old or how far ahead a signed time may be. Source: Standard Webhooks, "Verifying webhook authenticity".
TOLERANCE: Final = timedelta(minutes=5)


def hex_signatures(keys: Sequence[str], signed: bytes) -> list[str]:
    """Return the HMAC-SHA256 of *signed* by each of *keys*, 64 hex digits."""
    return [hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in keys]


def is_one_of(given: str, expected: Iterable[str]) -> bool:
    """Return True if *given* is one of *expected*. The time that it takes does not say how much is right."""
    candidate = given.encode("utf-8", "replace")
    matches = [hmac.compare_digest(candidate, one.encode()) for one in expected]
    return any(matches)


def require_signature(given: str, expected: Iterable[str]) -> None:
    """Check that the signature *given* is one of *expected*.

    Raises:
        HookRefused.
    """
    if not is_one_of(given.strip().lower(), expected):
        raise HookRefused("signature")


def require_recent(seconds: str, now: datetime) -> datetime:
    """Return the signed time *seconds*, which is Unix time.

    Raises:
        HookRefused: it is no time, or `TOLERANCE` away from *now*.
    """
    try:
        signed_at = datetime.fromtimestamp(int(seconds.strip()), UTC)
    except (ValueError, OverflowError, OSError):
        raise HookRefused("signature") from None
    if abs(now - signed_at) > TOLERANCE:
        raise HookRefused("too_old")
    return signed_at


def require_credentials(request: HookRequest, keys: Sequence[str]) -> None:
    """Check that the request carries one of *keys*; see `has_credentials`.

    Raises:
        HookRefused.
    """
    if not has_credentials(request, keys):
        raise HookRefused("credentials")


def has_credentials(request: HookRequest, keys: Sequence[str]) -> bool:
    """Return True if the request carries one of *keys*.

    A key is its bearer token, or of basic authentication the password or "name:password".
    """
    scheme, _, credentials = request.headers.get("authorization", "").strip().partition(" ")
    match scheme.lower():
        case "bearer":
            return is_one_of(credentials.strip(), keys)
        case "basic":
            both = _name_and_password(credentials)
            return is_one_of(both, keys) or is_one_of(both.partition(":")[2], keys)
    return False


def _name_and_password(encoded: str) -> str:
    """Return the "name:password" of basic authentication; empty if it cannot be read.

    Source: RFC 7617.
    """
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError:
        return ""


class HookReader(Protocol):
    """Reads the requests of one `cogs.hooks.rules.HookFormat`. It has no state and does no I/O."""

    @property
    def stored_headers(self) -> tuple[str, ...]:
        """Return the headers, in lower case, that `parse` and `delivery_id` need.

        They are stored with the body, so none of them may be a secret.
        """

    def is_key(self, key: str) -> bool:
        """Return False if *key* does not have the source's form: it could verify no request."""

    def verify(self, request: HookRequest, keys: Sequence[str], *, now: datetime) -> None:
        """Check that the source has sent *request*: by a signature, a bearer token or a password.

        It is not called if no key is set for the source: then the secret in the address is all that protects
        it.

        Args:
            keys: At least one. Any of them will do, so that a key can be replaced while requests come.
            now: To refuse a signed time that is too old.

        Raises:
            HookRefused.
        """

    def delivery_id(self, request: HookRequest) -> str | None:
        """Return the source's own id of this request, equal when it is sent again; None if it has none."""

    def answer(self, request: HookRequest, rules: HookRules) -> bytes | None:
        """Return the JSON that the source expects with 202; None if any 2xx will do.

        Raises:
            HookUnreadable: the source expects to be told at once, with 400.
        """

    def parse(self, request: HookRequest, rules: HookRules) -> tuple[AlertEvent | UnreadAlert, ...]:
        """Return what the request says, in order; nothing for a request that is of no interest.

        The same request always says as much, in the same order, so that it can be processed in parts.

        Raises:
            HookUnreadable.
        """

    def changes(self, request: HookRequest, rules: HookRules, *, at: datetime) -> tuple[RecentChange, ...]:
        """Return the deployments that the request reports, each with a key; most report none.

        Args:
            at: When it was received, aware, for a deployment that does not say when it was begun.

        Raises:
            HookUnreadable.
        """


class SilentReader:
    """The parts of a `HookReader` for a source without ids and answers."""

    stored_headers: tuple[str, ...] = (CONTENT_TYPE,)

    def is_key(self, key: str) -> bool:  # noqa: ARG002
        """Return True: the format accepts any text as its secret."""
        return True

    def delivery_id(self, request: HookRequest) -> str | None:  # noqa: ARG002
        """Return None: nothing tells a request that is sent again from a new one."""
        return None

    def answer(self, request: HookRequest, rules: HookRules) -> bytes | None:  # noqa: ARG002
        """Return None: the source is content with any 2xx and no body."""
        return None

    def changes(self, request: HookRequest, rules: HookRules, *, at: datetime) -> tuple[RecentChange, ...]:
        """Return nothing: it reports no deployments."""
        del request, rules, at
        return ()


def read_alerts(group: Fields, read: Callable[[Fields], AlertEvent]) -> tuple[AlertEvent | UnreadAlert, ...]:
    """Read the list ``alerts`` of *group*, each alert by itself: one that cannot be read hides no other.

    Raises:
        HookUnreadable: it is no list.
    """
    alerts = group.values.get("alerts")
    if not isinstance(alerts, list):
        raise HookUnreadable("alerts is not a list")
    return tuple(_read(alert, read) for alert in alerts)


def _read(alert: object, read: Callable[[Fields], AlertEvent]) -> AlertEvent | UnreadAlert:
    if not isinstance(alert, dict):
        return UnreadAlert("an alert is not a JSON object")
    try:
        return read(Fields(alert))
    except HookUnreadable as error:
        return UnreadAlert(error.reason)
