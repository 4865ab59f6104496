"""The door a web server opens."""

from __future__ import annotations

import atexit

from django.core.wsgi import get_wsgi_application

from qamqor.settings import load_django
from qamqor.store import node

load_django()
atexit.register(node.stop)
application = get_wsgi_application()
