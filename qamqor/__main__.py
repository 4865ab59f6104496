"""The ``qamqor`` command: one group of verbs for each room."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final

import typer

from qamqor import __version__
from qamqor.errors import ContentError, NotPossible, QamqorError

ROOMS: Final = {
    "fhir": "Load the record, export it, make its indexes anew.",
    "tables": "Turn FHIR resources into tables by ViewDefinition.",
    "warehouse": "Load records into the warehouse, or take them out.",
    "programmes": "Check and test content packs.",
    "population": "Work out who is due, across everyone on the register.",
    "immunisation": "Say which vaccinations count and which are due.",
    "people": "Find people who are on the register twice.",
    "audit": "Verify the chain of who did what to which record, and sign it.",
    "accounts": "Make, list and close accounts; register applications.",
    "demo": "Invent a believable district and run everything on it.",
}

VERBS: Final = frozenset({"serve", "backup", "restore"})
"""Verbs without a room: they start without loading what the rooms need."""
WHAT_TO_DO: Final = "see that the folder exists, may be written to and has room, and try again"


def command_line(rooms: list[str]) -> typer.Typer:
    """The command with only the named rooms behind it, so that one verb starts fast."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help=f"Qamqor {__version__}: people-centred primary health care.",
    )
    app.callback()(lambda: None)
    if not rooms or len(rooms) > 1:
        node = importlib.import_module("qamqor.cli.node")
        for verb in (node.serve, node.backup, node.restore):
            app.command()(verb)
    for room in rooms:
        module = importlib.import_module(f"qamqor.cli.{room}")
        app.add_typer(module.app, name=room, help=ROOMS[room])
    return app


def main() -> None:
    """Run one command; an error on purpose becomes words and an exit code, never a traceback."""
    room = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    try:
        rooms = [] if room in VERBS else [room] if room in ROOMS else list(ROOMS)
        command_line(rooms)(prog_name="qamqor")
    except ContentError as error:
        for problem in error.problems:
            typer.echo(str(problem), err=True)
        typer.echo(f"{len(error.problems)} problem(s); nothing was changed.", err=True)
        sys.exit(error.exit_code)
    except QamqorError as error:
        typer.echo(f"qamqor: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno is None:
            raise
        named = f"{error.filename}: " if error.filename else ""
        typer.echo(f"qamqor: {named}{os.strerror(error.errno)}; {WHAT_TO_DO}", err=True)
        sys.exit(NotPossible.exit_code)


if __name__ == "__main__":
    main()
