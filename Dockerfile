# One image for every process of an installation: web and migrations. Nothing in it is written to.
FROM python:3.12-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv /venv
COPY requirements/lock.txt requirements/lock.txt
RUN /venv/bin/pip install --require-hashes --no-deps -r requirements/lock.txt && /venv/bin/pip check

COPY . .
# Collecting needs some key and keeps none of it.
RUN SECRET_KEY=only-while-the-image-is-built DATA_DIR=/app/var \
    /venv/bin/python manage.py collectstatic --noinput


FROM python:3.12-slim-bookworm

ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/app/var HOST=0.0.0.0 PORT=8000
RUN useradd --system --uid 10001 --no-create-home chat
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
USER chat
EXPOSE 8000
# healthz is the process alone: a database that is away must not get every process restarted.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
# SIGTERM lets answers finish (DRAIN_SECONDS): give the container longer than that to stop.
STOPSIGNAL SIGTERM
CMD ["python", "-m", "core.server.serve", "--bind=0.0.0.0", "--port=8000", "config.asgi:application"]
