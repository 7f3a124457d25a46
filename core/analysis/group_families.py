"""Groups of people, rolled up from the finest cells that the profiles hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from core.profiles import Output

_AND = " & "


def families(
    cells: Mapping[str, Output], attributes: Sequence[str], intersections: Iterable[Sequence[str]] = ()
) -> dict[str, dict[str, Output]]:
    """Family -> group -> output: one family for each attribute, then one for each intersection asked for.

    cells: such as "sex=female & age=under_30", naming every attribute in the order of `attributes`.
    A family's key is "sex" or "sex & age", its groups "sex=female" or "sex=female & age=under_30", in the order
    first seen; they are disjoint and together hold every row.
    Raises ValueError for a cell that does not name every attribute, or an intersection of unknown ones.
    """
    asked = [(name,) for name in attributes] + [tuple(names) for names in intersections]
    for names in asked:
        if unknown := [name for name in names if name not in attributes]:
            raise ValueError(f"intersections name {unknown[0]!r}, which is none of {', '.join(attributes)}.")
    values = {cell: _values(cell, attributes) for cell in cells}
    found: dict[str, dict[str, Output]] = {}
    for names in asked:
        groups = found[_AND.join(names)] = {}
        for cell, output in cells.items():
            group = _AND.join(f"{name}={values[cell][name]}" for name in names)
            groups[group] = groups[group] + output if group in groups else output
    return found


def _values(cell: str, attributes: Sequence[str]) -> dict[str, str]:
    """Attribute -> value in this cell. A value may itself hold " & " or "="."""
    pattern = re.escape(_AND).join(f"{re.escape(name)}=(.*)" for name in attributes)
    if not (match := re.fullmatch(pattern, cell, flags=re.DOTALL)):
        raise ValueError(f"a cell must name {', '.join(attributes)} in this order, got {cell!r}.")
    return dict(zip(attributes, match.groups(), strict=True))
