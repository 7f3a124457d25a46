"""The outside. A connector is a thin client, a pure parser and one line here."""

from urllib.parse import urlsplit

from core.records import RunSource
from core.settings import Source


def connect(source: Source) -> RunSource:
    """Opens a source for one sync; the caller closes it. Raises SourceError or SettingsError."""
    scheme = urlsplit(source.url).scheme.partition("+")[0]
    return _OPEN[scheme](source)


def _rest(source: Source) -> RunSource:
    from core.connectors.http import HttpClient
    from core.connectors.mlflow.rest import MlflowRest
    from core.connectors.secrets import auth_from

    return MlflowRest(
        HttpClient(source.url, auth=auth_from(source.model_dump()), ca_file=source.ca_file, proxy=source.proxy)
    )


def _sqlite(source: Source) -> RunSource:
    from core.connectors.mlflow.database import MlflowDatabase

    return MlflowDatabase(source.url)


def _postgresql(source: Source) -> RunSource:
    from core.connectors.mlflow.database import MlflowDatabase
    from core.connectors.secrets import password_from

    password = password_from(source.model_dump())
    return MlflowDatabase(source.url, password.reveal() if password else None)


_OPEN = {"http": _rest, "https": _rest, "sqlite": _sqlite, "postgresql": _postgresql}
