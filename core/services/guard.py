"""Rights at the door of every service: each public one that works on a house says which right it needs."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from core.governance.rights import Right
from core.services.house import House

P = ParamSpec("P")
R = TypeVar("R")
Service = Callable[Concatenate[House, P], R]


def needs(right: Right | None, *, everywhere: bool = False) -> Callable[[Service[P, R]], Service[P, R]]:
    """The service raises NotSignedIn or NotAllowed unless the house's actor has the right.

    right: None for what everybody may do who is signed in.  everywhere: a right in some project does not suffice; a
    service without it narrows what it shows or changes to the actor's projects itself.
    """

    def wrap(work: Service[P, R]) -> Service[P, R]:
        @wraps(work)
        def guarded(house: House, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if right is None:
                house.require_signed_in()
            elif everywhere:
                house.require(right)
            else:
                house.require_somewhere(right)
            return work(house, *args, **kwargs)

        told: Any = guarded
        told.needs = (right, everywhere)
        return guarded

    return wrap
