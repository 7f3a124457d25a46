"""Results of services kept while the facts they came from are unchanged."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar

from core.services.house import House

P = ParamSpec("P")
R = TypeVar("R")


def cached(
    maxsize: int = 64, *, decisions: bool = False
) -> Callable[[Callable[Concatenate[House, P], R]], Callable[Concatenate[House, P], R]]:
    """Keeps the last `maxsize` results by shown stores, revision and (hashable) arguments. Never change a result.

    decisions: the result also depends on the ledger: any new event makes it anew.
    What an actor does not see is no part of its results: they are kept by what it sees (`House.sight`).
    """

    def wrap(work: Callable[Concatenate[House, P], R]) -> Callable[Concatenate[House, P], R]:
        kept: OrderedDict[Any, R] = OrderedDict()
        lock = threading.Lock()

        def answer(house: House, /, *args: P.args, **kwargs: P.kwargs) -> R:
            told = house.ledger.head()[0] if decisions else 0
            key = (house.serial, house.active, house.revision, house.sight, told, args, tuple(sorted(kwargs.items())))
            with lock:
                if key in kept:
                    kept.move_to_end(key)
                    return kept[key]
            result = work(house, *args, **kwargs)
            with lock:
                kept[key] = result
                while len(kept) > maxsize:
                    kept.popitem(last=False)
            return result

        update_wrapper(answer, work)
        return answer

    return wrap
