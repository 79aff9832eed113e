"""Schedules as files: whose events they are, where they belong, and when they count."""

from datetime import datetime, timedelta

import pytest

from bot.domain.errors import NotPermitted, UserError
from bot.domain.oncall.book import NewOverride
from bot.domain.oncall.people import OnCallPerson, Who
from cogs.oncall.calendars import BIGGEST
from tests.cogs.oncall.acts import oncall_of
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, Desk


def ics(*events: tuple[datetime, str], more: str = "") -> bytes:
    """Events of an hour each, from a moment, with a summary."""
    body = "".join(
        f"BEGIN:VEVENT\r\nUID:{number}\r\nDTSTART:{at:%Y%m%dT%H%M%SZ}\r\nDURATION:PT1H\r\nSUMMARY:{words}\r\n{more}"
        "END:VEVENT\r\n"
        for number, (at, words) in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{body}END:VCALENDAR\r\n".encode()


async def test_people_are_found_by_what_the_policy_and_the_server_know(desk: Desk) -> None:
    """Names in a file match user names, emails and members of the server; unknown ones are listed."""
    now = desk.clock.time
    desk.reach.members = {"newcomer": 77}
    hours = [now + timedelta(hours=n) for n in range(1, 6)]
    words = ("secondary: @Primary", "secondary@example.com", "newcomer", "nobody", "Nobody Else")
    preview = await oncall_of(desk).calendars.preview(
        GUILD, ics(*zip(hours, words, strict=True)), place=None, by=PRIMARY
    )
    found = {(draft.place, shift.person) for draft in preview.drafts for shift in draft.shifts}
    assert found == {("secondary", "primary"), ("primary", "secondary"), ("primary", "77")}
    assert preview.unknown == ("nobody", "Nobody Else")
    formers = {draft.place: [who.handle for who in draft.formers] for draft in preview.drafts}
    assert formers == {"secondary": ["secondary"], "primary": ["primary", "primary"]}


async def test_a_handle_is_believed_when_there_is_such_a_member(desk: Desk) -> None:
    """A person's id in a file counts only if the policy or the server knows it; otherwise it is refused."""
    now = desk.clock.time
    newcomer, secondary, stranger = "1" * 17, "2" * 17, "3" * 17
    desk.reach.members = {"newcomer": int(newcomer), "secondary": int(secondary)}

    def own(hour: int, named: str, handle: str) -> bytes:
        at = now + timedelta(hours=hour)
        return ics((at, f"primary: {named}"), more=f"X-INCIDENT-BOT-PERSON:{handle}\r\n")

    async def read(named: str, handle: str) -> list[OnCallPerson]:
        found = await oncall_of(desk).calendars.preview(GUILD, own(1, named, handle), place=None, by=PRIMARY)
        return [person for draft in found.drafts for person in draft.people.values()]

    assert [each.handle for each in await read("x", "primary")] == ["primary"]
    assert [(each.handle, each.name) for each in await read("x", newcomer)] == [(newcomer, "newcomer")]
    [known] = await read("x", secondary)  # the policy's own, with their email
    assert (known.handle, known.user_id, known.email) == (
        "secondary",
        int(secondary),
        "secondary@example.com",
    )
    for named, handle in (("primary", stranger), ("ghost", "ghost")):
        with pytest.raises(UserError) as refused:
            await read(named, handle)
        assert refused.value.key == "oncall_file_empty"
        assert refused.value.fields["unknown"] == ["ghost" if handle == "ghost" else f"primary ({stranger})"]


async def test_nothing_changes_until_it_is_confirmed_and_then_once(desk: Desk) -> None:
    """Only a permitted person's confirmation applies the shifts, and a second press applies none."""
    now = desk.clock.time
    file = ics((now + timedelta(hours=1), "secondary"))
    preview = await oncall_of(desk).calendars.preview(GUILD, file, place="primary", by=PRIMARY)
    numbers = [draft.number for draft in preview.drafts]
    await desk.database.advance(timedelta(minutes=90))
    assert (await desk.oncall.holders(GUILD))["primary"].handle == "primary"
    with pytest.raises(NotPermitted):
        await oncall_of(desk).calendars.confirm(GUILD, numbers, by=OBSERVER)
    assert (await oncall_of(desk).calendars.confirm(GUILD, numbers, by=PRIMARY)).value == ["primary"]
    assert (await desk.oncall.holders(GUILD))["primary"].handle == "secondary"
    with pytest.raises(UserError) as refused:
        await oncall_of(desk).calendars.confirm(GUILD, numbers, by=PRIMARY)
    assert refused.value.key == "oncall_draft_gone"
    await desk.database.advance(timedelta(hours=1))
    assert (await desk.oncall.holders(GUILD))["primary"].handle == "primary"


async def test_a_shift_has_the_same_uid_in_each_export(desk: Desk) -> None:
    """Exports made on different days give each shift the same UID, so that importing both doubles nothing."""
    now = desk.clock.time
    starts = now + timedelta(days=2)
    new = NewOverride("primary", Who(2, "secondary", "x"), starts, starts + timedelta(days=1))
    await oncall_of(desk).schedules.override(GUILD, new, by=PRIMARY)
    first = uids(await oncall_of(desk).calendars.export(GUILD, by=RESPONDER))
    await desk.database.advance(timedelta(days=1, hours=3))
    second = uids(await oncall_of(desk).calendars.export(GUILD, by=RESPONDER))
    assert len(first) == len(set(first)) == 4  # before, during, after; and the other place
    assert set(first) == set(second)


async def test_an_export_is_for_people_who_may_respond(desk: Desk) -> None:
    """An observer gets no file, on record; a responder's file names people, but no email address."""
    with pytest.raises(NotPermitted):
        await oncall_of(desk).calendars.export(GUILD, by=OBSERVER)
    [refused] = [row for row in await desk.database.audit_rows() if not row.allowed]
    assert (refused.data["act"], refused.actor_id) == ("export_schedule", OBSERVER.id)
    file = await oncall_of(desk).calendars.export(GUILD, by=RESPONDER)
    assert b"SUMMARY:primary: primary" in file
    assert b"@example.com" not in file


def uids(data: bytes) -> list[str]:
    """In the order of the file."""
    return [line.removeprefix("UID:") for line in data.decode().splitlines() if line.startswith("UID:")]


async def test_files_that_are_too_big_or_say_nothing_are_refused(desk: Desk) -> None:
    """A calendar file is refused if it is too big, has too many entries or names nobody known.

    An observer may not even try one.
    """
    now = desk.clock.time
    cases = {
        "oncall_file_too_big": b"x" * (BIGGEST + 1),
        "oncall_file_too_many": ics(*[(now + timedelta(hours=n), "primary") for n in range(501)]),
        "oncall_file_empty": ics((now + timedelta(hours=1), "nobody")),
    }
    for key, data in cases.items():
        with pytest.raises(UserError) as refused:
            await oncall_of(desk).calendars.preview(GUILD, data, place=None, by=PRIMARY)
        assert refused.value.key == key
    with pytest.raises(NotPermitted):
        await oncall_of(desk).calendars.preview(GUILD, b"", place=None, by=OBSERVER)
