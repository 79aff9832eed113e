"""Reading ``texts/*.toml`` and saying what is in them.

A text is a table with both languages::

    [field.started]
    ja = "開始 {started} ({ago})"
    en = "Started {started} ({ago})"

Its key is the file's name, then the table's: ``alert.field.started``. In the ``texts.toml`` of a capability
the table's name is the whole key.
"""

import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import discord

LANGUAGES = ("ja", "en")


class TextError(Exception):
    """The texts do not fit the code or each other: a bug, whose every case is one line of the message."""


def language_of(locale: str | discord.Locale) -> str:
    """Return the language spoken to a Discord locale or a language name: "ja" for Japanese, else "en"."""
    return "ja" if str(locale) == "ja" else "en"


@dataclass(frozen=True, slots=True)
class Texts:
    """Every text of the bot.

    Attributes:
        by_key: Key -> language -> template of `str.format`.
    """

    by_key: Mapping[str, Mapping[str, str]] = field(repr=False)  # 140 kB would bury what failed

    @classmethod
    @cache
    def load(cls, folder: Traversable | None = None) -> "Texts":
        """Read all files of *folder*, once; None means those that come with the package.

        Raises:
            TextError: a language is missing, the placeholders differ, a file is no TOML, or two have a key.
        """
        texts: dict[str, Mapping[str, str]] = {}
        problems: list[str] = []
        for area, file in _files(folder or files("bot.i18n").joinpath("texts"), with_others=folder is None):
            for key, entry in _entries(area, _parsed(area or str(file), file, problems), problems):
                if key in texts:
                    problems.append(f"{key}: {file} has it, too")
                texts[key] = entry
        problems += [line for key, entry in texts.items() for line in _faults(key, entry)]
        if problems:
            raise TextError("\n".join(problems))
        return cls(texts)

    def say(self, locale: str | discord.Locale, key: str, **fields: object) -> str:
        """Return the text *key* in the language of *locale*, with *fields* in its places.

        More fields than places are fine. Lists and what people typed: the caller makes them safe.

        Raises:
            TextError: no such key, or a place without a field.
        """
        entry = self.by_key.get(key)
        if entry is None:
            raise TextError(f"{key}: there is no such text")
        try:
            return entry[language_of(locale)].format_map(fields)
        except (KeyError, ValueError) as error:
            raise TextError(f"{key}: {error!r} with {sorted(fields)}") from error

    def __contains__(self, key: object) -> bool:
        """Return True if there is a text *key*."""
        return key in self.by_key


def _files(folder: Traversable, *, with_others: bool) -> Iterator[tuple[str, Traversable]]:
    """Yield the files of *folder* with what their keys begin with, then those of the capabilities."""
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            yield file.name.removesuffix(".toml"), file
    if with_others:
        for capability in sorted(files("cogs").iterdir(), key=lambda entry: entry.name):
            if (file := capability.joinpath("texts.toml")).is_file():
                yield "", file


def placeholders(template: str) -> set[str]:
    """Return the names of the places in *template*.

    Raises:
        ValueError: it is no template, or a place has no plain name.
    """
    names = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    if odd := [name for name in names if not name.isidentifier()]:
        raise ValueError(f"a place needs a plain name, not {odd}")
    return names


def _parsed(area: str, file: Traversable, problems: list[str]) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{area}: is not TOML: {error}")
        return {}


def _entries(
    key: str, table: Mapping[str, object], problems: list[str]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    words = {name: value for name, value in table.items() if isinstance(value, str)}
    tables = {name: value for name, value in table.items() if isinstance(value, dict)}
    if odd := table.keys() - words.keys() - tables.keys():
        problems.append(f"{key}: neither words nor a table: {sorted(odd)}")
    if words and tables:
        problems.append(f"{key}: is a text and holds others: {sorted(tables)}")
    if words:
        yield key, words
    for name, inner in tables.items():
        yield from _entries(f"{key}.{name}" if key else name, inner, problems)


def _faults(key: str, entry: Mapping[str, str]) -> Iterator[str]:
    if sorted(entry) != sorted(LANGUAGES):
        yield f"{key}: has {sorted(entry)}, wants {sorted(LANGUAGES)}"
        return
    try:
        places = {language: placeholders(entry[language]) for language in LANGUAGES}
    except ValueError as error:
        yield f"{key}: {error}"
        return
    if places["ja"] != places["en"]:
        yield f"{key}: the placeholders differ: {sorted(places['ja'] ^ places['en'])}"
