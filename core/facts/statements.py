"""The SQL files beside the store, read once."""

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@cache
def statement(name: str) -> str:
    """The text of sql/NAME.sql."""
    return (_FOLDER / "sql" / f"{name}.sql").read_text(encoding="utf-8")


@cache
def schema() -> str:
    """The statements that create an empty store."""
    return (_FOLDER / "schema.sql").read_text(encoding="utf-8")


@cache
def views() -> str:
    """The statements that narrow what a cursor sees."""
    return (_FOLDER / "narrowed.sql").read_text(encoding="utf-8")
