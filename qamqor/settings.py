"""Every setting, read once from the environment; also the module Django reads.

Commands that need no database call ``read()`` and never load Django. The names in capitals below
``read`` are Django's own; what may differ between installations comes from ``QAMQOR_`` variables.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
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
        searches_a_minute: QAMQOR_SEARCHES_A_MINUTE, how many searches a person may ask by the FHIR
            API, another system ten times as many; 0 = as many as they like.
        cors_origins: QAMQOR_CORS_ORIGINS, web addresses whose pages may call the FHIR API from a
            browser, separated by commas, such as ``https://growth.example``; empty = none.
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
    searches_a_minute: float
    cors_origins: frozenset[str]
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
        searches_a_minute=_searches(os.environ.get("QAMQOR_SEARCHES_A_MINUTE")),
        cors_origins=_origins(os.environ.get("QAMQOR_CORS_ORIGINS") or ""),
        base_url=(os.environ.get("QAMQOR_BASE_URL") or "http://localhost:8000").rstrip("/"),
        audit_key=Path(os.environ.get("QAMQOR_AUDIT_KEY") or data / "audit-key.pem"),
    )


def share_a_new_key() -> None:
    """Give all processes started from here one key, where none is set: sessions end with them."""
    os.environ.setdefault("QAMQOR_SECRET_KEY", secrets.token_urlsafe(50))


_NUMBERS: Final = "PROMETHEUS_MULTIPROC_DIR"


def share_numbers(folder: Path) -> None:
    """Let all processes started from here count in files of one folder, so that any can tell all.

    Must come before the numbers are first imported; what lies in the folder is removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink(missing_ok=True)
    os.environ[_NUMBERS] = str(folder)
    global NUMBERS_ARE_SHARED
    NUMBERS_ARE_SHARED = True


def as_demo(data: Path) -> dict[str, str]:
    """The environment of a command of its own that works on the demo in a folder."""
    kept = {name: value for name, value in os.environ.items() if name != "QAMQOR_DATABASE"}
    return {**kept, "QAMQOR_DATA": str(data.absolute()), "QAMQOR_DEMO": "1"}


def load_django() -> None:
    """Make the database and its models usable by a command; at most once in a process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qamqor.settings")
    import django

    django.setup()


def _searches(said: str | None) -> float:
    if said == "0":
        return 0.0
    return _number("QAMQOR_SEARCHES_A_MINUTE", said) or 600.0


def _origins(said: str) -> frozenset[str]:
    """Origins as browsers write them: scheme, host and port, nothing behind."""
    found = frozenset(one.strip().rstrip("/") for one in said.split(",") if one.strip())
    for origin in found:
        scheme, _, host = origin.partition("://")
        if scheme not in {"http", "https"} or not host or "/" in host or "*" in host:
            text = (
                f"QAMQOR_CORS_ORIGINS names {origin!r}; write origins such as https://app.example"
            )
            raise NotPossible(text)
    return found


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
    write lock at the start of a transaction, so that no writer fails half-way. The file is not
    mapped into memory: each commit of another thread, and every reading makes one, would have it
    mapped anew. The log reaches 32 MB before it is emptied, so that a page often changed is copied
    once.
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
            "cached_statements": 512,
            "init_command": (
                "pragma journal_mode=wal; pragma synchronous=full; pragma temp_store=memory;"
                "pragma cache_size=-16384; pragma wal_autocheckpoint=8192"
            ),
        }
        database["TEST"] = {"NAME": f"{database['NAME']}.test"}
    return database


def _signing_key(file: Path) -> str:
    """The key that signs id tokens, made on first use and readable by its owner only."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    if not file.exists():
        text = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        begun = file.with_name(f"{file.name}.{os.getpid()}")
        with os.fdopen(os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(text)
        with suppress(FileExistsError):
            os.link(begun, file)
        begun.unlink()
    return file.read_text()


class _Toolkit(dict[str, Any]):
    """The toolkit's settings; its key is read, or made, when it is first asked for."""

    def __getitem__(self, name: str) -> Any:
        if name == "OIDC_RSA_PRIVATE_KEY":
            return _signing_key(QAMQOR.data / "oidc-key.pem")
        return super().__getitem__(name)


QAMQOR: Final = read()
# Several processes count together: by ``share_numbers``, or as another server than ours set it.
NUMBERS_ARE_SHARED = bool(os.environ.get(_NUMBERS))
SECRET_KEY = QAMQOR.secret_key or secrets.token_urlsafe(50)
ALLOWED_HOSTS = list(QAMQOR.hosts)
DEBUG = False
DATABASES = {"default": _database(QAMQOR.database)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "store_attempt",
    }
}
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
    "qamqor.web.cors.from_other_origins",
    "qamqor.web.fhir.door.fhir_door",
    # Pages only: the FHIR door answers before it. Django pads what it packs against BREACH.
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "qamqor.web.headers.led_by_the_page",
    "qamqor.web.headers.strict_headers",
    "qamqor.web.errors.errors_in_words",
    "allauth.account.middleware.AccountMiddleware",
    "qamqor.web.accounts.limits.signed_in_safely",
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
IS_SECURE = QAMQOR.base_url.startswith("https://")
SESSION_COOKIE_NAME = "qamqor_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IS_SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# Nobody stays signed in longer than a shift, nor leaves a desk open for long (web/accounts).
SESSION_COOKIE_AGE = 12 * 3600
SESSION_IDLE_SECONDS = 30 * 60
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_SECURE
SECURE_SSL_REDIRECT = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_TRUSTED_ORIGINS = [QAMQOR.base_url]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("MinimumLengthValidator", {"min_length": 8}),
        ("UserAttributeSimilarityValidator", {}),
        ("CommonPasswordValidator", {}),
    )
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
ACCOUNT_ADAPTER = "qamqor.web.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_RATE_LIMITS = {"login": "100/m/ip", "login_failed": "10/m/key,100/m/ip"}
MFA_ADAPTER = "qamqor.web.accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_SECURE
MFA_WEBAUTHN_USER_VERIFICATION = "preferred"
MFA_TOTP_TOLERANCE = 1
MFA_TOTP_ISSUER = "Qamqor"
USERSESSIONS_TRACK_ACTIVITY = False
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"
OAUTH2_PROVIDER = _Toolkit(
    {
        "PKCE_REQUIRED": True,
        "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
        "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
        "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
        "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
        "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
        "OAUTH2_VALIDATOR_CLASS": "qamqor.web.smart.validator.SmartValidator",
        "SCOPES_BACKEND_CLASS": "qamqor.web.smart.scopes.SmartScopes",
        "OIDC_ENABLED": True,
        "OIDC_ISS_ENDPOINT": f"{QAMQOR.base_url}/oauth",
        "ACCESS_TOKEN_EXPIRE_SECONDS": 15 * 60,
        "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
        "ID_TOKEN_EXPIRE_SECONDS": 15 * 60,
        "REFRESH_TOKEN_EXPIRE_SECONDS": 90 * 24 * 3600,
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "ROTATE_REFRESH_TOKEN": True,
        "ALLOWED_REDIRECT_URI_SCHEMES": ["https", "http"],
        "ALLOW_URI_WILDCARDS": False,
    }
)
