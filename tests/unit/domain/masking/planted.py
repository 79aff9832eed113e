"""Secrets that look real, made anew for each test: scanners of repositories would find written ones."""

import string
from collections.abc import Callable, Mapping
from random import Random

LETTERS = string.ascii_letters
MIXED = LETTERS + string.digits
UPPER = string.ascii_uppercase + string.digits
LOWER = string.ascii_lowercase + string.digits
HEX = "0123456789abcdef"
URL_SAFE = MIXED + "_-"


def some(random: Random, signs: str, length: int) -> str:
    """So many of *signs*, with a digit, an upper and a lower case letter where there are such."""
    text = "".join(random.choices(signs, k=length))
    least = "".join(one for one in ("7", "K", "q") if one in signs)
    return text[: length - len(least)] + least


def _jwt(random: Random) -> str:
    return "eyJ" + ".".join(some(random, URL_SAFE, length) for length in (33, 120, 43))


def _key_block(random: Random) -> str:
    lines = "\n".join(some(random, MIXED + "+/", 64) for _ in range(5))
    kind = random.choice(["", "RSA ", "EC ", "OPENSSH "])
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----"


def _email(random: Random) -> str:
    name = f"{some(random, LOWER, 6)}.{some(random, LOWER, 4)}"
    return (
        f"{name}@{some(random, string.ascii_lowercase, 8)}.{random.choice(['co.jp', 'com', 'example.org'])}"
    )


#: By kind: one that is a secret wherever it stands.
ANYWHERE: Mapping[str, Callable[[Random], str]] = {
    "discord_token": lambda r: f"MTA{some(r, MIXED, 21)}.{some(r, MIXED, 6)}.{some(r, MIXED, 38)}",
    "discord_webhook": lambda r: (
        f"https://discord.com/api/webhooks/1{r.randrange(10**17):018}/{some(r, URL_SAFE, 67)}q"
    ),
    "slack_token": lambda r: f"xoxb-{r.randrange(10**11):012}-{some(r, MIXED, 24)}",
    "slack_webhook": lambda r: (
        f"https://hooks.slack.com/services/T{some(r, UPPER, 9)}/B{some(r, UPPER, 9)}/{some(r, MIXED, 24)}"
    ),
    "github_token": lambda r: f"gh{r.choice('pousr')}_{some(r, MIXED, 36)}",
    "github_pat": lambda r: f"github_pat_{some(r, MIXED, 22)}_{some(r, MIXED, 59)}",
    "gitlab_token": lambda r: f"glpat-{some(r, MIXED, 20)}",
    "aws_key": lambda r: f"{r.choice(['AKIA', 'ASIA'])}{some(r, UPPER, 16)}",
    "google_key": lambda r: f"AIza{some(r, MIXED, 35)}",
    "google_token": lambda r: f"ya29.{some(r, URL_SAFE, 120)}",
    "stripe_key": lambda r: f"{r.choice('sr')}k_{r.choice(['live', 'test'])}_{some(r, MIXED, 24)}",
    "stripe_webhook": lambda r: f"whsec_{some(r, MIXED, 32)}",
    "cloudflare_ca": lambda r: f"v1.0-{some(r, HEX, 24)}-{some(r, HEX, 146)}",
    "supabase_key": lambda r: f"sbp_{some(r, HEX, 40)}",
    "supabase_secret": lambda r: f"sb_secret_{some(r, MIXED, 31)}",
    "onepassword_token": lambda r: f"ops_eyJ{some(r, MIXED, 400)}",
    "onepassword_key": lambda r: (
        f"A3-{some(r, UPPER, 6)}-{some(r, UPPER, 11)}-{'-'.join(some(r, UPPER, 5) for _ in range(4))}"
    ),
    "sentry_token": lambda r: f"sntrys_{some(r, MIXED, 120)}",
    "sentry_user_token": lambda r: f"sntryu_{some(r, HEX, 64)}",
    "npm_token": lambda r: f"npm_{some(r, MIXED, 36)}",
    "pypi_token": lambda r: f"pypi-AgEIcHlwaS5vcmc{some(r, URL_SAFE, 150)}",
    "ai_key": lambda r: f"sk-proj-{some(r, MIXED, 48)}",
    "sendgrid_key": lambda r: f"SG.{some(r, MIXED, 22)}.{some(r, MIXED, 43)}",
    "telegram_token": lambda r: f"{r.randrange(10**9, 10**10)}:AA{some(r, MIXED, 33)}",
    "twilio_key": lambda r: f"SK{some(r, HEX, 32)}",
    "mailchimp_key": lambda r: f"{some(r, HEX, 32)}-us{r.randrange(1, 30)}",
    "jwt": _jwt,
    "private_key": _key_block,
    "email": _email,
}

#: By kind: one that the words around it tell. ``{}`` is the secret.
BESIDE: Mapping[str, tuple[str, Callable[[Random], str]]] = {
    "bearer": ("Authorization: Bearer {}", lambda r: some(r, URL_SAFE, 40)),
    "basic": ("authorization: Basic {}", lambda r: some(r, MIXED, 24)),
    "json_header": ('{{"authorization":"Bearer {}"}}', lambda r: some(r, URL_SAFE, 40)),
    "postgres": ("postgresql://app:{}@db.example.com:5432/parky", lambda r: some(r, MIXED + "!%/+", 16)),
    "redis": ("rediss://default:{}@cache.example.com:6379", lambda r: some(r, MIXED, 24)),
    "address": ("https://deploy:{}@git.example.com/repo.git", lambda r: some(r, MIXED, 20)),
    "dsn": ("https://{}@o4501.ingest.sentry.io/45", lambda r: some(r, HEX, 32)),
    "env": ("DB_PASSWORD={}", lambda r: some(r, MIXED + "!&;()#^", 14)),
    "export": ("export CLOUDFLARE_API_TOKEN={}", lambda r: some(r, URL_SAFE, 40)),
    "aws_secret": ("AWS_SECRET_ACCESS_KEY={}", lambda r: some(r, MIXED + "/+", 40)),
    "aws_config": ("aws_secret_access_key = {}", lambda r: some(r, MIXED + "/+", 40)),
    "hex_key": ("ENCRYPTION_KEY={}", lambda r: some(r, HEX, 64)),
    "app_key": ("APP_KEY={}", lambda r: some(r, HEX, 32)),
    "json": ('{{"client_secret": "{}"}}', lambda r: some(r, MIXED, 20)),
    "json_camel": ('{{"accessToken":"{}"}}', lambda r: some(r, MIXED, 20)),
    "escaped": ('{{\\"apiKey\\":\\"{}\\"}}', lambda r: some(r, MIXED, 20)),
    "yaml": ("  password: {}", lambda r: some(r, LETTERS, 10)),
    "quoted": ("db_pass = '{}'", lambda r: some(r, MIXED + " $&", 16)),
    "query": ("GET /callback?access_token={}&state=x", lambda r: some(r, MIXED, 20)),
    "signed": ("X-Amz-Signature={}", lambda r: some(r, HEX, 64)),
    "header": ("x-api-key: {}", lambda r: some(r, MIXED, 20)),
    "cf_header": ("X-Auth-Key: {}", lambda r: some(r, HEX, 37)),
    "cookie": ("Cookie: sid={}", lambda r: some(r, MIXED, 24)),
    "set_cookie": ('"set-cookie":"session={}; HttpOnly"', lambda r: some(r, MIXED, 24)),
    "flag": ("mysql --password={} -h db", lambda r: some(r, MIXED, 12)),
    "curl": ("curl -u admin:{} https://api.example.com", lambda r: some(r, MIXED, 12)),
    "random": ("LINE_CHANNEL={}", lambda r: some(r, MIXED, 44)),
    "libpq": ("host=db user=app password={} dbname=parky", lambda r: some(r, MIXED, 12)),
}
