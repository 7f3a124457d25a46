"""Who sends a request: the cookie of a browser, the token of a program, or the command line of this machine."""

import secrets
from collections.abc import Callable

from starlette.requests import HTTPConnection

from core.api import proxied
from core.errors import NotSignedIn
from core.governance.rights import LOCAL, NOBODY, Actor
from core.services import identity, proxy_sign_in
from core.services.house import House
from core.services.signing_in import Where


def secret_of(house: House, connection: HTTPConnection) -> str:
    """The secret of the browser's session cookie; "" without one."""
    return connection.cookies.get(identity.cookie(house.settings), "")


def by_cookie(house: House, connection: HTTPConnection) -> Actor:
    """The actor of the browser's session; NOBODY without one, and where a trusted proxy names somebody else.

    Raises Invalid for a request whose proxy headers contradict each other.
    """
    named = proxied.arrival(house.settings, connection)
    secret = secret_of(house, connection)
    actor = identity.actor_of_session(house, secret) if secret else NOBODY
    if house.settings.proxy and actor.session and not proxy_sign_in.agrees(house, actor, named):
        return NOBODY
    return actor


def by_request(house: House, connection: HTTPConnection, server_token: Callable[[], str]) -> Actor:
    """The actor of an API request. Raises NotSignedIn when it bears nothing that is in force.

    A cookie is taken for reading only: a page elsewhere could make a browser send it with anything else.
    """
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    if scheme:
        if scheme.lower() == "bearer" and secrets.compare_digest(given.encode(), server_token().encode()):
            return LOCAL
        actor = identity.actor_of_token(house, given.strip()) if scheme.lower() == "bearer" else NOBODY
    else:
        actor = by_cookie(house, connection) if connection.scope.get("method") in ("GET", "HEAD") else NOBODY
    if actor is NOBODY:
        raise NotSignedIn(
            "This needs a token that is in force, as 'Authorization: Bearer ...'.",
            hint="Make one on the page Access; commands on this machine use the one in server.json.",
        )
    return actor


def where(connection: HTTPConnection) -> Where:
    """Where a request comes from, for the log of sign-ins."""
    address = connection.client.host if connection.client else ""
    return Where(address=address, agent=connection.headers.get("user-agent", ""))
