"""Secrets in command lines and in files of credentials, by the tool that reads them.

A short flag means something else to each tool: ``-p`` is a password to sshpass, a port to docker and, with a
blank behind it, a prompt to mysql.
"""

import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.masking.spans import SecretSpan
from bot.domain.masking.values import is_none


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
        elif tool.after in ("", *seen):
            yield from _secret(word.start("word"), argument, flag, tool)
        seen.add(argument)
        flag = argument if argument != "--" else ""
    return at if word is None else word.end()


def _secret(start: int, argument: str, flag: str, tool: _Tool) -> Iterator[SecretSpan]:
    """Yield the password in the word *argument*, which begins at *start*, behind *flag*."""
    known, value = _value(argument, flag, tool)
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
    ways = [(one, f"{one}=") for one in alone] + [(one, one) for one in (*tool.attached, *tool.pairs)]
    return next(((one, argument[len(lead) :]) for one, lead in ways if argument.startswith(lead)), ("", ""))
