"""The door a web server opens."""

from __future__ import annotations

from django.core.wsgi import get_wsgi_application

from qamqor.settings import load_django

load_django()
application = get_wsgi_application()
