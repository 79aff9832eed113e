"""What the demo is started with: its language, its policy, its port."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from bot.demo.story.policy import storys_policy
from bot.domain.errors import ConfigError
from bot.i18n.terminal import ENGLISH, JAPANESE, terminal_language
from bot.runbook import Policy, load_policy, parse_policy

_RUNBOOK: Final = "RUNBOOK_FILE"


@dataclass(frozen=True, slots=True)
class Setup:
    """How the demo is set up.

    Attributes:
        language: "ja" or "en": of the bot's posts, the people's Discord and the past.
        is_language_named: It was named, by the command line, the policy or the environment: the page, the
            welcome and the terminal take it too. Otherwise the page has the browser's.
        runbook: The text of the bot's policy file.
        port: Of the local Discord; 0 takes a free one.
        own_file: The policy is that of RUNBOOK_FILE.
    """

    language: str = JAPANESE
    is_language_named: bool = False
    runbook: str = storys_policy()
    port: int = 0
    own_file: bool = False

    @property
    def policy(self) -> Policy:
        """Return the policy that the bot runs with."""
        return parse_policy(self.runbook, name="policy")

    @property
    def terminal(self) -> str:
        """Return the language of what the demo prints: English unless one was named."""
        return self.language if self.is_language_named else ENGLISH

    @property
    def alarm_command(self) -> str | None:
        """Return the command that opens the first incident under a team's own policy; None under Parky's."""
        return self.policy.most_severe.name.lower() if self.own_file else None


def set_up(environ: Mapping[str, str], *, lang: str | None = None, port: int = 0) -> Setup:
    """Work out the demo's set-up.

    Args:
        environ: Its locale, unless *lang* is given; RUNBOOK_FILE, whose `language` comes before the locale.
        lang: What the command line asks for; goes before everything else.

    Raises:
        ConfigError: RUNBOOK_FILE cannot be used: one line per problem.
    """
    if given := environ.get(_RUNBOOK, ""):
        return _with_file(Path(given), lang, port)
    named = lang or terminal_language(environ)
    language = named or JAPANESE
    text = _with_language(storys_policy(), language)
    return Setup(language, named is not None, text, port)


def _with_file(file: Path, lang: str | None, port: int) -> Setup:
    if file.is_dir():
        raise ConfigError(
            f"{_RUNBOOK}: {file} is a folder, and the demo has one server; allowed: one of its files"
        )
    try:
        policy = load_policy(file)
    except ConfigError as error:
        raise ConfigError("\n".join(f"{_RUNBOOK}: {line}" for line in str(error).splitlines())) from None
    language = lang or policy.language
    text = _with_files(_with_language(file.read_text("utf-8-sig"), language), file, policy)
    return Setup(language, is_language_named=True, runbook=text, port=port, own_file=True)


def _with_files(text: str, file: Path, policy: Policy) -> str:
    """Return the text with the whole paths of the files that it names: the demo's copy lies elsewhere."""
    for named in (name for part in policy.parts.values() if part.files for name in part.files.named(policy)):
        place = json.dumps(str((file.parent / named).resolve()), ensure_ascii=False)
        value = rf"""(=\s*)(["'])\s*{re.escape(named)}\s*\2"""
        text = re.sub(value, partial(_placed, place=place), text)
    return text


def _placed(setting: re.Match[str], *, place: str) -> str:
    return setting[1] + place


def _with_language(policy: str, language: str) -> str:
    """Return the text of a policy file with its posts in *language*, for whichever server it is used in."""
    rest = _without(_without(policy, "language"), "guild")
    return f'language = "{language}"\n{rest}'


def _without(policy: str, key: str) -> str:
    """Return the text without the line of *key* above the first table."""
    if key not in tomllib.loads(policy):
        return policy
    return re.sub(rf"^[ \t]*(?:{key}|\"{key}\"|'{key}')[ \t]*=.*$", "", policy, count=1, flags=re.MULTILINE)
