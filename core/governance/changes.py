"""What changed in a registry between two syncs, judged from states alone."""

from collections.abc import Mapping

from core.records import Observation

States = Mapping[tuple[str, str], str | None]
"""(kind, subject) -> state; None: seen to be gone."""


def registry_changes(
    before: States,
    after: Mapping[tuple[str, str], str],
    *,
    source: str,
    first: bool,
    seen_ms: int,
    since_ms: int | None,
) -> list[Observation]:
    """Observations that lead from one state of a registry to the next; empty when nothing changed.

    before: as last observed.  after: all that exists now.  first: nothing was observed before, so all is baseline.
    """
    found: list[tuple[str, str, str | None, str | None]] = []
    for (kind, subject), state in after.items():
        known = before.get((kind, subject))
        if known != state:
            found.append((kind, subject, known, state))
    for (kind, subject), was in before.items():
        if was is not None and (kind, subject) not in after:
            found.append((kind, subject, was, None))
    return [
        Observation(
            source=source, kind=kind, subject=subject, before=known, after=state, baseline=first, seen_ms=seen_ms,
            since_ms=since_ms,
        )
        for kind, subject, known, state in found
    ]  # fmt: skip
