"""`incident-bot hooks try`: a vendor's own request, and what the default policy would make of it."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli.commands import app
from bot.runbook import default_policy_text
from local_discord.world.seed import GUILD_ID
from tests.corpus.hook_requests import FOLDER

WORKFLOW = "github/workflow_run_failure"


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder, no policy but the default one, and a terminal that speaks English."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.delenv("RUNBOOK_FILE", raising=False)


def body_of(example: str) -> str:
    """Write the body of a documented request into a file of this folder, and return its name."""
    found = json.loads((FOLDER / f"{example}.json").read_text(encoding="utf-8"))
    Path("request.json").write_text(json.dumps(found["body"]), encoding="utf-8")
    return "request.json"


def tried(*arguments: str, stdin: str = "") -> Result:
    """Run the command."""
    return CliRunner().invoke(app, ["hooks", "try", *arguments], input=stdin)


def as_json(*arguments: str) -> Any:
    """Return what the command prints for scripts."""
    return json.loads(tried(*arguments, "--json").stdout)


def test_it_says_what_would_be_posted_where() -> None:
    """The command says that the alert fires, its severity and target, and the channel of the post."""
    said = tried(body_of(WORKFLOW), "--source", "github", "-H", "X-GitHub-Event: workflow_run")
    assert said.exit_code == 0
    rows = [line.split(maxsplit=1) for line in said.stdout.splitlines() if line.startswith("   ")]
    assert ["it", "fires"] in rows
    assert ["severity", "SEV3 = P2"] in rows
    assert ["posted", "in    #p2-deploys"] in rows
    assert ["target", "octo-org/octo-repo"] in rows


def test_it_speaks_the_language_of_the_terminal_or_of_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The output is in the language of the terminal, else in the policy's; `--lang` overrides both.

    The columns of the table are aligned although Japanese characters are wide.
    """
    asked = (body_of(WORKFLOW), "--source", "github", "-H", "X-GitHub-Event: workflow_run")
    assert "proof: not checked: HOOKS_GITHUB_SIGNING_KEY is not set" in tried(*asked).stdout
    monkeypatch.setenv("LC_ALL", "C")
    said = tried(*asked).stdout.splitlines()
    assert said[0] == "GitHub：アラート 1 件"
    assert said[1] == "署名：確認していません：HOOKS_GITHUB_SIGNING_KEY が未設定です"
    assert "   内容         発生" in said
    assert "   fingerprint" not in tried(*asked, "--lang", "ja").stdout
    assert "   it           fires" in tried(*asked, "--lang", "en").stdout.splitlines()


def test_the_two_ends_of_an_alert_have_one_fingerprint() -> None:
    """The start and the end of an alert have the same fingerprint."""
    fires = as_json(body_of("sentry/metric_alert_critical"), "--source", "sentry")["events"]
    over = as_json(body_of("sentry/metric_alert_resolved"), "--source", "sentry")["events"]
    assert [one["says"] for one in (*fires, *over)] == ["firing", "resolved"]
    assert fires[0]["fingerprint"] == over[0]["fingerprint"]


def test_a_request_that_says_nothing_ends_with_1() -> None:
    """A request without effect, such as a star on GitHub, ends the command with 1."""
    said = tried(body_of("github/star"), "--source", "github", "-H", "X-GitHub-Event: star")
    assert said.exit_code == 1
    assert "do nothing" in said.stdout


def test_a_body_that_cannot_be_read_ends_with_1_and_the_reason() -> None:
    """A body that is not JSON ends the command with 1, and the output gives the reason."""
    said = tried("-", "--source", "sentry", stdin="{")
    assert (said.exit_code, said.stdout) == (1, "Sentry: cannot be read: the body is not JSON\n")


def test_a_wrong_signature_is_found_before_the_source_is_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command says whether the signature is right, and ends with 1 if it is wrong.

    Without headers or without the signing key, it says why the signature was not checked.
    """
    monkeypatch.setenv("HOOKS_GITHUB_SECRET", "s" * 32)
    monkeypatch.setenv("HOOKS_GITHUB_SIGNING_KEY", "the-webhooks-secret")
    body = Path(body_of(WORKFLOW)).read_bytes()
    right = hmac.new(b"the-webhooks-secret", body, hashlib.sha256).hexdigest()
    for given, code, proof in ((right, 0, "right"), (right[::-1], 1, "signature")):
        header = f"X-Hub-Signature-256: sha256={given}"
        said = tried("request.json", "--source", "github", "-H", header, "--json")
        assert (said.exit_code, json.loads(said.stdout)["proof"]) == (code, proof)
    assert "refused with 401" in tried("request.json", "--source", "github", "-H", "X-A: b").stdout
    assert "not checked: no headers given" in tried("request.json", "--source", "github").stdout
    monkeypatch.delenv("HOOKS_GITHUB_SIGNING_KEY")
    without_key = tried("request.json", "--source", "github").stdout
    assert "not checked: HOOKS_GITHUB_SIGNING_KEY is not set" in without_key


def test_the_rule_that_would_decide_is_named() -> None:
    """The command names the alert rule of the policy that would decide about the request."""
    rule = '[[alerts.rules]]\ntitle = "* failed on *"\nonly_after = 3\nwithin = "1h"\n'
    Path("policy.toml").write_text(f"{default_policy_text()}\n{rule}", encoding="utf-8")
    runner = CliRunner(env={"RUNBOOK_FILE": "policy.toml"})
    said = runner.invoke(app, ["hooks", "try", body_of(WORKFLOW), "--source", "github"])
    assert "rule         number 1 of [[alerts.rules]]: only after 3 within 1h" in said.stdout


def test_the_database_says_what_would_become_of_it_now(database_url: str) -> None:
    """With `--database`, the command says that the request would open an alert, each time it is asked."""
    env = {"DATABASE_URL": database_url, "DISCORD_GUILD_ID": GUILD_ID}
    asked = ["hooks", "try", body_of(WORKFLOW), "--source", "github", "--database"]
    for _ in range(2):  # nothing is kept
        assert "becomes      opens an alert" in CliRunner(env=env).invoke(app, asked).stdout
    for_scripts = json.loads(CliRunner(env=env).invoke(app, [*asked, "--json"]).stdout)
    assert [(one["outcome"], one["incident"]) for one in for_scripts["events"]] == [("tracked", None)]


@pytest.mark.parametrize(
    "content", ["X-GitHub-Event: workflow_run\nHost: bot\n", '{"x-github-event": "workflow_run", "a": 1}']
)
def test_headers_come_from_a_file_as_well(content: str) -> None:
    """The command reads headers from a file, as lines or as JSON."""
    Path("headers").write_text(content, encoding="utf-8")
    assert tried(body_of(WORKFLOW), "--source", "github", "--headers", "headers").exit_code == 0


def test_a_mapping_is_tried_before_it_is_used() -> None:
    """The command applies the mapping of the source, and tells which part of it finds nothing."""
    table = '[hooks.my-cron]\nformat = "json"\nseverity = "SEV1"\nmapping = { title = "what.happened" }\n'
    Path("policy.toml").write_text(f"{default_policy_text()}\n{table}", encoding="utf-8")
    Path("right.json").write_text('{"what": {"happened": "Backup failed"}}', encoding="utf-8")
    Path("wrong.json").write_text('{"message": "Backup failed"}', encoding="utf-8")
    runner = CliRunner(env={"RUNBOOK_FILE": "policy.toml"})
    titles = []
    for file in ("right.json", "wrong.json"):
        said = runner.invoke(app, ["hooks", "try", file, "--source", "my-cron", "--json"])
        titles += [(one["title"], one["text"]) for one in json.loads(said.stdout)["events"]]
    assert titles == [
        ("Backup failed", ""),
        ("Backup failed", "Backup failed\nmapping.title: finds nothing"),
    ]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ["request.json", "--source", "nagios"],
            "error: --source: the policy has no [hooks.nagios]; it has: ",
        ),
        (["missing.json", "--source", "sentry"], "error: missing.json: cannot be read: "),
        (["request.json", "--source", "sentry", "-H", "nonsense"], "error: --header: 'nonsense' is not "),
    ],
)
def test_a_mistake_ends_with_2_and_says_what_is_wrong(arguments: list[str], error: str) -> None:
    """An unknown source, a missing file or a malformed header ends the command with 2 and an error."""
    body_of(WORKFLOW)
    said = tried(*arguments)
    assert said.exit_code == 2
    assert said.stderr.startswith(error)
