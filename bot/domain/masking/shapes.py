"""Secrets that are known by their shape alone, whatever is written beside them.

Every pattern reads each sign a bounded number of times: output may be long, and anyone may have written it.
"""

import re
from collections.abc import Iterator
from typing import Final

from bot.domain.masking.spans import SecretSpan

_TAIL: Final = r"(?![A-Za-z0-9])"
_HEAD: Final = r"(?<![A-Za-z0-9])"

#: By kind. What is masked is the group ``s``, or all of it where there is none.
_SHAPES: Final = {
    "discord_webhook": r"discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/\d{5,25}/(?P<s>[\w-]{20,200})",
    "discord_interaction": r"/interactions/\d{5,25}/(?P<s>[\w-]{20,400})/callback",
    "discord_token": _HEAD + r"[A-Za-z0-9_-]{23,30}\.[\w-]{6,7}\.[\w-]{27,80}",
    "slack_webhook": r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<s>[\w/-]{20,200})",
    "slack_token": _HEAD
    + r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,250}|"
    + _HEAD
    + r"xapp-[A-Za-z0-9-]{10,250}",
    "github_token": _HEAD + r"gh[oprsu]_[A-Za-z0-9_]{20,255}|" + _HEAD + r"github_pat_\w{20,255}",
    "gitlab_token": _HEAD + r"gl(?:pat|dt|ft|soat|rt|cbt|ptt|agent|oas)-[\w-]{20,255}",
    "aws_key": _HEAD
    + r"(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA)[A-Z0-9]{16}"
    + _TAIL,
    "google_key": _HEAD + r"(?:AIza[\w-]{35}|ya29\.[\w-]{20,2048}|GOCSPX-[\w-]{20,64}|1//0[\w-]{30,256})",
    "stripe_key": _HEAD + r"(?:[rs]k_(?:live|test)_[A-Za-z0-9]{10,255}|whsec_[A-Za-z0-9+/=]{16,128})",
    "cloudflare_key": _HEAD + r"(?:v1\.0-[0-9a-f]{24}-[0-9a-f]{100,200}|cf[a-z]{1,3}_[A-Za-z0-9_-]{32,128})",
    "supabase_key": _HEAD + r"(?:sbp_(?:oauth_)?[0-9a-f]{40}|sb_secret_[\w-]{16,128})",
    "onepassword_key": _HEAD + r"(?:ops_[A-Za-z0-9_=-]{40,4096}|A3-[A-Z0-9]{6}(?:-[A-Z0-9]{4,11}){4,6})",
    "sentry_key": _HEAD + r"(?:sntry[a-z]_[A-Za-z0-9_+/=-]{20,1024})",
    "sentry_dsn": r"https?://(?P<s>[0-9a-f]{32}(?::[0-9a-f]{32})?)@",
    "npm_token": _HEAD + r"npm_[A-Za-z0-9]{30,64}",
    "pypi_token": _HEAD + r"pypi-[A-Za-z0-9_-]{50,1024}",
    "ai_key": _HEAD + r"sk-(?:(?:proj|ant|svcacct|admin|or)-|(?=[A-Za-z_-]{0,80}[0-9]))[A-Za-z0-9_-]{20,255}",
    "sendgrid_key": _HEAD + r"SG\.[\w-]{16,40}\.[\w-]{20,80}",
    "pushover_or_telegram": _HEAD + r"\d{8,12}:AA[\w-]{30,64}",
    "jwt": _HEAD + r"eyJ[\w-]{10,}={0,2}(?:\.[\w=-]*){0,4}",
}
_PATTERNS: Final = {kind: re.compile(pattern, re.ASCII) for kind, pattern in _SHAPES.items()}

_REST: Final = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)

#: A word that every text with such a secret has, where that is quicker to look for than the pattern.
_NEEDS: Final = {"discord_token": ".", "discord_interaction": "/callback", "sentry_dsn": "@"}

#: In an address: user and password. A password in a database's address may have a slash, in others not.
_DATABASES: Final = (
    r"postgres(?:ql)?(?:\+\w+)?|mysql(?:\+\w+)?|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|sqlserver|clickhouse"
)
_ADDRESS: Final = re.compile(
    rf"\b(?:{_DATABASES})://[^\s:/@\"'<>]{{0,256}}:(?P<long>[^\s\"'<>]{{1,512}})@"
    r"|\b[a-z][a-z0-9+.-]{1,20}://(?:[^\s:/@\"'<>?#]{0,256}:(?P<short>[^\s/@\"'<>]{1,512})"
    r"|(?P<alone>[A-Za-z0-9_-]{16,256}))@",
    re.ASCII | re.IGNORECASE,
)

_EMAIL: Final = re.compile(
    r"(?<![A-Za-z0-9._%+/:-])(?!git@)[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}"
    r"(?!png\b|jpe?g\b|gif\b|svg\b|webp\b|m?js\b|tsx?\b|css\b"
    r"|service\b|timer\b|socket\b|mount\b|scope\b|slice\b|target\b)[A-Za-z]{2,24}(?![A-Za-z0-9])",
    re.ASCII,
)

_KEY_BEGINS: Final = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-\d", re.ASCII
)
_KEY_ENDS: Final = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|Private-MAC: ?[0-9a-f]*")


def known_shapes(text: str) -> Iterator[SecretSpan]:
    """Yield the secrets of *text* that have a shape of their own."""
    for kind, pattern in _PATTERNS.items():
        if _NEEDS.get(kind, "") in text:
            for match in pattern.finditer(text):
                group = "s" if "s" in match.re.groupindex else 0
                rest = _REST.match(text, match.end(group))  # a longer token than any that was seen
                yield SecretSpan(match.start(group), rest.end() if rest else match.end(group), kind)
    if "@" in text:
        hosts = set()  # where one follows, which is no part of an email address
        for address in _ADDRESS.finditer(text):
            name = address.lastgroup or ""
            hosts.add(address.end(name))
            kind = "password" if name != "alone" else "token"
            yield SecretSpan(address.start(name), address.end(name), kind)
        for email in _EMAIL.finditer(text):
            if text.index("@", email.start()) not in hosts:
                yield SecretSpan(email.start(), email.end(), "email")


def private_keys(text: str) -> Iterator[SecretSpan]:
    """Yield the blocks of private keys in the whole *text*; one without an end goes on to the end."""
    at = 0
    while begin := _KEY_BEGINS.search(text, at):
        end = _KEY_ENDS.search(text, begin.end())
        at = len(text) if end is None else end.end()
        yield SecretSpan(begin.start(), at, "private_key")
