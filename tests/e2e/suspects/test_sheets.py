"""The commands that a thread begins with, and the output of one, in the whole bot."""

from tests.e2e.world.alert import affected
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

SECRET = "hunter2-hunter2"
OUTPUT = f"POST /v1/payments - Exception Thrown\nDB_PASSWORD={SECRET}\nPaymentIntentError: upstream timeout"


async def test_the_thread_has_the_commands_and_keeps_their_output_without_secrets(world: World) -> None:
    """The commands follow the targets; what is pasted is in no post, row or log line as it was typed."""
    alert = await world.declare(SEV1, title="決済 API が 5xx")
    sheet = await world.human.see(alert.thread, "まずはこのコマンド")
    assert "wrangler.<worker>.toml" in sheet.text
    form = await world.click(alert, "更新", by="primary")
    await world.human.submit("primary", form, {"known": "API です", **affected(form, "t:api.parky.co.jp")})
    await world.expect_message(alert.thread, contains="API です")
    await world.expect_text(sheet, "npx wrangler tail --config wrangler.public.toml --env prod")
    form = await world.click(sheet, "出力を貼る", by="primary")
    preview = await world.human.submit("primary", form, {"output": OUTPUT, "topic": ["worker_logs"]})
    assert "DB_PASSWORD=[masked:password]" in preview.text
    await world.restart_bot()
    said = await world.human.press("primary", preview.messages[-1], "投稿する")
    assert "🔒 1 か所を伏せました" in said.text
    assert "☑ 1. ログ" in said.text
    kept = await world.expect_message(alert.thread, contains="PaymentIntentError")
    assert "DB_PASSWORD=[masked:password]" in kept.text
    await world.settle()
    [row] = await world.rows(
        "SELECT string_agg(t::text, '') || (SELECT string_agg(a::text, '') FROM audit AS a)"
        " || coalesce((SELECT string_agg(p::text, '') FROM output_previews AS p), '')"
        " || (SELECT string_agg(d::text, '') FROM deliveries AS d) AS everything FROM timeline AS t"
    )
    assert "[masked:password]" in row["everything"]
    assert SECRET not in row["everything"]
    assert SECRET not in "\n".join(world.bot.child.lines)
