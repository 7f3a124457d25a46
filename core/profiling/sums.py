"""Result rows of a pass as columns of things that add up, and adding them up over fewer keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """keys: name -> (rows,) of ints or texts.  added: name -> (rows, ...) that add.  lows, highs: (rows,) extremes.

    lists: name -> per row a list of things; they are strung together.
    """

    keys: Mapping[str, list[Any]]
    added: Mapping[str, Array]
    lows: Mapping[str, Array] = field(default_factory=dict)
    highs: Mapping[str, Array] = field(default_factory=dict)
    lists: Mapping[str, list[list[Any]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.keys.values())))

    def over(self, names: Sequence[str]) -> Sums:
        """Added up so that only these keys tell rows apart."""
        tuples = list(zip(*(self.keys[name] for name in names), strict=True))
        numbers: dict[tuple[Any, ...], int] = {}
        codes = np.array([numbers.setdefault(key, len(numbers)) for key in tuples], np.int64)
        keys = {name: [key[at] for key in numbers] for at, name in enumerate(names)}
        if not len(codes):
            return Sums(keys=keys, added=self.added, lows=self.lows, highs=self.highs, lists=self.lists)
        order = np.argsort(codes, kind="stable")
        starts = np.searchsorted(codes[order], np.arange(len(numbers)))
        lists: dict[str, list[list[Any]]] = {name: [[] for _ in numbers] for name in self.lists}
        for name, values in self.lists.items():
            for code, items in zip(codes, values, strict=True):
                lists[name][code] += items
        return Sums(
            keys=keys,
            added={name: np.add.reduceat(values[order], starts, axis=0) for name, values in self.added.items()},
            lows={name: np.minimum.reduceat(values[order], starts) for name, values in self.lows.items()},
            highs={name: np.maximum.reduceat(values[order], starts) for name, values in self.highs.items()},
            lists=lists,
        )

    def where(self, **keys: Any) -> Sums:
        """Only the rows with these keys."""
        at = [row for row in range(len(self)) if all(self.keys[name][row] == value for name, value in keys.items())]
        return Sums(
            keys={name: [values[row] for row in at] for name, values in self.keys.items()},
            added={name: values[at] for name, values in self.added.items()},
            lows={name: values[at] for name, values in self.lows.items()},
            highs={name: values[at] for name, values in self.highs.items()},
            lists={name: [values[row] for row in at] for name, values in self.lists.items()},
        )
