"""Settings, read from the environment and from `.env` with django-environ.

A test checks that `.env.example` and the README list every name that is read here.
Importing this file starts nothing: `launcher/` starts the embedded parts of `make run`.
"""

import os
import sys
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from core.web.hardening import check_public_site
from core.web.hosts import allowed_ports, split_port
from core.web.site import proxies_from_env, site_from_env

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")  # the process environment takes precedence

# Core
# https://docs.djangoproject.com/en/5.2/ref/settings/#core-settings
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. `make run` generates one; otherwise set it to a long random string "
        "in the environment or in .env."
    )
# Encrypts the keys of model servers in the database; without it SECRET_KEY does.
ENCRYPTION_KEY = env.str("ENCRYPTION_KEY", default="")
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var")))
HOST = env.str("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LIMITS = env.str("LIMITS", default="on") != "off"

# Address: hosts, origins, mail links and TLS follow from SITE_URL
# https://docs.djangoproject.com/en/5.2/ref/settings/#allowed-hosts
EXTRA_HOSTS = env.list("ALLOWED_HOSTS", default=[])
EXTRA_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE = site_from_env(
    site_url=env.str("SITE_URL", default=""),
    host=HOST,
    port=PORT,
    extra_hosts=[split_port(entry)[0] for entry in EXTRA_HOSTS],
    extra_origins=EXTRA_ORIGINS,
    codespace=env.str("CODESPACE_NAME", default=""),
    codespace_domain=env.str("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", default="app.github.dev"),
)
check_public_site(
    SITE,
    debug=DEBUG,
    secret_key=SECRET_KEY,
    extra_hosts=EXTRA_HOSTS,
    extra_origins=EXTRA_ORIGINS,
)
SITE_URL = SITE.url
ALLOWED_HOSTS = list(SITE.hosts)
HOST_PORTS = allowed_ports(PORT, [SITE.url, *SITE.origins], EXTRA_HOSTS)
CSRF_TRUSTED_ORIGINS = list(SITE.origins)
WEBSOCKET_ORIGINS = list(SITE.origins)
TRUSTED_PROXIES = proxies_from_env(env.list("TRUSTED_PROXIES", default=[]))
# Strangers must not use up the owner's token: sign-up is open by default only on a private site.
SIGNUP_OPEN = env.str("SIGNUP", default="open" if SITE.private else "closed") == "open"

# Applications
# https://docs.djangoproject.com/en/5.2/ref/settings/#installed-apps
INSTALLED_APPS = [
    "daphne",
    "core",  # its `migrate` command overrides Django's
    "accounts",
    "chat",
    "core.web.admin_config.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "channels",
    "allauth",
    "allauth.account",
    "django_htmx",
]
# A test checks that each of these is async: a synchronous one makes the whole chain synchronous.
MIDDLEWARE = [
    "core.web.middleware.TrustedProxyMiddleware",
    "core.web.async_middleware.Security",
    "core.web.middleware.ContentSecurityPolicyMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "core.web.compression.CompressionMiddleware",
    "core.web.middleware.PrivateCacheMiddleware",
    "accounts.middleware.AccountHeadersMiddleware",
    "core.web.async_middleware.Session",
    "core.web.async_middleware.Locale",
    "core.web.middleware.HostPortMiddleware",
    "core.web.async_middleware.Common",
    "core.web.async_middleware.Csrf",
    "core.web.async_middleware.Authentication",
    "core.web.async_middleware.Messages",
    "core.web.async_middleware.XFrameOptions",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.web.middleware.TimeZoneMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "core.web.template_loader.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.site",
            ],
            "builtins": ["core.web.icons"],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Database
# https://docs.djangoproject.com/en/5.2/ref/databases/#postgresql-connection-settings
DATABASES: dict[str, Any] = {
    "default": env.db_url(
        "DATABASE_URL",
        default="postgresql://postgres@localhost:5432/chat",
        engine="core.db.postgresql",
    )
}
# A URL cannot express None.
if DATABASES["default"].get("OPTIONS", {}).get("prepare_threshold") == "none":
    DATABASES["default"]["OPTIONS"]["prepare_threshold"] = None
DATABASES["default"].update(
    CONN_MAX_AGE=0,  # the pool limits connections; Django must return them to it
    CONN_HEALTH_CHECKS=True,
    OPTIONS={
        **DATABASES["default"].get("OPTIONS", {}),
        # Maximum number of connections; seconds a request waits for one (core.db.postgresql).
        "pool": {"max_size": 16, "timeout": 5},
        "connect_timeout": 5,
        "options": "-c statement_timeout=15s -c lock_timeout=5s"
        " -c idle_in_transaction_session_timeout=30s",
    },
)

# Added to the options only for `manage.py migrate` (core.db.migration_connection). While it waits
# for a lock, other sessions queue behind it, so it gives up soon, pauses, and tries again.
MIGRATION_OPTIONS = (
    "-c statement_timeout=0 -c lock_timeout=2s -c idle_in_transaction_session_timeout=10min"
    " -c jit=off"
)
MIGRATION_LOCK_TRIES = 60  # about twelve minutes
MIGRATION_BATCH_ROWS = 2000
MIGRATION_PROGRESS_SECONDS = 3.0

# Seconds for which a thread of core.db.executors keeps its own connection outside the pool.
KEEP_CONNECTION = 60

# Cache and channel layer: without REDIS_URL only Postgres holds state
# https://docs.djangoproject.com/en/5.2/topics/cache/#database-caching
REDIS_URL = env.str("REDIS_URL", default="")
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "core.cache.StrictDatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}
# All sockets of the process share the capacity, so the default of 100 is too small.
CHANNEL_LAYERS: dict[str, Any] = {
    "default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 10_000}}
}
if REDIS_URL:
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }

# Accounts
# https://docs.allauth.org/en/latest/account/configuration.html
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "signup": "accounts.forms.SignupForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "add_email": "accounts.forms.AddEmailForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SITE.secure else "http"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Limits by client address (`ip`) and by account (`key`). Wrong passwords from a device that has
# signed in to the account before are counted separately. docs/accounts.md explains them.
WRONG_PASSWORDS = "5/5m/key,20/h/key,60/d/key"
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = LIMITS and {
    "login_failed": f"10/m/ip,{WRONG_PASSWORDS}",
    "login_failed_known_device": WRONG_PASSWORDS,
    "reset_password": "20/m/ip",
    "mail": "3/10m/key,20/d/key",
    "setup": "20/m/ip",
}

# Mail: printed to the console unless EMAIL_URL is set
# https://docs.djangoproject.com/en/5.2/topics/email/
MAIL = env.str("EMAIL_URL", default="") or "consolemail://"
vars().update(environ.Env.email_url_config(MAIL))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"chat@{SITE.hostname}")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 10  # seconds; else a mail server that never answers would hold the page
# Without real mail, addresses cannot be verified.
ACCOUNT_EMAIL_VERIFICATION = "none" if MAIL == "consolemail://" else "mandatory"

# Security
# https://docs.djangoproject.com/en/5.2/topics/security/
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE.secure
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "chat_session"
SESSION_ENGINE = "accounts.session_store"
CSRF_COOKIE_NAME = "chat_csrf"
CSRF_FAILURE_VIEW = "core.web.error_views.csrf_failure"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_SSL_REDIRECT = SITE.secure and bool(TRUSTED_PROXIES)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if SITE.secure and not SITE.private else 0
# W001 to W003 look for Django's middleware by class name, but core.web.async_middleware subclasses
# them; a test runs the checks with Django's names. W005 and W021 are about HSTS for other hosts of
# the domain, and only the operator knows whether those use TLS.
SILENCED_SYSTEM_CHECKS = [f"security.W{number}" for number in ("001", "002", "003", "005", "021")]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# Languages and time
# https://docs.djangoproject.com/en/5.2/topics/i18n/
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

# Static files
# https://archmonger.github.io/ServeStatic/latest/
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "core.web.bundles.BundleFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
}

# The model server: INFERENCE_BASE_URL takes precedence over HF_TOKEN, and never receives it
# https://huggingface.co/docs/huggingface_hub/guides/inference
HF_TOKEN = env.str("HF_TOKEN", default="")
HF_PROVIDER = env.str("HF_PROVIDER", default="auto")
INFERENCE_BASE_URL = env.str("INFERENCE_BASE_URL", default="")
INFERENCE_API_KEY = env.str("INFERENCE_API_KEY", default="")
INFERENCE_MODEL = env.str("INFERENCE_MODEL", default="").strip()
# Whether a model server may have a link-local address; those of cloud metadata never are allowed.
ALLOW_LINK_LOCAL = env.bool("ALLOW_LINK_LOCAL", default=False)
LOCAL_MODEL = env.str("LOCAL_MODEL", default="")
# Of the prices in the catalogue; it stands after each amount, and nothing is converted.
CURRENCY = env.str("CURRENCY", default="USD").strip()
if not 1 <= len(CURRENCY) <= 10 or not CURRENCY.isprintable():
    raise ImproperlyConfigured(
        "CURRENCY must be the code or sign of a currency, of at most 10 characters: for example "
        "CURRENCY=EUR."
    )
# Only for tests: maps hosts of Hugging Face to local servers, such as http://127.0.0.1:port.
INFERENCE_HOST_MAP: dict[str, str] = {}

# Timeouts, in seconds
DEADLINE_CONNECT = env.float("DEADLINE_CONNECT", default=10)
DEADLINE_FIRST_TOKEN = env.float("DEADLINE_FIRST_TOKEN", default=60)
DEADLINE_IDLE = env.float("DEADLINE_IDLE", default=30)
DEADLINE_TOTAL = env.float("DEADLINE_TOTAL", default=600)
DRAIN_SECONDS = env.float("DRAIN_SECONDS", default=30)

# Rate limits and concurrency limits; LIMITS=off disables all of them
MESSAGES_PER_MINUTE = env.float("MESSAGES_PER_MINUTE", default=20)
COMMANDS_PER_MINUTE = env.float("COMMANDS_PER_MINUTE", default=240)
ANSWERS_PER_PERSON = env.int("ANSWERS_PER_PERSON", default=3)
ANSWERS_PER_PROCESS = env.int("ANSWERS_PER_PROCESS", default=256)
SOCKETS_PER_PERSON = env.int("SOCKETS_PER_PERSON", default=40)
# Maximum characters of an answer, and maximum bytes of one event from the model server
ANSWER_CHARS = env.int("ANSWER_CHARS", default=400_000)
FRAME_BYTES = 2_000_000

# Logging: one line for each event, with ids only; exceptions as stack frames without their text
# https://docs.djangoproject.com/en/5.2/topics/logging/
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "core.logging.SafeFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "filters": {
        "outages": {"()": "core.logging.OutageFilter"},
        "refusals": {"()": "core.logging.RefusalFilter"},
    },
    "handlers": {
        "refusals": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["refusals"],
            "stream": sys.stderr,
        },
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["outages"],
            "stream": sys.stderr,
        },
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "chat": {"level": "INFO"},
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        # A refused request concerns the user, not the operator.
        "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.security": {"handlers": ["refusals"], "level": "WARNING", "propagate": False},
        # Below WARNING, daphne logs each refused handshake and each 404.
        "daphne": {"level": "WARNING"},
        # Below ERROR, psycopg logs each connection attempt with the database's address. Our own
        # lines report an outage.
        "psycopg": {"level": "ERROR"},
    },
}

os.environ.setdefault("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
