"""Secrets that are known by the name beside them: ``DB_PASSWORD=...``, ``"token": "..."``, headers, flags."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from bot.domain.masking.spans import SecretSpan
from bot.domain.masking.values import is_none, is_reference

#: Words in a name that say that its value is a secret.
_TELLING: Final = (
    r"passw(?:or)?d|passphrase|passcode|(?<=_)pass(?![a-z])|(?<![A-Za-z])(?:pass|pw)(?![\w-])|pwd|secret|"
    r"token|credential|rediscli_auth|sshpass|(?:api|access|auth|secret|private)[ ]key|"
    r"(?:api|access|auth|private|signing|encryption|service|account|master|license)[_-]?key|service[_-]?role|"
    r"webhook[_-]?auth|signature|(?<![a-z])sig(?![a-z])|(?<![a-z])dsn(?![a-z])"
)
#: A value in quotes, in escaped quotes, or up to what ends it.
_VALUE: Final = (
    r"(?:\"(?P<double>(?:\\.|[^\"\\\n]){0,4096})|'(?P<single>[^'\n]{0,4096})|`(?P<back>[^`\n]{0,4096})"
    r"|\\\"(?P<escaped>(?:(?!\\\")[^\n\"]){0,4096})|(?P<bare>[^\s\"',;&|<>(){}\[\]\\`]{0,4096}))"
)
_NAMED: Final = re.compile(
    rf"(?:{_TELLING})[\w-]{{0,40}}(?P<closing>\\?[\"']?\]?)"
    rf"(?P<sep>[ \t]{{0,8}}(?::=|=>|={{1,3}}|:)[ \t]{{0,8}}){_VALUE}",
    re.ASCII | re.IGNORECASE,
)
_VALUES: Final = ("double", "single", "back", "escaped", "bare")
_NAME_SIGNS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
_LONGEST_NAME: Final = 64
#: What may stand before the first name of a line.
_LINE_BEGINS: Final = re.compile(
    r"[ \t]{0,40}(?:(?:export|set|setenv|declare -x|-|\+|\$env:)[ \t]{0,8})?[\"']?"
)
_REST_OF_WORD: Final = re.compile(r"[^\s\"']{0,4096}")

#: Last words of a name that tell something about a secret, not the secret.
_ABOUT: Final = re.compile(
    r"count|counts|limit|type|types|name|names|length|len|size|expires|expiry|expiration|exp|"
    r"at|in|ttl|policy|version|status|enabled|required|path|file|dir|uri|url|endpoint|usage|"
    r"used|budget|rate|max|min|ref|source|provider|issuer|scope|scopes|tokens|secrets|"
    r"passwords|credentials|algorithm|alg|validity|valid"
)
_NOT_NAMES: Final = frozenset({"pwd", "oldpwd"})
#: Names of results and places as well: a test that passed, the working directory.
_RESULT: Final = re.compile(r"[\d.,%/]+|test.*", re.IGNORECASE | re.ASCII)
_DIRECTORY: Final = re.compile(r"[/~.$\\]|[A-Za-z]:")

_HEADER: Final = re.compile(
    r"\b(?:proxy-)?authorization\\?[\"']?[ \t]{0,8}[:=][ \t]{0,8}\\?[\"']?"
    r"(?:(?:bearer|basic|bot|token|digest|apikey|key)[ \t]{1,8})?(?P<s>[^\s\"',;\\]{2,8192})",
    re.ASCII | re.IGNORECASE,
)
_BEARER: Final = re.compile(
    r"\bbearer[ \t]{1,8}(?P<s>(?=[^\s\"']{0,60}[0-9_])[A-Za-z0-9._~+/-]{8,8192}={0,2})(?![\w=])",
    re.ASCII | re.IGNORECASE,
)
_COOKIE: Final = re.compile(
    r"(?<![\w-])(?:set-)?cookie\\?[\"']?[ \t]{0,8}:[ \t]{0,8}\\?[\"']?"
    r"(?P<s>[^\s=;\"']{1,128}=[^\n\"'\\]{1,8192})",
    re.ASCII | re.IGNORECASE,
)
_FLAG: Final = re.compile(
    r"(?<![\w-])--?[a-z-]{0,30}(?:password|passwd|token|secret|api-?key)(?:=|[ \t]{1,8})[\"']?"
    r"(?P<s>[^\s\"'<-][^\s\"']{0,1024})"
    r"|(?<!\S)(?:-u|--user)[ =]?[\"']?[^\s:\"'=]{1,128}:(?P<t>[^\s\"'$<]{1,512})",
    re.ASCII | re.IGNORECASE,
)

#: Any name with a long value, which may look random.
_ANY: Final = re.compile(
    r"(?<![\w.-])(?P<name>[A-Za-z_][\w.-]{1,63})\\?[\"']?[ \t]{0,4}[:=][ \t]{0,4}\\?[\"']?"
    r"(?P<s>[A-Za-z0-9+/_~-]{16,4096}={0,2})(?![\w.+/~-])",
    re.ASCII,
)
#: Words in a name whose random value is no secret.
_IDENTIFIERS: Final = re.compile(
    r"id|ids|uuid|guid|hash|sha|sha1|sha256|sha512|md5|digest|checksum|trace|span|request|"
    r"req|ray|etag|version|commit|revision|rev|integrity|image|url|uri|path|ref|fingerprint|"
    r"cursor|nonce|event|deployment|build|run|job|session|correlation|parent|head|base|tree|"
    r"object|resolved|tag"
)
_PUBLIC_KEYS: Final = re.compile(
    r"primary|foreign|public|cache|sort|partition|idempotency|unique|publishable|hot"
)
_HASH: Final = re.compile(
    r"(?:sha\d{1,3}[-:=])?(?:[0-9a-f]+|[0-9A-F]+)|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    re.ASCII,
)
#: The names of objects at vendors.
_OBJECT: Final = re.compile(
    r"(?:pi|ch|cus|evt|req|in|sub|price|prod|pm|si|txn|cs|seti|acct|msg|usr|user|org|run|job|trace|span)_"
)
_SRI: Final = re.compile(r"sha\d{3}-", re.ASCII)
_PARTS: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])")
_LONGEST_COUNT: Final = 6
_LEAST_RANDOM: Final = 24
_LEAST_KEY: Final = 16
_LEAST_BITS: Final = 3.9  # of entropy a sign: words and paths have less, random letters and digits more
_MOST_SLASHES: Final = 2


def named_secrets(text: str) -> Iterator[SecretSpan]:
    """Yield the secrets of *text* that the name beside them tells."""
    for pattern, kind in (
        (_HEADER, "authorization"),
        (_BEARER, "authorization"),
        (_COOKIE, "cookie"),
        (_FLAG, "secret"),
    ):
        for match in pattern.finditer(text):
            name = match.lastgroup or "s"
            if not is_none(match[name]):
                yield SecretSpan(match.start(name), match.end(name), kind)
    yield from _assigned(text)
    # Long values that look random, unless name or form say that they are an identifier.
    for match in _ANY.finditer(text):
        words = _words(match["name"])
        if not _has(words, _IDENTIFIERS) and _looks_secret(words, match["s"]):
            yield SecretSpan(match.start("s"), match.end("s"), "high_entropy")


def _assigned(text: str) -> Iterator[SecretSpan]:
    """Yield the values of names that say so."""
    for match in _NAMED.finditer(text):
        group = next(name for name in _VALUES if match[name] is not None)
        start, value = _name_start(text, match.start()), match.start(group)
        name = text[start : match.start("closing")]
        end = _bare_end(text, match, at=start) if group == "bare" else match.end(group)
        is_argument = name == text[value:end] and text.startswith((")", ","), end)  # token=token in a call
        if is_argument or _is_about(name, text[value:end]) or is_none(text[value:end]):
            continue
        if _is_result(text, match, name, text[value:end]):
            continue
        if text.startswith("://", start - 3):  # the user of an address: `known_shapes` has its password
            continue
        if group == "bare" and not _begins_line(text, start) and _is_prose(name, match["sep"], match[group]):
            continue
        yield SecretSpan(value, end, _kind(name))


def _bare_end(text: str, match: re.Match[str], *, at: int) -> int:
    """Return where a value without quotes ends; that of a line's first name, *at*, ends at the next blank.

    So does what refers to a value, since ``$(`` says what it is.
    """
    start = match.start("bare")
    whole = _REST_OF_WORD.match(text, start)
    if whole is None:
        return match.end("bare")
    is_variable = match["sep"] == "=" and _begins_line(text, at)
    goes_on = is_variable or (match["bare"] and _begins_line(text, at)) or is_reference(whole[0])
    return whole.end() if goes_on else match.end("bare")


def _name_start(text: str, at: int) -> int:
    """Return where the name begins that *at* is in."""
    least = max(at - _LONGEST_NAME, 0)
    while at > least and text[at - 1] in _NAME_SIGNS:
        at -= 1
    return at


def _begins_line(text: str, at: int) -> bool:
    """Return True if the name at *at* is the first of its line."""
    line = text.rfind("\n", max(at - _LONGEST_NAME, 0), at) + 1
    return (line > 0 or at <= _LONGEST_NAME) and _LINE_BEGINS.fullmatch(text, line, at) is not None


def _looks_secret(words: list[str], value: str) -> bool:
    if _OBJECT.match(value) or _SRI.match(value) or value.count("/") > _MOST_SLASHES or is_none(value):
        return False
    if words[-1:] == ["key"] and not _has(words, _PUBLIC_KEYS):
        return len(value) >= _LEAST_KEY and any(sign.isdigit() for sign in value)
    if len(value) < _LEAST_RANDOM or _HASH.fullmatch(value):
        return False
    is_mixed = all(any(test(sign) for sign in value) for test in (str.isupper, str.islower, str.isdigit))
    shares = [count / len(value) for count in Counter(value).values()]
    return is_mixed and -sum(share * math.log2(share) for share in shares) >= _LEAST_BITS  # Shannon's entropy


def _is_about(name: str, value: str) -> bool:
    """Return True if the value tells something about a secret: its length, its file, how many there are."""
    words = _words(name)
    is_id = words[-1:] == ["id"] and words[-2:-1] in (["key"], ["token"])
    is_count = value.isdigit() and len(value) <= _LONGEST_COUNT and _kind(name) != "password"
    is_directory = name.lower() in _NOT_NAMES and _DIRECTORY.match(value) is not None
    return is_directory or is_id or is_count or _has(words[-1:], _ABOUT)


def _is_result(text: str, match: re.Match[str], name: str, value: str) -> bool:
    """Return True if the plain name "pass" tells of a test, or "pwd" of a call."""
    if name.lower() in _NOT_NAMES:
        return text.startswith("(", match.end())
    if name.lower() != "pass":
        return False
    is_pair = text.startswith("/", match.start() - 1)  # "ID/PASS: ..."
    is_verdict = (name.isupper() and "=" not in match["sep"] and not is_pair) or _RESULT.fullmatch(
        value
    ) is not None
    rest = text[match.end() : text.find("\n", match.end()) % (len(text) + 1)]
    return is_verdict or (value.isalpha() and bool(rest.strip()))


def _is_prose(name: str, sep: str, value: str) -> bool:
    """Return True for a plain word behind a colon, as in "Invalid token: expected a string"."""
    is_word = value.rstrip(".!").isalpha() or not value.isascii()
    return ":" in sep and "=" not in sep and is_word and not re.search(r"[_A-Z]", name[1:])


def _kind(name: str) -> str:
    words = _words(name)
    known = ("password", "passwd", "pwd", "passphrase", "pass", "pw", "token", "dsn", "signature")
    named = next((word for word in known if word in words), "secret")
    return "password" if named in known[:6] else named


def _has(words: list[str], some: re.Pattern[str]) -> bool:
    """Return True if *some* is one of *words*."""
    return any(some.fullmatch(word) for word in words)


def _words(name: str) -> list[str]:
    """Return the words of a name in lower case: "sessionToken" has two, "DB_PASSWORD" too."""
    return [word.lower() for word in _PARTS.findall(name)]
