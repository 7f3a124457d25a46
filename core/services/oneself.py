"""What people do for themselves: in a browser, with a password that they alone know."""

from core.errors import NotAllowed
from core.services.house import House


def require_oneself(house: House) -> None:
    """Raises NotSignedIn, or NotAllowed for a token (one could otherwise make more of its kind), a command, and a first
    password that somebody else knows."""
    house.require_signed_in()
    if house.actor.kind != "person" or house.actor.must_change:
        raise NotAllowed(
            "This is done by a person for itself, in a browser.", hint="Sign in on the page, not with a token."
        )
