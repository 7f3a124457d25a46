"""user list, add, disable, enable, reset: beside a running server, too."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from core.commands.telling import Json, Which, say, told

if TYPE_CHECKING:
    from core.services.accounts import Account
    from core.services.house import House

app = typer.Typer(no_args_is_help=True, help="People who may sign in.")
Login = Annotated[str, typer.Argument(help="The person's login.")]


@app.command("list")
def listing(stores: Which = "own", as_json: Json = False) -> None:
    """Everybody, with roles and what keeps them out."""
    with told(as_json), _house(stores) as house:
        from core.services import accounts

        people = accounts.listing(house)
        items = [asdict(person) for person in people]
        say(as_json, {"items": items, "total": len(items)}, "\n".join(map(_line, people)) or "Nobody yet.")


@app.command()
def add(
    login: Login,
    name: Annotated[str, typer.Option(help="The person's name.")],
    mail: Annotated[str, typer.Option(help="The person's mail address.")] = "",
    role: Annotated[list[str] | None, typer.Option(help="A role that holds everywhere. Repeatable.")] = None,
    stores: Which = "own",
    as_json: Json = False,
) -> None:
    """Add a local account (a viewer, unless roles are named); its first password is told once."""
    with told(as_json), _house(stores) as house:
        from core.services import accounts

        password = accounts.add(house, login=login, name=name, mail=mail, roles=tuple(role or ("viewer",)))
        _tell_password(as_json, login, password)


@app.command()
def disable(login: Login, stores: Which = "own", as_json: Json = False) -> None:
    """Let a person sign in no more, and end its sessions."""
    with told(as_json), _house(stores) as house:
        from core.services import accounts

        accounts.disable(house, login)
        say(as_json, {"login": login.strip().lower(), "disabled": True}, f"{login} is disabled.")


@app.command()
def enable(login: Login, stores: Which = "own", as_json: Json = False) -> None:
    """Let a disabled person sign in again."""
    with told(as_json), _house(stores) as house:
        from core.services import accounts

        accounts.enable(house, login)
        say(as_json, {"login": login.strip().lower(), "disabled": False}, f"{login} may sign in again.")


@app.command()
def reset(login: Login, stores: Which = "own", as_json: Json = False) -> None:
    """Give a local account a new first password, told once; a lock is lifted, its sessions end."""
    with told(as_json), _house(stores) as house:
        from core.services import accounts

        _tell_password(as_json, login, accounts.reset(house, login))


@contextmanager
def _house(stores: str) -> Iterator["House"]:
    from core import settings
    from core.services.house import ledger_house

    with ledger_house(settings.load(), "demo" if stores == "demo" else "own") as house:
        yield house


def _tell_password(as_json: bool, login: str, password: str) -> None:
    login = login.strip().lower()
    say(
        as_json, {"login": login, "password": password},
        f"{login} signs in with the password {password}\nIt is told once, and changed at the first sign-in.",
    )  # fmt: skip


def _line(person: "Account") -> str:
    roles = ", ".join(role + (f" in {project}" if project else "") for role, project, _ in person.roles) or "no role"
    state = "   disabled" if person.disabled_ms is not None else ""
    return f"{person.login:24} {person.name:32} {roles}{state}"
