"""Distance on the Earth as plain arithmetic, which every database can do."""

from __future__ import annotations

from math import cos, pi, radians, sin
from typing import Final

EARTH_KM: Final = 6371.0088


def on_sphere(latitude: float, longitude: float) -> tuple[float, float, float]:
    """A point in degrees on a ball of radius 1."""
    north, east = radians(latitude), radians(longitude)
    return cos(north) * cos(east), cos(north) * sin(east), sin(north)


def straight(kilometres: float) -> float:
    """The straight line through the ball, squared, that a distance along its surface spans."""
    angle = min(kilometres / EARTH_KM, pi)
    return (2 * sin(angle / 2)) ** 2
