"""`/oncall notify`: a person's own form, against the local Discord."""

from tests.cogs.actions.test_commands import inputs
from tests.integration.cogs.console_world import ConsoleWorld, Json, shown

KEY = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"
TYPED: Json = {"ways": ["push"], "wait": "5m", "quiet": "22:00-07:00", "ntfy": "my-topic-x7", "pushover": KEY}


async def test_each_person_sets_sees_and_removes_their_own_ways(world: ConsoleWorld) -> None:
    """The form shows what is set, to that person alone; the answer and the audit log repeat no address."""
    form = await world.command("oncall notify")
    assert form["modal"]["title"] == "Discord の外への通知"
    assert list(inputs(form)) == ["ways", "wait", "quiet", "ntfy", "pushover"]
    said = shown(await world.send(form, **TYPED))["content"]
    assert "DM から 5 分 ack がなければ：プッシュ" in said
    assert "22:00〜07:00" in said
    assert "まだ プッシュ (ntfy)、プッシュ (Pushover) を使えません" in said
    assert KEY not in said
    assert "my-topic" not in said
    again = inputs(await world.command("oncall notify"))
    assert (again["ntfy"]["value"], again["pushover"]["value"]) == ("my-topic-x7", KEY)
    assert (again["wait"]["value"], again["quiet"]["value"]) == ("5m", "22:00-07:00")
    others = inputs(await world.command("oncall notify", by="secondary"))
    assert "value" not in others["ntfy"]
    log = await world.database.pool.fetchval("SELECT string_agg(data::text, '') FROM audit")
    assert "push" in log
    assert KEY not in log
    form = await world.command("oncall notify")
    empty = dict.fromkeys(("wait", "quiet", "ntfy", "pushover"), "")
    said = shown(await world.send(form, ways=[], **empty))
    assert "自分の設定と連絡先を消しました" in said["content"]
    assert await world.database.pool.fetchval("SELECT count(*) FROM notify_settings") == 0


async def test_what_cannot_be_read_is_said_by_its_field_and_saves_nothing(world: ConsoleWorld) -> None:
    """A wrong topic, key, wait or span of hours; and a person who may not respond is refused.

    Times in full-width signs are read.
    """
    wrong = {
        "ntfy": ("two words", "トピック"),
        "pushover": ("short", "30 文字"),
        "wait": ("3h", "1 時間まで"),
        "quiet": ("at night", "22:00-07:00"),
    }
    for field, (typed, expected) in wrong.items():
        form = await world.command("oncall notify")
        said = shown(await world.send(form, **{**TYPED, field: typed}))["content"]
        assert expected in said
    form = await world.command("oncall notify")
    wide = shown(await world.send(form, **{**TYPED, "wait": "５ｍ", "quiet": "２２：００～０７：００"}))[
        "content"
    ]
    assert "DM から 5 分 ack がなければ" in wide
    assert "22:00〜07:00" in wide
    await world.database.fetch("DELETE FROM notify_settings")
    form = await world.command("oncall notify", by="observer")
    assert "responder" in shown(await world.send(form, by="observer", **TYPED))["content"]
    assert await world.database.pool.fetchval("SELECT count(*) FROM notify_settings") == 0
