"""How the documentation is built."""

project = "Qamqor"
author = "The Qamqor contributors"
project_copyright = "The Qamqor contributors, Apache-2.0"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Qamqor"
html_theme_options = {"source_repository": "", "top_of_page_buttons": []}
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]
# Pygments knows no `$name` in SQL and falls back to a relaxed reading, which is what is wanted.
suppress_warnings = ["misc.highlighting_failure"]
