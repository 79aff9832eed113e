"""Checks that an action item names a change, and a way to verify that it has helped.

Source: the runbook, AI (action item) を SMART 形式で起こし、Owner / 期限 / 検証方法を明記.
"""

import re
import unicodedata
from typing import Final

from bot.domain.actions.item import VERIFY_LIMIT, WHAT_LIMIT
from bot.domain.errors import UserError
from bot.domain.text import one_line

#: A text with fewer characters is too short to name a change. Japanese needs fewer of them.
_SHORTEST_LATIN: Final = 12
_SHORTEST: Final = 6

#: Verbs that name no change ("look into it"): it would be unclear when such an item is done.
_VAGUE: Final = re.compile(
    r"""
      (?:今後)?(?:もっと)?(?:気を?つけ|注意す|意識す|徹底す|がんば|頑張)(?:る|ます|ること)?
    | (?:確認|対応|対策|検討|調査|改善|修正|見直し|再発防止)を?(?:する|します|行う|実施)?
    | be\ (?:more\ )?careful(?:\ next\ time)?
    | (?:please\ )?(?:fix|improve|investigate|check|look\ into|monitor|review|handle|consider)
      (?:\ (?:it|this|that|things?|everything|the\ (?:issue|problem|bug|error|incident)))?
      (?:\ (?:better|more))?
    | to\ be\ (?:decided|determined)|tbd|todo|n/?a|none|unknown|later|asap
    | なし|無し|未定|あとで|後で
    """,
    re.VERBOSE,
)
#: Answers that name no way to verify the change ("we'll see").
_UNSEEN: Final = re.compile(
    r"""
      目視|様子を?見る?|問題(?:が|の)?ない(?:こと)?|大丈夫|動作確認(?:する)?|テストする?
    | we(?:'ll|\ will)\ see|(?:it\ )?works?|manually|looks?\ (?:good|ok|fine)
    | (?:test|check)(?:ed|ing)?(?:\ it)?
    """,
    re.VERBOSE,
)


class NotSmart(UserError):
    """A part of the item is missing or too vague; the text says why, with an example."""


def specific(text: str) -> str:
    """Return *text* as one line if it names what will be different.

    Raises:
        NotSmart: it is empty, or too vague to tell when it is done.
    """
    line = one_line(text, limit=WHAT_LIMIT)
    if not line:
        raise NotSmart("action_item.what_missing")
    if _is_short(line) or _VAGUE.fullmatch(_plain(line)):
        raise NotSmart("action_item.what_vague", text=line)
    return line


def verifiable(text: str, *, what: str) -> str:
    """Return *text* as one line if it says how people will see that the item has helped.

    Args:
        what: What is to be done; repeating it does not say how to verify it.

    Raises:
        NotSmart: it is empty, too vague, or only repeats what is to be done.
    """
    line = one_line(text, limit=VERIFY_LIMIT)
    if not line:
        raise NotSmart("action_item.verification_missing")
    plain = _plain(line)
    if _is_short(line) or _VAGUE.fullmatch(plain) or _UNSEEN.fullmatch(plain):
        raise NotSmart("action_item.verification_vague", text=line)
    if plain == _plain(what):
        raise NotSmart("action_item.verification_same", text=line)
    return line


def _is_short(line: str) -> bool:
    """Return True if *line* has too few letters and digits to name anything."""
    signs = [sign for sign in line if sign.isalnum()]
    return len(signs) < (_SHORTEST_LATIN if all(sign.isascii() for sign in signs) else _SHORTEST)


def _plain(line: str) -> str:
    return unicodedata.normalize("NFKC", line).casefold().strip(" 。.、,!?・").strip()
