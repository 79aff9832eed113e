"""Secrets as people write them: ``パスワード：...``, ``暗証番号は...です``, ``the password is ...``."""

import re
from collections.abc import Iterator
from typing import Final

from bot.domain.masking.spans import SecretSpan, is_none

#: Secrets that may be a plain word or a few digits.
_PASSWORDS: Final = (
    r"(?:パスワ[ーｰ-]?ド|ﾊﾟｽﾜｰﾄﾞ|パスフレーズ|パスコード|暗証(?:番号|コード)|合言葉|"
    r"(?:PIN|ピン)[ ]?(?:コード|番号)|"
    r"認証(?:コード|番号)|確認コード|ワンタイムコード)"
)
_KEYS: Final = (
    r"(?:トークン|ﾄｰｸﾝ|シークレット(?:[ ]?キー)?|秘密の?(?:鍵|キー)|共通鍵|暗号化?(?:鍵|キー)|資格情報|"
    r"クレデンシャル|署名(?:鍵|キー)|"
    r"(?:API|アクセス|認証|ライセンス|サービス|マスター|接続|ストリーム)[ ]?(?:キー|鍵|ｷｰ))"
)
#: The same in English, as a part of a Japanese sentence.
_ENGLISH_PASSWORDS: Final = r"(?<![A-Za-z])(?:pass(?:word|wd|code|phrase)?|pwd|pw|pin)"
_ENGLISH_KEYS: Final = r"(?<![A-Za-z])(?:token|secret|(?:api|access|secret|private)[ _-]?key)"
#: Short names that mean other things as well: パス is a path, too.
_SHORT: Final = r"(?P<short>(?<![ァ-ヴーｦ-ﾟ])(?:パス|ﾊﾟｽ)|(?<![\w./-])pw)"
#: What stands for a user and a password together.
_LOGIN: Final = (
    r"(?:(?:ログイン|サインイン|認証|アカウント|接続)情報|"
    r"(?<![A-Za-z])ID[ ]?[/・と&][ ]?(?:パス(?:ワード)?|PW|PASS))"
)
#: What may follow a name: "パスワード (本番)".
_ASIDE: Final = r"[ \t]{0,4}(?:\([^()\n]{0,40}\)|\[[^\[\]\n]{0,40}\])?[\"'*_`]{0,3}[ \t]{0,8}"
_QUOTED: Final = r"\"(?P<double>[^\"\n]{1,512})\"|'(?P<single>[^'\n]{1,512})'|`(?P<back>[^`\n]{1,512})`"
_GROUPS: Final = ("double", "single", "back", "bare")
_ASCII: Final = r"[!#-&*-+./0-:=?-Z\\^_a-z~-]{1,512}"
#: The value may be in a line of its own.
_BREAK: Final = r"[ \t]{0,8}(?P<break>\r?\n[ \t]{0,8})?"

#: "パスワード：X". The value may be Japanese.
_LABELLED: Final = re.compile(
    rf"(?:(?P<password>{_PASSWORDS}|{_SHORT})|{_KEYS}){_ASIDE}"
    rf"(?:を?(?:変え|変更し)(?:ました|た)[ ]?)?(?::=|=>|[:=→⇒]){_BREAK}"
    rf"(?:{_QUOTED}|(?P<bare>[^\s\"'`、。,;()\[\]{{}}<>|]{{1,512}}))",
    re.IGNORECASE,
)
#: "パスワードは X です", "パスワードを X に変更", "パスワードですが、X で".
_STATED: Final = re.compile(
    rf"(?:(?P<password>{_PASSWORDS}|{_ENGLISH_PASSWORDS}|{_SHORT})|{_KEYS}|{_ENGLISH_KEYS}){_ASIDE}"
    rf"(?P<particle>は|を|が|(?:なの|なん)?(?:です|だ)(?:が|けど|けれど))[ \t]{{0,4}}[:、]?{_BREAK}"
    rf"(?:{_QUOTED}|(?P<bare>{_ASCII}))",
    re.IGNORECASE,
)
#: "パスワード X", "パスワード「X」".
_BESIDE: Final = re.compile(
    rf"(?:(?P<password>{_PASSWORDS}|{_SHORT})|{_KEYS})"
    rf"(?:[ \t]{{0,4}}(?:{_QUOTED})|[ \t]{{1,8}}(?P<bare>{_ASCII}))",
    re.IGNORECASE,
)
#: "ログイン情報 admin / X".
_TOGETHER: Final = re.compile(
    rf"(?P<password>{_LOGIN}){_ASIDE}(?:は|が|[:=])?[ \t]{{0,4}}"
    rf"(?P<short>[\w.@+-]{{1,64}})[ \t]{{0,4}}[/:,、][ \t]{{0,4}}(?:{_QUOTED}|(?P<bare>{_ASCII}))",
    re.ASCII | re.IGNORECASE,
)
#: "pw X".
_ABBREVIATED: Final = re.compile(
    rf"(?P<password>(?<![\w./-])(?P<short>pw))[ \t]{{1,4}}(?:{_QUOTED}|(?P<bare>{_ASCII}))",
    re.ASCII | re.IGNORECASE,
)
#: "the password is X".
_ENGLISH: Final = re.compile(
    r"\b(?:(?P<password>password|passphrase|passcode|passwd|pin(?:[ ]code)?)|"
    r"(?:api|access|secret|private|encryption|signing)[ _-]?key|token|secret)"
    r"(?:[ ](?:for|of|to|on)[ ][^\s:]{1,64})?[ \t]{1,4}(?:is|was)(?:[ ]now)?[ \t]{0,2}:?[ \t]{1,4}"
    rf"(?:{_QUOTED}|(?P<bare>{_ASCII}))",
    re.ASCII | re.IGNORECASE,
)

#: What ends a statement.
_ENDS: Final = re.compile(
    r"[ \t]{0,4}(?:\Z|\r?\n|[、。,.;)!?\"]|です|でした|だ(?!け)|である|になり|とな|という|のまま|"
    r"に(?:変更|設定|し|戻|リセット|なっ))"
)
_CHANGED: Final = re.compile(r"[ \t]{0,4}[にへ][ ]?(?:変更|設定|し|戻|リセット|更新)")
#: What makes a value the place of the secret, or the subject of another clause.
_ELSEWHERE: Final = re.compile(
    r"[ \t]{0,4}(?:に(?!変更|設定|し|戻|リセット|なっ|なり)|から|まで|"
    r"で(?!す|し|あ|入|ログイン|接続|試|通|開|アクセス|お願|い[いけ]|行け|大丈夫|[ ]?(?:OK|[、。\n]|\Z))|"
    r"の(?!まま)|[をが])"
)
#: "1Password を参照".
_SEE: Final = re.compile(
    r"[ \t]{0,4}(?:を|に|から|の|で|へ)[^\n]{0,16}?(?:参照|保存|記載|確認|ある|あり|取得|見|共有|入って|置)"
)
#: A number of something: "8 文字以上", "3 回".
_COUNTED: Final = re.compile(
    r"\d{1,9}[ ]?(?:文字|桁|回|件|日|分|秒|時|個|年|月|つ|%|人|名|行|台|"
    r"(?:ms|characters?|chars?|digits?|bytes?|bits?|days?|hours?|minutes?|seconds?|attempts?|times?|years?)\b)",
    re.ASCII,
)
#: A place or a date.
_PLACE: Final = re.compile(
    r"[~./\\]|[a-z]:\\|https?:|\d{4}[-/]\d\d?[-/]\d\d?|.{1,200}\.(?:pem|key|pub|env|json|ya?ml|toml|txt|cnf|conf)\Z",
    re.IGNORECASE | re.ASCII,
)
#: Words that say something about a secret.
_STATES: Final = re.compile(
    r"(?:in)?correct|wrong|optional|valid|blank|weak|strong|short|long|plain|the|an?|in|at|on|now|still|never|always|only|"
    r"also|same|different|known|reset|public|private|default|too|very|that|this|what|for|from|created|[a-z]+(?:ed|ing|able|"
    r"ible|ly)|jwt|oauth2?|base64|sha\d*|md5|bcrypt|argon2(?:id)?|ssh|rsa|ed25519|id_(?:rsa|ed25519|ecdsa|dsa)|case|up|out|"
    r"1password|fine|good|bad|safe|secure|there|here|n/?a|tbd|todo|rotated|up-to-date",
    re.IGNORECASE | re.ASCII,
)
_PROSE: Final = re.compile(r"[a-z]+[0-9]{0,3}(?:-[a-z]+)+", re.IGNORECASE)
_LEAST_KEY: Final = 6
_LEAST_DIGITS: Final = 4
_LEAST_WORD: Final = 6
#: What else may stand behind a short name: a path or a file; and in the next line: a name with its value.
_PATH: Final = re.compile(r".*(?:[/\\]|\.[a-z][a-z0-9]{0,4}\Z)", re.IGNORECASE | re.ASCII)
_PAIR: Final = re.compile(r"[\w-]{1,64}[:=]", re.ASCII)


def spoken_secrets(text: str) -> Iterator[SecretSpan]:
    """Yield the secrets of *text* that a sentence or a Japanese name tells; its signs are half-width."""
    for pattern, is_secret in _ANYWHERE if text.isascii() else (*_JAPANESE, *_ANYWHERE):
        for match in pattern.finditer(text):
            if is_secret(text, match):
                value, start = _value(match), match.start(_group(match))
                yield SecretSpan(start, start + len(value), "password" if match["password"] else "secret")


def _group(match: re.Match[str]) -> str:
    return next(name for name in _GROUPS if match[name] is not None)


def _value(match: re.Match[str]) -> str:
    """Return the value without the full stop of its sentence."""
    value = match[_group(match)]
    return value if match["bare"] is None else value.rstrip(".!?:")


def _is_labelled(text: str, match: re.Match[str]) -> bool:
    value = _value(match)
    if _is_no_value(text, match) or _SEE.match(text, _end(match)):
        return False
    if match["short"] or match["break"]:
        return _is_made(match) and (not match["break"] or _ENDS.match(text, _end(match)) is not None)
    if match["password"] is None:
        return value.isascii() and not (value.isdigit() and len(value) <= _LEAST_KEY)
    return value.isascii() or any(sign.isdigit() for sign in value)


def _is_stated(text: str, match: re.Match[str]) -> bool:
    if _is_no_value(text, match) or _ELSEWHERE.match(text, _end(match)):
        return False
    if match["particle"] == "を" and not _CHANGED.match(text, _end(match)):
        return False
    is_last = _ENDS.match(text, _end(match)) is not None
    if match["short"] or match["break"]:
        return _is_made(match) and is_last
    if match["particle"] == "が" and not is_last:
        return False
    return _tells(match) or (match["password"] is not None and is_last)


def _is_beside(text: str, match: re.Match[str]) -> bool:
    is_else = _is_no_value(text, match) or _ELSEWHERE.match(text, _end(match)) is not None
    if is_else or match["short"]:
        return not is_else and _is_made(match)
    return any(sign.isdigit() for sign in _value(match)) and _tells(match)


def _is_said(text: str, match: re.Match[str]) -> bool:
    if _is_no_value(text, match):
        return False
    is_last = match["password"] is not None and _ENDS.match(text, _end(match)) is not None
    return _tells(match) or (is_last and len(_value(match)) >= _LEAST_WORD)


def _end(match: re.Match[str]) -> int:
    return match.start(_group(match)) + len(_value(match)) + (match["bare"] is None)


def _is_no_value(text: str, match: re.Match[str]) -> bool:
    """Return True for a state, a place, a number of something, or a part of a sentence."""
    value = _value(match)
    return (
        is_none(value)
        or _STATES.fullmatch(value) is not None
        or _PROSE.fullmatch(value) is not None
        or _PLACE.match(value) is not None
        or _COUNTED.match(text, match.start(_group(match))) is not None
    )


def _is_made(match: re.Match[str]) -> bool:
    """Return True if a value has letters and digits, and is neither a path nor another pair."""
    value = _value(match)
    other = _PATH if match["short"] else _PAIR
    is_mixed = any(sign.isdigit() for sign in value) and any(sign.isalpha() for sign in value)
    return value.isascii() and len(value) >= _LEAST_WORD and is_mixed and not other.match(value)


def _tells(match: re.Match[str]) -> bool:
    """Return True if a value cannot be a word: it is quoted, or has digits or signs in it."""
    value = _value(match)
    if not value.isascii():
        return match["password"] is not None and any(sign.isdigit() for sign in value)
    if value.isdigit():
        return len(value) >= (_LEAST_DIGITS if match["password"] else _LEAST_KEY + 1)
    if match["password"] is None:
        return len(value) >= _LEAST_KEY and any(sign.isdigit() for sign in value)
    return match["bare"] is None or not value.isalpha()


#: Each form with what tells whether its value is a secret.
_JAPANESE: Final = (
    (_LABELLED, _is_labelled),
    (_STATED, _is_stated),
    (_BESIDE, _is_beside),
    (_TOGETHER, _is_beside),
)
_ANYWHERE: Final = ((_ABBREVIATED, _is_beside), (_ENGLISH, _is_said))
