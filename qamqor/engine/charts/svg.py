"""The pieces every chart is drawn from: shapes, words measured before they are set, one frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

# Widths of Noto Sans in parts of the font size, the widest face of the stack; rounded up.
NARROW: Final = frozenset("iljtfrI.,:;'|!()[]/-·іїІ ")
WIDE: Final = frozenset("mwMWЖШЩЮФЫМжшщюфымҢ%@—")
BOLDER: Final = 1.07


@dataclass(frozen=True, slots=True)
class Frame:
    """How wide a chart is drawn and how large its words, both in units of its viewBox."""

    width: float
    size: float
    name: str

    @property
    def line(self) -> float:
        """From one line of words to the next."""
        return round(self.size * 1.32, 1)


# One for a wide card at a desk, one for narrow cards, telephones and two columns on paper.
DESK: Final = Frame(560, 12, "desk")
PHONE: Final = Frame(300, 12.5, "phone")
FRAMES: Final = (DESK, PHONE)


@dataclass(frozen=True, slots=True)
class Caption:
    """What a chart is called and what it shows, for those who hear it.

    Attributes:
        key: unique on the page; ids are made from it.
    """

    key: str
    title: str
    description: str


def number(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


def element(tag: str, *children: str, **attributes: object) -> str:
    """One SVG element; ``class_`` and ``stroke_width`` become ``class`` and ``stroke-width``."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    inside = "".join(children)
    return f"<{tag}{written}>{inside}</{tag}>" if inside else f"<{tag}{written}/>"


def _value(value: object) -> str:
    return number(value) if isinstance(value, int | float) else escape(str(value))


def escaped(words: str) -> str:
    """Words as the inside of an element."""
    return escape(words)


def width_of(words: str, size: float, *, is_strong: bool = False) -> float:
    """How wide words will be at most, in the unit of ``size``."""
    total = 0.0
    for letter in words:
        if letter in NARROW:
            total += 0.36
        elif letter in WIDE:
            total += 0.93
        else:
            total += 0.66 if letter.isupper() else 0.585
    return total * size * (BOLDER if is_strong else 1)


def wrap(words: str, width: float, size: float, *, is_strong: bool = False) -> list[str]:
    """Words broken at spaces into lines that fit; a word too long for a line stays whole."""
    lines: list[str] = []
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, is_strong=is_strong) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def text(x: float, y: float, words: str, kind: str = "k-text", *, anchor: str | None = None) -> str:
    """One line of words with its baseline at ``y``; ``kind`` is its class."""
    return element("text", escape(words), x=x, y=y, class_=kind, text_anchor=anchor)


def lines_of_text(x: float, y: float, lines: Sequence[str], step: float, kind: str) -> str:
    """Several lines, the first with its baseline at ``y``."""
    return "".join(text(x, y + step * index, line, kind) for index, line in enumerate(lines))


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line; ``kind`` is its class."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def rectangle(x: float, y: float, width: float, height: float, kind: str, radius: float = 0) -> str:
    """A box; ``kind`` is its class."""
    return element(
        "rect", x=x, y=y, width=width, height=height, class_=kind, rx=radius if radius else None
    )


def circle(x: float, y: float, radius: float, kind: str) -> str:
    """A circle; ``kind`` is its class."""
    return element("circle", cx=x, cy=y, r=radius, class_=kind)


def diamond(x: float, y: float, radius: float, kind: str) -> str:
    """The shape that is always ourselves."""
    points = f"M{number(x)} {number(y - radius)}l{number(radius)} {number(radius)}"
    back = f"l{number(-radius)} {number(radius)}l{number(-radius)} {number(-radius)}z"
    return element("path", d=points + back, class_=kind)


def path(points: Sequence[tuple[float, float]], kind: str, *, is_closed: bool = False) -> str:
    """A line through points, closed to a face where asked."""
    steps = "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return element("path", d=f"M{steps}{'z' if is_closed else ''}", class_=kind)


def picture(caption: Caption, frame: Frame, height: float, *parts: str) -> str:
    """The chart as a whole, readable without seeing it.

    Returns:
        an ``svg`` element with title and description, ``viewBox`` from the frame.
    """
    key = f"{caption.key}-{frame.name}"
    return element(
        "svg",
        element("title", escape(caption.title), id=f"{key}-t"),
        element("desc", escape(caption.description), id=f"{key}-d"),
        *parts,
        viewBox=f"0 0 {number(frame.width)} {number(height)}",
        class_=f"k-chart k-{frame.name}",
        role="img",
        aria_labelledby=f"{key}-t {key}-d",
        font_size=frame.size,
    )
