"""What a site has set for its lists: how they are ordered."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from qamqor.engine.worklist import Points, read_points
from qamqor.services import installed


def points() -> Points:
    """How the list is ordered here: the site's own points, or the shipped ones."""
    return _points(installed.folders())


@cache
def _points(folders: tuple[Path, ...]) -> Points:
    file = newest(folders, "worklist/points.yaml")
    if file is None:
        return Points()
    return read_points(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)


def newest(folders: tuple[Path, ...], name: str) -> Path | None:
    """The site's own file, or the shipped one."""
    files = [folder / name for folder in reversed(folders)]
    return next((one for one in files if one.is_file()), None)
