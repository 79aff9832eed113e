"""Numbers of people: payment cards and telephones."""

import re
from collections.abc import Iterator
from typing import Final

from bot.domain.masking.spans import SecretSpan

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
