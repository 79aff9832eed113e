"""The secrets of vendors that detect-secrets knows by shape and `bot.domain.masking.shapes` does not."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from bot.domain.masking.spans import SecretSpan, token_end


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
