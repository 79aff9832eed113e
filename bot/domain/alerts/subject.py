"""What a monitor's text is about: its words and names, without what differs from time to time.

"Gate 3 is down for 5 minutes" is about "gate 3": a number that is part of a name is kept, since gate 4 is
another gate. A measurement is left out: a number with a unit, a percentage, a duration, a time, a count, the
number of a run. In doubt a number is part of a name, because two alerts are better than one that hides the
second.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from bot.domain.alerts.words import SIGNS, WORDS, Meaning, phrases

_LONGEST: Final = 320  # signs of a line: NFKC makes up to 18 of one
_APART: Final = (", ", "; ", ". ", "、", "。", ") ", "] ")  # between two words that make no name

#: Nouns whose number may have a point: zone 1.2. Elsewhere such a number is a figure.
_PLACES: Final = phrases(
    "zone|area|section|block|rack|bay|unit|floor|gate|lane|level|slot|room|channel|line|row|lot"
)
_PICTURES: Final = re.compile(r"[\u2190-\u21ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")
_LETTERED: Final = re.compile(
    r"(?<![\w.])(\d{1,5})([A-Z])(?![A-Za-z0-9])", re.ASCII
)  # gate 3B; units are small
_FIGURE: Final = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_LOOK_LIMIT: Final = 120
_STARS: Final = re.compile(r"\*(?:[\s*]*\*)+")
_DIGITS: Final = re.compile(r"\d+", re.ASCII)
_PLACE: Final = re.compile(r".{2}(?:店|駐車場|営業所|支店|本社|支社|工場|センター|号機|号|館|棟|番|階|駅)$")
_HIRAGANA: Final = re.compile(r"[ぁ-ゖー]+")

# Possessive: of a run of thousands of these, no other way to read it is tried.
_PARTICLES: Final = re.compile(
    r"(?:されています|されました|しています|について|において|における|している|でした|ました|ません|います|あります|"
    r"ください|による|により|として|という|こと|もの|から|まで|より|です|ます|した|して|いる|ある|あり|され|この|その|ため|"
    r"など|へ|に|で|と|が|は|を|の|も|や|な|し|さ|れ|ら|い|か|ね|よ|お|ご|た|て|だ|る)++"
)
_SCRIPTS: Final = re.compile(
    r"[a-z0-9_./:@#+-]*[々〇一-鿿]+[々〇一-鿿0-9a-z]*|[a-z0-9_./:@#+-]*[ァ-ヺー]+[0-9a-z]*|[ぁ-ゖー]+|[a-z0-9_./:@#+-]+|"
    r"[^\x00-\x7f]"
)
_WORD: Final = re.compile(r"[^\s,;!?\"'“”‘’«»()<>|*`\[\]{}【】「」『』〈〉《》〔〕（）、。・…→⇒—–¥$^~>]+")
_EMPTY: Final = phrases(
    "a|an|the|is|are|was|were|be|been|being|has|have|had|having|of|to|in|on|at|by|for|from|with|and|or|"
    "due|your|our|its|it|this|that|these|those|as|than|then|when|after|before|since|until|into|onto|over|"
    "under|now|currently|please|you|we|i|he|she|they|there|here|will|would|should|can|may|not|no|if|"
    "because|during|per|via|about|within|still|just|again|also|more|most|very|some|any|all|once|out|off|"
    "up|so|do|does|did|s|t|re|value|current|の|が|は|を|に|で|と|も|や|から|まで|です|ます|した|して"
)

#: After these a number is a figure.
_BEFORE_FIGURES: Final = phrases(
    "is|was|are|than|over|under|above|below|by|for|in|last|after|every|within|returned|got|received|code|"
    "status|http|https|value|values|to|from|of|at|around|about|approximately|only|exactly|least|most|"
    "exceeds|exceeded|reached|reaches|equals|>=|<=|>|<|=|error|errors|failed|failure|exit|signal|scored|"
    "score"
)

#: Nouns that have a figure.
_MEASURED: Final = phrases(
    "restarts|exitcode|latency|usage|utilization|utilisation|load|temperature|temp|value|count|total|errors|size|length|"
    "depth|lag|rate|age|duration|uptime|downtime|memory|cpu|pings|retries|attempts|failures|"
    "successes|requests|connections|sessions|users|visitors|events|messages|items|jobs|rows|percent|"
    "percentage|p50|p90|p95|p99|median|average|avg|mean|max|min|maximum|minimum|threshold|limit|quota|"
    "capacity|free|used|available|remaining|left|response|time|bytes|speed|bandwidth|throughput|traffic|"
    "voltage|current|power|humidity|pressure|score|balance|amount|queue_length|backlog|"
    "pass|occurrences|occurrence|times|priority|prio|severity|sev|rc|ttl"
)

#: Nouns whose number counts on, from one message to the next.
_SERIAL: Final = phrases(
    "pid|process|thread|attempt|retry|try|run|build|event|incident|ticket|issue|request|trace|session|"
    "alert|problem|eventid|deployment|deploy|pipeline|execution|invocation|report|notification|"
    "sequence|seq|revision|rev|release|commit|timestamp|epoch|took|elapsed"
)
_HEX: Final = r"(?=[0-9a-f]{0,63}[0-9])(?=[0-9a-f]{0,63}[a-f])[0-9a-f]{7,64}"
_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

#: What has an id that differs each time.
_ID_OF: Final = (
    r"(?:(?:trace|request|req|session|span|correlation|event|transaction|run|execution)(?:[\s_-]?id)?|traces|requests|"
    r"commits?|sha|revision|rev|build|deployment of|deploy of|of|digest)"
)
_SERIAL_ID: Final = (
    "event|alert|incident|ticket|request|trace|message|notification|session|process|job|run|build|case|issue"
)
_CLOCK: Final = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:\s?[ap]m\b)?"
_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_NUMBER: Final = r"[-+]?\d{1,15}(?:,\d{3}){0,4}(?:\.\d{1,12})?"
_UNITS: Final = (
    r"(?:%|percent|ms|msec|milliseconds?|us|µs|μs|ns|secs?|seconds?|s|mins?|minutes?|m|hours?|hrs?|h|days?|d|weeks?|w|"
    r"months?|years?|[kmgt]i?b(?:ytes?)?(?:/s)?|bytes?|[kmgt]?bps|rps|qps|rpm|req/s|ops/s|iops|[kmg]?hz|x|"
    r"°c|°f|℃|celsius|volts?|watts?|kw|kwh|amps?|points?|pts)"
)
_COUNTED: Final = (
    r"(?:times?|errors?|failures?|events?|requests?|alerts?|checks?|retries|attempts?|users?|connections?|messages?|"
    r"items?|jobs?|rows?|hosts|instances|pods|replicas|nodes|workers|threads|processes|occurrences?|incidents?|tests?|"
    r"issues?|warnings?|locations?|regions|people|visitors?|orders?|records?|samples?|series|consecutive|"
    r"monitors|services|containers|files|updates?|probes?|packets?|points?|vehicles?|cars?|violations?|vulnerabilities)"
)
_RUN: Final = re.compile(rf"#\d{{1,9}}\b|/\d{{1,9}}(?=[\s)\]>/]|$)|\b{_HEX}\b", re.ASCII)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, or a name with its number.

    Attributes:
        text: In lower case.
        is_name: It looks like the name of one thing: it has a digit, or signs as in "api.parky.co.jp".
    """

    text: str
    is_name: bool


def folded(text: str) -> str:
    """Return the first 320 signs of *text* after NFKC, in lower case, with single blanks."""
    plain = (
        unicodedata.normalize("NFKC", text[:_LONGEST].encode("utf-8", "replace").decode())[:_LONGEST]
        .replace("İ", "I")
        .lower()
    )
    return " ".join(plain.replace("\ufe0f", "").split())


@lru_cache(maxsize=4_096)
def tokens(text: str, *, counts_runs: bool = False, keeps_state: bool = False) -> tuple[Token, ...]:
    """Return the words and names of *text*, in order, without words of state and measurements.

    Args:
        keeps_state: With the words of state.
        counts_runs: It is about work that runs again and again: "#214" is the number of a run, not of a
        thing.
    """
    plain = folded(_LETTERED.sub(r"\1-\2", text))
    if counts_runs:
        plain = _RUN.sub(" ", plain)
    for pattern, put in _VARYING:
        plain = pattern.sub(put, plain)
    plain = _PICTURES.sub(" ", plain if keeps_state else _without_state(plain))
    result: list[Token] = []
    raw = [
        (each, plain[: word.start()].endswith(_APART))
        for word in _WORD.finditer(plain)
        for each in _split(word[0])
    ]
    for at, (word, is_apart) in enumerate(raw):
        before = "" if is_apart or not at else raw[at - 1][0]
        if not _FIGURE.fullmatch(word):
            if word not in _EMPTY:
                result.append(Token(word, is_name(word)))
        elif _binds(before) and ("." not in word or before in _PLACES):
            if result and result[-1].text == before:
                result.pop()
            result.append(Token(f"{before} {word.lstrip('0') or '0'}", is_name=True))
    return tuple(dict.fromkeys(result))


def words_of(text: str) -> str:
    """Return the words and names of *text* as one line, to be compared; those of its state if it has no
    other.
    """
    words = tokens(text) or tokens(text, keeps_state=True)
    return " | ".join(each.text for each in words) or look_of(text)


def look_of(text: str) -> str:
    """Return what texts that look alike have in common: words, with "*" in the place of names and figures."""
    plain = folded(text)
    for pattern, _ in _VARYING:
        plain = pattern.sub(" * ", plain)
    words = (_look(word) for word in plain.split())
    return _STARS.sub("*", " ".join(words)).strip()[:_LOOK_LIMIT]


def _look(word: str) -> str:
    bare = word.strip("*_`'\"“”‘’「」『』()[]【】:,.!?。、：")
    if not bare.isascii():
        return _DIGITS.sub("*", word)
    return word.replace(bare, "*") if bare and is_name(bare) else word


def _without_state(text: str) -> str:
    """Return *text* with a blank in the place of each word of state, and of each sign."""
    for lexicon in (SIGNS, WORDS):
        pieces, at = [], 0
        for phrase in lexicon.phrases(text):
            if phrase.state is Meaning.NOTHING or (phrase.state is Meaning.CHATTER and lexicon is WORDS):
                continue
            pieces += [text[at : phrase.start], " "]
            at = phrase.end
        text = "".join([*pieces, text[at:]])
    return text


def _split(word: str) -> Iterator[str]:
    """Yield the parts of a run of signs without blanks: "第5駐車場のゲート" is "第5駐車場", "ゲート"."""
    bare = word.lstrip("._-:#@&~+").rstrip("._-/:#@&~+")
    if not bare:
        return
    if bare.isascii():
        yield from (part for part in bare.split("=") if part)
        return
    for part in _SCRIPTS.findall(bare):
        if part not in _EMPTY and not (_HIRAGANA.fullmatch(part) and _PARTICLES.fullmatch(part)):
            yield part.strip("._-/:#")


def is_name(word: str) -> bool:
    """Return True if a word looks like the name of one thing: "api.parky.co.jp", "gate 3", 「第5駐車場」."""
    if any(sign.isdigit() for sign in word) or (not word.isascii() and _PLACE.search(word)):
        return True
    return word.isascii() and any(sign in word for sign in "-._/:@\\") and any(map(str.isalpha, word))


def _binds(before: str) -> bool:
    """Return True if a number after the word *before* is a part of a name."""
    if not before or before in _EMPTY or before in _BEFORE_FIGURES or before.isdigit():
        return False
    if not (before[-1].isalnum() or before[-1] == "ー"):
        return False
    if "/" in before or before.endswith("ed") or before[-1] in "数率値量計":
        return False
    last = re.split(r"[-_./:]", before)[-1]
    return last not in _MEASURED and last not in _SERIAL


def _varying(pattern: str, put: str = " ") -> tuple[re.Pattern[str], str]:
    # ASCII: Japanese has no blanks, so a figure may follow a word directly.
    return re.compile(pattern, re.ASCII), put


# In this order: what an earlier one has replaced the later ones do not see. Each is linear in the text.
_VARYING: Final = (
    _varying(r"の?お知らせ|ご連絡"),
    _varying(r"<t:\d{1,20}(?::[a-z])?>"),  # Discord's own timestamps
    _varying(r"(?<![a-z0-9]\s)(?<![a-z0-9])#\d{1,12}\b"),  # the number of an event, which follows no name
    _varying(r"(?<=[a-z])\s#(?=\d)", " "),  # "Lot #3" is lot 3
    _varying(r"<(?:@[!&]?|#|a?:\w{1,32}:)\d{1,20}>"),  # its mentions and emoji
    _varying(r":[a-z0-9_+-]{2,40}:(?=\s|$)"),  # names of emoji
    _varying(r"\]\(https?://[^\s()<>]{1,500}\)", "]"),  # where a link goes: its words say what it is
    _varying(r"(https?://[^\s<>()?#]{1,400})[?#][^\s<>()]{0,2000}", r"\1"),
    _varying(r"(https?://[^\s<>()]{1,400}+\)?[^()]{0,40})\([1-5]\d\d\)", r"\1"),  # what it answered
    _varying(
        r"(?<![\w.])v?\d{1,6}\.\d{1,6}\.\d{1,6}\s?(?:->|=>|→)\s?v?\d{1,6}\.\d{1,6}\.\d{1,6}(?![\w.])"
    ),  # from one version to another
    _varying(r"https?://"),
    _varying(
        r"/(issues|pull|pulls|runs?|builds?|jobs?|deploys|deployments?|events?|incidents?|alerts?|actions|details|"
        r"commits?|executions?|pipelines?)/[\w.-]{1,80}",
        r"/\1",
    ),
    _varying(r"\b(?:sha1|sha256|md5):[0-9a-f]{4,64}\b"),
    _varying(r"-(?=[0-9a-f]*\d)[0-9a-f]{8,10}-[a-z0-9]{5}\b"),  # what Kubernetes adds to a deployment's pods
    _varying(rf"\b({_ID_OF}[\s:#=_-]{{1,3}})(?:{_UUID}|{_HEX})\b", r"\1"),  # commits, traces, requests
    _varying(rf"\b(?:{_SERIAL_ID})[\s_-]?id\s?[:#=]?\s?\d{{1,20}}"),
    _varying(rf"(?<=[a-z0-9]):{_HEX}\b"),  # the tag of an image
    _varying(r"\b[a-z]{1,3}-\d{6,15}\b"),  # the number of a problem
    _varying(r"\b(?:number|num|nr|no\.)\s?(?=\d)"),
    _varying(r"[-_]?\b(?<!\d)20\d\d(?:0[1-9]|1[0-2])[0-3]\d(?:\d{6})?(?:\.\d{1,6})?\b"),  # a date in a name
    _varying(r"\b1[5-9]\d{8}(?:\d{3})?\b"),  # seconds or milliseconds since 1970
    _varying(
        r"(コード|リトライ|試行|回数|件数|台数|人数|個数|率|値|量|残り|合計)\s?[:=は]?\s?\d{1,12}(?:\.\d{1,6})?",
        r"\1 ",
    ),
    _varying(
        rf"\b\d{{4}}[-/.年]\s?\d{{1,2}}[-/.月]\s?\d{{1,2}}日?"
        rf"(?:[t ]{{0,2}}{_CLOCK})?(?:\s?z\b|\s?[+-]\d\d:?\d\d)?"
    ),
    _varying(
        rf"\b(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{{0,6}},?\s)?(?:\d{{1,2}}\s{_MONTH}|{_MONTH}\s\d{{1,2}})(?:st|nd|"
        r"rd|th)?,?(?:\s\d{4})?\b"
    ),
    _varying(r"\d{1,2}月\d{1,2}日"),
    _varying(r"(?<![\w/.-])\d{1,2}/\d{1,2}/\d{2,4}(?![\w/])"),
    _varying(r"(?<![\w.:/-])\d{1,9}\.\d{1,9}\s?[a-z%]{1,3}(?![\w.])"),  # a decimal with a unit
    _varying(r"\d{1,2}時(?:\d{1,2}分)?(?:\d{1,2}秒)?(?:頃|ごろ)?(?!間)"),
    _varying(rf"(?<![\w.:]){_CLOCK}(?:\s?(?:utc|jst|gmt|[ecmp][sd]t|z))?(?![\w:])"),
    _varying(r"(?<![\w/一-鿿ァ-ヺー])\d{1,2}/\d{1,2}(?=\s)(?!\s?[a-z])"),  # a date without a year
    _varying(r"(?<=[:：(])\s?0x[0-9a-f]+"),
    _varying(
        r"(?<![\w.-])(?:\d{1,6}(?:\.\d{1,9})?(?:d|h|min|m|sec|s|ms|us|µs|μs|ns)\s?){2,6}(?![a-z0-9])"
    ),  # 5m0.01s
    _varying(r"(?<=:)[3-6]\d{4}(?=\s?->)"),  # the port of a client
    _varying(rf"[<>=≥≤≈~]{{1,2}}\s?{_NUMBER}\s?{_UNITS}?(?![a-z0-9]|\.\d)"),  # what is compared
    _varying(rf"(?<![\w.:/-]){_NUMBER}\s?{_UNITS}(?:\(s\))?(?![a-z0-9-])"),
    _varying(
        r"\d{1,9}(?:\.\d{1,6})?\s?(?:ヶ月|か月|カ月|ケ月|週間|日間|時間|分間|秒間|日(?![本立産比])|件|回(?![線路])|分(?![岐館])|秒|円|人|名|個|本(?![木町店部館])|台(?![目地])|度|枚|"
        r"歳|倍|割|パーセント|ミリ秒|バイト|連続|%)"
    ),
    _varying(
        rf"(?<![\w./-])(?<![a-z] )(?<![一-鿿ァ-ヺー]){_NUMBER}\s?(?:of|/)\s?{_NUMBER}(?!\w|[./]\d)"
    ),  # so many of so many
    _varying(r"(?<![\w.:-])\d{1,15}(?:,\d{3})+(?![\w.])"),  # with separators
    _varying(rf"(?<![\w.:/-])(?<![a-z] )(?<![a-z][#:=])\d{{1,9}}\s?{_COUNTED}(?:\(s\))?(?![a-z0-9])"),
    _varying(r"\b(?:x|×)\d{1,6}\b"),
    _varying(r"×\s?\d{1,6}"),
    # Between Japanese and a number there may be a blank or not.
    _varying(r"(?<=[^\x00-\x7f])\s(?=\d++(?!\.\d))", ""),
    _varying(r"(?<=\d)\s(?=号|番|階|系|台目|丁目|区|棟|館|レーン)", ""),
)
