"""Lists the report's sentences that a language still lacks, ready to paste into its file."""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

SERVICES = Path(__file__).parents[1] / "qamqor" / "services"
KEYWORDS = {"say": None, "rich": None, "count": (1, 2), "rich_count": (1, 2)}
METHODS = [
    ("report_*.py", "python"),
    ("templates/report.html.jinja", "jinja2"),
    ("templates/pieces.html.jinja", "jinja2"),
]


def sentences() -> Catalog:
    """Every sentence the report can say."""
    catalog = Catalog()
    found = extract_from_dir(SERVICES, METHODS, keywords=KEYWORDS, strip_comment_tags=True)
    for file, line, message, _, _ in found:
        catalog.add(message, locations=[(file, line)])
    return catalog


def main() -> None:
    """Print what is missing in each language."""
    for language in ("kk", "ru"):
        with (SERVICES / "templates" / "words" / f"{language}.po").open("rb") as file:
            known = read_po(file, locale=language)
        missing = Catalog(locale=language)
        for message in sentences():
            entry = known.get(message.id) if message.id else None
            if message.id and (entry is None or not entry.string):
                missing.add(message.id)
        write_po(sys.stdout.buffer, missing, omit_header=True)


if __name__ == "__main__":
    main()
