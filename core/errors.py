"""The one family of errors that users see. Anything else that escapes is a bug."""


class GatehouseError(Exception):
    """Something a user can act on.

    message: what happened, in plain words, without secrets.
    hint: the next step; may be empty.
    """

    title = "Something went wrong"
    exit_code = 2
    http_status = 400

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SettingsError(GatehouseError):
    """gatehouse.toml or an environment variable cannot be used."""

    title = "Settings cannot be used"


class NotFound(GatehouseError):
    """The named run, model, source or job is not in the store."""

    title = "Not found"
    http_status = 404


class QueryError(GatehouseError):
    """A search or an ordering cannot be understood.

    position: 0-based offset into the text at which it stops making sense.
    suggestion: what was probably meant; may be empty.
    """

    title = "The search cannot be understood"

    def __init__(self, message: str, *, position: int = 0, suggestion: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.position = position
        self.suggestion = suggestion


class MonitorError(GatehouseError):
    """A monitor file cannot be used, or does not fit its log.

    file: the monitor file, relative to its folder; "" where there is none.  line: 1-based; None where none is to blame.
    sentence: the message without the place.  near: names that were probably meant, the nearest first; may be empty.
    """

    title = "The monitor file cannot be used"

    def __init__(
        self, message: str, *, file: str = "", line: int | None = None, near: tuple[str, ...] = (), hint: str = ""
    ) -> None:
        place = ", ".join(part for part in (file, f"line {line}" if line else "") if part)
        super().__init__(f"{place}: {message}" if place else message, hint=hint)
        self.sentence = message
        self.file = file
        self.line = line
        self.near = near

    @property
    def suggestion(self) -> str:
        """What was probably meant; may be empty."""
        return self.near[0] if self.near else ""


class SourceError(GatehouseError):
    """A source answered in a way that cannot be used. Nothing already synced is lost."""

    title = "The source gave no usable answer"
    http_status = 502


class SourceUnavailable(SourceError):
    """A source could not be reached, timed out, or kept answering with 429 or 5xx."""

    title = "The source is not available"


class SourceRefused(SourceError):
    """A source refused the credentials."""

    title = "The source refused the credentials"


class StoreError(GatehouseError):
    """The facts file cannot be used."""

    title = "The store cannot be opened"
    http_status = 503


class StoreLocked(StoreError):
    """Another process holds the facts file."""

    title = "The store is in use"


class StoreDamaged(StoreError):
    """The facts file is no readable DuckDB database; it was kept aside."""

    title = "The store was damaged"


class StoreNewer(StoreError):
    """The facts file was written by a newer Gatehouse."""

    title = "The store is newer than this program"


class Stopped(GatehouseError):
    """Work was stopped because the program closes. Nothing already written is lost."""

    title = "Stopped"


class Busy(GatehouseError):
    """The same work is already under way."""

    title = "Already under way"
    http_status = 409


class NotSignedIn(GatehouseError):
    """Nobody is signed in, or the session is over."""

    title = "Please sign in"
    http_status = 401


class NotAllowed(GatehouseError):
    """The one who is signed in may not do this."""

    title = "Not allowed"
    http_status = 403


class Invalid(GatehouseError):
    """A form or a file says something that cannot be taken.

    field: the field or cell to blame; "" where none is.
    """

    title = "This cannot be taken"
    http_status = 422

    def __init__(self, message: str, *, field: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field


class Conflict(GatehouseError):
    """Somebody else changed the same thing meanwhile. Nothing was written."""

    title = "Changed meanwhile"
    http_status = 409
