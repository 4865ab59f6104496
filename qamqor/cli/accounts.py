"""Makes, lists and closes accounts, and registers applications."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from qamqor import settings

app = typer.Typer(no_args_is_help=True)
application = typer.Typer(no_args_is_help=True, help="Applications that may ask for records.")
app.add_typer(application, name="application")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def create(
    username: Annotated[str, typer.Argument(help="What they sign in with.")],
    role: Annotated[str, typer.Option(help="One of the roles, such as practice_nurse.")],
    name: Annotated[str, typer.Option(help="Surname, given name, patronymic.")] = "",
    email: Annotated[str, typer.Option(help="Work address, may be used to sign in.")] = "",
    practitioner_role: Annotated[str, typer.Option(help="Id of the post they hold.")] = "",
    patient: Annotated[str, typer.Option(help="Id of the resident they are.")] = "",
    organization: Annotated[str, typer.Option(help="Id; empty = that of the post.")] = "",
    language: Annotated[str, typer.Option(help="kk, ru or en.")] = "kk",
    as_json: AsJson = False,
) -> None:
    """Make an account; its first password is printed once and kept nowhere."""
    settings.load_django()
    from qamqor.services import accounts

    made, password = accounts.create(
        accounts.NewAccount(
            username=username,
            role=role,
            name=name,
            email=email,
            practitioner_role=practitioner_role,
            patient=patient,
            organization=organization,
            language=language,
        )
    )
    _say({**_line(made), "password": password}, as_json=as_json)


@app.command("list")
def list_(
    role: Annotated[str, typer.Option(help="Only this role.")] = "", as_json: AsJson = False
) -> None:
    """List accounts: name, role, post, whether open."""
    settings.load_django()
    from qamqor.services import accounts

    found = [_line(account) for account in accounts.everyone(role)]
    if as_json:
        typer.echo(json.dumps(found))
        return
    for line in found:
        typer.echo("\t".join(str(value) for value in line.values()))


@app.command()
def deactivate(username: str, as_json: AsJson = False) -> None:
    """Close an account; its sessions and tokens end at once."""
    settings.load_django()
    from qamqor.services import accounts

    _say(_line(accounts.deactivate(username, at=datetime.now(UTC))), as_json=as_json)


@app.command("new-password")
def new_password(username: str, as_json: AsJson = False) -> None:
    """A new password for somebody who lost theirs or their second step; look at their papers."""
    settings.load_django()
    from qamqor.services import accounts

    password = accounts.new_password(username, at=datetime.now(UTC))
    _say({"username": username, "password": password}, as_json=as_json)


@application.command("create")
def create_application(
    name: Annotated[str, typer.Argument(help="Name people see when they are asked.")],
    scopes: Annotated[str, typer.Option(help="SMART scopes it may ask for, apart by spaces.")],
    redirect: Annotated[
        list[str] | None, typer.Option(help="Exact address to return to; empty = backend service.")
    ] = None,
    launch: Annotated[str, typer.Option(help="Address that starts it from the workspace.")] = "",
    confidential: Annotated[bool, typer.Option(help="Keeps a secret on a server.")] = False,
    jwks: Annotated[Path | None, typer.Option(help="File with its public keys.")] = None,
    jwks_uri: Annotated[str, typer.Option(help="https address of its public keys.")] = "",
    as_json: AsJson = False,
) -> None:
    """Register an application; a secret, if it has one, is printed once and kept hashed."""
    settings.load_django()
    from qamqor.services.smart import NewClient, register

    made = register(
        NewClient(
            name=name,
            scopes=tuple(scopes.split()),
            redirects=tuple(redirect or ()),
            launch_url=launch,
            is_confidential=confidential,
            jwks=None if jwks is None else jwks.read_text(),
            jwks_uri=jwks_uri,
        )
    )
    _say(made._asdict(), as_json=as_json)


def _line(account: Any) -> dict[str, Any]:
    return {
        "username": account.username,
        "role": account.role,
        "post": account.practitioner_role_id,
        "is_active": account.is_active,
    }


def _say(said: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(said))
    else:
        for name, value in said.items():
            typer.echo(f"{name}: {value}")
