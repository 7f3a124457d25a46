"""Secrets of sources: read from the environment or a file at the moment of use, never shown or stored."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import SettingsError


class Secret:
    """A text that does not show itself."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(****)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """How to sign in: a bearer token, or a user name with a password."""

    token: Secret | None = None
    username: str | None = None
    password: Secret | None = None


def auth_from(source: Mapping[str, Any]) -> Auth | None:
    """Reads token_env, token_file, username with password_env or password_file; None when none is named.

    Raises SettingsError when one that is named is missing or empty.
    """
    token = _secret(source, "token")
    if token is not None:
        return Auth(token=token)
    password = password_from(source)
    if source.get("username") and password is not None:
        return Auth(username=source["username"], password=password)
    return None


def password_from(source: Mapping[str, Any]) -> Secret | None:
    """Reads password_env or password_file; None when neither is named. Raises SettingsError."""
    return _secret(source, "password")


def _secret(source: Mapping[str, Any], what: str) -> Secret | None:
    if name := source.get(f"{what}_env"):
        value = os.environ.get(name, "").strip()
        if not value:
            raise SettingsError(
                f"The environment variable {name} is not set.", hint=f"Set it to the {what} before starting Gatehouse."
            )
        return Secret(value)
    if path := source.get(f"{what}_file"):
        try:
            value = Path(path).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"The file {path} cannot be read.", hint=f"It should hold the {what} alone.") from error
        if not value:
            raise SettingsError(f"The file {path} is empty.", hint=f"It should hold the {what} alone.")
        return Secret(value)
    return None
