"""Secrets that are known by the name beside them, or by the command that takes them.

As in ``DB_PASSWORD=...``, ``"token": "..."``, headers, flags. A short flag means something else to
each tool: ``-p`` is a password to sshpass, a port to docker and, with a blank behind it, a prompt
to mysql.
"""

import math
import re
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.masking.spans import SecretSpan, is_none, is_reference

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


@dataclass(frozen=True, slots=True)
class _Tool:
    """How a tool takes passwords.

    Attributes:
        attached: Flags with the password right behind them: ``-pX``.
        apart: Flags with the password in the next word, or behind an equals sign: ``-a X``.
        pairs: Flags with user and password in the next word, or right behind them.
        between: What separates the two of a pair.
        after: A word that must come first, such as "login".
    """

    attached: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    between: str = ":"
    after: str = ""


_MYSQL: Final = _Tool(attached=("-p",))
_LOGIN: Final = _Tool(attached=("-p",), apart=("-p",), after="login")
_CURL: Final = _Tool(pairs=("-u", "--user", "-U", "--proxy-user"))
#: Several of curl's flags in one word, of which the last takes user and password.
_CURLS_FLAGS: Final = re.compile(r"-[a-zA-Z]{1,12}[uU]")
_LDAP: Final = _Tool(apart=("-w",))
_MONGO: Final = _Tool(apart=("-p",))
_OPENSSL: Final = _Tool(apart=("-k", "-K"), pairs=("-passin", "-passout", "-pass"))

_TOOLS: Final[Mapping[str, _Tool]] = {
    **dict.fromkeys(
        (
            "mysql",
            "mysqldump",
            "mysqladmin",
            "mysqlimport",
            "mysqlcheck",
            "mysqlbinlog",
            "mysqlsh",
            "mariadb",
        ),
        _MYSQL,
    ),
    **dict.fromkeys(("mariadb-dump", "mariadb-admin"), _MYSQL),
    "redis-cli": _Tool(apart=("-a", "--pass")),
    "valkey-cli": _Tool(apart=("-a", "--pass")),
    "sshpass": _Tool(attached=("-p",), apart=("-p",)),
    **dict.fromkeys(
        ("docker", "podman", "nerdctl", "buildah", "skopeo", "helm", "az", "oc", "crane"), _LOGIN
    ),
    "curl": _CURL,
    **dict.fromkeys(("http", "https"), _Tool(pairs=("-a", "--auth"))),
    **dict.fromkeys(("ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldapwhoami", "ldappasswd"), _LDAP),
    **dict.fromkeys(("mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport"), _MONGO),
    "openssl": _OPENSSL,
    "smbclient": _Tool(pairs=("-U", "--user"), between="%"),
    "lftp": _Tool(pairs=("-u", "--user"), between=","),
    **dict.fromkeys(("sqlcmd", "bcp"), _Tool(attached=("-P",), apart=("-P",))),
    **dict.fromkeys(("zip", "unzip"), _Tool(attached=("-P",), apart=("-P",))),
    **dict.fromkeys(("7z", "7za"), _Tool(attached=("-p",))),
    "rabbitmqadmin": _Tool(apart=("-p",)),
    "cqlsh": _Tool(apart=("-p",)),
    "snmpwalk": _Tool(apart=("-A", "-X")),
}
_NAMES: Final = re.compile(
    r"(?<![\w.-])(?:" + "|".join(sorted(map(re.escape, _TOOLS), key=len, reverse=True)) + r")(?=[ \t])",
    re.ASCII,
)
#: A word of a command line, a blank with what goes on in the next line, or the end of the command.
_WORD: Final = re.compile(
    r"(?P<blank>(?:[ \t]|\\\r?\n)+)|(?P<end>[\n|;]|&&?)"
    r"|(?P<word>(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s|;&\"']|[\"'])+)"
)

#: A .netrc, on one line or several.
_NETRC: Final = re.compile(
    r"(?:\bmachine[ \t]{1,8}\S{1,256}|^[ \t]{0,8}default)\s{1,16}(?:login\s{1,16}\S{1,256}\s{1,16})?"
    r"(?:account\s{1,16}\S{1,256}\s{1,16})?password[ \t]{1,8}(?P<s>\S{1,512})",
    re.MULTILINE | re.ASCII,
)
#: A .pgpass: host:port:database:user:password. A line of a compiler begins with the name of a file.
_PGPASS: Final = re.compile(
    r"^[ \t]{0,8}(?![^\s:]{0,250}\.(?:py|[cm]?[jt]sx?|go|[ch](?:pp)?|java|kt|rb|rs|php|"
    r"sql|toml|ya?ml|json|md|txt|log|sh|vue):)"
    r"[\w.*-]{1,255}:(?:\d{4,5}|\*):[\w.*-]{1,63}:[\w.*-]{1,63}:(?P<s>\S{1,512})[ \t]{0,8}$",
    re.ASCII | re.MULTILINE,
)
#: A word that every text has in which one of these but a .pgpass is found.
_SAYS_SO: Final = re.compile(
    r"passw|identified|requirepass|masterauth|access_key|session_token|sudo -S|net(?:\.exe)?[ ]user",
    re.IGNORECASE,
)
_ARGUMENT: Final = r"(?:\"[^\"\n]{1,256}\"|'[^'\n]{1,256}'|[^\s\"'|;&]{1,256})"
_QUOTABLE: Final = (
    r"[\"']?(?P<s>(?<=\")[^\"\n]{1,256}|(?<=')[^'\n]{1,256}|(?<![\"'])[!-~]{1,256}(?<![\"';&|]))"
)
#: Passwords behind a blank: in SQL, in lines of configuration, and what is piped into a login.
_STATEMENTS: Final = (
    re.compile(
        r"\b(?:password|identified[ ](?:with[ ]\w{1,40}[ ])?by)\s{1,8}'(?P<s>[^'\n]{1,256})'",
        re.ASCII | re.IGNORECASE,
    ),
    re.compile(
        r"^[ \t]{0,16}(?:password|passwd|requirepass|masterauth)[ \t]{1,8}"
        r"(?P<s>(?=\D{0,64}\d)[^\s=<>(){}:]{6,256})[ \t]*$",
        re.ASCII | re.IGNORECASE | re.MULTILINE,
    ),
    re.compile(
        r"\b(?:user(?:name)?|login)[ \t]{1,4}\S{1,64}[ \t]{1,4}password[ \t]{1,4}"
        r"(?P<s>(?=\D{0,64}\d)[^\s=<>(){}:]{6,256})",
        re.ASCII | re.IGNORECASE,
    ),
    re.compile(
        r"(?:secret_access_key|session_token)[ \t]{1,4}(?P<s>[A-Za-z0-9/+=]{16,2048})",
        re.ASCII | re.IGNORECASE,
    ),
    re.compile(
        r"\becho[ \t]{1,4}(?:-n[ \t]{1,4})?[\"']?(?P<s>[^\s\"'|]{1,256})[\"']?[ \t]{0,4}"
        r"\|[^\n|]{0,120}(?:--password-stdin|passwd[ ]--stdin|sudo[ ]-S)\b",
        re.ASCII,
    ),
    re.compile(  # -b: the password is the last word; -n: there is no file
        r"\bhtpasswd(?=[^\n|;&]{0,80}[ \t]-[A-Za-z]{0,8}b)"
        r"(?:[ \t]{1,4}-(?:[A-Za-mo-z]|(?P<no_file>n)){1,8}(?:[ \t]{1,4}\d{1,2}(?=[ \t]))?){1,6}"
        rf"(?(no_file)|[ \t]{{1,4}}(?!-){_ARGUMENT})[ \t]{{1,4}}{_ARGUMENT}[ \t]{{1,4}}{_QUOTABLE}",
        re.ASCII,
    ),
    re.compile(
        rf"\bnet(?:\.exe)?[ ]user[ \t]{{1,4}}(?![/*]){_ARGUMENT}[ \t]{{1,4}}(?![/*])"
        rf"(?=[^\n]{{1,256}}[ \t]/[a-z]|[\"']|[!-~]{{0,256}}(?:\d[A-Za-z]|[A-Za-z]\d))"
        rf"{_QUOTABLE}[\"']?(?=[ \t]{{1,4}}/[a-z]|[ \t]*(?:$|[&|;]|[^\x00-\x7f]))",
        re.ASCII | re.IGNORECASE | re.MULTILINE,
    ),
)


def command_secrets(text: str) -> Iterator[SecretSpan]:
    """Yield the passwords in the command lines and the credential files of *text*."""
    at = 0
    while name := _NAMES.search(text, at):
        at = yield from _in_command(text, name.start())
    has_word = _SAYS_SO.search(text) is not None
    for pattern in (_PGPASS, *((_NETRC, *_STATEMENTS) if has_word else ())):
        for match in pattern.finditer(text):
            if not is_none(match["s"]):
                yield SecretSpan(match.start("s"), match.end("s"), "password")


def _in_command(text: str, at: int) -> Generator[SecretSpan, None, int]:
    """Yield the passwords of the command at *at*, and return where it ends."""
    tool, seen, flag = _Tool(), set[str](), ""
    while (word := _WORD.match(text, at)) is not None and word["end"] is None:
        at = word.end()
        if word["word"] is None:
            continue
        argument = word["word"]
        if not flag.startswith("-") and (name := argument.rpartition("/")[2]) in _TOOLS:
            tool, seen = _TOOLS[name], set()
        elif not tool.after or tool.after in seen:
            yield from _secret(word.start("word"), argument, flag, tool)
        seen.add(argument)
        flag = argument if argument != "--" else ""
    return at if word is None else word.end()


def _secret(start: int, argument: str, flag: str, tool: _Tool) -> Iterator[SecretSpan]:
    """Yield the password in the word *argument*, which begins at *start*, behind *flag*."""
    known, value = _value(argument, flag, tool)
    if not value:
        return
    value, end = value.strip("\"'"), start + len(argument.rstrip("\"'"))
    if known in tool.pairs:
        value = value.partition(tool.between)[2]
    if not is_none(value) and not value.startswith("-"):
        yield SecretSpan(end - len(value), end, "password")


def _value(argument: str, flag: str, tool: _Tool) -> tuple[str, str]:
    """Return the flag and the value that the word *argument* behind *flag* has; empty for none."""
    alone = (*tool.apart, *tool.pairs)
    if flag in alone:
        return flag, argument
    if tool is _CURL and _CURLS_FLAGS.fullmatch(flag):
        return "-u", argument
    if not argument.startswith("-"):  # every flag does
        return "", ""
    ways = [(one, f"{one}=") for one in alone] + [(one, one) for one in (*tool.attached, *tool.pairs)]
    return next(((one, argument[len(lead) :]) for one, lead in ways if argument.startswith(lead)), ("", ""))
