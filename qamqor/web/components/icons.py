"""The icons: our own, on a grid of 16, drawn with one line."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

HIDDEN: Final = Markup('aria-hidden="true"')
CLOSING: Final = Markup("</svg>")
PATHS: Final = {
    # States: the shape says what the colour says.
    "urgent": '<path class="f" d="M8 1.2 14.8 8 8 14.8 1.2 8z"/>'
    '<path class="hole" d="M8 4.800v3.700M8 10.900v.1"/>',
    "overdue": '<path class="f" d="M8 1.8 15 14H1z"/><path class="hole" d="M8 6.3v3.4M8 11.8v.1"/>',
    "due": '<circle cx="8" cy="8" r="6"/><path class="f" d="M8 2a6 6 0 0 1 0 12z"/>',
    "soon": '<circle cx="8" cy="8" r="6"/>',
    "done": '<path stroke-width="2.4" d="m2.5 8.5 3.6 3.7 7.4-8"/>',
    "wait": '<path d="M4 2h8M4 14h8M5 2c0 4 6 5 6 12M11 2c0 4-6 5-6 12"/>',
    # Channels.
    "phone": '<path d="M4.2 2.5 6 2.300l1.2 3-1.4 1.200a8 8 0 0 0 3.7 3.700l1.2-1.4 3 1.2-.2 1.8'
    'c-.1.9-.9 1.6-1.8 1.500A11 11 0 0 1 2.7 4.300c-.1-.9.6-1.7 1.5-1.800z"/>',
    "message": '<path d="M2.5 3.500h11v7.500H7l-3 2.500V11H2.500z"/>',
    "visit": '<path d="M3 14h10M4.5 14V2.500h7V14M9.5 8.300v.1"/>',
    "calendar": '<rect x="2.5" y="3.5" width="11" height="10" rx="1.5"/>'
    '<path d="M2.5 6.700h11M5.5 2v3M10.5 2v3"/>',
    # Things and acts.
    "home": '<path d="M2.5 7.5 8 3l5.5 4.500M4 6.500V13h8V6.500M6.8 13V9.500h2.400V13"/>',
    "people": '<circle cx="5.8" cy="5.2" r="2.3"/><path d="M1.5 13c0-2.6 1.9-4.2 4.3-4.2'
    'S10.1 10.4 10.1 13M10.5 3.200a2.2 2.2 0 0 1 0 4.200M12 9.300c1.5.6 2.5 1.9 2.5 3.7"/>',
    "heart": '<path d="M8 13.500S2.2 10 2.2 6a2.9 2.9 0 0 1 5.8-.8A2.9 2.9 0 0 1 13.8 6c0 4-5.8 7.5'
    '-5.8 7.500z"/>',
    "syringe": '<path d="m10 2 4 4M11.8 4.200l-6.6 6.6-2 .2.2-2L10 2.400M2 14l2-2M8 5l3 3"/>',
    "plus": '<path d="M8 3v10M3 8h10"/>',
    "bars": '<path d="M2.5 13.500h11M4.5 11V7.500M8 11V3.500M11.5 11V6"/>',
    "place": '<path d="M8 14.500S3.5 10 3.5 6.500a4.5 4.5 0 0 1 9 0C12.5 10 8 14.5 8 14.500z"/>'
    '<circle cx="8" cy="6.5" r="1.5"/>',
    "flag": '<path d="M3.5 14.500v-12h9l-2 3 2 3h-9"/>',
    "lock": '<rect x="3.5" y="7" width="9" height="7" rx="1.5"/>'
    '<path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>',
    "eye": '<path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8z"/>'
    '<circle cx="8" cy="8" r="2"/>',
    "search": '<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3.5 3.5"/>',
    "close": '<path d="m3.5 3.5 9 9M12.5 3.500l-9 9"/>',
    "right": '<path d="m6 3.5 4.5 4.500L6 12.5"/>',
    "down": '<path d="M3.5 6 8 10.5 12.5 6"/>',
    "arrow": '<path d="M3 8h10M9 4l4 4-4 4"/>',
    "clock": '<circle cx="8" cy="8" r="6"/><path d="M8 4.500V8l2.5 1.5"/>',
    "list": '<path d="M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.1M2.5 8h.1M2.5 12h.1"/>',
    "print": '<path d="M4.5 6V2.500h7V6M4.5 11.500h-2V6h11v5.500h-2M4.5 9.500h7v4h-7z"/>',
    "settings": '<path d="M2 5h5M11 5h3M2 11h3M9 11h5"/><circle cx="9" cy="5" r="2"/>'
    '<circle cx="7" cy="11" r="2"/>',
    "warning": '<path d="M8 2 14.7 13.800H1.300z"/><path d="M8 6.500v3.200M8 11.700v.1"/>',
}


def icon(name: str, *, size: str = "", label: str = "") -> Markup:
    """An icon by its name; with a label where it stands without words."""
    classes = f"q-icon q-icon--{size}" if size else "q-icon"
    seen = Markup('role="img" aria-label="{}"').format(label) if label else HIDDEN
    opening = Markup('<svg class="{}" viewBox="0 0 16 16" focusable="false" {}>')
    drawn = Markup(PATHS[name])  # noqa: S704
    return opening.format(classes, seen) + drawn + CLOSING
