"""The files that messages carry."""

from bot.domain.delivery.delivery import Attachment
from bot.storage.tables.deliveries import AttachmentRows
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import GUILD, open_incident

PICTURE = Attachment("digest:2026-W48:1", GUILD, "incidents.png", b"\x89PNG\r\n\x1a\n\x00\xff")


async def test_a_file_comes_back_byte_for_byte(rig: Rig) -> None:
    """A stored file comes back byte for byte, NUL bytes included, with or without an incident."""
    incident = await open_incident(rig.store)
    document = Attachment("postmortem:1:1", GUILD, "INC-1.md", "決済".encode(), incident.id)
    async with rig.store.transaction() as tx:
        await AttachmentRows(tx.sql).add_attachment(PICTURE)
        await AttachmentRows(tx.sql).add_attachment(document)
    found = await AttachmentRows(rig.store.sql).attachments([document.key, "unknown", PICTURE.key])
    assert sorted(found, key=lambda each: each.key) == [PICTURE, document]


async def test_a_known_key_keeps_its_content(rig: Rig) -> None:
    """An attachment's content is not replaced under its key, because a message may carry it already."""
    for content in (PICTURE.content, b"another"):
        async with rig.store.transaction() as tx:
            await AttachmentRows(tx.sql).add_attachment(
                Attachment(PICTURE.key, GUILD, PICTURE.filename, content)
            )
    assert await AttachmentRows(rig.store.sql).attachments([PICTURE.key]) == [PICTURE]


async def test_removed_files_are_gone(rig: Rig) -> None:
    """Removed files are gone, and the others stay."""
    other = Attachment("other", GUILD, "other.png", b"1")
    async with rig.store.transaction() as tx:
        await AttachmentRows(tx.sql).add_attachment(PICTURE)
        await AttachmentRows(tx.sql).add_attachment(other)
        await AttachmentRows(tx.sql).remove_attachments([PICTURE.key, "unknown"])
    assert await AttachmentRows(rig.store.sql).attachments([PICTURE.key, other.key]) == [other]


async def test_another_guild_sees_none_of_them(rig: Rig) -> None:
    """An attachment is read by its own guild only; another guild does not get it even with the key."""
    async with rig.store.transaction() as tx:
        await AttachmentRows(tx.sql).add_attachment(PICTURE)
    assert await AttachmentRows(rig.store.of(GUILD + 1).sql).attachments([PICTURE.key]) == []
    assert await AttachmentRows(rig.store.of(GUILD).sql).attachments([PICTURE.key]) == [PICTURE]
