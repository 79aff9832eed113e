"""Secrets where teams write them, in Japanese and English, in commands and in files; and what stays."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.masking.masking import mask
from tests.corpus.hook_requests import examples
from tests.unit.domain.masking.planted import MIXED, some

ORDINARY = sorted(Path(__file__).with_name("ordinary").glob("*.txt"))

#: ``{}`` is the secret.
TOLD = [
    "パスワード：{}",
    "パスワード: {}",
    "パスワード ＝ {}",
    "パスワード（本番）：{}",
    "パスワード　：　{}",
    "ﾊﾟｽﾜｰﾄﾞ:{}",
    "パスワードは{}です",
    "パスワードは {} です。",
    "パスワードは「{}」です",
    "DB のパスワードは{}",
    "パスワードを {} に変更しました",
    "新しい password は {} です",
    "パスワード　{}",
    "パスワード「{}」でログイン",
    "パスワード {} で入れます",
    "認証トークン {}",
    "パスワードを変更しました→{}",
    "ID/PASS：admin/{}",
    "暗証番号: {}",
    "暗証番号は {}",
    "秘密鍵は {}",
    "秘密鍵：{}",
    "APIキー：{}",
    "ＡＰＩキー：{}",
    "API キー = {}",
    "アクセストークン: {}",
    "シークレットは {} です",
    "トークンは {} でした",
    "ｐａｓｓｗｏｒｄ＝{}",
    "ＤＢ＿ＰＡＳＳＷＯＲＤ＝{}",
    "password：{}",
    "token＝{}",
    "ID: admin / PW: {}",
    "pass: {}",
    "pass：{}",
    "pwd={}",
    "the password is {}",
    "The password for db01 is: {}",
    "password was {}.",
    "The API key is {}",
    'the token is "{}"',
    "mysql -u root -p{} parky",
    "mysql -uroot -p'{}' -h db",
    "docker exec -it db mysql -p{}",
    "kubectl exec pod -- /usr/bin/mysqldump -p{} parky",
    "redis-cli -h cache -a {} ping",
    "sshpass -p {} ssh deploy@web",
    "sshpass -p{} ssh web",
    "sshpass -p '{}' ssh web",
    "docker login -u ci -p {} ghcr.io",
    "docker login ghcr.io \\\n  -u ci \\\n  -p {}",
    "podman login -p={} quay.io",
    "curl -u user:{} https://api.example.com",
    "curl -uuser:{} https://api.example.com",
    "curl --user 'user:{}' https://api.example.com",
    "curl -x proxy -U me:{} https://a.example",
    "http -a user:{} :8000",
    "PGPASSWORD={} psql -h db",
    "PGPASSWORD='{}' psql",
    "ldapsearch -D cn=admin -w {} -b dc=x",
    "openssl enc -aes-256-cbc -pass pass:{} -in a",
    "smbclient //fs/share -U backup%{}",
    "mongosh -u app -p {} db",
    "7z x -p{} backup.7z",
    "sqlcmd -S db -U sa -P {} -Q x",
    "curl -su user:{} https://api.example.com",
    "API KEY: {}",
    "SSHPASS={} sshpass -e ssh web",
    "echo {} | docker login -u ci --password-stdin",
    "ALTER USER app WITH PASSWORD '{}';",
    "CREATE USER app IDENTIFIED BY '{}';",
    "requirepass {}",
    "username admin password {}",
    "aws configure set aws_secret_access_key {}0123",
    "machine api.example.com login deploy password {}",
    "machine api.example.com\n  login deploy\n  password {}",
    "default login anonymous password {}",
    "db.example.com:5432:parky:app:{}",
    "*:*:*:app:{}",
    "パス：{}",
    "ID：admin　パス：{}",
    "パスは {} です",
    "パスワードが{}だった",
    "パスワードが {} になっています",
    "パスワードですが、{} でお願いします",
    "パスワードですが、{} で",
    "パスワードは {} で、ID は admin です",
    "パスワードは\n{}",
    "パスワードは、\n{}\nです。",
    "パスワード：\n{}",
    "pw {}",
    "ID admin pw {} で入れます",
    "ログイン情報 admin / {}",
    "ログイン情報：admin／{}",
    "ログイン情報は admin / {} です",
    "htpasswd -b f u {}",
    "htpasswd -cbB -C 10 /etc/nginx/.htpasswd deploy '{}' && nginx -s reload",
    "htpasswd -nb deploy {}",
    "net user NAME {}",
    "net user NAME {} を実行しました",
    "ﾊﾟｽ:{}",
    "net user NAME {} /add /domain",
]

STAYS = [
    "パスワードは変更してください",
    "パスワードは 8 文字以上です",
    "パスワードは12文字以上",
    "パスワード：リセット済み",
    "パスワード：必須",
    "パスワード: 1Password を参照",
    "パスワードは 1Password にあります",
    "パスワードを 3 回間違えました",
    "パスワードは vault:secret/db から取得",
    "暗証番号は 4 桁です",
    "秘密鍵は ~/.ssh/id_ed25519 にあります",
    "秘密鍵は id_rsa です",
    "トークンは JWT です",
    "トークンは 2026-12-01 に失効します",
    "トークン数：512",
    "トークンは 3600 秒で失効",
    "APIキー：3 件",
    "APIキーは v2 を使う",
    "認証コードは SMS で届く",
    "パスワードは Slack で共有しない",
    "パス：/var/log/app.log",
    "パスワードリセットのメールが届かない",
    "the password is wrong",
    "The password is incorrect.",
    "the password is case-sensitive",
    "the password is 12 characters long",
    "password is required",
    "the token is expired (401)",
    "token was issued at 12:00",
    "the token is invalid for user-42",
    "secret is stored in op://prod/db",
    "the primary key is order_2024",
    "PASS: tests/test_payments.py",
    "pass: 12, fail: 3",
    "pass=98%",
    "pass: all checks",
    "PWD=/srv/app",
    "OLDPWD=/root",
    "pwd: ~/work",
    "pwd = os.getcwd()",
    "mysql -u root -p parky",
    "mysql -P 3306 -h db -u app",
    "docker run -p 8080:80 nginx",
    "docker run -d -p 127.0.0.1:5432:5432 postgres:16",
    "docker login -u ci --password-stdin ghcr.io",
    "mkdir -p /srv/app && cp -a a b",
    "redis-cli -h cache -p 6379 -n 2 keys 'a*'",
    "ssh -p 2222 web",
    "curl -u $USER:$PASS https://a.example",
    'mysql -p"$DB_PASS" parky',
    "sshpass -f /run/secret ssh web",
    "nmap -p 1-1024 host",
    "ps -p 1234",
    "tar -xzpf a.tgz",
    "src/main.c:1204:5: error: expected",
    "lib/pay.rb:1204:in:call:x",
    "login failed, password incorrect",
    "machine learning login page",
]

STAYS += [
    "パスワード 8文字以上",
    "パスワード 1Password で管理",
    "パスワード「必須」",
    "暗証番号 4桁",
    "トークン oauth2 の設定",
    "password manager 1Password",
    "Failed password for user123 from 10.0.0.1",
    "password length>=8",
    "PASS: admin/test_login1.py",
    "echo hello | grep h",
    "カード番号：入力してください",
    "tel: なし",
]

STAYS += [
    "パス：src/main2.py",
    "パス：users2.json",
    "パス：C:\\logs2\\app",
    "パス：s3://backup2/x",
    "パス: 12, 失敗: 3",
    "バイパス：route2a",
    "パスは /api/v2 です",
    "パスは 3 件です",
    "パスワードが 3 回間違えられました",
    "パスワードが user123 と一致しません",
    "パスワードが無効だった",
    "パスワードが 1Password にあった",
    "パスワードですが、1Password で管理しています",
    "パスワードですが、8 文字以上でお願いします",
    "パスワードは\n次の手順で変更します",
    "パスワードは\n2026-12-01 10:00 に変更済み",
    "パスワード：\nhost=db-01",
    "pw 12 chars",
    "pw reset for user123",
    "pw is in vault2/db",
    "ログイン情報 12 件",
    "ログイン情報 / 設定",
    "ログイン情報は docs/login2.md にあります",
    "htpasswd -c /etc/nginx/.htpasswd deploy1",
    "htpasswd -b は使わないでください",
    "net user deploy1 /active:yes",
    "net user NAME * /add",
    "net user growth slowed to 12%",
    "net user growth slowed",
    "net user count 1200",
]

CARDS = [
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "5555555555554444",
    "378282246310005",
    "3530111333300000",
    "４１１１－１１１１－１１１１－１１１１",
]
PHONES = [
    "090-1234-5678",
    "03-1234-5678",
    "０９０－１２３４－５６７８",
    "(03) 1234-5678",
    "0120-123-456",
    "09012345678",
    "+81-90-1234-5678",
    "+819012345678",
    "+81 3 1234 5678",
    "+1 (415) 555-2671",
    "+14155552671",
    "電話：0312345678",
]
FIGURES = [
    "2026-12-01T05:14:07.123+09:00 12:34:56",
    "192.168.10.254:5432 10.0.0.1/16 [2001:db8::1]:443",
    "1764590887 1764590887123 1764590887123456",
    "id 1100000000000000101 1418243120457416704",
    "v1.2.3 20.04.1 3.11.7-bookworm",
    "4111111111111112",
    "order_id=4111111111111111",
    '"trace_id": "4111111111111111"',
    "4.111111111111111",
    "550e8400-e29b-41d4-a716-446655440000",
    "2026-11-24 0-12-34 0001-0002",
    "5432-5433 8080 443 65535",
    "99.99% 1,234,567 12345678901",
    "+0900 +5 +12.5% +1234 lines",
    "offset=+1500000000 +1500000000 bytes",
    "〒150-0002 東京都渋谷区 1-2-3",
    "INC-42 #12345 PR-1234-5678",
    "0x0000000000000000 00000000",
    "deadbeef 0123456789012345678901234567890123456789",
    "0912-3456-7890 は伝票番号です",
]


@pytest.mark.parametrize("form", TOLD)
@pytest.mark.parametrize("seed", range(3))
def test_a_secret_is_masked_where_people_write_it(form: str, seed: int) -> None:
    """A secret is masked behind its Japanese or English name, a tool's short flag, or in a file's shape."""
    secret = some(Random(seed), MIXED, 14)
    text = f"調べました\n{form.format(secret)}\n以上です"
    said = mask(text)
    assert secret not in said.text
    assert said.total == 1
    head, _, tail = text.partition(secret)
    head, tail = head.removesuffix("admin/"), tail.removeprefix("0123")
    assert said.text.startswith(head)
    assert said.text.endswith(tail)


@pytest.mark.parametrize(
    "text",
    [
        "パスワードは hunter です",
        "暗証番号は1234です",
        "暗証番号：1234",
        "パスワード：さくら2024",
        "the password is hunter",
        "pass: hunter",
    ],
)
def test_a_plain_word_or_number_may_be_a_password(text: str) -> None:
    """A word or four digits are masked where a sentence says that they are the password."""
    assert mask(text).counts == {"password": 1}


@pytest.mark.parametrize("text", STAYS)
def test_what_only_speaks_of_secrets_stays(text: str) -> None:
    """Sentences about passwords, results of tests, ports, prompts and directories stay byte for byte."""
    assert mask(f"a\n{text}\nb").text == f"a\n{text}\nb"


@pytest.mark.parametrize("number", CARDS)
def test_the_number_of_a_card_is_masked(number: str) -> None:
    """The number of a payment card is masked; with one digit changed it is none."""
    assert mask(f"カード {number} で失敗").text == "カード [masked:card] で失敗"
    assert mask(f"card={number}, ok").text == "card=[masked:card], ok"
    assert mask(f"カード番号：{number}").text == "カード番号：[masked:card]"
    odd = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert not mask(f"カード {odd} で失敗").total


@pytest.mark.parametrize("number", PHONES)
def test_a_telephone_number_is_masked(number: str) -> None:
    """A Japanese or an international number is masked, whatever its separators and width are."""
    told = mask(f"連絡先 {number} まで。").text
    assert "[masked:phone]" in told
    assert "[masked:phone]" in mask(f"tel：{number.removeprefix('電話：')}").text
    assert not [digit for digit in told if digit.isdigit()]


@pytest.mark.parametrize("text", FIGURES)
def test_ordinary_figures_stay(text: str) -> None:
    """Times, addresses, ports, versions, ids, amounts and post codes are neither cards nor telephones."""
    assert mask(text).text == text


@pytest.mark.parametrize("path", ORDINARY, ids=lambda path: path.stem)
def test_ordinary_text_stays_byte_for_byte(path: Path) -> None:
    """Logs, stack traces, incident texts and command lines without a secret stay byte for byte."""
    for line in path.read_text(encoding="utf-8").splitlines():
        assert mask(line).text == line
    text = path.read_text(encoding="utf-8")
    assert mask(text).text == text


def test_the_vendors_examples_keep_their_figures() -> None:
    """No number in the requests that monitors publish is taken for a card or a telephone."""
    for example in examples():
        body = example.request.body.decode("utf-8", "replace")
        assert not {"card", "phone"} & set(mask(body).counts)


@given(st.text(st.sampled_from("パスワードは：「」　ａ１９a1-+0 \n"), max_size=40))
def test_full_width_signs_that_are_no_secret_are_left_as_they_are(text: str) -> None:
    """What is not masked stays in the width in which it was written."""
    pieces = mask(text).text.split("[masked:")
    assert all(piece.partition("]")[2] in text for piece in pieces[1:])
    assert pieces[0] in text
