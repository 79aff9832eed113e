"""`/runbook`, 📋 and pasted output, as people use them, against the local Discord."""

from base64 import b64encode

from tests.integration.cogs.console_world import ConsoleWorld, presses, shown, started, words


async def test_runbook_fills_in_the_named_target(world: ConsoleWorld) -> None:
    """`/runbook` lists topics, and each topic leads to the others for the same target and environment.

    Without a target, the commands keep a placeholder, and the possible values are listed.
    """
    topics = shown(await world.command("runbook", target="admin.parky.co.jp", env="dev"))
    (select,) = presses(topics)
    logs = shown(await world.click(topics, select, values=["worker_logs"]))
    assert logs["only_for"] == "responder"
    assert "npx wrangler tail --config wrangler.admin.toml --env dev" in words(logs)
    assert "inc:v1:paste" not in str(logs)
    (select,) = presses(logs)
    back = shown(await world.click(logs, select, values=["rollback"]))
    assert "npx wrangler rollback --config wrangler.admin.toml --env dev" in words(back)
    open_ = shown(await world.command("runbook", topic="worker_logs"))
    assert "wrangler.<worker>.toml --env prod" in words(open_)
    assert "`<worker>`：public / admin / marketing / store-sync" in words(open_)


async def test_runbook_takes_the_incident_of_its_thread(world: ConsoleWorld) -> None:
    """In an incident's thread, `/runbook` fills in the incident's target, also for topics chosen there."""
    thread = await thread_of(world)
    logs = shown(await world.command("runbook", where=thread, topic="worker_logs"))
    assert "wrangler.public.toml --env prod" in words(logs)
    other = shown(await world.click(logs, "inc:v1:sheet:1", values=["deployments"]))
    assert "deployments list --config wrangler.public.toml --env prod" in words(other)


async def test_what_the_policy_does_not_know_becomes_no_command(world: ConsoleWorld) -> None:
    """A topic, a target and an environment that were typed, not chosen; the answer says what there is."""
    for option, said in {"topic": "worker_logs", "target": "api.parky.co.jp", "env": "prod"}.items():
        options = {"topic": "worker_logs", option: "x; rm -rf /"}
        refused = shown(await world.command("runbook", **options))["content"].replace("\\", "")
        assert said in refused
        assert "はありません" in refused


async def test_output_is_pasted_without_its_secret(world: ConsoleWorld) -> None:
    """Output pasted by the button beside the commands is kept with its secret masked, and its step is ticked.

    A person who may not respond gets no form.
    """
    thread = await thread_of(world)
    sheet = await world.until(thread, contains="まずはこのコマンド")
    logs = shown(await world.click(sheet, "inc:v1:first:1"))
    assert "出力を貼る" in words(logs)
    form = await world.click(sheet, "inc:v1:paste:1")
    text = "POST /v1/payments 500\nDB_PASSWORD=hunter2-hunter2\nupstream timeout"
    preview = shown(await world.send(form, output=text, topic=["worker_logs"]))
    assert preview["only_for"] == "responder"
    assert "[masked:password]" in words(preview)
    assert "hunter2" not in str(preview)
    assert not await world.database.pool.fetch("SELECT FROM timeline WHERE kind = 'output'")
    _, post = presses(preview)
    said = words(shown(await world.click(preview, post)))
    assert "☑ 1. ログ" in said
    assert "`password` 1" in said
    kept = await world.until(thread, contains="[masked:password]")
    assert "hunter2" not in words(kept)
    assert "hunter2" not in str(await world.database.pool.fetch("SELECT data FROM timeline"))
    refused = shown(await world.click(sheet, "inc:v1:paste:1", by="observer"))
    assert "responder" in words(refused)


async def test_the_menu_of_a_message_keeps_its_words_or_its_file(world: ConsoleWorld) -> None:
    """A message's menu adds its words or its text file to the incident's timeline, with secrets masked.

    The answer asks to delete the message. An image, or a message outside a thread, is refused.
    """
    thread = await thread_of(world)
    said = await world.human("POST", "say", user="responder", channel=thread, content="token=abc123def456")
    preview = shown(await world.context("Add output to timeline", said))
    kept = shown(await world.click(preview, presses(preview)[1]))
    assert "発言を削除し、その鍵を作り直してください" in words(kept)
    await world.until(thread, contains="[masked:token]")
    log = {"filename": "tail.log", "data": b64encode(b"DB_PASSWORD=hunter2-hunter2\n" * 99).decode()}
    given = await world.human("POST", "say", user="responder", channel=thread, files=[log])
    preview = shown(await world.context("Add output to timeline", given))
    assert "🔒 99 か所" in words(preview)
    assert [file["filename"] for file in preview["attachments"]] == ["INC-1-output.txt"]
    done = shown(await world.click(preview, presses(preview)[1]))
    assert done["attachments"] == []
    kept = await world.until(thread, contains="全 99 行はファイルにあります")
    assert [file["filename"] for file in kept["attachments"]] == ["INC-1-output.txt"]
    preview = shown(await world.context("Add output to timeline", given))
    dropped = shown(await world.click(preview, presses(preview)[0]))
    assert "投稿していません" in words(dropped)
    assert not await world.database.pool.fetch("SELECT FROM output_previews")
    picture = {"filename": "shot.png", "content_type": "image/png", "data": b64encode(b"\x89PNG\0").decode()}
    given = await world.human("POST", "say", user="responder", channel=thread, files=[picture])
    refused = shown(await world.context("Add output to timeline", given))
    assert "テキストのファイルではありません" in refused["content"]
    elsewhere = await world.human("POST", "say", user="responder", channel="general", content="x")
    assert "スレッド" in shown(await world.context("Add output to timeline", elsewhere))["content"]


async def thread_of(world: ConsoleWorld) -> str:
    """The thread of an incident that affects the API, once it is there."""
    card = await started(world, targets=["api.parky.co.jp"], symptoms=["errors"], started="5分前")
    for question in ("users_affected", "large_impact"):
        card = shown(await world.click(card, f"tri:v1:answer:1:{question}:yes"))
    await world.click(card, "tri:v1:confirm:1:SEV1")
    alert = await world.until("p0-alerts", contains="inc:v1:ack:1")
    await world.rest()
    return str(alert["id"])
