"""Reads a monitor's message by its evidence: what it says, what it is about, and what people call it.

1. A message is taken apart (`take_apart`): headlines, further lines, fields by their names, the author.
2. Each part is evidence (`Clue`) for an alert that fires, one that is over, or neither, with a weight
   (`judge`). The words are in `words`. A label in front of the headline and a field that holds a state
   count most, a colour least. The heaviest side decides. If nothing weighs enough, the message is not
   recognised.
3. What is left without words of state and measurements (`tokens`) is what it is about (`subject`). Two
   messages of one sender about the same are the same alert.
4. A recovery may say less or more than its alert did: `ended_by` finds the one that it is clearly about.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, pairwise
from typing import Final

from bot.domain.alerts.alert import AlertMessage, first_line
from bot.domain.alerts.recognition import WHAT, WHERE, Clue, Pattern, Reading, Says, match_patterns
from bot.domain.alerts.subject import Token, folded, is_name, look_of, tokens, words_of
from bot.domain.alerts.words import (
    ALERTS,
    BOILERPLATE,
    BROAD,
    DECISIVE,
    ERROR_FIELDS,
    GENERIC,
    GRADE_FIELDS,
    LET_GO,
    NAMING_FIELDS,
    NO_ERROR,
    NORMAL,
    NOT_NAMING,
    NUMBERED,
    RUNS,
    SIGNS,
    SILENT_LABELS,
    STATE_FIELDS,
    STATUS_PAGE,
    STRONG,
    SUBJECT_FIELDS,
    TITLES,
    TRACE_FIELDS,
    UNREAL,
    VALUES,
    WEAK,
    WORDS,
    Meaning,
    Phrase,
)
from bot.domain.text import one_line

_SAYS: Final = {
    Meaning.TROUBLE: Says.FIRING,
    Meaning.WELL: Says.RESOLVED,
    Meaning.SUCCESS: Says.RESOLVED,
    Meaning.CHATTER: Says.CHATTER,
}

_EMBEDS: Final = 3
_HEADLINES: Final = 3  # lines of one text
_LINES: Final = 30
_LINE: Final = 300
_TEXTS: Final = 4
_FIELDS: Final = 15
_SHORT: Final = 4  # words of a value that may be a name
_LABEL: Final = 40  # characters of a line in which a label ends
_LABEL_WORDS: Final = 3
_NAMES_SHOWN: Final = 2
_TITLE: Final = 140
_WITH_NAMES: Final = 90  # characters of a title to which names are added
_CLUE: Final = 60
_ENOUGH: Final = 3.0
_MARGIN: Final = 1.0
_ENOUGH_TO_BE_QUIET: Final = 5.0  # one ordinary word is not
_PLAIN: Final = 9.0  # the weight of a label or a field that says it
_LABEL_FACTOR: Final = 3.0
_WHOLE_LABEL_FACTOR: Final = 4.0
_HEADLINE_FACTOR: Final = 2.0
_LEADING_SIGN_FACTOR: Final = 1.5
_STATE_FIELD_FACTOR: Final = 2.5
_WHOLE_FIELD_FACTOR: Final = 6.0
_GRADE_FACTOR: Final = 1 / 3
_TEXT_FACTOR: Final = 0.5
_AUTHOR_FACTOR: Final = 0.75
_ANY_FIELD_FACTOR: Final = 2.0
_COLOUR_WEIGHT: Final = 1.5
_COLOURS: Final = {"red": (Meaning.TROUBLE, "red"), "green": (Meaning.WELL, "green")}
_BRIGHT: Final = 90
_MUCH: Final = 1.5
_MORE: Final = 1.15
_RESEMBLES: Final = 0.5
_CLEARLY: Final = 1.3
_JOINERS: Final = "\ufe0f\u200b\u200d❓❗‼"
_EDGES: Final = ":：*`_-–—|>.!。、,・「」『』\"'“”‘’()（）[]【】~# "
_MARKUP: Final = re.compile(r"[*_~`|>]+")
_COUNT: Final = re.compile(r"(?<=[a-z])\s?:\s?\d{1,5}\b", re.ASCII)
_LINKED: Final = re.compile(r"\[([^\[\]\n]{1,300})\]\(<?https?://[^()\[\]<>\s]{1,500}>?\)")
_EMOJI_NAME: Final = re.compile(r"(?<![\w])<?a?:[a-z0-9_+-]{2,40}:(?:\d{1,20}>)?", re.IGNORECASE | re.ASCII)
_TIMESTAMP: Final = re.compile(r"<t:\d{1,20}(?::\w)?>", re.ASCII)
_ENDING_LINK: Final = re.compile(r"\s*[:：—–-]?\s*https?://\S{1,500}$")
_EVENT_NUMBER: Final = re.compile(r"^\s*#\d{1,12}\s+", re.ASCII)
_BARE_VALUE: Final = re.compile(r"^[`*_]+|[`*_]+$")
_BRACKETED: Final = re.compile(
    r"^[\[【(（〈《<]([^\[\]【】()（）〈〉《》<>]{1,40})[\]】)）〉》>]\s*[:：|-]*\s*"
)
_CAPITALS: Final = re.compile(r"([A-Z]{2,10})\s+(?=\S)")
_PREFIXED: Final = re.compile(r"^([^\[\]:：|\n]{1,40}?)\s*(?::\s|：|\s\|\s|\s[-–—]\s)\s*")
_BRACKETS: Final = ("[", "【")
_COLONS: Final = (":", "：")
_STANDS: Final = ("is ", "are ")  # what joins a thing and its state
_STANDS_BEFORE: Final = (" is", " are", "が", "は")
_ENDING_LABEL: Final = re.compile(r"[\[【]([^\[\]【】]{1,30})[\]】]\s*$")

#: How bad it is or was.
_GRADE: Final = re.compile(
    r"(?i)[\[【][^\[\]【】a-z0-9ぁ-ヺ一-鿿]{0,4}(?:error|warning|warn|critical|crit|alert|alarm|emergency|severe|major|"
    r"minor|high|medium|low|警告|警報|重大|緊急|注意)[^\[\]【】a-z0-9ぁ-ヺ一-鿿]{0,4}[\]】]"
)
_HASH: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)

#: A run's address with its number and branch, then what was committed, and by whom.
_COMMIT: Final = re.compile(
    r"(https?://\S{1,200}/\d{1,9}>?\s?\([\w./-]{1,60}\))\s?['\"“「『`][^\n]{1,120}?['\"”」』`]\s?by\s\S{1,40}",
    re.ASCII,
)
_BULLETS: Final = " •・-*_`■◆●▼▪◇□>"
_SEPARATOR: Final = re.compile(r"[:：][*_`]{0,3}\s|(?<=[^\x00-\x7f])[:：]|：|\s=\s", re.ASCII)
_QUOTED: Final = re.compile(
    r"(?<!\w)'[^'\n]{1,120}'(?!\w)|\"[^\"\n]{1,120}\"|“[^”\n]{1,120}”|‘[^’\n]{1,120}’|"
    r"「[^」\n]{1,120}」|『[^』\n]{1,120}』|"
    r"`[^`\n]{1,120}`",
    re.ASCII,
)
_EMPHASIS: Final = re.compile(
    r"\*\*[^*\n]{1,120}\*\*(?!\s?[:：])|(?<!\w)'[^'\n]{1,120}'(?!\w)|"
    r"\"[^\"\n]{1,120}\"|“[^”\n]{1,120}”|「[^」\n]{1,120}」|"
    r"『[^』\n]{1,120}』|(?<!`)`[^`\n]{1,120}`(?!`)|\*[^*\n]{1,120}\*",
    re.ASCII,
)
_ERROR_NAME: Final = re.compile(r"[\w.]{0,80}(?:error|exception|fault)", re.ASCII)
_CHANGE: Final = re.compile(r"([^\s]{1,20})\s?(?:->|→|=>|⇒|➡|\bto\b|から)\s?([^\s。、.,]{1,20})", re.ASCII)
_AROUND: Final = 40  # characters around a phrase in which another word may turn it
_DETAILS: Final = re.compile(r"[(（][^()（）]{0,80}(?:、|, )[^()（）]{0,80}[)）]")
_CLAUSE: Final = re.compile(r"[,;、。|]\s?|\s(?:but|and|while)\s")
_PARENTHESISED: Final = re.compile(r"\([^()]{1,80}\)", re.ASCII)
_NEGATION: Final = re.compile(
    r"(?:\b(?:not|no|never|none|neither|cannot|can't|0 of \d{1,5}|0/\d{1,5})|n't|"
    r"\bfail(?:s|ed|ing)? to|\bunable to)\b[^,;.:]{0,32}$|(?:未|不)$",
    re.ASCII,
)
_HYPOTHETICAL: Final = re.compile(
    r"\b(?:wait(?:s|ed|ing)?|until|unless|if|when|before|trying to|"
    r"tries to|try to|attempt(?:s|ed|ing)? to|yet to|"
    r"should|must|expected to|has to|needs? to|last|previous(?:ly)?|since)\b[^,;.:]{0,32}$",
    re.ASCII,
)
_RISEN: Final = re.compile(r"\s?\+?\d{1,5}(?:\.\d{1,3})?\s?(?:%|percent)", re.ASCII)
_PARTLY: Final = re.compile(r"(?:一部|部分的?に?|半)\s?$")
_FAILED_AFTER: Final = re.compile(
    r"[^。、,.;:\s]{0,12}?(?:ません|ない|なかった|できず|せず|されず|不可|不能|困難)|に?\s?(?:失敗|"
    r"至らず)|待ち"
)
_PENDING_AFTER: Final = re.compile(
    r"(?:の|を|に)?\s?(?:作業|対応|見込|予定|待機|まで|次第|に向け|を試み|手順|目標|中(?!央|心))"
)
_ZERO_AFTER: Final = re.compile(
    r"[^。,.;]{0,10}?(?:\b0 (?:of|/)|(?<![\d.])0\s?(?:台|件|本|of\b|/))", re.ASCII
)
_NONE_AFTER: Final = re.compile(r"\s?(?:は|が|数|件数)?\s?[:=]?\s?(?:0(?![\d.,:/])|ゼロ|なし|無し)", re.ASCII)
_FROM: Final = re.compile(r"\s?(?:[:(–—-]|(?:[\w-]{1,20}\s){0,2}(?:from|after|following|of)\b)", re.ASCII)
_EXPLAINED: Final = re.compile(
    r"(?i)(?:\breason|\berror message|\berror|\bcause|\boutput|\bdetails?|原因|理由|エラー内容|"
    r"詳細)\s?[:：]\s?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class NamedValue:
    """A value with its name: a field of an embed, or a labelled line of a text."""

    name: str
    value: str

    @property
    def key(self) -> str:
        """Return the name as it is compared: "`❔` Alert State:" is "alert state"."""
        return _key(self.name)


@dataclass(frozen=True, slots=True)
class Parts:
    """A message taken apart.

    Attributes:
        headlines: The first telling line of each part, with the part's name; the best first. Boilerplate, and
            lines that only name the sender, are not among them.
        texts: Further lines, in order.
        fields: Fields, and labelled lines.
        emphasised: What its texts print bold, quote, or link, unless it is a word of state.
        marked: Words of state that they print so.
        author: Of its embeds, unless that only names the sender; may be empty.
        colours: Of its embeds, as Discord has them: red, green and blue in eight bits each.
        own: The words by which the sender is named.
    """

    headlines: tuple[tuple[str, str], ...]
    texts: tuple[str, ...]
    fields: tuple[NamedValue, ...]
    emphasised: tuple[str, ...]
    marked: tuple[str, ...]
    author: str
    colours: tuple[int, ...]
    own: frozenset[str]

    @property
    def introduced(self) -> tuple[str, ...]:
        """Return the headlines that another one introduces: "Alarm of the shop:"."""
        lines = [line for _, line in self.headlines]
        return tuple(line for before, line in pairwise(lines) if before.endswith(_COLONS))

    @property
    def is_run(self) -> bool:
        """Return True if it is about work that runs again and again, as builds do."""
        names = [line for _, line in self.headlines] + [field.key for field in self.fields]
        plain = folded(" ".join(names))
        return RUNS.search(plain) is not None or _COMMIT.search(plain) is not None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a message says.

    Attributes:
        says: None: the evidence is not enough.
        clues: The evidence, the strongest first.
        is_success: It says that some work went well: that ends an alert only if it is about just that work.
    """

    says: Says | None
    clues: tuple[Clue, ...]
    is_success: bool = False


@lru_cache(maxsize=1_024)
def _key(name: str) -> str:
    return " ".join(re.split(r"[\s_-]+", _without_signs(folded(name)).strip(_EDGES)))


def read_message(message: AlertMessage, patterns: Iterable[Pattern], names: Sequence[str]) -> Reading:
    """Read a message: by the first of the policy's patterns that matches it, else by its evidence.

    Args:
        patterns: In the order in which they are tried.
        names: Titles that only name a sender.
    """
    parts = take_apart(message, names)
    about, title = str(subject(parts)), headline(parts) or message.title
    matched = match_patterns(message, patterns, names)
    if matched is None:
        judged = judge(parts)
        state = next((first_line(each.value) for each in parts.fields if each.key in STATE_FIELDS), "")
        if state and not _phrases(title) and folded(state) not in folded(title):
            title = first_line(f"{title}: {state}" if title else state, limit=_TITLE)
        return Reading(
            judged.says,
            title,
            clues=judged.clues,
            subject=about,
            is_success=judged.is_success,
            look=look(parts),
        )
    pattern, holes = matched
    what, where = holes.get(WHAT, ""), holes.get(WHERE, "")
    named = first_line(f"{what} ({where})" if what and where else what)
    return Reading(
        says=pattern.says,
        title=named or title,
        same_within=pattern.same_within,
        exact=pattern.exact,
        what=what,
        where=where,
        pattern=pattern,
        clues=(Clue(pattern.says, "pattern", _cut(str(pattern.line)), DECISIVE),),
        subject=words_of(f"{what} {where}") if what else about,
        look=look(parts),
    )


def take_apart(message: AlertMessage, names: Sequence[str]) -> Parts:
    """Take a message apart.

    Args:
        names: Titles that only name a sender.
    """
    own = _own(message, names)
    embeds = message.embeds[:_EMBEDS]
    headlines: list[tuple[str, str]] = []
    texts: list[str] = []
    fields: list[NamedValue] = []
    for part, text in (
        *(("title", embed.title) for embed in embeds),
        ("content", message.content),
        *(("description", embed.description) for embed in embeds),
    ):
        lines: list[str] = []
        begun, known = False, len(fields)
        for line in _lines(text):
            field = _labelled(line)
            if field is not None and not lines and field.key in TITLES:  # 「件名：[解消] 在庫送信エラー」
                line, field = field.value, None  # noqa: PLW2901
            if field is not None and (begun or _begins(field, part, follows=len(fields) > known)):
                fields.append(field)
            elif not _is_boilerplate(line, own):
                lines.append(line)
                begun = True
        count = _headlines(lines, own)
        headlines += [(part, line) for line in lines[:count]]
        texts += lines[count:]
    fields += [
        NamedValue(name, value) for embed in embeds for name, value in embed.fields if name.strip("\u200b ")
    ]
    authors = [first_line(embed.author) for embed in embeds]
    author = next((each for each in authors if each and not _is_boilerplate(each, own)), "")
    subjects = [("field", first_line(each.value)) for each in fields if each.key in SUBJECT_FIELDS]
    subjects = subjects or [("field", first_line(each.value)) for each in fields if each.key == "description"]
    if all(_is_generic(line, own) for _, line in headlines):
        headlines += [each for each in subjects if each[1]]
    if not headlines:
        headlines = [("author", author)] if author else []
    marked = list(_emphasised(message))
    return Parts(
        headlines=tuple(headlines),
        texts=tuple(texts),
        fields=tuple(fields),
        emphasised=tuple(each for each in marked if not _is_state(each)),
        marked=tuple(each for each in marked if _is_state(each)),
        author=author,
        colours=tuple(embed.colour for embed in embeds if embed.colour),
        own=own,
    )


# What it says


#: A clue, what its phrase speaks for, and the phrase's own weight.
_Spoken = tuple[Clue, Meaning, float]


def judge(parts: Parts) -> Judgement:
    """Decide what a message says: the side with the most weight, if that is enough."""
    clues = sorted(_clues(parts), key=lambda each: -each[0].weight)
    evidence = tuple(clue for clue, _, _ in clues)
    sums: dict[Says, float] = defaultdict(float)
    for clue in evidence:
        sums[clue.says] += clue.weight
    firing, over, chatter = sums[Says.FIRING], sums[Says.RESOLVED], sums[Says.CHATTER]
    quiet = max(over, chatter)
    if max(firing, quiet) < _ENOUGH or abs(firing - quiet) < _MARGIN:
        return Judgement(None, evidence)
    if firing > quiet:
        return Judgement(Says.FIRING, evidence)
    plainly = any(clue.says is not Says.FIRING and weight >= STRONG for clue, _, weight in clues)
    if not plainly and (quiet < _ENOUGH_TO_BE_QUIET or quiet < 2 * firing):
        return Judgement(None, evidence)
    further = (*parts.texts, *parts.introduced)
    if evidence[0].weight < _PLAIN and any(_is_burning(line, parts) for line in further):
        return Judgement(None, evidence)
    said = [(clue, state) for clue, state, _ in clues if clue.says is Says.RESOLVED and clue.part != "colour"]
    if over >= chatter and said:
        spoken = {state for clue, state in said if any(map(str.isalpha, clue.words))}
        return Judgement(
            Says.RESOLVED, evidence, is_success=Meaning.SUCCESS in spoken and Meaning.WELL not in spoken
        )
    return Judgement(Says.CHATTER, evidence)


def _is_burning(line: str, parts: Parts) -> bool:
    """Return True for a line of its own about trouble, beside others that are well: "❌ web-2", 「web-2
    異常」.
    """
    plain = _bare(line)
    signs = list(SIGNS.phrases(folded(line)))
    begins = bool(signs) and signs[0].state is Meaning.TROUBLE and signs[0].start == 0
    strong = [each for each in _phrases(line) if each.weight >= STRONG]
    ends = bool(strong) and strong[-1].state is Meaning.TROUBLE and plain.endswith(strong[-1].words.strip())
    heads = [headline_ for _, headline_ in parts.headlines if headline_ not in parts.introduced]
    known = {each.text for headline_ in heads for each in tokens(headline_)}
    names_another = any(each.is_name and each.text not in known for each in tokens(line))
    return names_another and (begins or (ends and not any(each.state is Meaning.WELL for each in strong)))


def _clues(parts: Parts) -> Iterator[_Spoken]:
    decides = [_decides(line) for _, line in parts.headlines]
    is_over = _says_only_over(parts)
    for number, (part, line) in enumerate(parts.headlines):
        factor = 1.0 if number == 0 or part == "title" else 0.75 if part in {"content", "field"} else 0.5
        clues = _headline_clues(part, line, factor)
        is_kind = not decides[number] and any(decides) and _is_generic(line, parts.own)
        if not (is_over and _bare(line) in ALERTS):  # "Alert", then "db-1 recovered"
            yield from map(_as_kind, clues) if is_kind else clues
    yield from _text_clues(parts, is_over=is_over)
    for field in parts.fields[:_FIELDS]:
        yield from _field_clues(field)
    if parts.author and all(part != "author" for part, _ in parts.headlines):
        yield from _headline_clues("author", parts.author, _AUTHOR_FACTOR)
    for state, words in {_COLOURS[name] for name in map(_colour, parts.colours) if name}:
        yield Clue(_SAYS[state], "colour", words, _COLOUR_WEIGHT), state, WEAK


def _text_clues(parts: Parts, *, is_over: bool) -> Iterator[_Spoken]:
    """Yield what further lines, changes and marked words speak for.

    Args:
        is_over: The headlines say so: then "Error" is the title of what it was.
    """
    for line in parts.texts[:_TEXTS]:
        label, _ = _split_label(_trimmed(line)) if _trimmed(line)[:1] in _BRACKETS else ("", "")
        whole = _whole(_bare(line)) or VALUES.whole(_bare(label))
        whole = None if is_over and _bare(line) in ERROR_FIELDS else whole
        phrases = [Phrase(*whole, 0, len(line), _cut(line))] if whole else _phrases(line)
        yield from _strongest("text", phrases, _WHOLE_LABEL_FACTOR if whole else _TEXT_FACTOR)
    for line in (*(line for _, line in parts.headlines), *parts.texts[:_TEXTS]):
        for change, after in _changes(line):
            yield from _strongest("text", [Phrase(*after, 0, len(change), _cut(change))], _HEADLINE_FACTOR)
    for state in parts.marked:  # "entered status *Running*"
        if is_over and _bare(state) in ERROR_FIELDS:
            continue
        if (whole := _whole(_bare(state))) is not None:
            yield from _strongest("text", [Phrase(*whole, 0, len(state), state)], 1.0)


def _as_kind(spoken: _Spoken) -> _Spoken:
    """Return what the title says that only names a kind of message, before a line that says how it is.

    As in "update resource", then "update of shop/web failed".
    """
    clue, state, weight = spoken
    if state is not Meaning.CHATTER or weight > NORMAL or clue.words in UNREAL:
        return spoken
    return replace(clue, weight=clue.weight / 4), state, weight


def _says_only_over(parts: Parts) -> bool:
    """Return True if headlines say plainly that something is over, and nothing more, and neither they nor
    the fields say that something is in trouble.
    """
    lines = [line for _, line in parts.headlines]
    strong = [each for line in lines for each in _phrases(line) if each.weight >= STRONG]
    states = {each.state for each in strong}
    if Meaning.WELL not in states or Meaning.TROUBLE in states:
        return False
    if any(_is_telling(each) for line in lines for each in tokens(_beyond_recovery(line))):
        return False  # "restored over live data"
    further = [each for each in parts.fields if each.key not in ERROR_FIELDS and each.key not in GRADE_FIELDS]
    values = [each for field in further for each in _phrases(field.value)]
    return not any(each.state is Meaning.TROUBLE for each in values) and not any(
        _is_thing(each.key) for each in further
    )


def _beyond_recovery(line: str) -> str:
    """Return what a line says behind the last words of a recovery; empty without one."""
    well = [each.words for each in _phrases(line) if each.state is Meaning.WELL and each.weight >= STRONG]
    return folded(line).rpartition(well[-1])[2] if well else ""


def _decides(line: str) -> bool:
    """Return True if a line says plainly how something is."""
    return any(each.weight >= STRONG and each.state is not Meaning.CHATTER for each in _phrases(line))


def _without_outcome(line: str) -> tuple[str, Phrase | None]:
    """Return a headline without a signed label at its end that says that it is over, and without its grade.

    As in "[Error] [ping] [gate-3] [✔ Released]". If it says plainly that something is in trouble, nothing is
    over.
    """
    match = _ENDING_LABEL.search(line)
    label = _bare(match[1]) if match else ""
    whole = (Meaning.SUCCESS, STRONG) if label in LET_GO else _whole(label)
    if match is None or whole is None or whole[0] not in {Meaning.WELL, Meaning.SUCCESS}:
        return line, None
    rest = _GRADE.sub(" ", line[: match.start()])
    is_signed = any(each.state is Meaning.WELL for each in SIGNS.phrases(folded(match[1])))
    if not is_signed or _decides(rest):
        return line, None
    return rest, Phrase(whole[0], STRONG, 0, len(line), _cut(label))


def _headline_clues(part: str, line: str, factor: float) -> Iterator[_Spoken]:
    """Yield what a headline's label, words and signs speak for."""
    line, outcome = _without_outcome(line)
    if outcome is not None:
        yield from _strongest(part, [outcome], factor * _WHOLE_LABEL_FACTOR)
    label, rest = _label(line)
    second, beyond = _split_label(rest)
    if not _phrases(label) and _whole(_bare(second)) is not None:  # "[nas] Normal: volume 2"
        label, rest = second, beyond
    heads, bodies = list(_phrases(label)), list(_phrases(rest))
    bodies += [each for each in heads if each.weight <= WEAK]  # "Wazuh Alert - ..." only names the sender
    heads = [each for each in heads if each.weight > WEAK]
    whole = VALUES.whole(_bare(label)) or next((after for _, after in _changes(label)), None)
    if whole is not None:
        heads = [Phrase(*whole, 0, len(label), _cut(label))]
    if _ERROR_NAME.fullmatch(_bare(label)):
        heads = [Phrase(Meaning.TROUBLE, STRONG, 0, len(label), _cut(label))]
    if any(each.state is Meaning.WELL and each.weight >= STRONG for each in (*heads, *bodies)):
        # "Alert: db-1 recovered", 「障害情報：第5駐車場が復旧しました」: the label names the kind of message.
        heads = [each for each in heads if each.state is not Meaning.TROUBLE]
    plain = folded(line)
    signs = list(SIGNS.phrases(plain))
    leading = [each for each in signs if not _without_signs(plain[: each.start]).strip(_EDGES)][:1]
    if any(each.state is not Meaning.TROUBLE for each in leading):  # "✅ Alert - web-1 - Started"
        heads = [each for each in heads if each.words not in ALERTS]
    yield from _strongest(part, heads, factor * (_LABEL_FACTOR if whole is None else _WHOLE_LABEL_FACTOR))
    tail = _bare(rest.rpartition(": ")[2] or rest.rpartition("：")[2])
    if (at_end := _whole(tail)) is not None:  # "api: DOWN"
        bodies.append(Phrase(*at_end, 0, len(tail), tail))
    yield from _strongest(part, bodies, factor * _HEADLINE_FACTOR)
    yield from _strongest(part, leading, factor * _LEADING_SIGN_FACTOR)
    yield from _strongest(part, signs[len(leading) :], factor)


def _field_clues(field: NamedValue) -> Iterator[_Spoken]:
    key, value = field.key, first_line(field.value)
    bare = _bare(value)
    if key in STATE_FIELDS or key in GRADE_FIELDS:
        whole = VALUES.whole(bare) or VALUES.whole(re.split(r"[\s_]", bare)[-1]) or SIGNS.whole(bare)
        phrases = (
            [Phrase(*whole, 0, len(value), _cut(bare))]
            if whole
            else [*_phrases(value), *SIGNS.phrases(folded(value))]
        )
        if key in GRADE_FIELDS and key not in STATE_FIELDS:
            # How bad it is tells nothing of whether it still is; "ok" does.
            grades = [each for each in phrases if each.state is Meaning.TROUBLE]
            phrases = [each for each in phrases if each.state is not Meaning.TROUBLE]
            yield from _strongest(field.name, grades, _GRADE_FACTOR)
        yield from _strongest(field.name, phrases, _WHOLE_FIELD_FACTOR if whole else _STATE_FIELD_FACTOR)
    elif key in SUBJECT_FIELDS or _is_naming(key):
        yield from _strongest(field.name, _phrases(value), 1.0)
    elif NOT_NAMING.search(key) is None and (whole := _whole(bare)) is not None:  # a state by any other name
        yield from _strongest(field.name, [Phrase(*whole, 0, len(value), _cut(bare))], _ANY_FIELD_FACTOR)
    elif key in ERROR_FIELDS and bare not in NO_ERROR:
        yield Clue(Says.FIRING, field.name, _cut(value), WEAK), Meaning.TROUBLE, WEAK
    elif key in TRACE_FIELDS and bare not in NO_ERROR:
        yield Clue(Says.FIRING, field.name, _cut(value), NORMAL), Meaning.TROUBLE, NORMAL


def _changes(line: str) -> Iterator[tuple[str, tuple[Meaning, float]]]:
    """Yield changes of a state, and the one after it: "OK -> CRITICAL", "from up to down", 「正常→異常」."""
    for change in _CHANGE.finditer(folded(line).replace("*", "")):
        before, after = _whole(_bare(change[1])), _whole(_bare(change[2]))
        if before is not None and after is not None:
            yield change[0], after


def _whole(text: str) -> tuple[Meaning, float] | None:
    """Return what a text means that is one phrase of state, else None."""
    return VALUES.whole(text) or WORDS.whole(text)


def _strongest(part: str, phrases: Iterable[Phrase], factor: float) -> Iterator[_Spoken]:
    """Yield the strongest phrase of each side: a part speaks once for each."""
    best: dict[Says, Phrase] = {}
    for each in phrases:
        if each.state is not Meaning.NOTHING:
            known = best.get(_SAYS[each.state])
            rank = (each.weight, each.state is Meaning.WELL)
            if known is None or rank > (known.weight, known.state is Meaning.WELL):
                best[_SAYS[each.state]] = each
    for says, phrase in best.items():
        weight = phrase.weight if phrase.weight >= DECISIVE else phrase.weight * factor
        yield (
            Clue(says, one_line(part, limit=_CLUE), _cut(phrase.words), round(weight, 2)),
            phrase.state,
            phrase.weight,
        )


@lru_cache(maxsize=1_024)
def _phrases(text: str) -> tuple[Phrase, ...]:
    """Return the phrases of a text outside quoted names, and outside parentheses if it has others.

    A recovery may name the trouble that is over: "recovered from link down", 「障害が復旧しました」.
    Otherwise trouble beside a recovery stays, and nothing is decided.
    """
    # A quoted state stays: "is **down**", 「障害」.
    plain = folded(_QUOTED.sub(lambda quote: quote[0] if _is_state(quote[0][1:-1]) else " ", text))
    outside, everything = _spoken(_PARENTHESISED.sub(" ", plain)), _spoken(plain)
    return tuple([*outside, *(each for each in everything if each.weight >= DECISIVE)] or everything)


def _spoken(plain: str) -> list[Phrase]:
    phrases = [_negated(each, plain) for each in WORDS.phrases(plain) if each.state is not Meaning.NOTHING]
    phrases = [each for each in phrases if each.state is not Meaning.NOTHING]
    well = [each for each in phrases if each.state is Meaning.WELL and each.weight >= STRONG]
    well += [each for one, each in pairwise(phrases) if _is_lifted(one, each)]
    trouble = [each for each in phrases if each.state is Meaning.TROUBLE]
    plainly = [each for each in phrases if each.state is Meaning.SUCCESS and each.weight >= STRONG]
    spoken = []
    for each in phrases:
        if each.state is Meaning.TROUBLE and any(_is_over(each, one, plain) for one in well):
            continue
        if each.state is Meaning.SUCCESS and any(one.weight >= NORMAL for one in trouble):
            each = replace(each, weight=NORMAL)  # noqa: PLW2901  # "completed with 3 errors"
        elif (
            each.state is Meaning.CHATTER
            and each.weight <= NORMAL
            and (plainly or any(one.weight >= NORMAL for one in trouble))
        ):
            each = replace(each, weight=WEAK)  # noqa: PLW2901  # 「通知が届かない」, "successfully updated"
        elif each in well:
            each = replace(each, weight=max(each.weight, STRONG))  # noqa: PLW2901
        spoken.append(each)
    return spoken


def _is_lifted(trouble: Phrase, well: Phrase) -> bool:
    """Return True for trouble with its end right behind it: 「警報 解除」."""
    is_near = well.start - trouble.end <= 1 and not trouble.words.isascii()
    return is_near and trouble.state is Meaning.TROUBLE and well.state is Meaning.WELL


def _is_over(trouble: Phrase, well: Phrase, text: str) -> bool:
    """Return True if a recovery names the trouble: before itself, or after "from", "after" or a colon.

    In "web-1 is down, web-2 is up" it does not: another thing is well.
    """
    if trouble.start < well.start:
        clauses = _CLAUSE.split(text[trouble.end : well.start])
        return not any(each.is_name for clause in clauses[1:] for each in tokens(clause))
    return _FROM.match(text[well.end : trouble.start]) is not None and well.words.isascii()


def _negated(phrase: Phrase, text: str) -> Phrase:
    """Return the phrase as what is said around it makes it.

    "Not recovered", 「復旧できず」 and "0 of 3 healthy" are trouble, 「エラー 0件」 is none, and "waiting to
    be back online", "is up 40 %", 「復旧作業」 and 「一部復旧」 are nothing.
    """
    before, after = text[: phrase.start][-_AROUND:], text[phrase.end :][:_AROUND]
    if phrase.state is Meaning.TROUBLE:
        return replace(phrase, state=Meaning.SUCCESS) if _NONE_AFTER.match(after) else phrase
    if phrase.state is Meaning.CHATTER:
        return phrase
    if _NEGATION.search(before) or _FAILED_AFTER.match(after) or _ZERO_AFTER.match(after):
        return replace(phrase, state=Meaning.TROUBLE)
    if phrase.words.endswith("up") and _RISEN.match(after):
        return replace(phrase, state=Meaning.NOTHING)
    if _HYPOTHETICAL.search(before) or _PENDING_AFTER.match(after) or _PARTLY.search(before):
        return replace(phrase, state=Meaning.NOTHING)
    return phrase


# What it is about


@dataclass(frozen=True, slots=True)
class Subject:
    """What a message is about.

    Attributes:
        words: By which two messages of a sender are the same alert.
        context: Further words, by which a recovery is compared.
    """

    words: tuple[Token, ...]
    context: tuple[Token, ...] = ()

    @property
    def key(self) -> str:
        """Return the words as one line; empty when it is about nothing that can be read."""
        return " | ".join(each.text for each in self.words)

    def __str__(self) -> str:
        """Return it as it is stored: the words, then the context."""
        return "\n".join(" | ".join(each.text for each in tokens_) for tokens_ in (self.words, self.context))


def subject(parts: Parts) -> Subject:
    """Return what a message is about.

    A headline that names nothing ("Monitor down", 「アラート通知」) needs the next one; so does one with
    words only. Fields add the values that name something.
    """
    is_run = parts.is_run
    words, context = _headline_words(parts)
    words += _field_words(parts)
    for name in parts.emphasised:
        words += tokens(name, counts_runs=is_run)
    by = tokens(parts.author, counts_runs=is_run)
    if any(each.is_name for each in by) or not _is_named(words, parts):
        words += by
    stating = _stating(parts)
    for line in parts.texts[:_TEXTS]:
        further = tokens(_subject_line(line, parts), counts_runs=is_run)
        context += further
        words += (each for each in further if each.is_name) if line in stating else ()
    if not any(_is_telling(each) for each in words):
        words += [each for each in context if _is_telling(each)]
    own = tuple(dict.fromkeys(words))
    return Subject(own, tuple(each for each in dict.fromkeys(context) if each not in own))


def _stating(parts: Parts) -> list[str]:
    """Return the further lines that say of a thing that it is in trouble; without one, that it is well."""
    by_state: dict[Meaning, list[str]] = defaultdict(list)
    for line in parts.texts[:_TEXTS]:
        last = next(reversed(_phrases(line)), None)
        if last is None or last.weight < NORMAL:
            continue
        before, words, after = _bare(line).rpartition(last.words.strip())
        is_of_a_thing = words.startswith(_STANDS) or before.rstrip().endswith(_STANDS_BEFORE)
        if is_of_a_thing and not after:  # "db-1:mysql: replication is critical"
            by_state[last.state].append(line)
    heads = [each.state for _, line in parts.headlines for each in _phrases(line)]
    return by_state[Meaning.TROUBLE] or ([] if Meaning.TROUBLE in heads else by_state[Meaning.WELL])


def _headline_words(parts: Parts) -> tuple[list[Token], list[Token]]:
    """Return the words of the headlines that name what a message is about, and those of the others."""
    words: list[Token] = []
    context: list[Token] = []
    before, is_whole = "", True
    for part, line in parts.headlines:
        everything = tokens(_subject_line(line, parts), counts_runs=parts.is_run)
        telling = [each for each in everything if each.is_name or each.text not in parts.own]
        if part != before:
            is_whole = not before or part == "title" or not _is_named(words, parts)
        if before and _is_generic(line, parts.own):
            continue
        before = part
        words += telling if is_whole else [each for each in telling if each.is_name]
        context += () if is_whole else telling
    return words, context


def _field_words(parts: Parts) -> Iterator[Token]:
    """Yield the words of fields that name what a message is about; an address besides a name tells nothing
    more.
    """
    naming = [each for each in parts.fields if _is_naming(each.key) and not each.value.startswith("http")]
    for field in parts.fields[:_FIELDS]:
        if _is_thing(field.key):
            yield from tokens(field.name, counts_runs=parts.is_run)
        if not naming or not field.value.startswith("http"):
            yield from _named(field, is_run=parts.is_run)


def _is_named(words: Sequence[Token], parts: Parts) -> bool:
    """Return True if *words* name one thing, or are the title of a status page's update, which does."""
    if any(each.is_name for each in words):
        return True
    first = _bare(_label(parts.headlines[0][1])[0]) if parts.headlines else ""
    return first in STATUS_PAGE and any(_is_telling(each) for each in words)


def _named(field: NamedValue, *, is_run: bool) -> Iterator[Token]:
    """Yield the words of a field's value that name what it is about."""
    key, value = field.key, first_line(field.value)
    if NOT_NAMING.search(key) is not None and not _is_naming(key) and not _is_slug(key, value):
        return
    if not _is_naming(key) and _HASH.fullmatch(value.strip("`* ")):
        return
    if _is_naming(key) or key in SUBJECT_FIELDS:
        if (number := value.strip()).isdigit():  # "Gate: 3"
            yield from tokens(f"{key.split()[-1]} {number}", counts_runs=is_run)
        else:
            yield from tokens(value, counts_runs=is_run)
        return
    value_words = tokens(value, counts_runs=is_run)
    yield from value_words if len(value_words) <= _SHORT else (each for each in value_words if each.is_name)


def _subject_line(line: str, parts: Parts) -> str:
    """Return a line without the sender's name in front, and without what follows "Reason:"."""
    bare, _ = _without_outcome(line)
    label, rest = _split_label(bare)
    if rest and _bare(label) in parts.own:
        bare = rest
    about = _EXPLAINED.split(_DETAILS.sub(" ", _COMMIT.sub(r"\1", bare)), maxsplit=1)[0]
    return bare if _is_generic(about, parts.own) else about


# Which alert it ends


def ended_by(recovery: str, alerts: Mapping[int, str], *, is_success: bool) -> int | None:
    """Return the number of the one of *alerts* that a recovery is clearly about; None if there is none.

    Words count by how few of the alerts have them, and names double. A name in the recovery must not
    contradict one
    in the alert: gate 4 does not end gate 3. Work that went well ends the alert that has all of its words and
    names nothing else.

    Args:
        recovery: Its subject, as stored.
        alerts: The open alerts of its sender: their numbers, and their subjects as stored.
    """
    words, context = _words(recovery)
    known = {number: _words(stored) for number, stored in alerts.items()}
    if is_success:
        telling = {word for word in words if word not in GENERIC}
        for number, (own, _) in known.items():
            if telling and {word for word in own if is_name(word)} <= telling <= set(own):
                return number
        return None
    common = Counter(word for own, further in known.values() for word in {*own, *further})
    scores = {
        number: _score(words, context, own, further, common)
        for number, (own, further) in known.items()
        if not _contradicts({*words, *context}, {*own, *further}, words, own)
    }
    ranked = sorted(scores.items(), key=lambda each: -each[1])
    if not ranked or ranked[0][1] < _RESEMBLES:
        return None
    return None if len(ranked) > 1 and ranked[1][1] * _CLEARLY > ranked[0][1] else ranked[0][0]


def same_subject(one: str, other: str) -> bool:
    """Return True if two subjects, as stored, are equal: their context may differ."""
    about = one.split("\n", maxsplit=1)[0]
    return about != "" and about == other.split("\n", maxsplit=1)[0]


def repeats(one: str, other: str) -> bool:
    """Return True if two subjects, as stored, name the same, and one only adds a few words to the other."""
    (first, _), (second, _) = _words(one), _words(other)
    names = [{word for word in words if is_name(word)} for words in (first, second)]
    others = [
        {word for word in words if not is_name(word) and word not in GENERIC} for words in (first, second)
    ]
    if not names[0] or names[0] != names[1]:
        return False
    fewer, more = sorted(others, key=len)
    return fewer <= more and len(fewer) * 2 >= len(more)


def is_same_title(subject: str, title: str) -> bool:
    """Return True if *subject* has all words of *title*, which is all that is known of an older alert."""
    known = set(words_of(title).split(" | "))
    return not known <= GENERIC and known <= set(subject.split("\n", maxsplit=1)[0].split(" | "))


def _words(stored: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words and the context of a subject as it was stored."""
    own, _, further = stored.partition("\n")
    return tuple(filter(None, own.split(" | "))), tuple(filter(None, further.split(" | ")))


def _score(
    words: Sequence[str],
    context: Sequence[str],
    own: Sequence[str],
    further: Sequence[str],
    common: Mapping[str, int],
) -> float:
    """Return how much of what the shorter one of recovery and alert says is in the other one, from 0 to over
    1.
    """
    shared = {word for word in (*words, *context) if word in own or word in further}
    weight = sum(_weight(word, common) for word in shared)
    least = min(sum(_weight(word, common) for word in words), sum(_weight(word, common) for word in own))
    return weight / max(least, 1.0)


def _contradicts(all_words: set[str], all_known: set[str], words: Sequence[str], own: Sequence[str]) -> bool:
    """Return True if the recovery names something that the alert does not, and the alert something else."""
    return any(is_name(word) and word not in all_known for word in words) and any(
        is_name(word) and word not in all_words for word in own
    )


def _weight(word: str, common: Mapping[str, int]) -> float:
    """Return how much a word tells: less the more of the alerts have it, and nothing for boilerplate."""
    if word in GENERIC:
        return 0.0
    return (2.0 if is_name(word) else 1.0) / max(common[word], 1)


# What people call it


def headline(parts: Parts) -> str:
    """Return the line that says best what happened, with the names and the state that it lacks; may be empty.

    Signs, the sender's name and a label of state in front of it are left out: "🔴 Monitor Down" with the name
    in a field is "Monitor Down: os-api-health".
    """
    lines = [_clean(line, parts) for _, line in parts.headlines]
    telling = [line for line in lines if line and not _is_generic(line, parts.own)]
    speaking = next((line for line in (*telling, *lines) if _phrases(line) and tokens(line)), "")
    introduced = lines[1:2] if lines and lines[0].endswith(_COLONS) else []
    title, *added = dict.fromkeys(filter(None, (*lines[:1], *introduced, *telling[:1], speaking))) or [""]
    added += _further_names(parts, " ".join([title, *added]))
    if added:
        title = one_line(title, limit=_WITH_NAMES)
    for each in added:
        known, added_words = {word.text for word in tokens(title)}, tokens(each)
        if folded(each) in folded(title) or (added_words and all(word.text in known for word in added_words)):
            continue
        title = each if folded(title) in folded(each) else f"{title.rstrip('.。:： ')}: {each}"
    return first_line(title.rstrip(". "), limit=_TITLE)


def _further_names(parts: Parts, title: str) -> Iterator[str]:
    """Yield the names that a title needs besides what it says: of one thing, and else of what many things
    share.
    """
    names_one = any(each.is_name for each in tokens(title))
    if parts.author and (not names_one or any(each.is_name for each in tokens(parts.author))):
        yield parts.author
        names_one = True
    things = [_trimmed(first_line(each.name)) for each in parts.fields if _is_thing(each.key)]
    yield from things[:_NAMES_SHOWN]
    names_one = names_one or bool(things)
    for each in parts.fields:
        if each.key in SUBJECT_FIELDS and tokens(each.value):
            yield first_line(each.value)
            break
    yield from [
        word for line in _stating(parts) for word in line.split() if is_name(folded(word)) and tokens(word)
    ][:1]
    fields = [(each.key, _BARE_VALUE.sub("", first_line(each.value))) for each in parts.fields]
    naming = [(key, value) for key, value in fields if _is_naming(key) and (tokens(value) or value.isdigit())]
    own = [value for key, value in naming if key not in BROAD and not value.startswith("http")]
    yield from [value for value in own if folded(value) not in folded(title)][:_NAMES_SHOWN]
    if own or (emphasised := [each for each in parts.emphasised if folded(each) not in folded(title)]):
        yield from () if own else emphasised
    elif not names_one and not parts.emphasised:
        others = [first_line(each.value) for each in parts.fields if any(_named(each, is_run=True))]
        others += [
            word for line in parts.texts for word in line.split() if is_name(folded(word)) and tokens(word)
        ]
        slugs = [value for key, value in fields if _is_slug(key, value)]
        yield from [*(slugs or (value for _, value in naming)), *others][:1]


def beginnings(line: str) -> Iterator[str]:
    """Yield a line, and what follows its labels: "ALERT: [P0] down", "[P0] down", "down"."""
    yield line
    for _ in range(2):
        _, line = _label(line)
        yield line


def look(parts: Parts) -> str:
    """Return what messages that look alike have in common."""
    lines = [_clean(line, parts) for _, line in parts.headlines]
    telling = [line for line in lines if line and not _is_generic(line, parts.own)][:1]
    states = [first_line(each.value) for each in parts.fields if each.key in STATE_FIELDS]
    return look_of(" ".join(dict.fromkeys([*lines[:1], *telling, *states])))


def _clean(line: str, parts: Parts) -> str:
    """Return a headline without signs, the sender's name, a state in front, and the number of the event."""
    bare = _EVENT_NUMBER.sub("", _trimmed(line)) or line
    if not _is_generic(without_link := _ENDING_LINK.sub("", bare), parts.own):
        bare = without_link
    for _ in range(2):
        label, rest = _split_label(bare)
        if not rest or not tokens(rest) or _ERROR_NAME.fullmatch(_bare(label)):
            break
        state = _bare(label)
        if not state or state in SILENT_LABELS or state in parts.own:
            bare = _trimmed(rest)
        elif bare.startswith("[") and (phrases := list(WORDS.phrases(state))) and phrases[0].start == 0:
            # A label that names its host: [Triggered on ...].
            where = state[phrases[0].end :].strip().removeprefix("on ")
            return one_line(f"{_trimmed(rest)} ({where})" if where else _trimmed(rest), limit=_TITLE)
        else:
            break
    return one_line(bare.strip(), limit=_TITLE)


def _trimmed(line: str) -> str:
    """Return a line without signs at its ends."""
    plain = _EMOJI_NAME.sub(" ", line).replace("`", "").strip()
    while plain and _is_sign(plain[0]):
        plain = plain[1:].lstrip()
    while plain and _is_sign(plain[-1]):
        plain = plain[:-1].rstrip()
    return plain


def _is_sign(sign: str) -> bool:
    return sign in "|>-–—•・" or _is_symbol(sign)


# Lines and labels


def _own(message: AlertMessage, names: Sequence[str]) -> frozenset[str]:
    """Return the lines, and their words, that only name the sender."""
    author = message.evidence.author_name
    own = {*names, author, message.username, *(first_line(embed.footer) for embed in message.embeds)}
    lines = {_bare(each) for each in own} - {""}
    words = {each.text for name in (author, message.username) for each in tokens(name)}
    return frozenset(lines | words)


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text that say something, without markup and mentions."""
    plain = _TIMESTAMP.sub("", text.replace("```", "\n"))
    for line in islice(plain.splitlines(), _LINES):
        if (shown := first_line(line, limit=_LINE)) and _bare(shown):
            yield shown


def _emphasised(message: AlertMessage) -> Iterator[str]:
    """Yield the emphasised words of the first lines of its texts that have some."""
    embeds = message.embeds[:_EMBEDS]
    for text in (message.content, *(text for embed in embeds for text in (embed.title, embed.description))):
        cut = (line[:_LINE] for line in islice(text.splitlines(), _LINES))
        lines = (_COMMIT.sub(r"\1", line) for line in cut if _labelled(line) is None)
        for line in islice((line for line in lines if _EMPHASIS.search(line)), 1):
            for match in islice(_EMPHASIS.finditer(line), _NAMES_SHOWN):
                words = first_line(match[0]).strip("*`'\"“”‘’「」『』 ")
                is_name_or_state = _is_state(words) or len(tokens(words)) in range(1, _SHORT + 1)
                if words and not words.endswith((":", "：")) and is_name_or_state:
                    yield words


def _headlines(lines: Sequence[str], own: frozenset[str]) -> int:
    """Return how many of the first lines are headlines: the first one, or as many as it takes to say how it
    is.
    """
    traits = [(bool(_phrases(line)), not _is_generic(line, own)) for line in lines[:_HEADLINES]]
    speaks, tells = ([each[side] for each in traits] for side in (0, 1))
    if (True, True) in traits:
        count = traits.index((True, True)) + 1
    elif any(speaks) and any(tells):
        count = max(speaks.index(True), tells.index(True)) + 1
    else:
        count = min(len(lines), 1)
    return count + (count == 1 < len(lines) and lines[0].rstrip().endswith(_COLONS))  # it introduces the next


def _is_boilerplate(line: str, own: frozenset[str]) -> bool:
    bare = _bare(_trimmed(line))
    if not bare or bare in own or BOILERPLATE.fullmatch(bare):
        return True
    # Nothing is left of an address or a time.
    return (
        not tokens(line)
        and not any(WORDS.phrases(folded(line)))
        and not any(map(str.isalpha, bare.split("http")[0]))
    )


def _is_generic(line: str, own: frozenset[str]) -> bool:
    """Return True if a line does not say what it is about: "Monitor down", 「アラート通知」."""
    return not any(each.is_name or (_is_telling(each) and each.text not in own) for each in tokens(line))


def _is_telling(token: Token) -> bool:
    return token.text not in GENERIC


def _labelled(line: str) -> NamedValue | None:
    """Return the field that a line holds: "Host: web-1", "**Status:** [failure](...)", " - alertname = X"."""
    plain = line.lstrip(_BULLETS)
    if plain.startswith(_BRACKETS):
        return None
    separator = _SEPARATOR.search(plain[:_LABEL])
    if separator is None:
        return None
    name, value = plain[: separator.start()].strip(_EDGES), plain[separator.end() :].strip("*_` ")
    return NamedValue(name, value) if name and value and len(name.split()) <= _LABEL_WORDS else None


def _is_naming(key: str) -> bool:
    """Return True for the name of a field that names one thing: "host", "affected host", "machine id"."""
    head, _, last = key.rpartition(" ")
    if last in {"id", "name"}:
        return key in NAMING_FIELDS or (_is_naming(head) and not (last == "id" and head in NUMBERED))
    return last in NAMING_FIELDS or last.removesuffix("name") in NAMING_FIELDS


def _is_slug(key: str, value: str) -> bool:
    """Return True for an id that is a name: "Flow ID: orders-to-dwh"."""
    return key.endswith(" id") and value.isascii() and not any(map(str.isdigit, value))


def _is_thing(key: str) -> bool:
    """Return True for the name of a field that is a thing itself: "/home: 84 %", "❌ cart.example.jp"."""
    if not is_name(key) or NOT_NAMING.search(key) is not None or _is_naming(key):
        return False
    last = key.rpartition(".")[2]
    return last not in SUBJECT_FIELDS and not _is_naming(last)


def _begins(field: NamedValue, part: str, *, follows: bool) -> bool:
    """Return True if a text that begins with a labelled line begins with a field, not with a headline.

    Args:
        follows: It follows another field.
    """
    if field.key in STATE_FIELDS:
        return True
    is_known = follows or part == "description" or _is_naming(field.key) or field.key.endswith(" id")
    return is_known and not _phrases(field.value) and not _phrases(field.name)


def _label(line: str) -> tuple[str, str]:
    """Return a headline's label and the rest: "[FIRING:1] X", "OK ✅ | X", 「【障害】X」, "PROBLEM: X"."""
    return _split_label(_trimmed(line))


def _split_label(line: str) -> tuple[str, str]:
    plain = line.strip().lstrip("*_~> ")
    if match := _BRACKETED.match(plain):
        return match[1], plain[match.end() :]
    if match := _PREFIXED.match(plain):
        return match[1], plain[match.end() :]
    if (match := _CAPITALS.match(plain)) and _whole(match[1].lower()) is not None:  # "OK gate 3"
        return match[1], plain[match.end() :]
    return "", line


@lru_cache(maxsize=1_024)
def _bare(text: str) -> str:
    """Return *text* folded, without signs and markup: to be compared with a whole phrase."""
    plain = _LINKED.sub(r"\1", folded(text))
    plain = _MARKUP.sub(" ", _COUNT.sub(" ", _without_signs(plain)))
    return " ".join(plain.split()).strip(_EDGES)


def _without_signs(text: str) -> str:
    plain = _EMOJI_NAME.sub(" ", text) if ":" in text else text
    return plain if plain.isascii() else "".join(" " if _is_symbol(sign) else sign for sign in plain)


@lru_cache(maxsize=4_096)
def _is_symbol(sign: str) -> bool:
    return not sign.isascii() and (unicodedata.category(sign) == "So" or sign in _JOINERS)


def _is_state(text: str) -> bool:
    return _whole(_bare(text)) is not None


def _cut(text: str) -> str:
    return one_line(text, limit=_CLUE)


def _colour(colour: int) -> str:
    """Return "red" or "green" for a colour that says so, else ""."""
    red, green, blue = colour >> 16 & 255, colour >> 8 & 255, colour & 255
    if red > _BRIGHT and red > _MUCH * green and red > _MUCH * blue:
        return "red"
    return "green" if green > _BRIGHT and green > _MORE * red and green > _MORE * blue else ""
