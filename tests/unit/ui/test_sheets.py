"""The commands that a thread begins with, pasted output, and the screens of `/runbook`."""

from dataclasses import replace

import pytest

from bot.domain.delivery.delivery import FileRef
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.sheets import Affected, OutputData, OutputPreview, fill
from bot.domain.triage.tree import Text
from bot.services.sheets import Kept, output_filename
from bot.ui.posts.renderer import is_refreshed, render
from bot.ui.screens.sheets import kept_screen, output_form, preview_screen, topic_screen, topics_screen
from bot.ui.words.wording import Wording
from tests.unit.ui import screens
from tests.unit.ui.incident.test_thread_card import COLUMNS, HALF_A_SCREEN, _width
from tests.unit.ui.samples import EN, JA, PLACED, POLICY, delivery, labels_of

SHEET = delivery(DeliveryKind.THREAD_SHEET)
OF_API = replace(PLACED, targets=("api.parky.co.jp",), symptoms=("errors",))


def content(words: Wording, incident: Incident) -> str:
    """What the sheet in the thread says."""
    return str(render(words, SHEET, incident)["content"])


def test_a_thread_begins_with_the_commands_for_its_target_and_symptom() -> None:
    """A thread begins with the commands for its target and symptom, each in a block that can be copied.

    The blocks are in the text, since a phone copies nothing from an embed; other commands are behind 📋.
    """
    assert content(JA, OF_API).splitlines() == [
        "**📋 まずはこのコマンド** · api.parky.co.jp",
        "**Worker ログ：public (prod)**",
        "```",
        "npx wrangler tail --config wrangler.public.toml --env prod",
        "```",
        "**rollback (推奨：Discord 通知 + canary 中断まで自動)**",
        "```",
        "scripts/deploy/rollback.sh",
        "```",
        "**最近の実行**",
        "```",
        "gh run list --limit 10",
        "```",
    ]
    body = render(EN, SHEET, OF_API)
    assert labels_of(body) == ["Commands", "Paste output"]
    assert body["embeds"] == []
    slow = content(EN, replace(OF_API, symptoms=("slow",)))
    assert slow.index("select 1") < slow.index("wrangler tail")


@pytest.mark.parametrize("targets", [(), *((target,) for target in POLICY.targets), POLICY.targets])
@pytest.mark.parametrize("symptoms", [(), *((symptom,) for symptom in POLICY.symptoms)])
def test_the_sheet_is_half_a_phone_screen(targets: tuple[str, ...], symptoms: tuple[str, ...]) -> None:
    """The sheet of commands, with its row of buttons, takes at most half a phone screen in both languages.

    A placeholder that no target decides stands with the values that can be chosen.
    """
    for words in (JA, EN):
        said = content(words, replace(PLACED, targets=targets, symptoms=symptoms))
        lines = [line for line in said.splitlines() if line != "```"]
        assert sum(-(-max(_width(line), 1) // COLUMNS) for line in lines) + 2 <= HALF_A_SCREEN
        assert ("<worker>" in said) is ("/ store-sync" in said)


def test_the_sheet_is_edited_when_what_is_affected_changed() -> None:
    """The sheet of commands is edited only after a newer change of the targets or symptoms.

    Other changes of the incident cost no request.
    """
    post = replace(SHEET, shown_version=3)
    assert not is_refreshed(JA, post, replace(OF_API, version=9))
    assert not is_refreshed(JA, post, replace(OF_API, version=9, affected_version=3))
    assert is_refreshed(JA, post, replace(OF_API, version=9, affected_version=4))


def test_output_says_whose_it_is_and_what_was_masked() -> None:
    """Pasted output says whose it is, what was masked and how long it is, and carries a long text's file.

    The output cannot leave its code block, and mentions nobody.
    """
    data = OutputData(
        by="sato",
        text="@everyone ```x``` [masked:email]",
        topic="worker_logs",
        counts={"aws": 1, "email": 2},
        lines=90,
        files=(FileRef(key="output:42:k", filename="INC-42-worker_logs.txt"),),
    )
    body = render(JA, delivery(DeliveryKind.OUTPUT, data=data.to_json()), OF_API)
    said = str(body["content"])
    assert said.splitlines()[0] == "📥 **Worker ログ** · @sato"
    assert "🔒 3 か所を伏せました：`email` 2、`aws` 1" in said
    assert "全 90 行はファイルにあります" in said
    assert said.count("```") == 2
    assert body["attachments"] == [{"id": 0, "filename": "INC-42-worker_logs.txt"}]
    assert body["allowed_mentions"] == {"parse": []}
    short = replace(data, files=(), counts={}, topic="gone")
    plain = render(EN, delivery(DeliveryKind.OUTPUT, data=short.to_json()), OF_API)
    assert str(plain["content"]).startswith("📥 **`gone`** · @sato\n```")
    assert "attachments" not in plain


def preview(text: str = "x", *, counts: dict[str, int] | None = None, url: str = "") -> OutputPreview:
    """Output that a person has pasted."""
    return OutputPreview(
        7, OF_API.guild_id, OF_API.id, 1, "interaction:7", text, counts or {}, "worker_logs", url
    )


def test_the_answer_says_what_to_do_about_what_was_seen() -> None:
    """A message still shows it; a form never did."""
    found = Kept(
        OF_API, preview(counts={"jwt": 1}, url="https://a"), (1, Text("ログを見る", "Read the logs"))
    )
    said = screens.words(kept_screen(screens.JA, found))
    assert "☑ 1. ログを見る" in said
    assert "発言を削除し、その鍵を作り直してください" in said
    formed = replace(found, preview=preview(counts={"jwt": 1}))
    assert "Rotate any secret" in screens.words(kept_screen(screens.EN, formed))
    assert "作り直して" not in screens.words(kept_screen(screens.JA, Kept(OF_API)))


def test_the_preview_has_the_words_of_the_post() -> None:
    """The preview shows what will be posted word for word, in the team's language, and the whole as a file.

    Nothing found is no promise.
    """
    long = preview("\n".join(f"line {number}" for number in range(99)), counts={"jwt": 2})
    for one in (preview(), long):
        file = [FileRef(key="k", filename=output_filename(one))] if one.is_file else []
        data = OutputData(
            files=tuple(file),
            by="a",
            text=one.shown,
            topic=one.topic,
            counts=dict(one.counts),
            lines=one.lines,
        )
        posted = render(JA, delivery(DeliveryKind.OUTPUT, data=data.to_json()), OF_API)["content"]
        shown = preview_screen(screens.EN, OF_API, one, by="a", team=JA)
        assert str(posted) in screens.words(shown)
        built = str(shown.to_components())  # type: ignore[no-untyped-call]
        assert ("attachment://INC-42-worker_logs.txt" in built) is one.is_file
        assert ("Nothing looked like a secret" in screens.words(shown)) is not bool(one.counts)
        assert screens.over_limits(shown) == []


def test_screens_and_form_are_within_discords_limits() -> None:
    """Every sheet for every target, in both languages; the form begins with the topic of its button."""
    affected = [Affected(), *(Affected((target,)) for target in POLICY.targets), Affected(POLICY.targets)]
    for voice in screens.VOICES:
        for sheet in POLICY.sheets.values():
            for each in affected:
                for incident in (None, OF_API):
                    shown = topic_screen(
                        voice, fill(sheet, POLICY.target_values, each), each, incident=incident
                    )
                    assert screens.over_limits(shown) == []
        assert screens.over_limits(topics_screen(voice, Affected())) == []
        form = output_form(voice, 42, topic="dlq")
        assert screens.modal_faults(form) == []
        (chosen,) = [one for one in form.fields[1]["component"]["options"] if one.get("default")]  # type: ignore[index]
        assert chosen["value"] == "dlq"


def test_a_policy_without_sheets_says_where_they_go() -> None:
    """If the policy has no sheets, the screen names the section where they go; the form has no select."""
    bare = replace(screens.EN, policy=replace(POLICY, sheets={}))
    assert "[sheets]" in screens.words(topics_screen(bare, Affected()))
    assert len(output_form(bare, 42).fields) == 1


def test_a_command_too_long_for_its_screen_is_left_out_whole() -> None:
    """A command that does not fit on the screen is left out whole, and a line says so."""
    sheet = POLICY.sheets["dlq"]
    long = replace(sheet, commands=tuple(replace(one, command="x" * 3_000) for one in sheet.commands))
    shown = topic_screen(screens.EN, fill(long, POLICY.target_values, Affected()), Affected())
    assert screens.over_limits(shown) == []
    assert "left out" in screens.words(shown)
    assert screens.words(shown).count("x" * 3_000) == 1
