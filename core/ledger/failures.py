"""What database drivers report, as errors that people can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import URL

from core.errors import StoreDamaged, StoreError

MISTAKES = (sa.exc.IntegrityError, sa.exc.DataError, sa.exc.ProgrammingError, sa.exc.NotSupportedError)
"""Of a statement, not of the store: bugs, or races that the caller knows what to do about."""
GUARDS = ("audit_events is append-only", "audit_events only grows")


@contextmanager
def explained(url: URL, *, committing: bool = False) -> Iterator[None]:
    """Raises StoreError or StoreDamaged for what goes wrong with the store itself.

    committing: the failure leaves open whether what was written became durable.
    """
    try:
        yield
    except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
        told = reason(error)
        if any(guard in told for guard in GUARDS):
            raise StoreDamaged(
                f"The events of the ledger at {place(url)} do not end where its head says.",
                hint="Nothing was written. Somebody changed the ledger: see `gatehouse verify`.",
            ) from error
        if isinstance(error, MISTAKES):
            raise
        if isinstance(error, sa.exc.DatabaseError) and _broken(told):
            raise StoreDamaged(
                f"The ledger at {place(url)} cannot be read: {told}.",
                hint="It is left as it is. Restore a backup: gatehouse restore FILE.",
            ) from error
        raise StoreError(
            f"The ledger at {place(url)} cannot be used: {told}.",
            hint="Whether the last change was kept is not known: look before you repeat it."
            if committing
            else "Nothing was written. Check that it can be reached, and its disk; then try again.",
        ) from error


def place(url: URL) -> str:
    """Where a ledger is, without a password."""
    return url.set(query={}).render_as_string(hide_password=True)


def reason(error: Exception) -> str:
    """The first line of what the driver said, at most 200 characters."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0][:200].rstrip(".") if lines else type(error).__name__


def _broken(told: str) -> bool:
    return "not a database" in told or "malformed" in told or "file is encrypted" in told
