"""The records of incidents, by the command line: out of one database, and into another."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.domain.statistics.period import IsoWeek
from bot.storage.embedded import EmbeddedPostgres
from bot.storage.records.tables import LEFT_OUT
from bot.storage.records.tables import tables as record_tables
from local_discord.world.seed import GUILD_ID
from tests.integration.cli.command_line import Outcome, incident_bot
from tests.integration.demo.test_demo_seed import past
from tests.postgres import connect, temporary_database


@pytest_asyncio.fixture
async def other_database_url(cluster: EmbeddedPostgres) -> AsyncIterator[str]:
    """The address of a second migrated database."""
    async with temporary_database(cluster) as url:
        yield url


ROOT = Path(__file__).parents[3]
CODE = (".py", ".sql")

PRIVATE = """
UPDATE incidents SET is_private = true
 WHERE id = (SELECT max(id) FROM incidents WHERE status = 'resolved')
RETURNING id
"""


EVERYTHING_ELSE = Path(__file__).with_name("records_of_every_table.sql").read_text(encoding="utf-8")


async def records(url: str, *arguments: str, folder: Path, **env: str) -> Outcome:
    """Run a command about records on the database at *url*."""
    return await incident_bot(*arguments, folder=folder, DATABASE_URL=url, DISCORD_GUILD_ID=GUILD_ID, **env)


async def rows(url: str, query: str) -> list[dict[str, Any]]:
    """Return the rows of *query*."""
    connection = await connect(url)
    try:
        return [dict(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def execute(url: str, statements: str) -> None:
    """Run *statements*."""
    connection = await connect(url)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


async def test_export_and_import_are_a_round_trip(
    database_url: str, other_database_url: str, tmp_path: Path
) -> None:
    """Records that are exported, imported into another database and exported again are the same bytes.

    The export has rows of every table and private incidents, and only its owner may read the file.
    """
    async with past(database_url):
        await rows(database_url, PRIVATE)
        await execute(database_url, EVERYTHING_ELSE)
        first = await records(database_url, "export", "--private", "--out", "a.json", folder=tmp_path)
        assert (first.code, first.err) == (0, "")
        taken = await records(other_database_url, "import", "a.json", folder=tmp_path)
        assert (taken.code, taken.err) == (0, "")
        again = await records(other_database_url, "export", "--private", folder=tmp_path)
    exported = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert again.out == exported
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o600
    tables = {json.loads(line)["table"] for line in exported.splitlines()[1:]}
    assert tables == {table.name for table in record_tables()}
    count = len(re.findall(r'^\{"row": .*"table": "incidents"\}$', exported, re.MULTILINE))
    assert taken.out.startswith(f"imported {count} incidents, {len(exported.splitlines()) - 1} rows in all")


async def test_new_incidents_get_numbers_after_the_imported_ones(
    database_url: str, other_database_url: str, tmp_path: Path
) -> None:
    """The database goes on counting where the other one was."""
    async with past(database_url):
        await records(database_url, "export", "--private", "--out", "a.json", folder=tmp_path)
    await records(other_database_url, "import", "a.json", folder=tmp_path)
    (highest,) = await rows(database_url, "SELECT max(id) AS id FROM incidents")
    (following,) = await rows(
        other_database_url, "SELECT nextval(pg_get_serial_sequence('incidents', 'id')) AS id"
    )
    assert following["id"] == highest["id"] + 1


async def test_private_incidents_are_left_out_unless_asked_for(database_url: str, tmp_path: Path) -> None:
    """An export leaves out private incidents and the rows that refer to them; stderr says how many."""
    async with past(database_url):
        (private,) = await rows(database_url, PRIVATE)
        said = await records(database_url, "export", folder=tmp_path)
        table = await records(database_url, "export", "--format", "csv", folder=tmp_path)
    assert said.err == "1 private incidents were left out: --private exports them, too\n" == table.err
    parsed = [json.loads(line) for line in said.out.splitlines()[1:]]
    numbers = {row["row"].get("incident_id") for row in parsed}
    assert private["id"] not in numbers | {row["row"]["id"] for row in parsed if row["table"] == "incidents"}
    assert str(private["id"]) not in {row["number"] for row in csv.DictReader(io.StringIO(table.out[1:]))}


async def test_pages_do_not_name_private_incidents(database_url: str, tmp_path: Path) -> None:
    """A page about an incident that was linked with a private one has its number only with `--private`."""
    async with past(database_url):
        (private,) = await rows(database_url, PRIVATE)
        number = private["id"]
        await execute(
            database_url,
            "INSERT INTO timeline (incident_id, at, kind, actor_id, actor_name, data) "
            f"""VALUES (1, now(), 'linked', 1, 'primary', '{{"with": {number}}}')""",
        )
        without = await records(database_url, "export", "--format", "md", folder=tmp_path)
        whole = await records(database_url, "export", "--format", "md", "--private", folder=tmp_path)
    assert re.search(rf"INC-{number}\b", whole.out)
    assert not re.search(rf"INC-{number}\b", without.out)


async def test_a_period_is_of_days_in_the_teams_time(database_url: str, tmp_path: Path) -> None:
    """A period of the list includes its first and its last day in full, in the team's time zone."""
    async with past(database_url):
        (latest,) = await rows(
            database_url, "SELECT (max(triggered_at) AT TIME ZONE 'Asia/Tokyo')::date AS day FROM incidents"
        )
        week = IsoWeek.of(latest["day"]).previous()
        first, last = f"{week.monday}", f"{week.monday + timedelta(days=6)}"
        said = await records(
            *(database_url, "incidents", "list", "--json", "--from", first, "--to", last), folder=tmp_path
        )
        expected = await rows(
            database_url,
            "SELECT id FROM incidents WHERE (triggered_at AT TIME ZONE 'Asia/Tokyo')::date "
            f"BETWEEN '{first}' AND '{last}' ORDER BY triggered_at, id",
        )
    assert [json.loads(line)["number"] for line in said.out.splitlines()] == [row["id"] for row in expected]
    assert expected


async def test_lists_and_pages_for_people(database_url: str, tmp_path: Path) -> None:
    """A line for each open one; one with its timeline; all of them as Markdown; who did what."""
    async with past(database_url):
        listed = await records(database_url, "incidents", "list", "--open", folder=tmp_path)
        shown = await records(database_url, "incidents", "show", "1", folder=tmp_path)
        as_json = await records(database_url, "incidents", "show", "1", "--json", folder=tmp_path)
        pages = await records(database_url, "export", "--format", "md", folder=tmp_path)
        missing = await records(database_url, "incidents", "show", "4242", folder=tmp_path)
        audited = await records(database_url, "audit", "--json", folder=tmp_path)
        about_one = await records(database_url, "audit", "--incident", "1", folder=tmp_path)
        every = await rows(database_url, "SELECT id FROM audit ORDER BY id DESC")
    assert all(
        re.match(r"(?:INC|ALERT)-\d+  SEV\d  (triggered|acknowledged)  ", line)
        for line in listed.out.splitlines()
    )
    assert shown.out.startswith("# INC-1 ")
    assert json.loads(as_json.out)["timeline"][0]["kind"] == "opened"
    assert len(re.findall(r"(?m)^# (?:INC|ALERT)-", pages.out)) == len(
        await rows(database_url, "SELECT FROM incidents")
    )
    assert (missing.code, missing.errors) == (2, ["there is no incident 4242"])
    assert [json.loads(line)["id"] for line in audited.out.splitlines()] == [row["id"] for row in every]
    assert all('"incident_id": 1' in line for line in about_one.out.splitlines())


async def test_pages_are_in_the_language_of_the_terminal(database_url: str, tmp_path: Path) -> None:
    """Output is in the language of the option, else of the locale, else of the policy.

    The language also applies to the words for an action that was refused.
    """
    refuse = (
        "INSERT INTO audit (at, guild_id, actor_id, actor_name, action, allowed, data)"
        f" VALUES (now(), {GUILD_ID}, 7, '渡辺', 'acknowledge', false, '{{\"act\": \"draft_postmortem\"}}')"
    )
    async with past(database_url):
        await execute(database_url, refuse)
        shown = [
            (await records(database_url, *arguments, folder=tmp_path, LC_ALL=locale)).out.splitlines()[0]
            for arguments in (("incidents", "show", "1", "--lang", "ja"), ("audit", "--refused"))
            for locale in ("en_US.UTF-8", "C")
        ]
    assert shown[0] == shown[1]
    assert "渡辺 (7)  draft the postmortem  REFUSED  {" in shown[2]
    assert "渡辺 (7)  postmortem の下書きを作成  権限なしで拒否  {" in shown[3]


async def test_a_table_is_no_formula(database_url: str, tmp_path: Path) -> None:
    """A title that a spreadsheet would compute stays text."""
    async with past(database_url):
        await rows(database_url, "UPDATE incidents SET title = '=1+1' WHERE id = 1")
        said = await records(database_url, "export", "--format", "csv", folder=tmp_path)
    (first,) = (row for row in csv.DictReader(io.StringIO(said.out[1:])) if row["number"] == "1")
    assert first["title"] == "'=1+1"


async def test_a_table_says_for_how_long_nobody_had_an_incident(database_url: str, tmp_path: Path) -> None:
    """Until the acknowledgement; once that has lapsed in silence, until the end, and no deadline was met."""
    lapsed = """
    INSERT INTO timeline (incident_id, at, kind, data)
    SELECT id, acknowledged_at + interval '1 second', 'lapsed', '{}' FROM incidents WHERE id = 1
    """
    tables = []
    async with past(database_url):
        for statement in ("SELECT 1", lapsed):
            await rows(database_url, statement)
            said = await records(database_url, "export", "--format", "csv", folder=tmp_path)
            tables.append(
                next(row for row in csv.DictReader(io.StringIO(said.out[1:])) if row["number"] == "1")
            )
    before, after = tables
    acknowledged, ended, raised = (
        datetime.fromisoformat(before[name]) for name in ("acknowledged_at", "ended_at", "triggered_at")
    )
    took = (acknowledged - raised).total_seconds()
    assert (before["ack_in_time"], float(before["unowned_s"])) == ("True", took)
    without = (ended - raised).total_seconds() - 1
    assert (after["ack_in_time"], float(after["unowned_s"])) == ("False", without)


async def test_import_refuses_what_it_cannot_take(
    database_url: str, other_database_url: str, tmp_path: Path
) -> None:
    """An import refuses a used database, another file, another version, a broken row and a cut file.

    Each refusal says what is wrong, and nothing is written.
    """
    async with past(database_url):
        await records(database_url, "export", "--private", "--out", "a.json", folder=tmp_path)
        used = await records(database_url, "import", "a.json", folder=tmp_path)
    assert used.errors[0].startswith("the database is not empty: it has rows in incidents.")
    lines = (tmp_path / "a.json").read_text(encoding="utf-8").splitlines()
    broken = {
        "none.json": ("{}", "line 1: this is no file of `incident-bot export --format json`"),
        "later.json": (lines[0].replace('"version": 1', '"version": 2'), "line 1: the file has version 2"),
        "older.json": (re.sub(r'"schema": "\d+"', '"schema": "0001"', lines[0]), "the file is of database"),
        "row.json": (f"{lines[0]}\n{lines[1]}\n[]", "line 3: this is no row of an export"),
        "list.json": (f'{lines[0]}\n{{"table": [], "row": {{}}}}', "line 2: this is no row of an export"),
        "bare.json": (f'{lines[0]}\n{{"table": "incidents"}}', "line 2: this is no row of an export"),
        "cut.json": ("\n".join(lines[:-1]) + "\n", "the file is not whole: it should have "),
        "header.json": (f"{lines[0]}\n", "the file is not whole: it should have "),
        "orphan.json": (f"{lines[0]}\n{next(x for x in lines if 'timeline' in x[-12:])}", "timeline: "),
    }
    for name, (text, expected) in broken.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        said = await records(other_database_url, "import", name, folder=tmp_path)
        assert said.code == 2, name
        assert said.errors[0].startswith(expected), (name, said.err)
    assert await rows(other_database_url, "SELECT FROM incidents") == []


async def test_a_file_without_counts_is_imported_with_a_warning(
    database_url: str, other_database_url: str, tmp_path: Path
) -> None:
    """A file of an older version, which does not count its rows, is imported; stderr says what that means."""
    async with past(database_url):
        await records(database_url, "export", "--private", "--out", "a.json", folder=tmp_path)
    head, *rest = (tmp_path / "a.json").read_text(encoding="utf-8").splitlines(keepends=True)
    header = json.loads(head)
    assert header.pop("rows")["incidents"] > 0
    (tmp_path / "b.json").write_text("".join([json.dumps(header) + "\n", *rest]), encoding="utf-8")
    taken = await records(other_database_url, "import", "b.json", folder=tmp_path)
    assert taken.code == 0
    assert taken.err.startswith("b.json does not say how many rows it has, because an older version wrote it")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "--from", "yesterday"), "--from: 'yesterday' is no day; write for example 2026-11-01"),
        (
            ("export", "--from", "2026-11-02", "--to", "2026-11-01"),
            "--to: 2026-11-01 is before --from, 2026-11-02",
        ),
        (("audit", "--since", "soon"), "--since: 'soon' is no day; write for example 2026-11-01"),
        (("import", "missing.json"), "missing.json: No such file or directory"),
    ],
)
async def test_wrong_options(
    database_url: str, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """One line says what to write instead."""
    ended = await records(database_url, *arguments, folder=tmp_path)
    assert (ended.code, ended.errors) == (2, [said])


async def test_every_table_is_exported_or_left_out_for_a_reason(database_url: str) -> None:
    """A new table is missed neither by the export nor by the people who read why it is not in it.

    The table of a deleted folder is named by no file any more.
    """
    there = await rows(
        database_url,
        "SELECT table_name FROM information_schema.tables "
        "WHERE table_schema = 'incident_bot' AND table_type = 'BASE TABLE'",
    )
    exported = {table.name for table in record_tables()}
    files = [path for part in ("bot", "cogs") for path in (ROOT / part).rglob("*.*") if path.suffix in CODE]
    code = "".join(path.read_text(encoding="utf-8") for path in files)
    named = {table for row in there if re.search(rf"\b{(table := row['table_name'])}\b", code)}
    assert named == exported | LEFT_OUT.keys()
    assert not exported & LEFT_OUT.keys()


async def test_rows_are_ordered_by_their_whole_key(database_url: str) -> None:
    """Rows are ordered by every column of their table's primary key.

    Otherwise the same records could give other bytes.
    """
    keys = await rows(
        database_url,
        "SELECT relname, array_agg(attname::text ORDER BY array_position(indkey::int2[], attnum)) AS columns "
        "FROM pg_index JOIN pg_class ON pg_class.oid = indrelid "
        "JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey) "
        "WHERE indisprimary AND relnamespace = 'incident_bot'::regnamespace GROUP BY relname",
    )
    primary = {row["relname"]: set(row["columns"]) for row in keys}
    assert {table.name: set(table.key.split(", ")) for table in record_tables()} == {
        table.name: primary[table.name] for table in record_tables()
    }
