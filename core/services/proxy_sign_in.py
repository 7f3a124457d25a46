"""Sessions under a trusted proxy: each belongs to the one whom the proxy names, at every request anew."""

from core.governance.rights import Actor
from core.ledger import people, sessions
from core.services.arrivals import Arrival
from core.services.house import House


def agrees(house: House, actor: Actor, named: Arrival | None) -> bool:
    """Whether a session may go on under what the proxy says now.

    named: whom it vouches for. Where it names nobody (somebody on this machine who goes past it), only sessions hold
    that did not begin by it.
    """
    if not actor.session or actor.premises is None:
        return False
    with house.ledger_of(actor.premises).reading() as connection:
        if named is None:
            return sessions.method_of(connection, actor.session) != "proxy"
        row = people.by_id(connection, actor.id)
        return row is not None and row["external"] == named.external
