"""The addresses of heartbeats over real HTTP: what is kept, what is refused, what an outage leaves."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from healthchecks_decorator import healthcheck

from cogs.heartbeats.rules import KEPT_BODY
from tests.cogs.heartbeats.beating import alerts, look, path, site, use
from tests.patience import PATIENCE_S
from tests.services.desk import Desk


@pytest.fixture(autouse=True)
def _heartbeats(desk: Desk) -> None:
    use(desk)


async def kept(desk: Desk) -> list[tuple[str, str, int | None, str]]:
    """Return the beats that are stored, oldest first."""
    query = "SELECT name, kind, exit_status, body FROM heartbeat_beats ORDER BY id"
    return [tuple(row) for row in await desk.database.pool.fetch(query)]


async def curl(*arguments: str) -> tuple[int, str]:
    """Run the real curl, as the documents of Healthchecks show it; return its exit status and its output."""
    process = await asyncio.create_subprocess_exec(
        *("curl", "--noproxy", "*", "-fsS", "-m", "10", *arguments), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_the_lines_of_healthchecks_documents(desk: Desk, tmp_path: Path) -> None:
    """Its curl lines for success, start, fail, exit status, log, HEAD and output work as they are printed.

    Source: Healthchecks' documentation, Pinging API; Shell scripts; Attaching logs; Measuring run time.
    """
    run_id = str(uuid4())
    async with site(desk, tmp_path) as sender:
        url = f"{sender.base_url}{path(desk)}".replace("//ping", "/ping")
        for line in (
            ["--retry", "5", url],
            ["--retry", "5", f"{url}/start?rid={run_id}"],
            ["--retry", "5", f"{url}?rid={run_id}"],
            ["--retry", "5", "--data-raw", "all done", url],
            ["--retry", "5", f"{url}/3"],
            ["--retry", "5", f"{url}/0"],
            [f"{url}/"],
            [f"{url}/fail/"],
            ["-X", "POST", f"{url}/log"],
            ["--head", f"{url}/fail"],
        ):
            status, said = await curl(*line)
            assert (status, said.endswith("OK") or "--head" in line) == (0, True)
    assert [(kind, status, body) for _, kind, status, body in await kept(desk)] == [
        ("success", None, ""),
        ("start", None, ""),
        ("success", None, ""),
        ("success", None, "all done"),
        ("fail", 3, ""),
        ("success", 0, ""),
        ("success", None, ""),
        ("fail", None, ""),
        ("log", None, ""),
        ("fail", None, ""),
    ]


async def test_a_client_of_others_reports_start_success_and_failure(desk: Desk, tmp_path: Path) -> None:
    """The published decorator tells the bot what its function did, with what it returned as the body."""
    ran: list[str] = []
    async with site(desk, tmp_path) as sender:
        url = f"{sender.base_url}{path(desk)}".replace("//ping", "/ping")

        @healthcheck(url=url, send_start=True, send_diagnostics=True)
        def back_up(*, is_full: bool) -> dict[str, int]:
            ran.append("back_up")
            if is_full:
                raise OSError("disk full")
            return {"rows": 12, "seconds": 3}

        await asyncio.to_thread(back_up, is_full=False)
        with pytest.raises(OSError, match="disk full"):
            await asyncio.to_thread(back_up, is_full=True)
    assert ran == ["back_up", "back_up"]
    assert [(kind, body) for _, kind, _, body in await kept(desk)] == [
        ("start", ""),
        ("success", "rows=12&seconds=3"),
        ("start", ""),
        ("fail", ""),
    ]


async def test_a_body_is_kept_without_its_secrets(desk: Desk, tmp_path: Path) -> None:
    """What is too long is cut off, and the beat counts; an alert shows none of the secrets."""
    secret = "ghp_" + "a1B2" * 9
    async with site(desk, tmp_path) as sender:
        said = await sender.post(
            f"{path(desk)}/fail", content=f"token {secret} 失敗\0\ud83d".encode("utf-8", "replace")
        )
        assert said.status_code == 200
        assert (await sender.post(path(desk), content=b"x" * (KEPT_BODY + 5))).status_code == 200
        assert (await sender.post(path(desk), content=b"x" * 3_000_000)).status_code == 200
    await look(desk)
    (first, second, third) = await kept(desk)
    assert "失敗" in first[3]
    assert secret not in first[3]
    assert len(second[3]) == KEPT_BODY
    assert len(third[3]) == KEPT_BODY
    assert len(await alerts(desk)) == 1


async def test_a_guessed_secret_and_a_wrong_end_change_nothing(desk: Desk, tmp_path: Path) -> None:
    """The answers are 404 and 400."""
    async with site(desk, tmp_path) as sender:
        assert (await sender.get(f"/ping/{uuid4()}")).status_code == 404
        assert (await sender.get(f"{path(desk)}/999")).status_code == 400
        assert (await sender.get(f"{path(desk)}?rid=%00")).status_code == 400
        assert (await sender.put(path(desk))).status_code == 405
    assert await kept(desk) == []


async def test_a_beat_during_an_outage_counts_as_of_when_it_came(desk: Desk, tmp_path: Path) -> None:
    """It is answered once it is on disk, survives the process, and is stored when the database is back."""
    async with site(desk, tmp_path / "beats") as sender:
        desk.database.is_away = True
        assert (await sender.get(f"{path(desk)}/fail")).text == "OK"
    desk.database.is_away = False
    assert await kept(desk) == []
    async with site(desk, tmp_path / "beats"):
        async with asyncio.timeout(PATIENCE_S):
            while not await kept(desk):  # noqa: ASYNC110 -- its commit tells nobody
                await asyncio.sleep(0.02)
    await look(desk)
    assert [one[1] for one in await kept(desk)] == ["fail"]
    assert len(await alerts(desk)) == 1


async def test_what_neither_database_nor_disk_takes_is_not_answered_with_200(
    desk: Desk, tmp_path: Path
) -> None:
    """The job's client tries again."""
    (tmp_path / "beats").touch()
    async with site(desk, tmp_path / "beats") as sender:
        desk.database.is_away = True
        said = await sender.get(path(desk))
    assert (said.status_code, said.headers["Retry-After"]) == (503, "5")


async def test_a_flood_of_one_is_answered_and_holds_up_no_other(desk: Desk, tmp_path: Path) -> None:
    """A thousand requests are all answered; few of them are kept, and another job's beat is."""
    async with site(desk, tmp_path) as sender:

        async def flood() -> list[int]:
            return [(await sender.get(path(desk))).status_code for _ in range(100)]

        floods = [asyncio.create_task(flood()) for _ in range(10)]
        other = await sender.get(path(desk, "nightly"))
        statuses = [status for one in floods for status in await one]
    assert (len(statuses), set(statuses), other.status_code) == (1_000, {200, 429}, 200)
    stored = [name for name, *_ in await kept(desk)]
    assert stored.count("hourly") <= 20
    assert stored.count("nightly") == 1
