"""Every setting, read once from the environment; also the module Django reads.

Commands that need no database call ``read()`` and never load Django. The names in capitals below
``read`` are Django's own; what may differ between installations comes from ``QAMQOR_`` variables.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any, Final

from qamqor.errors import NotPossible

PACKAGE: Final = Path(__file__).resolve().parent


def _content_folder() -> Path:
    """The pack inside the wheel, else the one beside the package in a checkout."""
    return PACKAGE / "content" if (PACKAGE / "content").is_dir() else PACKAGE.parent / "content"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation may decide.

    Attributes:
        data: QAMQOR_DATA, the folder of warehouse, results, quarantine and database.
        content: QAMQOR_CONTENT_DIR, a content pack laid over the shipped one.
        approvals: QAMQOR_APPROVALS, the file that says who approved which programme version.
        is_demo: QAMQOR_DEMO, invented approvals are used and named as such.
        threads: QAMQOR_THREADS, processors one command may use; empty = all.
        memory_gb: QAMQOR_MEMORY_GB, memory one command may use; empty = most of the machine.
        database: QAMQOR_DATABASE, ``sqlite:///FILE`` or ``postgresql://USER@HOST/NAME`` of the
            record; empty = ``qamqor.sqlite3`` in the data folder.
        secret_key: QAMQOR_SECRET_KEY, at least 50 random characters that sign sessions; ``serve``
            refuses to start without, except in the demo.
        hosts: QAMQOR_HOSTS, the names this installation answers to, separated by commas.
        audit_key: QAMQOR_AUDIT_KEY, file with the Ed25519 private key (PEM) that signs checkpoints
            of the audit; empty = ``audit-key.pem`` in the data folder, made on first use.
        metrics_token: QAMQOR_METRICS_TOKEN, with which /metrics and the details of /health/ready
            may be read from elsewhere; empty = only on this machine itself.
        log_level: QAMQOR_LOG_LEVEL, from which grade on lines are logged: INFO has a line for
            each request.
        base_url: QAMQOR_BASE_URL, how others reach it, such as ``https://clinic.example``.
    """

    data: Path
    content: Path
    shipped_content: Path
    approvals: Path
    is_demo: bool
    threads: int | None
    memory_gb: float | None
    database: str
    secret_key: str | None
    hosts: tuple[str, ...]
    base_url: str
    metrics_token: str | None
    log_level: str
    audit_key: Path


def read() -> Settings:
    """Read the environment; nothing else in the platform does."""
    data = Path(os.environ.get("QAMQOR_DATA") or "var")
    shipped = _content_folder()
    threads, memory = (
        _number("QAMQOR_THREADS", os.environ.get("QAMQOR_THREADS")),
        _number("QAMQOR_MEMORY_GB", os.environ.get("QAMQOR_MEMORY_GB")),
    )
    hosts = os.environ.get("QAMQOR_HOSTS") or "localhost,127.0.0.1,[::1]"
    return Settings(
        data=data,
        content=Path(os.environ.get("QAMQOR_CONTENT_DIR") or shipped),
        shipped_content=shipped,
        approvals=Path(os.environ.get("QAMQOR_APPROVALS") or data / "approvals.yaml"),
        is_demo=os.environ.get("QAMQOR_DEMO", "") in {"1", "true", "yes"},
        threads=None if threads is None else max(1, int(threads)),
        memory_gb=memory,
        database=os.environ.get("QAMQOR_DATABASE")
        or f"sqlite:///{(data / 'qamqor.sqlite3').absolute()}",
        secret_key=os.environ.get("QAMQOR_SECRET_KEY"),
        hosts=tuple(name.strip() for name in hosts.split(",") if name.strip()),
        metrics_token=os.environ.get("QAMQOR_METRICS_TOKEN") or None,
        log_level=(os.environ.get("QAMQOR_LOG_LEVEL") or "WARNING").upper(),
        base_url=(os.environ.get("QAMQOR_BASE_URL") or "http://localhost:8000").rstrip("/"),
        audit_key=Path(os.environ.get("QAMQOR_AUDIT_KEY") or data / "audit-key.pem"),
    )


def share_a_new_key() -> None:
    """Give all processes started from here one key, where none is set: sessions end with them."""
    os.environ.setdefault("QAMQOR_SECRET_KEY", secrets.token_urlsafe(50))


def as_demo(data: Path) -> dict[str, str]:
    """The environment of a command of its own that works on the demo in a folder."""
    kept = {name: value for name, value in os.environ.items() if name != "QAMQOR_DATABASE"}
    return {**kept, "QAMQOR_DATA": str(data.absolute()), "QAMQOR_DEMO": "1"}


def load_django() -> None:
    """Make the database and its models usable by a command; at most once in a process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qamqor.settings")
    import django

    django.setup()


def _number(name: str, said: str | None) -> float | None:
    """A setting that is a number from one thousandth up; nothing where it is not set."""
    if not said:
        return None
    try:
        number = float(said)
    except ValueError:
        number = 0.0
    if not 0.001 <= number < inf:
        raise NotPossible(f"{name} is {said!r}; write a number above zero, or leave it empty")
    return number


def _database(url: str) -> dict[str, Any]:
    """Django's own words for the record's database.

    SQLite answers "saved" only after the log is on the disk (``synchronous=full``), and takes the
    write lock at the start of a transaction, so that no writer fails half-way.
    """
    import dj_database_url

    if not url.startswith(("sqlite:", "postgresql:", "postgres:")):
        scheme = url.split(":", 1)[0]
        raise NotPossible(f"QAMQOR_DATABASE begins with {scheme}:; write sqlite: or postgresql:")
    database: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=None))
    if database["ENGINE"].endswith("sqlite3"):
        database["OPTIONS"] = {
            "timeout": 30,
            "transaction_mode": "IMMEDIATE",
            "init_command": (
                "pragma journal_mode=wal; pragma synchronous=full; pragma temp_store=memory;"
                "pragma cache_size=-16384; pragma mmap_size=1073741824"
            ),
        }
        database["TEST"] = {"NAME": f"{database['NAME']}.test"}
    return database


QAMQOR: Final = read()
SECRET_KEY = QAMQOR.secret_key or secrets.token_urlsafe(50)
ALLOWED_HOSTS = list(QAMQOR.hosts)
DEBUG = False
DATABASES = {"default": _database(QAMQOR.database)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "store.Account"
CSRF_FAILURE_VIEW = "qamqor.web.errors.forged"
ROOT_URLCONF = "qamqor.web.urls"
WSGI_APPLICATION = "qamqor.wsgi.application"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "oauth2_provider",
    "qamqor.store",
    "qamqor.web",
]
MIDDLEWARE = [
    "qamqor.web.node.watching.watched",
    "django.middleware.security.SecurityMiddleware",
    "qamqor.web.fhir.door.fhir_door",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "qamqor.web.headers.strict_headers",
    "qamqor.web.errors.errors_in_words",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [PACKAGE / "web" / "templates"],
        "OPTIONS": {
            "environment": "qamqor.web.environment.environment",
            "context_processors": ["qamqor.web.environment.reader"],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
]
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "Asia/Almaty"
USE_I18N = True
LANGUAGE_CODE = "kk"
LANGUAGES = [("kk", "Қазақша"), ("ru", "Русский"), ("en", "English")]
LOCALE_PATHS = [str(PACKAGE / "locale")]
LANGUAGE_COOKIE_NAME = "qamqor_language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
FORMAT_MODULE_PATH = ["qamqor.web.formats"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "qamqor.web.node.lines.JsonLines"}},
    "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "json"}},
    "loggers": {
        "qamqor": {"handlers": ["lines"], "level": QAMQOR.log_level, "propagate": True},
        "django": {"handlers": ["lines"], "level": "ERROR", "propagate": True},
    },
}
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
# An address carries the hash of what it names, so a browser never asks twice.
WHITENOISE_MAX_AGE = 365 * 24 * 3600
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"
OAUTH2_PROVIDER = {
    "PKCE_REQUIRED": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "OAUTH2_BACKEND_CLASS": "oauth2_provider.oauth2_backends.OAuthLibCore",
}
