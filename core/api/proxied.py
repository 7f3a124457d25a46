"""What a trusted reverse proxy on this machine says of a request. Without the setting, nothing is read."""

from starlette.requests import HTTPConnection

from core.errors import Invalid
from core.services import arrivals
from core.services.arrivals import GROUPS_MOST, Arrival
from core.settings import LOOPBACK, Proxy, Settings

LONGEST = 8_000


def arrival(settings: Settings, connection: HTTPConnection) -> Arrival | None:
    """Whom the proxy vouches for; None without the setting, away from loopback, or where it names nobody.

    Raises Invalid for a header that stands twice: one of the two may be the browser's.
    """
    proxy = settings.proxy
    if proxy is None or not settings.on_loopback or not _came_by_loopback(connection):
        return None
    login = _only(connection, proxy.header)
    if not login:
        return None
    return Arrival(
        origin="proxy", external=f"proxy {login.lower()}", login=login, name=_only(connection, proxy.name_header),
        mail=_only(connection, proxy.mail_header),
        roles=arrivals.roles_of(_groups(connection, proxy), proxy.groups, proxy.default_role),
    )  # fmt: skip


def _came_by_loopback(connection: HTTPConnection) -> bool:
    """Whether the near end of the connection is loopback, and so the far one.

    The far end itself (client) may have been replaced by what X-Forwarded-For says.
    """
    server = connection.scope.get("server")
    return server is not None and server[0] in LOOPBACK


def _groups(connection: HTTPConnection, proxy: Proxy) -> list[str]:
    return [group.strip() for group in _only(connection, proxy.groups_header).split(",")[:GROUPS_MOST]]


def _only(connection: HTTPConnection, name: str | None) -> str:
    """The one value of a header; "" without it."""
    values = connection.headers.getlist(name) if name else []
    if len(values) > 1:
        raise Invalid(f"The header {name} stands twice.", hint="The proxy must take away what browsers send of it.")
    if not values or len(values[0]) > LONGEST:
        return ""
    raw = values[0].encode("latin-1")
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return values[0].strip()
