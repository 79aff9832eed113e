"""The page's files themselves; no browser needed."""

import re
from pathlib import Path

import pytest

import local_discord
from local_discord.refusals import SPOKEN, Why

PAGE = Path(local_discord.__file__).parent / "page"
MODULES = sorted(PAGE.glob("*.js"))
MARKUP = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function")
by_name = pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)


@by_name
def test_modules_build_no_markup_from_text(module: Path) -> None:
    """Each module of the page begins with a comment, is short, and turns no text into markup or code."""
    text = module.read_text("utf-8")
    assert text.startswith("// ")
    assert len(text.splitlines()) <= 300
    assert [way for way in MARKUP if way in text] == []


@by_name
def test_modules_use_what_they_import(module: Path) -> None:
    """Each module of the page uses all its imports, and each imported file exists."""
    text = module.read_text("utf-8")
    for names, source in re.findall(r'import \{([^}]*)\} from "\./([^"]+)"', text):
        assert (PAGE / source).is_file()
        unused = [name for name in re.findall(r"\w+", names) if len(re.findall(rf"\b{name}\b", text)) < 2]
        assert unused == []


def texts() -> list[tuple[str, str, str]]:
    """Key, Japanese, English of every text of the page."""
    source = (PAGE / "texts.js").read_text("utf-8")
    found = re.findall(r'^  "([\w.]+)": \[\s*"(.*?)",\s*"(.*?)",?\s*\],$', source, re.MULTILINE | re.DOTALL)
    assert len(found) == source.count('": [')
    return found


def test_refusals_have_words() -> None:
    """The page has words in both languages for every key of a refusal by the human side, and for no other."""
    spoken = {key.removeprefix("refused.") for key, _, _ in texts() if key.startswith("refused.")}
    assert spoken == {*map(str, Why), *map(str, SPOKEN), "field"}


def test_texts_in_both_languages() -> None:
    """Every text has a Japanese and an English form with the same fields, and is used somewhere."""
    found = texts()
    code = "".join(module.read_text("utf-8") for module in MODULES if module.name != "texts.js")
    for key, japanese, english in found:
        assert set(re.findall(r"\{\w+\}", japanese)) == set(re.findall(r"\{\w+\}", english)), key
        prefix = key.rpartition(".")[0]
        assert f'"{key}"' in code or f"`{prefix}.${{" in code, f"{key} is used nowhere"
