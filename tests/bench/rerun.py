"""Server time of a page's rerun, without the browser."""

import statistics
import time
from collections.abc import Callable

from streamlit.testing.v1 import AppTest

TIMES = 9


def rerun_ms(app: AppTest, change: Callable[[AppTest, int], object]) -> float:
    """Median milliseconds of one rerun after a change; it gets the number of the rerun, from 1 on."""
    taken = []
    for number in range(1, TIMES + 1):
        change(app, number)
        began = time.perf_counter()
        app.run()
        taken.append((time.perf_counter() - began) * 1000)
        if app.exception:
            raise RuntimeError(app.exception[0].value)
    return statistics.median(taken)
