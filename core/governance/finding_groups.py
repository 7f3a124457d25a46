"""Findings that belong together: of one category and cause, joined by a feature or by where their logs lie. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

BY_FEATURE = frozenset({"drift", "broken_rows", "schema"})
"""Causes whose names are features; those of other causes are metrics or groups, which every model has."""


class Grouped(Protocol):
    """What is asked of a finding."""

    @property
    def finding_id(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def cause(self) -> str: ...
    @property
    def names(self) -> Sequence[str]: ...
    @property
    def source(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """ids: of the findings, as they came.  features: names that at least two of them share.  source: they share; ""."""

    ids: tuple[str, ...]
    features: tuple[str, ...]
    source: str


def together(found: Iterable[Grouped]) -> list[Together]:
    """Every finding in exactly one group, groups in the order of their first finding.

    Two findings are joined when category and cause are the same and they share a feature or the source of their log;
    what is joined to the same finding is joined.
    """
    every = list(found)
    root = list(range(len(every)))

    def top(at: int) -> int:
        while root[at] != at:
            root[at] = root[root[at]]
            at = root[at]
        return at

    first: dict[tuple[str, ...], int] = {}
    for at, one in enumerate(every):
        for key in _keys(one):
            other = first.setdefault(key, at)
            low, high = sorted((top(other), top(at)))
            root[high] = low
    groups: dict[int, list[Grouped]] = {}
    for at, one in enumerate(every):
        groups.setdefault(top(at), []).append(one)
    return [_together(members) for _, members in sorted(groups.items())]


def _keys(one: Grouped) -> list[tuple[str, ...]]:
    what = (one.category, one.cause)
    features = one.names if one.cause in BY_FEATURE else ()
    keys: list[tuple[str, ...]] = [(*what, "feature", name) for name in features]
    return [*keys, (*what, "source", one.source)] if one.source else keys


def _together(members: Sequence[Grouped]) -> Together:
    counts: Mapping[str, int] = _counted(members)
    sources = {one.source for one in members}
    return Together(
        ids=tuple(one.finding_id for one in members),
        features=tuple(name for name, count in counts.items() if count > 1),
        source=sources.pop() if len(members) > 1 and len(sources) == 1 else "",
    )


def _counted(members: Sequence[Grouped]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in members:
        for name in dict.fromkeys(one.names) if one.cause in BY_FEATURE else ():
            counts[name] = counts.get(name, 0) + 1
    return counts
