"""Which windows a job has to profile, decided from what was read before and what is there now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from core.profiling.manifest import Read, State
from core.profiling.parts import Partition

GONE = "gone"  # stamp of a part that its table took out, which was seen to


@dataclass(frozen=True, kw_only=True)
class Needed:
    """Windows to profile (indices, ascending), and what is known of every part of the log."""

    windows: Sequence[int]
    reads: Mapping[str, Read]

    def parts(self, chunk: Sequence[int]) -> set[str]:
        """Keys of the parts that hold rows of these windows."""
        wanted = {str(w) for w in chunk}
        return {key for key, read in self.reads.items() if not wanted.isdisjoint(read.windows)}

    def rows(self, chunk: Sequence[int]) -> int:
        """How many rows these windows have."""
        return sum(self._sizes.get(w, 0) for w in chunk)

    def noted(self, read: Read, open_before: Sequence[str]) -> Read:
        """As read, with those of its windows that are still to be profiled. open_before: of which that may be said."""
        done = set(self.windows)
        return replace(read, left=tuple(w for w in open_before if int(w) not in done and int(w) in self._sizes))

    @cached_property
    def _sizes(self) -> dict[int, int]:
        sizes: dict[int, int] = {}
        for read in self.reads.values():
            for window, rows in read.windows.items():
                sizes[int(window)] = sizes.get(int(window), 0) + rows
        return sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is new in one table, the log or its labels.

    present: its parts now.  before: what was read of it.  reads: what was read of it in this job.
    taken_out: parts that the table itself gave up (a Delta table says so; of files nobody knows why they went).
    """

    present: Sequence[Partition]
    before: Mapping[str, Read]
    reads: Mapping[str, Read]
    taken_out: Sequence[str] = ()

    def windows(self) -> set[int]:
        """Windows whose profile is no longer what the table says."""
        changed = [*self.reads, *self.taken_out]
        found = _windows(self.reads.values()) | _windows(self.before[key] for key in changed if key in self.before)
        return found | {int(w) for part in self.present if part.key in self.before for w in self.before[part.key].left}

    def held(self) -> dict[str, Read]:
        """Every part that is there, as last read."""
        here = {part.key for part in self.present}
        return {key: read for key, read in {**self.before, **self.reads}.items() if key in here}

    def vanished(self) -> set[int]:
        """Windows of parts that are gone, nobody knows why."""
        here = {part.key for part in self.present} | set(self.taken_out)
        return self.windows_of(key for key in self.before if key not in here)

    def windows_of(self, keys: Iterable[str]) -> set[int]:
        """Windows of these parts, as far as they were read before."""
        return _windows(self.before[key] for key in keys if key in self.before)

    def noted(self, needed: Needed) -> dict[str, Read]:
        """What is to be remembered of parts: those read now, and those of which windows were still open."""
        told = {key: needed.noted(read, list(read.windows)) for key, read in self.reads.items()}
        for key, read in self.held().items():
            if key not in told and len((now := needed.noted(read, read.left)).left) < len(read.left):
                told[key] = now
        return {**told, **{key: Read(stamp=GONE) for key in self.taken_out}}


def taken_out(present: Sequence[Partition], before: Mapping[str, Read], says_so: bool) -> list[str]:
    """Keys of parts that are no longer there, where the table itself says that they are not."""
    here = {part.key for part in present}
    return [key for key, read in before.items() if says_so and key not in here and read.stamp != GONE]


def changed(present: Sequence[Partition], before: Mapping[str, Read], everything: bool) -> list[Partition]:
    """Parts that are new or were written again."""
    return [p for p in present if everything or p.key not in before or before[p.key].stamp != p.stamp]


def still_open(state: State, log: Sequence[Partition], labels: Sequence[Partition]) -> bool:
    """Whether some window was left out before."""
    both = ((log, state.log), (labels, state.labels))
    return any(part.key in before and before[part.key].left for parts, before in both for part in parts)


def _windows(reads: Iterable[Read]) -> set[int]:
    return {int(w) for read in reads for w in read.windows}
