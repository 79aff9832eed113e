"""The charset of a body: as its sender says, or as its bytes look."""

import codecs
import json
import random

import pytest

from cogs.hooks.readers import READERS
from cogs.hooks.readers.reading import text_of
from cogs.hooks.rules import HookFormat, HookRequest, HookUnreadable
from tests.corpus.hook_requests import rules_of

JAPANESE = [
    "バックアップ失敗",
    "決済APIのエラー率が5%を超えました",
    "復旧",
    "表示能力ソース",
    "ｻｰﾊﾞｴﾗｰ",
    "a" * 100 + "障害",
    "精算機7の障害",
    "精算機停止",
    "配信に失敗",
    "監査記録の負担",
    "記録",
    "ｻｰﾊﾞ停止",
]
JAPANS = ["utf-8", "cp932", "euc_jp", "iso2022_jp"]


def in_json(text: str) -> str:
    """Write an alert with this title, as a monitor does that escapes nothing."""
    return json.dumps({"title": text, "host": "db-1.example.com"}, ensure_ascii=False)


@pytest.mark.parametrize("charset", JAPANS)
@pytest.mark.parametrize("text", JAPANESE)
def test_japanese_without_a_word_about_its_charset_is_recognised(text: str, charset: str) -> None:
    """Japanese in any of its usual charsets is read as it was written, as text and within JSON."""
    if charset in ("euc_jp", "iso2022_jp") and text.startswith("ｻ"):
        pytest.skip("half-width kana are Shift_JIS's")
    for written in (text, in_json(text)):
        assert text_of(HookRequest({}, written.encode(charset))) == written


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("Fehler: Gerät überlastet", "cp1252"),
        ("l’erreur d’accès répétée: “échec”", "cp1252"),
        ("Ошибка сервера базы данных", "cp1251"),
    ],
)
def test_what_is_not_japanese_is_not_read_as_japanese(text: str, charset: str) -> None:
    """Western European and Russian text is recognised, as text and within JSON."""
    for written in (text, in_json(text)):
        assert text_of(HookRequest({}, written.encode(charset))) == written


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_json_in_any_unicode_is_recognised(charset: str) -> None:
    """JSON in any form of Unicode is recognised by its byte order mark or its NULs."""
    written = in_json("バックアップ失敗")
    assert text_of(HookRequest({}, written.encode(charset))) == written
    big = codecs.BOM_UTF16_BE + written.encode("utf-16-be")
    assert text_of(HookRequest({}, big)) == written


@pytest.mark.parametrize(
    ("said", "charset"),
    [
        ("text/plain; charset=Shift_JIS", "cp932"),
        ('application/json; charset="EUC-JP"', "euc_jp"),
        ("text/plain;charset=ISO-2022-JP", "iso2022_jp"),
        ("text/plain; charset=gb18030", "gb18030"),
        ("text/plain; charset=big5", "big5"),
        ("text/plain; charset=utf-16le", "utf-16-le"),
    ],
)
def test_the_content_type_decides(said: str, charset: str) -> None:
    """A body is decoded by the charset that its Content-Type names."""
    text = "①表示" if charset == "cp932" else "停止"
    assert text_of(HookRequest({"content-type": said}, text.encode(charset))) == text


@pytest.mark.parametrize("said", ["utf-8", "hex", "punycode", "martian", "é", "\udcff", "us-ascii"])
def test_a_content_type_that_is_wrong_costs_nothing(said: str) -> None:
    """A charset that does not fit the body, or does not exist, is passed over."""
    text = "バックアップ失敗"
    for charset in ("utf-8", "cp932"):
        request = HookRequest({"content-type": f"text/plain; charset={said}"}, text.encode(charset))
        if said != "us-ascii":
            assert text_of(request) == text
    assert text_of(HookRequest({"content-type": f"text/plain; charset={said}"}, b"plain")) == "plain"


def test_the_readable_part_of_a_broken_body_is_the_title() -> None:
    """A body that is in no charset is an alert of what can be read; one without any text is refused."""
    reader, rules = READERS[HookFormat.JSON], rules_of(HookFormat.JSON, {})
    broken = b"\x8f\xff\xff backup of db-1 failed \x81"
    [event] = reader.parse(HookRequest({}, broken), rules)
    assert "backup of db-1 failed" in event.title  # type: ignore[union-attr]
    assert "\ufffd" not in event.title  # type: ignore[union-attr]
    with pytest.raises(HookUnreadable, match="no text"):
        reader.parse(HookRequest({}, b"\x81\x98\xff\xff"), rules)


def test_a_deep_body_in_another_charset_is_refused() -> None:
    """Nesting is counted after decoding: half of ー in Shift_JIS is a bracket, and none in a text."""
    long = in_json("サーバー" * 40)
    assert text_of(HookRequest({}, long.encode("cp932"))) == long
    deep = '{"title": "表示能力", "a": ' + "[" * 40 + "]" * 40 + "}"
    for charset in ("cp932", "utf-16"):
        with pytest.raises(HookUnreadable, match="nested"):
            text_of(HookRequest({}, deep.encode(charset)))


@pytest.mark.parametrize(
    "body", [bytes(range(256)), random.Random(1).randbytes(200), b"\x1b$", b"\xfe\xff\xd8"]
)
def test_any_bytes_are_some_text(body: bytes) -> None:
    """Whatever bytes come, they are some text."""
    assert isinstance(text_of(HookRequest({}, body)), str)
