"""Masks a whole text: all finders over it, one text without secrets out.

Here are the finders of secrets that are known by their shape alone: tokens, those of vendors, and
numbers of people. Every pattern reads each sign a bounded number of times: output may be long, and
anyone may have written it.
"""

import re
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from bot.domain.masking.named import command_secrets, named_secrets
from bot.domain.masking.spans import MASK, Finder, Masked, SecretSpan, found_in, half_width, masked, token_end
from bot.domain.masking.spoken import spoken_secrets

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


class _Vendor(NamedTuple):
    """One shape of a secret.

    Attributes:
        kind: As it is shown.
        plugin: The plugin of detect-secrets that it is from.
        needs: A word in lower case without which it need not be looked for; empty for none.
        pattern: What is masked is its group ``s``, or all of it without one.
    """

    kind: str
    plugin: str
    needs: str
    pattern: re.Pattern[str]


def _vendor(kind: str, plugin: str, pattern: str, *, needs: str = "", flags: int = 0) -> _Vendor:
    return _Vendor(kind, plugin, needs, re.compile(pattern, re.ASCII | flags))


#: How a name and a value belong together, with quotes or brackets around each.
_IS: Final = r"[\"']?\]?[ \t]{0,8}(?:=|:=|:|=>|::|[ \t])[ \t]{0,8}[\"']?"
_NAMED_SO: Final = r"(?:api)?[_-]?(?:key|pwd|pw|password|pass|token)"

# The expressions are those of the plugins of detect-secrets 1.5.0 (Yelp, Apache License 2.0), bounded so that
# each sign is read a bounded number of times. Left out are what our own rules find anyway, and IP addresses,
# because an incident needs them.
_VENDORS: Final = (
    _vendor(
        "artifactory_credentials",
        "artifactory",
        r"(?<![^\s=:\"])AKC[a-zA-Z0-9]{10,512}(?![^\s\"])",
        needs="akc",
    ),
    _vendor(
        "artifactory_credentials",
        "artifactory",
        r"(?<![^\s=:\"])AP(?=[A-Za-z0-9]{0,60}\d)[\dA-F][a-zA-Z0-9]{8,512}(?![^\s\"])",
        needs="ap",
    ),
    _vendor(
        "aws_access_key",
        "aws",
        r"aws.{0,20}?(?:key|pwd|pw|password|pass|token).{0,20}?['\"](?P<s>[0-9a-zA-Z/+]{40})['\"]",
        needs="aws",
        flags=re.IGNORECASE,
    ),
    _vendor(
        "azure_storage_account_access_key",
        "azure_storage_key",
        r"AccountKey=(?P<s>[a-zA-Z0-9+/=]{88})",
        needs="accountkey=",
    ),
    _vendor(
        "cloudant_credentials",
        "cloudant",
        rf"(?:cloudant|clou|(?<!\w)cl)[_-]?{_NAMED_SO}{_IS}(?P<s>[0-9a-f]{{64}}|[a-z]{{24}})(?!\w)",
        needs="cl",
        flags=re.IGNORECASE,
    ),
    _vendor(
        "gitlab_token", "gitlab_token", r"GR1348941[A-Za-z0-9_-]{20,255}|glimt-[A-Za-z0-9_-]{25}", needs="g"
    ),
    _vendor(
        "ibm_cloud_iam_key",
        "ibm_cloud_iam",
        rf"(?:ibm|iam|cloud)[_-]?{_NAMED_SO}{_IS}(?P<s>[a-zA-Z0-9_-]{{44}})(?![\w-])",
        needs="ibm",
        flags=re.IGNORECASE,
    ),
    _vendor(
        "ibm_cos_hmac_credentials",
        "ibm_cos_hmac",
        rf"secret[-_]?(?:access)?[-_]?key{_IS}(?P<s>[a-f0-9]{{48}})(?![a-f0-9])",
        needs="secret",
        flags=re.IGNORECASE,
    ),
    _vendor("mailchimp_access_key", "mailchimp", r"(?<![0-9a-z])[0-9a-z]{32}-us[0-9]{1,2}", needs="-us"),
    _vendor("pypi_token", "pypi_token", r"pypi-AgENdGVzdC5weXBpLm9yZw[A-Za-z0-9_-]{70,1024}", needs="pypi-"),
    _vendor(
        "softlayer_credentials",
        "softlayer",
        rf"(?:softlayer|(?<!\w)sl)[_-]?{_NAMED_SO}{_IS}(?P<s>[a-z0-9]{{64}})(?!\w)",
        needs="sl",
        flags=re.IGNORECASE,
    ),
    _vendor(
        "softlayer_credentials",
        "softlayer",
        r"api\.softlayer\.com/soap/v3(?:\.1)?/(?P<s>[a-z0-9]{64})",
        needs="softlayer",
        flags=re.IGNORECASE,
    ),
    _vendor("square_oauth_secret", "square_oauth", r"sq0csp-[0-9A-Za-z\\_-]{43}", needs="sq0csp-"),
    _vendor("telegram_bot_token", "telegram_token", r"(?<!\d)\d{8,10}:[0-9A-Za-z_-]{35}(?![\w-])", needs=":"),
    _vendor("twilio_api_key", "twilio", r"(?<![A-Za-z0-9])(?:AC|SK)[a-z0-9]{32}(?![A-Za-z0-9])"),
)


def vendor_secrets(part: str) -> Iterator[SecretSpan]:
    """Yield the secrets of *part* that have a vendor's shape, each to the end of its token."""
    lowered = part.lower()
    for vendor in _VENDORS:
        if vendor.needs not in lowered:
            continue
        group = "s" if "s" in vendor.pattern.groupindex else 0
        for match in vendor.pattern.finditer(part):
            end = match.end(group)
            yield SecretSpan(match.start(group), max(end, token_end(part, end)), vendor.kind)


_DASH: Final = "[-‐‑‒–—−ー]"
#: By brand: Visa, Mastercard, American Express, JCB, Diners, Discover and UnionPay. Numbers of 13 and
#: 19 digits are left out, because ids and times look the same.
_CARD: Final = re.compile(
    r"(?<![\w./+#-])(?<!\d:)(?:"
    r"(?=(?:4\d|5[1-5]|2[2-7]|35|6[0245])\d{2})\d{4}(?P<by>[ -]?)\d{4}(?P=by)\d{4}(?P=by)\d{4}"
    r"|3[47]\d{2}(?P<by15>[ -]?)\d{6}(?P=by15)\d{5}"
    r"|3[0689]\d{2}(?P<by14>[ -]?)\d{6}(?P=by14)\d{4}"
    r")(?![\w.:/-]|[ ]\d)",
    re.ASCII,
)
#: A Japanese number: 10 or 11 digits with two separators, or a mobile's without.
_JAPANESE: Final = re.compile(
    rf"(?<![\w./+#-])(?<!\d:)(?:"
    rf"\(?0[1-9]\d{{0,3}}(?:\)[ ]?|[ ]?{_DASH}[ ]?|\()\d{{1,4}}(?:\)[ ]?|[ ]?{_DASH}[ ]?)\d{{3,4}}"
    r"|0[5789]0[ ]\d{4}[ ]\d{4}|0[789]0\d{8}"
    rf")(?![\w.:/-]|{_DASH})",
    re.ASCII,
)
_LABELLED: Final = re.compile(
    r"(?:電話(?:番号)?|携帯(?:電話|番号)?|連絡先|(?<![A-Za-z])(?:tel|phone|mobile|fax))"
    r"[\"']?[ \t]{0,4}[:=は]?[ \t]{0,4}[\"']?(?P<s>0\d{9,10})(?!\d)",
    re.IGNORECASE | re.ASCII,
)
#: E.164, with or without separators. A zone's "+09:00" and a difference have fewer digits.
_INTERNATIONAL: Final = re.compile(
    rf"(?<![\w.)+])\+[1-9]\d{{0,2}}(?:[ ]?\(0?\d{{1,4}}\)|(?:[ ]|{_DASH})?\d)(?:(?:[ ]|{_DASH})?\d){{6,12}}"
    r"(?!\w|[.:]\d)(?![ ]?(?:bytes|B|[kmgKMG]i?B|ms|ns|us|s|%)\b)",
    re.ASCII,
)
_NAME_BEFORE: Final = re.compile(r"([A-Za-z_][\w.-]{0,63})[\"']?[ \t]{0,2}[:=][ \t]{0,2}[\"']?\Z", re.ASCII)
_NO_NUMBER_OF_PEOPLE: Final = re.compile(
    r"(?:.*(?:[_.-]|(?<=[a-z])(?=[IT])))?(?:id|ids|trace|span|request|order|invoice|offset|seq|sequence|time|timestamp|ts|nonce|hash|"
    r"version|build|run|size|bytes|count|total|amount|limit|max|min|port)",
    re.IGNORECASE,
)
_LEAST_INTERNATIONAL: Final = 10
_JAPANESE_DIGITS: Final = (10, 11)


def personal_numbers(text: str) -> Iterator[SecretSpan]:
    """Yield the numbers of cards and telephones in *text*, whose signs are half-width."""
    for match in _CARD.finditer(text):
        digits = _digits(match[0])
        if _is_luhn(digits) and not _is_other(text, match.start(), match[0]):
            yield SecretSpan(match.start(), match.end(), "card")
    for match in _JAPANESE.finditer(text):
        if len(_digits(match[0])) in _JAPANESE_DIGITS and not _is_other(text, match.start(), match[0]):
            yield SecretSpan(match.start(), match.end(), "phone")
    for match in _LABELLED.finditer(text):
        yield SecretSpan(match.start("s"), match.end("s"), "phone")
    for match in _INTERNATIONAL.finditer(text):
        if len(_digits(match[0])) >= _LEAST_INTERNATIONAL and not _is_other(text, match.start(), match[0]):
            yield SecretSpan(match.start(), match.end(), "phone")


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _is_luhn(digits: str) -> bool:
    """Return True if the check digit is right; see ISO/IEC 7812-1, annex B."""
    doubled = (sum(divmod(2 * int(one), 10)) for one in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0 and len(set(digits)) > 1


def _is_other(text: str, at: int, number: str) -> bool:
    """Return True if the name before an unbroken number says that it is an id, a time or an amount."""
    name = _NAME_BEFORE.search(text, max(at - 80, 0), at) if number.lstrip("+").isdigit() else None
    return name is not None and _NO_NUMBER_OF_PEOPLE.fullmatch(name[1]) is not None


_HIDDEN = "\x01"  # in no pattern

_FINDERS: Final[tuple[Finder, ...]] = (
    known_shapes,
    named_secrets,
    spoken_secrets,
    command_secrets,
    personal_numbers,
    vendor_secrets,
)

#: Kinds that are no secret in a link: it has long names of its own.
_LEFT_IN_LINKS: Final = frozenset({"email", "high_entropy", "card", "phone"})


def mask(text: str, *, leaves: Collection[str] = ()) -> Masked:
    """Return *text* without the secrets that our rules find; masking it again changes nothing.

    It takes under a second for a megabyte: call it in a thread.

    Args:
        leaves: Kinds that stay as they are, such as "email".
    """
    # Text beside a mask must not turn the mask's name into a new secret.
    bare = half_width(MASK.sub(lambda hidden: _HIDDEN * len(hidden[0]), text))
    spans = [*private_keys(bare), *found_in(bare, _FINDERS)]
    return masked(text, [span for span in spans if span.kind not in leaves])


def open_link(url: str) -> str | None:
    """Return *url*, or None if a secret is in it: a link with a mask in it leads nowhere."""
    return None if mask(url, leaves=_LEFT_IN_LINKS).total else url
