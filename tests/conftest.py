"""How generated tests draw: the same examples in every short run, new ones in every long run."""

import os

from hypothesis import settings

settings.register_profile("same examples", derandomize=True, deadline=None)
settings.register_profile("new examples", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same examples"))
