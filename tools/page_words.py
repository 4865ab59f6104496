"""The pages' words: lists what Kazakh and Russian still lack, and compiles what is there.

Each room keeps its sentences in ``qamqor/locale/<language>/<room>.po``; they are joined into the
one catalogue Django reads.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]
WEB = ROOT / "qamqor" / "web"
LOCALE = ROOT / "qamqor" / "locale"
LANGUAGES = ("kk", "ru")
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {"templates/**.html": {"extensions": "jinja2.ext.do,jinja2.ext.i18n", "silent": "false"}}
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
}
HOLES = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
Key = tuple[object, str | None]


def sentences() -> Catalog:
    """Every sentence the pages can say, with where it is said."""
    catalog = Catalog()
    found = extract_from_dir(WEB, METHODS, OPTIONS, keywords=KEYWORDS, strip_comment_tags=True)
    for file, line, message, _, context in found:
        catalog.add(message, locations=[(f"qamqor/web/{file}", line)], context=context)
    return catalog


def known(language: str) -> Catalog:
    """Everything a language has, all rooms joined."""
    joined = Catalog(locale=language)
    for file in sorted((LOCALE / language).glob("*.po")):
        with file.open("rb") as opened:
            for message in read_po(opened, locale=language):
                if message.id:
                    joined.add(
                        message.id, message.string, flags=message.flags, context=message.context
                    )
    return joined


def problems(language: str) -> list[str]:
    """What keeps a language from being complete, one sentence each."""
    there, found = known(language), []
    for message in sentences():
        if message.id:
            entry = there.get(
                message.id if isinstance(message.id, str) else message.id[0], message.context
            )
            if (fault := _fault(message, entry, there.num_plurals)) is not None:
                place = ":".join(str(part) for part in message.locations[0])
                found.append(f"{language}: {message.id!r} ({place}) {fault}")
    return found


def _fault(message: Message, entry: Message | None, plurals: int) -> str | None:
    if entry is None or not entry.string or entry.fuzzy:
        return "is not translated"
    said = [entry.string] if isinstance(entry.string, str) else list(entry.string)
    if not isinstance(message.id, str) and (len(said) != plurals or not all(said)):
        return f"needs {plurals} forms"
    ids = [message.id] if isinstance(message.id, str) else list(message.id)
    wanted = set(HOLES.findall(ids[-1]))
    return (
        None
        if all(set(HOLES.findall(text)) == wanted for text in said)
        else "has other placeholders"
    )


def compile_all() -> None:
    """Write the catalogues Django reads, where a source is newer."""
    for language in LANGUAGES:
        sources = sorted((LOCALE / language).glob("*.po"))
        made = LOCALE / language / "LC_MESSAGES" / "django.mo"
        if made.exists() and all(file.stat().st_mtime <= made.stat().st_mtime for file in sources):
            continue
        made.parent.mkdir(parents=True, exist_ok=True)
        begun = made.with_suffix(".new")
        with begun.open("wb") as opened:
            write_mo(opened, known(language))
        begun.replace(made)


def main() -> None:
    """``compile`` writes the catalogues; without it, what is missing is listed."""
    if "compile" in sys.argv[1:]:
        return compile_all()
    missing = [problem for language in LANGUAGES for problem in problems(language)]
    print("\n".join(missing) or "Every sentence of the pages is there in Kazakh and Russian.")
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
