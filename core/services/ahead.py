"""Reading the next batch while the last one is written."""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


class _Ended:
    pass


def read_ahead(batches: Iterator[T]) -> Iterator[T]:
    """The same items in the same order, the next one being made in a thread of its own.

    At most two items wait. An error of the iterator is raised here, after the items before it. When the consumer
    stops early the thread ends with the item it is making.
    """
    ready: queue.Queue[T | _Failed | _Ended] = queue.Queue(maxsize=1)
    stopped = threading.Event()

    def offer(item: "T | _Failed | _Ended") -> bool:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for item in batches:
                if not offer(item):
                    return
        except BaseException as error:  # noqa: BLE001  handed to the consumer, which raises it
            offer(_Failed(error))
        else:
            offer(_Ended())

    thread = threading.Thread(target=work, name="read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item = ready.get()
            if isinstance(item, _Ended):
                return
            if isinstance(item, _Failed):
                raise item.error
            yield item
    finally:
        stopped.set()
        thread.join()
