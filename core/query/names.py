"""Names that a search uses and no run has: not an error, but worth a word."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from core.query.ast import And, Field, Node, Not, Or, Word
from core.query.fields import nearest
from core.query.text import field_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The keys that occur among the runs looked at."""

    metrics: Collection[str]
    params: Collection[str]
    tags: Collection[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """name: as the search writes it, unknown here.  suggestion: the nearest known one; may be empty."""

    name: str
    suggestion: str


def fields_of(node: Node | None) -> Iterator[Field]:
    """Every field that a search looks at, in order, with repetitions."""
    match node:
        case None | Word():
            return
        case And(children) | Or(children):
            for child in children:
                yield from fields_of(child)
        case Not(child):
            yield from fields_of(child)
        case _:
            yield node.field


def unknown_names(node: Node | None, names: Names) -> list[Hint]:
    """A hint for each metric, param or tag of the search that no run has."""
    known = {"metric": names.metrics, "param": names.params, "tag": names.tags}
    hints = []
    for field in dict.fromkeys(fields_of(node)):
        keys = known.get(field.kind)
        if keys is not None and field.key not in keys:
            near = nearest(field.key, keys)
            hints.append(Hint(name=field_text(field), suggestion=field_text(Field(field.kind, near)) if near else ""))
    return hints
