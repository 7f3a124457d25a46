"""Passwords: argon2, at most a few at a time, and the same time for a login that nobody has."""

import secrets
import threading
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from core.errors import Invalid

SHORTEST, LONGEST = 12, 200
_AT_ONCE = threading.BoundedSemaphore(2)  # each takes a core and 64 MB for a moment


def hashed(password: str) -> str:
    """The argon2 hash of a password."""
    with _AT_ONCE:
        return _hasher().hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Whether the password is the one kept. kept: None where there is none, which takes just as long."""
    with _AT_ONCE:
        right = _hasher().verify(password[: LONGEST + 1], kept or _nobodys())
    return right and kept is not None


def first() -> str:
    """A password to be changed at the first sign-in."""
    return secrets.token_urlsafe(12)


def check(password: str, *, login: str, name: str) -> None:
    """Raises Invalid for a password that is too short, too long or says who its owner is."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(
            f"A password has {SHORTEST} to {LONGEST} characters, got {len(password)}.", field="password",
            hint="Several words in a row are easy to keep in mind.",
        )  # fmt: skip
    plain = password.casefold()
    if len(set(plain)) < 5 or any(len(word) > 3 and word in plain for word in (login.casefold(), name.casefold())):
        raise Invalid("This password is easy to guess.", field="password", hint="Not your name, not one letter often.")


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@cache
def _nobodys() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))
