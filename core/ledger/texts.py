"""Text as both databases take it."""

from typing import Any

import sqlalchemy as sa

_REPLACED = "\ufffd"


def clean(text: str) -> str:
    """The text without what SQLite or PostgreSQL cannot store: NUL and halves of surrogate pairs become U+FFFD."""
    return text.replace("\x00", _REPLACED).encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def cleaned(value: Any) -> Any:
    """A JSON value with every text in it clean, keys included."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(item) for item in value]
    return value


class Words(sa.TypeDecorator[str]):
    """A text column whose values are cleaned when they are bound."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else clean(value)
