"""Results of a day: due rows and measures in Parquet, put in place whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from qamqor.errors import NotThere
from qamqor.store.warehouse import sync

SUMMARY: Final = "summary.json"
PARTS: Final = ("due", "measures")


@dataclass(frozen=True, slots=True)
class Results:
    """The results kept for one day, as they were when opened."""

    folder: Path
    summary: Mapping[str, Any]

    @classmethod
    def open(cls, results: Path, as_of: date, known_at: date | None = None) -> Results:
        """The results of a day.

        Raises:
            NotThere: nobody has worked them out yet.
        """
        name = named(as_of, known_at)
        try:
            folder = (results / name).resolve(strict=True)
            return cls(folder, json.loads((folder / SUMMARY).read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise NotThere(
                f"no results for {name} in {results}; run: qamqor population refresh --as-of"
                f" {as_of}" + (f" --known-at {known_at}" if known_at else "")
            ) from None

    def files(self, part: str) -> list[Path]:
        """The Parquet files of ``due`` or ``measures``, in the order of their people."""
        return sorted((self.folder / part).glob("*.parquet"))


def named(as_of: date, known_at: date | None = None) -> str:
    """The name of the results of a day, and of what was recorded by another."""
    return f"{as_of}" if known_at is None else f"{as_of}-known-{known_at}"


@contextmanager
def new_results(results: Path, name: str, *, parts: Sequence[str] = PARTS) -> Iterator[Path]:
    """A folder to write results into, put in force at the end of the block.

    The name is a link to a folder that never changes; only the link is replaced, so a reader
    finds the earlier results or the new ones, whatever happens in between.
    """
    results.mkdir(parents=True, exist_ok=True)
    folder = _next(results, name)
    try:
        for part in parts:
            (folder / part).mkdir()
        yield folder
        for path in folder.rglob("*"):
            sync(path)
        _point(results, name, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    _sweep(results, name, folder)


def write_summary(folder: Path, summary: Mapping[str, Any]) -> None:
    """Say in the folder what the results are of."""
    text = json.dumps(summary, ensure_ascii=False, indent=2) + "\n"
    (folder / SUMMARY).write_text(text, encoding="utf-8")


def _next(results: Path, name: str) -> Path:
    """A folder nobody has used: numbers go up, and making a folder fails where there is one."""
    number = max((_number(path) for path in results.glob(f".{name}.*")), default=0)
    while True:
        number += 1
        folder = results / f".{name}.{number:06d}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder


def _number(path: Path) -> int:
    digits = path.name.rsplit(".", maxsplit=1)[-1]
    return int(digits) if digits.isdigit() else 0


def _point(results: Path, name: str, folder: Path) -> None:
    link = results / f".{folder.name}.link"
    link.unlink(missing_ok=True)
    link.symlink_to(folder.name)
    os.replace(link, results / name)  # noqa: PTH105
    sync(results)


def _sweep(results: Path, name: str, in_force: Path) -> None:
    """Remove results that were replaced or never finished, all older than those in force."""
    for path in results.glob(f".{name}.*"):
        if path.is_dir() and _number(path) < _number(in_force):
            shutil.rmtree(path, ignore_errors=True)
