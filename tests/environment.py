"""What every test run is set up with, before Django reads its settings.

Loaded with ``-p tests.environment``: nothing a test does reaches a developer's database. With
``QAMQOR_TEST_POSTGRESQL=1`` the same tests run on a cluster of their own.
"""

import atexit
import os
import tempfile
from contextlib import ExitStack

os.environ["QAMQOR_DATA"] = tempfile.mkdtemp(prefix="qamqor-test-")
os.environ["QAMQOR_SECRET_KEY"] = "only-for-tests-" + "x" * 50
os.environ["QAMQOR_HOSTS"] = "localhost,127.0.0.1,testserver"
os.environ.pop("QAMQOR_DATABASE", None)
if os.environ.get("QAMQOR_TEST_POSTGRESQL") == "1":
    from tests.postgresql import cluster

    stack = ExitStack()
    os.environ["QAMQOR_DATABASE"] = stack.enter_context(cluster())
    atexit.register(stack.close)
