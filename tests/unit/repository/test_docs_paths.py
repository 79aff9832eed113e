"""The documents name only things that exist: files, folders, modules, headings that are linked, queries."""

import ast
import builtins
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[3]
DOCUMENTS: Final = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (
        *ROOT.glob("README*.md"),
        ROOT / "CHANGELOG.md",
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "cogs").rglob("*.md"),
        *(ROOT / "local_discord").rglob("*.md"),
    )
)
#: Where docstrings and comments may name a page of the documents.
SOURCES: Final = ("bot", "cogs", "local_discord", "tests", "migrations")

#: `bot/domain/text.py`, but not the end of an address or of a longer path.
_PATH: Final = re.compile(
    r"(?<![\w./:>-])(?:bot|cogs|local_discord|tests|docs|migrations|\.ci|\.github)/[^\s`()\[\]|,;:'\"…]+"
)
_MODULE: Final = re.compile(r"(?<![\w./@-])(?:bot|cogs|local_discord|tests)(?:\.[A-Za-z_]\w*)+(?![\w/])")
_LINK: Final = re.compile(r"\]\((?!\w+:)([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#+ +(.+)$", re.MULTILINE)
#: "the query `begin`", "the queries `posts` and `pages`", and the head of an example.
_QUERY: Final = re.compile(
    r"\bquery\s+`\w+`|\bqueries\s+`\w+`(?:(?:,|,?\s+and)\s+`\w+`)*|^-- name: \w+", re.MULTILINE
)
#: `seed.sql`, `history_*.sql` and the end of `python -I worker.py`; not `<name>.toml`.
_FILE: Final = re.compile(r"`(?:[^`\n]*\s)?([\w./*-]+\.(?:py|sql|toml))\b[^`\n]*`")
_FENCED: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_PYTHON: Final = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: The file that a team writes for itself.
_NOT_OURS: Final = frozenset({"policy.toml"})
_PAGE: Final = re.compile(r"\b[Ss]ee (docs/[\w./-]+\.md)\b")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_exist(document: str) -> None:
    """A path of the checkout that a document names is there."""
    assert list(missing_paths(read(document), (ROOT / document).parent)) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_exist(document: str) -> None:
    """A file that a document names without its whole path is there."""
    assert set(missing_files(read(document))) <= _NOT_OURS


@pytest.mark.parametrize("document", DOCUMENTS)
def test_examples_use_classes_that_exist(document: str) -> None:
    """A class in an example is imported there, or is one of ours."""
    assert list(missing_classes(read(document))) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_modules_exist(document: str) -> None:
    """A dotted name is a module, or something that a module defines."""
    assert list(missing_modules(read(document))) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    """A relative link leads to a file, and to a heading of it where it names one."""
    assert list(broken_links(read(document), document)) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_queries_exist(document: str) -> None:
    """Each name that a document presents as a query is the name of a query."""
    assert list(missing_queries(read(document))) == []


def test_tests_exist() -> None:
    """A test that a document names as an example is there; `test_row_NN_...` is a pattern."""
    defined = {
        name
        for folder in ("tests", "local_discord/tests")
        for path in (ROOT / folder).rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    }
    named = {name for document in DOCUMENTS for name in re.findall(r"`(test_\w+)`", read(document))}
    assert named
    assert sorted(named - defined) == []


@pytest.mark.parametrize("folder", SOURCES)
def test_code_names_pages_that_exist(folder: str) -> None:
    """Every `See docs/...` in the code, the tests and the migrations names a page that exists."""
    named = {
        (path.relative_to(ROOT).as_posix(), page)
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".sql", ".toml"} and path != Path(__file__)
        for page in _PAGE.findall(path.read_text(encoding="utf-8"))
    }
    assert sorted(name for name in named if not (ROOT / name[1]).is_file()) == []


@pytest.mark.parametrize("folder", ["bot", "cogs"])
def test_docstrings_name_what_exists(folder: str) -> None:
    """A file or a dotted name in a docstring is there: renaming a module takes its mentions along."""
    missing = [
        (path.relative_to(ROOT).as_posix(), name)
        for path in sorted((ROOT / folder).rglob("*.py"))
        for docstring in docstrings(path)
        for name in (*missing_files(docstring), *missing_modules(docstring))
    ]
    assert missing == []


def test_every_page_is_reachable() -> None:
    """A page of the internals is linked from the page that people read first, a decision from their list."""
    linked = {target.partition("#")[0] for target in _LINK.findall(read("docs/architecture.md"))}
    linked |= {f"decisions/{target}" for target in _LINK.findall(read("docs/decisions/README.md"))}
    pages = {
        name.removeprefix("docs/") for name in DOCUMENTS if name.startswith("docs/") and name.count("/") > 1
    }
    assert sorted(pages - linked) == []


def test_glossary_is_alphabetical() -> None:
    """A reader finds a term where it is expected."""
    rows = read("docs/glossary.md").partition("| --- |")[2].splitlines()[1:]
    terms = [re.split(r"[,(]", row.split("|")[1])[0].strip().casefold() for row in rows]
    assert len(terms) > 1
    assert terms == sorted(terms)


def test_the_first_page_is_one_sitting() -> None:
    """docs/architecture.md has at most 200 lines, so that people can read the page in one go."""
    assert len(read("docs/architecture.md").splitlines()) <= 200


def test_missing_names_are_found() -> None:
    """Each check of the documents finds names that do not exist, such as paths, modules and links."""
    text = "See `bot/domain/nothing.py`, bot/nowhere/ and [that](docs/none.md) of `bot.domain.none`."
    assert list(missing_paths(text)) == ["bot/domain/nothing.py", "bot/nowhere/", "docs/none.md"]
    assert list(missing_paths("`bot/domain/nothing_*.py`")) == ["bot/domain/nothing_*.py"]
    assert list(missing_modules(text)) == ["bot.domain.none"]
    assert list(missing_modules("`bot.domain.text.nothing_of_that_name`")) != []
    assert list(broken_links(text + " [here](README.md#nowhere)", "README.md")) == [
        "docs/none.md",
        "README.md#nowhere",
    ]
    assert list(missing_files("Run by `python -I no_worker.py`; `text.py`, `no/text.py` and `no_*.py`")) == [
        "no_worker.py",
        "no/text.py",
        "no_*.py",
    ]
    assert list(missing_classes("```python\nCall(NoTerms(1), Exception())\n```\n")) == ["NoTerms"]
    named = "the query\n`begin`, the query `also_not`, the queries `acknowledge` and `never_was`"
    assert list(missing_queries(f"{named}\n-- name: nor_this\n")) == ["also_not", "never_was", "nor_this"]


def test_existing_names_pass() -> None:
    """The checks of the documents accept names that exist, patterns, placeholders and web addresses."""
    text = (
        "`bot/domain`, bot/i18n/texts/*.toml, `bot/storage/<noun>.sql`, `tests/e2e`. "
        "https://example.com/docs/x.md "
        "`bot.domain.timeline.lines.lines_of` `uv run python -m tests.bench` [x](README.md) [y](https://a.b/c)"
    )
    assert list(missing_paths(text)) == []
    assert list(missing_modules(text)) == []
    assert list(broken_links(text, "README.md")) == []


def read(document: str) -> str:
    """Read a document."""
    return (ROOT / document).read_text(encoding="utf-8")


def missing_paths(text: str, beside: Path = ROOT) -> Iterator[str]:
    """Find the paths below our folders that exist neither in the checkout nor *beside* the document.

    A path with a placeholder is an example.
    """
    for found in _PATH.findall(text):
        path = found.rstrip(".").partition("#")[0].partition("::")[0]
        if not {"<", "{"} & set(path) and not any(any(folder.glob(path)) for folder in (ROOT, beside)):
            yield path


def missing_modules(text: str) -> Iterator[str]:
    """Find the dotted names that begin with one of our packages and lead to no definition."""
    for name in _MODULE.findall(text):
        *parts, last = name.split(".")
        module = ROOT.joinpath(*parts)
        if (module / last).is_dir() or (module / f"{last}.py").is_file():
            continue
        while parts and not (source := _source(parts)).is_file():
            last = parts.pop()
        if not parts or not re.search(rf"\b{last}\b", source.read_text(encoding="utf-8")):
            yield name


def docstrings(path: Path) -> Iterator[str]:
    """Yield the docstrings of a module and of all that it defines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def missing_files(text: str) -> Iterator[str]:
    """Find the files in backticks, by name or by the end of their path, that the bot does not have."""
    for name in _FILE.findall(text):
        if not any(fnmatchcase(f"/{path}", f"*/{name}") for path in files()):
            yield name


def missing_classes(text: str) -> Iterator[str]:
    """Find the classes in Python examples that are neither imported there, nor built in, nor ours."""
    for example in _PYTHON.findall(text):
        nodes = list(ast.walk(ast.parse(example)))
        known = {node.name for node in nodes if isinstance(node, ast.ClassDef | ast.alias)}
        names = {node.id for node in nodes if isinstance(node, ast.Name) and node.id[0].isupper()}
        yield from sorted(names - known - classes() - set(dir(builtins)))


@cache
def files() -> tuple[str, ...]:
    """Collect the paths that a docstring may name."""
    return tuple(
        path.relative_to(ROOT).as_posix()
        for folder in ("bot", "cogs", "migrations", "tests", "local_discord")
        for path in (ROOT / folder).rglob("*.*")
    )


@cache
def classes() -> frozenset[str]:
    """Collect the names of the bot's classes."""
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py"))
    return frozenset(name for text in texts for name in re.findall(r"^class (\w+)", text, re.MULTILINE))


def broken_links(text: str, document: str) -> Iterator[str]:
    """Find the relative links of *document* to a file or a heading that does not exist."""
    for target in _LINK.findall(_FENCED.sub("", text)):
        name, _, heading = target.partition("#")
        path = (ROOT / document).parent / name if name else ROOT / document
        if not path.exists() or (heading and heading not in headings(path)):
            yield target


def missing_queries(text: str) -> Iterator[str]:
    """Find the names that *text* presents as queries and that no .sql file has."""
    for mention in _QUERY.findall(text):
        names = re.findall(r"`(\w+)`", mention) or [mention.removeprefix("-- name: ")]
        yield from (name for name in names if name not in queries())


@cache
def queries() -> frozenset[str]:
    """Collect the names of all queries."""
    texts = (
        path.read_text(encoding="utf-8") for root in ("bot", "cogs") for path in (ROOT / root).rglob("*.sql")
    )
    return frozenset(name for text in texts for name in re.findall(r"^-- name: (\w+)", text, re.MULTILINE))


def headings(path: Path) -> set[str]:
    """Collect the anchors of a page, as GitHub makes them."""
    text = _FENCED.sub("", path.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in _HEADING.findall(text)}


def _source(parts: list[str]) -> Path:
    module = ROOT.joinpath(*parts)
    return module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
