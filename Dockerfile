# Built and run as documented in README.md. No Docker engine is needed to check it: hadolint reads it, and
# tests/integration/installation/test_wheel.py does the same locked install in a bare virtual environment.
FROM python:3.13-slim AS build
WORKDIR /src
RUN pip install --no-cache-dir "uv>=0.7,<1"
ENV UV_PROJECT_ENVIRONMENT=/opt/incident-bot UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
# Dependencies first: they change less often than the code, and their layer is kept.
COPY pyproject.toml uv.lock README.md LICENSE ./
# Read for the lock alone: the local Discord, which only the demo needs, is not installed.
COPY local_discord/pyproject.toml ./local_discord/
RUN uv sync --locked --no-default-groups --no-install-project
COPY bot ./bot
COPY cogs ./cogs
COPY migrations ./migrations
RUN uv sync --locked --no-default-groups --no-editable

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/incident-bot incident-bot
COPY --from=build /opt/incident-bot /opt/incident-bot
ENV PATH=/opt/incident-bot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/var/lib/incident-bot/data \
    LOG_FORMAT=json \
    HEALTH_HOST=0.0.0.0 \
    HEALTH_PORT=8080
USER 10001
WORKDIR /var/lib/incident-bot
VOLUME /var/lib/incident-bot
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
CMD ["incident-bot", "run"]
