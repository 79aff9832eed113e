"""`/runbook`, 📋 and pasted output, as people use them, against the local Discord."""

from tests.integration.console_world import ConsoleWorld, presses, shown, words
from tests.integration.test_cogs import started, world

__all__ = ["world"]


async def test_runbook_fills_in_the_named_target(world: ConsoleWorld) -> None:
    """Its topics first; each one leads to the others for the same target and environment."""
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
    """Its targets, and every topic from there as well."""
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


async def thread_of(world: ConsoleWorld) -> str:
    """The thread of an incident that affects the API, once it is there."""
    card = await started(world, targets=["api.parky.co.jp"], symptoms=["errors"], started="5分前")
    for question in ("users_affected", "large_impact"):
        card = shown(await world.click(card, f"tri:v1:answer:1:{question}:yes"))
    await world.click(card, "tri:v1:confirm:1:SEV1")
    alert = await world.until("p0-alerts", contains="inc:v1:ack:1")
    await world.rest()
    return str(alert["id"])
