"""Score histograms of groups, added up over windows: what every fairness figure of a page or a verdict rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from core.analysis.group_rates import Cut, Decided, cut_at, decide
from core.profiles import Floats, Output
from core.services.profile_book import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Windows of one family of groups, added up.

    groups: group -> its scores by label.  edges: (E,) of the scores; edges_id: of the whole set of edges.
    cut: the deployed threshold, or the nearest that the edges can tell.  starts: of the windows used, ms.
    other_edges: windows left out as their bins are older, so that counts cannot be added.
    """

    groups: Mapping[str, Output]
    edges: Floats
    edges_id: str
    cut: Cut
    starts: tuple[int, ...]
    other_edges: int

    def decided(self) -> dict[str, Decided]:
        """Group -> decisions at the cut."""
        return {name: decide(output, self.cut) for name, output in self.groups.items()}


def pool(
    kept: Book, version: str, starts: Sequence[int], family: tuple[str, ...], *, edges_id: str = ""
) -> Pool | None:
    """Those windows that have the edges named, or without a name, the newest window's. None where there are none.

    kept: read with the part "output" and with groups; its monitor has a threshold.  Raises NotFound for lost edges.
    """
    told = {start: groups for start in starts if (groups := kept.groups(version, start, family))}
    if not told:
        return None
    wanted = edges_id or next(iter(told[max(told)].values()))[1]
    parts: dict[str, list[Output]] = {}
    used = []
    for start, groups in told.items():
        same = {name: output for name, (output, edges) in groups.items() if edges == wanted}
        if same:
            used.append(start)
        for name, output in same.items():
            parts.setdefault(name, []).append(output)
    if not used:
        return None
    places = kept.edges(wanted).score[""]
    return Pool(
        groups={name: reduce(add, outputs) for name, outputs in sorted(parts.items())},
        edges=places,
        edges_id=wanted,
        cut=cut_at(places, kept.monitor.thresholds[0]),
        starts=tuple(sorted(used)),
        other_edges=len(told) - len(used),
    )
