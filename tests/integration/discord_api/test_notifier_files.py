"""Messages that carry files: sent once, replaced by an edit, removed with the words of a private incident."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from bot.domain.delivery.delivery import AttachedFiles, Attachment, FileRef, Posted, Request
from bot.domain.delivery.kinds import Action, DeliveryKind
from bot.domain.errors import DeliveryRefused
from bot.ui.discord_api.client import Rest
from bot.ui.discord_api.threads import replace_files
from bot.ui.posts.bodies import carrying, message
from local_discord.messages.posting import remove, set_archived
from local_discord.world.kinds import JSON
from tests.integration.discord_api.notifier_world import ALERTS, GUILD, NotifierWorld, running_world, sent

DRAFT = Attachment("a:1", GUILD, "INC-42-postmortem.md", "# 決済 API が 5xx\n".encode())
PICTURE = Attachment("a:2", GUILD, "weeks.png", b"\x89PNG\x00\xff")
REFS = (
    FileRef(key="a:1", filename=DRAFT.filename),
    FileRef(key="a:2", filename=PICTURE.filename, description="8 週の件数"),
)
BODY = carrying(message("下書きです"), REFS)


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NotifierWorld]:
    """A fresh Discord."""
    async with running_world(monkeypatch) as fresh:
        yield fresh


async def posted(world: NotifierWorld, *, channel_id: int = ALERTS, nonce: str = "n1") -> Posted:
    """Send both files."""
    request = Request(Action.MESSAGE, channel_id, None, BODY)
    return await world.notifier.send(request, nonce=nonce, files=[DRAFT, PICTURE])


def files(world: NotifierWorld, where: Posted) -> list[JSON]:
    """What a message carries."""
    return world.message(where).attachments


async def download(attachment: JSON) -> bytes:
    """Return the content of an attachment, as Discord's CDN hands it out."""
    async with httpx.AsyncClient() as http:
        return (await http.get(attachment["url"])).raise_for_status().content


async def test_files_are_in_the_message_with_their_descriptions(world: NotifierWorld) -> None:
    """A message carries its files in the order of its body, with their names, sizes and descriptions."""
    where = await posted(world)
    document, picture = files(world, where)
    assert (document["filename"], document["size"]) == (DRAFT.filename, len(DRAFT.content))
    assert (picture["filename"], picture["description"]) == (PICTURE.filename, "8 週の件数")
    assert world.message(where).content == "下書きです"


async def test_the_same_nonce_posts_files_once(world: NotifierWorld) -> None:
    """Files sent twice with the same nonce are posted once.

    The sender may have died before it knew that the message was posted.
    """
    assert await posted(world) == await posted(world)
    assert len(world.messages(ALERTS)) == 1


async def test_an_attempt_that_never_reported_back_is_found(world: NotifierWorld) -> None:
    """A message of an attempt that never reported back is found by its content."""
    where = await posted(world)
    request = Request(Action.MESSAGE, ALERTS, None, BODY)
    assert await world.notifier.find(request, since=datetime.now(UTC)) == where


async def test_a_refused_upload_is_sent_whole_the_next_time(world: NotifierWorld) -> None:
    """discord.py repeats a 502 by itself: the bytes are there again."""
    world.break_down({"status": 502, "times": 1})
    where = await posted(world)
    assert [await download(each) for each in files(world, where)] == [DRAFT.content, PICTURE.content]


async def test_an_edit_puts_new_files_in_the_place_of_the_old(world: NotifierWorld) -> None:
    """An edit replaces a message's file and words, even in an archived thread, which stays archived."""
    incident, _ = await world.threaded()
    thread = incident.thread.id or 0
    where = await posted(world, channel_id=thread, nonce="n2")
    set_archived(world.sandbox.core, world.channel(thread), archived=True)
    newer = Attachment("a:3", GUILD, DRAFT.filename, b"# new\n")
    ref = FileRef(key="a:3", filename=newer.filename)
    body = carrying(message("新しい下書きです"), [ref])
    await replace_files(Rest(world.client), body, sent(DeliveryKind.NOTICE, where), [newer])
    [document] = files(world, where)
    assert (document["filename"], await download(document)) == (newer.filename, newer.content)
    assert world.message(where).content == "新しい下書きです"
    kept = world.channel(thread).thread
    assert kept is not None
    assert kept.archived


async def test_a_message_that_is_gone_refuses_the_edit(world: NotifierWorld) -> None:
    """An edit of a message that is gone is refused, so that the caller can post anew."""
    where = await posted(world)
    remove(world.sandbox.core, world.message(where))
    with pytest.raises(DeliveryRefused):
        await replace_files(Rest(world.client), BODY, sent(DeliveryKind.NOTICE, where), [DRAFT, PICTURE])


async def test_redacting_removes_the_files(world: NotifierWorld) -> None:
    """The words of a document are words as well."""
    incident, _ = await world.alert()
    where = await posted(world, nonce="n2")
    post = sent(DeliveryKind.NOTICE, where, data=AttachedFiles(files=REFS).to_json())
    await world.notifier.redact(replace(incident, is_private=True), [post])
    assert files(world, where) == []
    assert "下書き" not in world.message(where).content
