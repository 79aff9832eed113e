"""What GitHub could not deliver, read from its own record."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from githubkit import GitHub as Client

from bot.doctor.finding import State
from bot.domain.errors import CodeHostRefused, UpstreamUnavailable
from bot.integrations.github.connection import GitHubConnection
from bot.runbook import load_policy
from cogs.hooks.deliveries import GitHubDeliveries, github_records
from cogs.hooks.doctor import check_hook_records
from cogs.hooks.rules import Webhook
from tests.cogs.hooks.sending import tables, with_tables
from tests.integration.github.conftest import address
from tests.standins.github.faults import Fault
from tests.standins.github.server import TOKEN, GitHub

RUN = {"action": "completed", "workflow_run": {"conclusion": "failure"}}
POLICY = load_policy(None)
NOW = datetime.now(UTC).replace(microsecond=0)


def deliveries(connection: GitHubConnection, github: GitHub, webhook: int = 0) -> GitHubDeliveries:
    """Return the record of the webhook, or of one that does not exist."""
    return GitHubDeliveries(connection, github.repository.full_name, webhook or github.webhook.number)


async def test_what_did_not_arrive_is_listed_over_pages_until_it_is_too_old(github: GitHub) -> None:
    """The attempts to deliver possible alerts are read over several pages, until they are too old.

    Each one tells whether it arrived; GitHub's events that are no alerts are left out.
    """
    webhook = github.webhook
    webhook.sent("workflow_run", RUN, status=502, at=NOW - timedelta(hours=50))
    for nth in range(150):
        webhook.sent("push", {}, status=202, at=NOW - timedelta(minutes=200 - nth))
    silent = webhook.sent("workflow_run", RUN, status=0, at=NOW - timedelta(minutes=40))
    late = webhook.sent("check_suite", {}, status=202, at=NOW - timedelta(minutes=30), guid=silent)
    async with GitHubConnection(address(github)) as connection:
        found = await deliveries(connection, github).attempts(NOW - timedelta(hours=4))
    assert late == silent
    assert [(one.delivery_id, one.at, one.has_arrived) for one in found] == [
        (silent, NOW - timedelta(minutes=30), True),
        (silent, NOW - timedelta(minutes=40), False),
    ]
    assert github.count("GET /hooks/12345/deliveries") == 2


async def test_the_request_of_a_delivery_has_its_payload_and_the_headers_that_its_reader_needs(
    github: GitHub,
) -> None:
    """The request of a delivery has its payload and the two headers that GitHub's reader needs."""
    guid = github.webhook.sent("workflow_run", RUN, status=502, at=NOW)
    async with GitHubConnection(address(github)) as connection:
        record = deliveries(connection, github)
        (attempt,) = await record.attempts(NOW - timedelta(hours=1))
        request = await record.request_of(attempt)
    assert json.loads(request.body) == RUN
    assert request.headers == {"x-github-event": "workflow_run", "x-github-delivery": guid}


async def test_a_webhook_that_is_not_there_is_refused_and_a_limit_is_respected(github: GitHub) -> None:
    """GitHub refuses to list an unknown webhook, and after a rate limit the bot sends no second request."""
    async with GitHubConnection(address(github)) as connection:
        with pytest.raises(CodeHostRefused):
            await deliveries(connection, github, webhook=1).attempts(NOW)
        github.fault(Fault.SECONDARY_LIMIT, "GET /hooks/.*", times=1)
        for _ in range(2):  # the second is not even asked
            with pytest.raises(UpstreamUnavailable):
                await deliveries(connection, github).attempts(NOW)
    assert github.count("GET /hooks/12345/deliveries") == 1


async def test_doctor_says_whether_the_record_can_be_read(github: GitHub) -> None:
    """The doctor counts the deliveries that did not arrive, or says why it cannot read the record.

    A refused token is a failure that names the permission, a missing connection is a warning, and a policy
    without a webhook has no finding.
    """
    rules = replace(tables(POLICY)["github"], sent_by=Webhook(github.webhook.number))
    policy = with_tables(POLICY, github=rules)
    github.webhook.sent("workflow_run", RUN, status=502, at=NOW)
    async with GitHubConnection(address(github)) as connection:
        records = {"github": deliveries(connection, github)}
        assert await check_hook_records(records, POLICY) == []
        [fine] = await check_hook_records(records, policy)
        assert (fine.state, fine.said) == (State.OK, "github: 1 deliveries within a day, 1 did not arrive")
        github.fault(Fault.FORBIDDEN, "GET /hooks/.*")
        [refused] = await check_hook_records(records, policy)
    [without] = await check_hook_records({}, policy)
    assert (refused.state, without.state) == (State.FAIL, State.WARN)
    assert "Webhooks: read" in refused.todo


async def test_a_client_of_others_reads_the_same(github: GitHub) -> None:
    """The client githubkit reads a delivery's id, status and event from the stand-in's record."""
    guid = github.webhook.sent("workflow_run", RUN, status=502, at=NOW)
    client = Client(TOKEN, base_url=f"{github.url}/", auto_retry=False, http_cache=False)
    theirs = client.rest.repos
    listed = (await theirs.async_list_webhook_deliveries("parky", "ops", 12345)).parsed_data
    assert [(one.guid, one.status_code) for one in listed] == [(guid, 502)]
    whole = (await theirs.async_get_webhook_delivery("parky", "ops", 12345, listed[0].id)).parsed_data
    assert whole.event == "workflow_run"


async def test_the_record_of_a_webhook_is_that_of_the_repository_that_its_table_names(github: GitHub) -> None:
    """A source's deliveries are read from the repository that its table names, or else from the usual one.

    A source without the number of a webhook has none to read, and without a token there are none at all.
    """
    rules = tables(POLICY)["github"]
    usual, own = replace(rules, sent_by=Webhook(1)), replace(rules, sent_by=Webhook(2, "parky/app"))
    policy = with_tables(POLICY, github=usual, app=own)
    async with GitHubConnection(address(github)) as connection:
        assert github_records(connection, POLICY, usual="parky/ops") == {}
        found = github_records(connection, policy, usual="parky/ops")
        assert set(github_records(connection, policy, usual=None)) == {"app"}
    assert (found["github"].repository, found["github"].webhook) == ("parky/ops", 1)
    assert (found["app"].repository, found["app"].webhook) == ("parky/app", 2)
    assert github_records(None, policy, usual="parky/ops") == {}
