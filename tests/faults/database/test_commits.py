"""Row 62: the connection breaks at a COMMIT, after it or before."""

import pytest

from tests.faults.conftest import Figure, OpenStage
from tests.faults.judge.seen import Post
from tests.faults.stage.behind import behind
from tests.faults.stage.stage import Stage
from tests.pg_proxy import Commits

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-commits")]

_HEARD_S = 20.0


@pytest.mark.parametrize("commits", [Commits.UNANSWERED, Commits.PREVENTED])
async def test_row_62_the_answer_to_each_commit_is_lost(
    open_stage: OpenStage, figure: Figure, commits: Commits
) -> None:
    """A P0 reported during lost answers is one incident with one ping, and a 👀 on its post ends it."""
    async with behind(open_stage) as there:
        stage, title = there.stage, f"行62 {commits}"
        await there.start_bot()
        stage.world.expect_log("jobs.silent")
        there.proxy.commits = commits
        said = await stage.world.command("sev1", title=title)
        assert said.text
        posts = await stage.until(
            lambda: [post for post in stage.posts_in("p0-alerts") if title in post.text and post.rings],
            "the alert",
            within_s=_HEARD_S,
        )
        assert there.proxy.commits_met > 0
        there.proxy.commits = Commits.PASS
        await there.well()
        number = await stage.number(title)
        # Posted before the incident had a number, a message has none: the title says what it is about.
        await stage.until(lambda: [p for p in stage.posts_in("dm:primary") if title in p.text], "the page")
        await stage.world.idle()
        told = [post for post in stage.posts_in("p0-alerts") if title in post.text]
        assert [post.id for post in told] == [posts[0].id], "one post, whatever was lost"
        assert len([post for post in stage.posts_in("dm:primary") if title in post.text]) == 1
        channel = await stage.world.channel_id("p0-alerts")
        [alert] = [one for one in await stage.world.human.messages(channel) if one.id == str(posts[0].id)]
        await stage.world.react(alert, by="primary")
        row = await stage.acknowledged(number)
        assert row["alert_message_id"] == posts[0].id
        await stage.reach_deadline(number)
        await stage.world.idle()
        assert stage.escalations(number) == []
        figure(f"{commits}: {there.proxy.commits_met} commits, 1 incident, 1 post, acknowledged by its 👀")


async def test_row_62_the_answer_is_lost_and_so_is_the_database(
    open_stage: OpenStage, figure: Figure
) -> None:
    """The alert is posted by both paths: the second post says so, and a 👀 on it counts."""
    async with behind(open_stage) as there:
        stage, title = there.stage, "行62 届かない"
        cut_off = await there.start_bot()
        await stage.world.start_bot()
        stage.world.expect_log("database.not_writable")
        there.proxy.last_words = "INTO incidents"
        assert (await stage.world.command("sev1", title=title)).text
        assert there.proxy.commits_met == 1
        await stage.until(lambda: len(_alerts(stage, title)) == 2, "both alerts", within_s=_HEARD_S)
        number = await stage.number(title)
        await stage.until(lambda: stage.pages(number, "primary"), "the page of the bot with a database")
        await stage.world.idle()  # what both have sent is judged as two messages only when both are on record
        there.proxy.last_words = there.proxy.limit = None
        await there.well(cut_off)
        [row] = await stage.world.rows("SELECT alert_message_id FROM incidents WHERE id = $1", number)
        channel = await stage.world.channel_id("p0-alerts")
        shown = [post for post in await stage.world.human.messages(channel) if title in post.text]
        [second] = [post for post in shown if int(post.id) != row["alert_message_id"]]
        await stage.world.expect_text(second, "二重投稿")
        await stage.world.expect_link(second, str(row["alert_message_id"]))
        await stage.world.react(second, by="primary")
        await stage.acknowledged(number)
        await stage.reach_deadline(number)
        await stage.world.idle()
        assert stage.escalations(number) == []
        figure("cut off after the COMMIT: 1 incident, 2 posts, acknowledged by the 👀 on the second")


def _alerts(stage: Stage, title: str) -> list[Post]:
    return [post for post in stage.posts_in("p0-alerts") if title in post.text]
