"""What every test run is set up with, before Django reads its settings.

Loaded with ``-p tests.environment``: nothing a test does reaches a developer's database. With
``QAMQOR_TEST_POSTGRESQL=1`` the same tests run on a cluster of their own.
"""

import atexit
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

os.environ["QAMQOR_DATA"] = tempfile.mkdtemp(prefix="qamqor-test-")
(Path(os.environ["QAMQOR_DATA"]) / "static").mkdir()
os.environ["QAMQOR_SECRET_KEY"] = "only-for-tests-" + "x" * 50
os.environ["QAMQOR_HOSTS"] = "localhost,127.0.0.1,testserver"
os.environ["QAMQOR_SEARCHES_A_MINUTE"] = "0"
os.environ.pop("QAMQOR_DATABASE", None)
# The browser tests drive Chromium from the thread that also asks the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
if os.environ.get("QAMQOR_TEST_POSTGRESQL") == "1":
    from tests.postgresql import cluster

    stack = ExitStack()
    os.environ["QAMQOR_DATABASE"] = stack.enter_context(cluster())
    atexit.register(stack.close)

# The words of the pages, compiled from their sources: a checkout older than its .po files would
# show English.
subprocess.run(  # noqa: S603
    [sys.executable, str(Path(__file__).parents[1] / "tools/page_words.py"), "compile"], check=True
)
