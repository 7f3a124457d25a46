"""What commands say, and how they end."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

import typer

from core.errors import GatehouseError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Which = Annotated[Literal["own", "demo"], typer.Option("--stores", help="Your own stores, or the demo's.")]


def say(as_json: bool, document: dict[str, Any], text: str) -> None:
    """Prints the document or the text."""
    typer.echo(json.dumps(document, ensure_ascii=False, default=str) if as_json else text)


@contextmanager
def told(as_json: bool) -> Iterator[None]:
    """Errors of ours become a sentence and an exit code."""
    try:
        yield
    except GatehouseError as error:
        said = {"title": error.title, "message": error.message, "hint": error.hint}
        if as_json:
            typer.echo(json.dumps({"error": said}, ensure_ascii=False))
        else:
            typer.echo(f"{error.title}: {error.message}\n{error.hint}".rstrip(), err=True)
        raise typer.Exit(error.exit_code) from error
