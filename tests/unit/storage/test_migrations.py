"""A migration is applied while the version before it runs: what that knows may not go, nor be asked of it."""

import re
from collections.abc import Iterator
from typing import Final

import pytest

from bot.storage.database.migrate import migrations_dir

#: Before these there was no version to survive them.
FIRST: Final = ("0001_incidents", "0002_pgqueuer")

#: What breaks statements that were written without knowing of it, each with what to do instead.
REFUSED: Final = {
    r"\bRENAME\b": "keep the old name and map it in bot/storage/rows.py and the queries",
    r"\bDROP (COLUMN|TABLE|SCHEMA|TYPE|FUNCTION)\b": "stop using it now, and drop it a version later",
    r"\bSET NOT NULL\b": "the running version may leave it out",
    r"\bALTER (COLUMN )?\S+ (SET DATA )?TYPE\b": "add a column of the new type beside it",
    r"\bADD COLUMN (?!.*\bDEFAULT\b).*\bNOT NULL\b": "give it a default: nobody fills it yet",
}


def actions(text: str) -> Iterator[str]:
    """Each action of each statement of the up part, in one line and without comments."""
    up = text.partition("-- migrate:down")[0]
    plain = re.sub(r"--[^\n]*", "", up)
    for statement in plain.split(";"):
        depth, action = 0, ""
        for letter in " ".join(statement.split()):
            depth += {"(": 1, ")": -1}.get(letter, 0)
            if letter == "," and depth == 0:
                yield action.strip()
                action = ""
            else:
                action += letter
        yield action.strip()


def broken(text: str) -> list[str]:
    """What the running version would not survive, with the reason."""
    return [
        f"{action}: {instead}"
        for action in actions(text)
        for pattern, instead in REFUSED.items()
        if re.search(pattern, action, re.IGNORECASE)
    ]


@pytest.mark.parametrize("name", sorted({path.stem for path in migrations_dir().glob("*.sql")} - {*FIRST}))
def test_the_running_version_survives(name: str) -> None:
    """No migration breaks the version that still runs, which uses the columns that it knows by name.

    So nothing is renamed, dropped or given another type, and nothing new must be filled in.
    """
    found = broken((migrations_dir() / f"{name}.sql").read_text())
    assert found == [], "docs/operations.md promises that the running version survives an upgrade"


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE a RENAME COLUMN b TO c;",
        "ALTER TABLE a ADD COLUMN d text, DROP COLUMN b;",
        "DROP TABLE a;",
        "ALTER TABLE a ALTER COLUMN b SET NOT NULL;",
        "ALTER TABLE a ALTER b TYPE bigint;",
        "ALTER TABLE a ADD COLUMN b numeric(3, 1) NOT NULL CHECK (b > 0), ADD COLUMN c int DEFAULT 0;",
    ],
)
def test_what_breaks_is_found(sql: str) -> None:
    """Statements that would break the running version are found, except after `migrate:down`."""
    assert len(broken(sql)) == 1
    assert broken(f"-- {sql}\nSELECT 1;\n-- migrate:down\n{sql}") == []


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE a ADD COLUMN b int NOT NULL DEFAULT 0;",
        "CREATE TABLE a (b int NOT NULL, c text NOT NULL);",
        "ALTER TABLE a DROP CONSTRAINT b, ADD COLUMN c text;",
    ],
)
def test_what_is_added_is_not_refused(sql: str) -> None:
    """A migration may add tables, nullable columns and columns with a default, and drop a constraint."""
    assert broken(sql) == []
