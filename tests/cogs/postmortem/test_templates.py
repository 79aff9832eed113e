"""A team's own template is checked with its policy: a line for each problem, with the template's line."""

from pathlib import Path

import pytest

from bot.domain.errors import ConfigError
from bot.runbook import default_policy_text, load_policy
from cogs.postmortem.rules import TEMPLATE_LIMIT, PostmortemRules
from cogs.postmortem.writing import standard_template


def policy(folder: Path, template: str | None, *, named: str = "postmortem.md") -> Path:
    """A policy file, with its template beside it."""
    if template is not None:
        (folder / named).write_text(template, encoding="utf-8")
    file = folder / "policy.toml"
    text = default_policy_text().replace('template = "none"', f'template = "{named}"')
    file.write_text(text, encoding="utf-8")
    return file


def test_a_template_is_read_from_beside_the_policy(tmp_path: Path) -> None:
    """The postmortem's template is a file beside the policy, and its text becomes a part of the policy.

    So the file may change while the bot runs.
    """
    found = load_policy(policy(tmp_path, "# {{ title }}\n")).of(PostmortemRules).template
    assert found is not None
    assert (found.file, found.text) == ("postmortem.md", "# {{ title }}\n")


def test_a_policy_may_name_none(tmp_path: Path) -> None:
    """A policy without a postmortem template has none of its own, so that the bot's is used."""
    assert load_policy(None).of(PostmortemRules).template is None
    file = tmp_path / "policy.toml"
    file.write_text(default_policy_text(), encoding="utf-8")
    assert load_policy(file).of(PostmortemRules).template is None


@pytest.mark.parametrize("language", ["ja", "en"])
def test_our_own_templates_pass_the_check(tmp_path: Path, language: str) -> None:
    """The bot's own postmortem templates pass the check, so that a team may begin with a copy."""
    assert load_policy(policy(tmp_path, standard_template(language))).of(PostmortemRules).template is not None


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("a\n{% if %}", ["line 2: Expected an expression, got 'end of statement block'"]),
        ("a\n{{ title|nofilter }}", ["line 2: No filter named 'nofilter'."]),
        (
            "{{ titel }}\n{% include 'x' %}\n{{ title.__class__ }}",
            [
                'line 1: "titel" is not a value here; allowed: label, title,',
                "line 2: a template takes in no other files",
                'line 3: ".__class__" must not be read',
            ],
        ),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", ["line 1: is too deep to read"]),
    ],
)
def test_each_problem_is_a_line(tmp_path: Path, text: str, problems: list[str]) -> None:
    """Each problem of a postmortem template is told in a line of its own, as for the keys of the policy."""
    with pytest.raises(ConfigError) as refused:
        load_policy(policy(tmp_path, text))
    lines = str(refused.value).splitlines()
    assert len(lines) == len(problems)
    for line, problem in zip(lines, problems, strict=True):
        assert line.startswith(f'postmortem.template: "postmortem.md", {problem}')


def test_a_template_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    """A postmortem's template is refused if its file is missing, too long or not UTF-8."""
    with pytest.raises(ConfigError, match=r'"postmortem\.md" cannot be read: No such file'):
        load_policy(policy(tmp_path, None))
    file = policy(tmp_path, "x" * (TEMPLATE_LIMIT + 1))
    with pytest.raises(ConfigError, match=f"has {TEMPLATE_LIMIT + 1} characters"):
        load_policy(file)
    (tmp_path / "postmortem.md").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_policy(file)
