"""Projects: rules over sources, names, tags and workspaces that say which experiments and models belong together. Pure.

A rule is a list of clauses; a thing belongs to it when any clause matches. All parts that a clause states must match,
and of each part any entry suffices. Everything is compared without regard to case.

* `sources`: names of sources, written out.
* `experiments`, `models`: patterns over the whole name as it is shown, workspace prefix included; * stands for any
  letters, ? for one.
* `tags`: patterns over "key=value" of the experiment's, or the model's, own tags.
* `workspaces`: names of MLflow workspaces, written out. Outside the default workspace a name reads "workspace/name":
  the part before the first slash is the workspace, and a name without a slash belongs to "default". MLflow forbids
  slashes in names of models; an experiment of the default workspace that has one is read as if it stood in that one.

What a clause speaks of: one that states `models` but not `experiments` matches no experiment, one that states
`experiments` but not `models` matches no model; any other speaks of both. So another part can only narrow what a clause
says of a kind of thing it speaks of; naming experiments beside models makes it speak of both.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import translate
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from core.errors import Invalid

MOST_CLAUSES, MOST_ENTRIES, LONGEST = 20, 50, 250
DEFAULT_WORKSPACE = "default"
Kind = Literal["experiment", "model"]
KINDS: tuple[Kind, ...] = get_args(Kind)

Entry = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST, strict=True)]
Entries = Annotated[tuple[Entry, ...], Field(max_length=MOST_ENTRIES)]
_PARTS = {
    "sources": "source", "workspaces": "workspace", "tags": "tag", "experiments": "experiments named",
    "models": "models named",
}  # fmt: skip


class Clause(BaseModel):
    """One way to belong to a project. An empty part is not stated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: Entries = ()
    experiments: Entries = ()
    models: Entries = ()
    tags: Entries = ()
    workspaces: Entries = ()

    def speaks_of(self, kind: Kind) -> bool:
        """Whether it can match things of that kind."""
        stated = {"experiment": self.experiments, "model": self.models}
        return bool(stated[kind]) or not any(stated.values())


class Rule(BaseModel):
    """Which experiments and models belong to a project; none without clauses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    clauses: Annotated[tuple[Clause, ...], Field(max_length=MOST_CLAUSES)] = ()


PARTS: tuple[str, ...] = tuple(Clause.model_fields)


@dataclass(frozen=True, slots=True)
class Thing:
    """An experiment or a registered model. ref: "source:experiment_id" or "source:name".  tags: "key=value"."""

    kind: Kind
    ref: str
    source: str
    name: str
    tags: tuple[str, ...] = ()


def workspace_of(name: str) -> str:
    """The MLflow workspace of an experiment or a model, as its name tells it."""
    before, slash, _ = name.partition("/")
    return before if slash else DEFAULT_WORKSPACE


def matches(rule: Rule, thing: Thing) -> bool:
    """Whether a thing belongs to a rule."""
    return any(_matches(clause, thing) for clause in rule.clauses)


def matching(rule: Rule, things: Iterable[Thing]) -> frozenset[str]:
    """Refs of the things (of one kind) that belong to a rule."""
    return frozenset(thing.ref for thing in things if matches(rule, thing))


def rule_from(stated: Any) -> Rule:
    """A rule from JSON values. Raises Invalid that names every mistake, with the field to blame and what was meant."""
    try:
        rule = Rule.model_validate(stated)
    except ValidationError as error:
        told = [_mistake(found) for found in error.errors()[:8]]
        more = error.error_count() - len(told)
        raise Invalid(
            " ".join(message for _, message in told) + (f" And {more} more mistakes." if more else ""),
            field=told[0][0],
            hint=f"A rule has clauses; a clause has any of {', '.join(PARTS)}, each a list of texts.",
        ) from error
    for number, clause in enumerate(rule.clauses):
        if clause == Clause():
            raise Invalid(
                f"Clause {number + 1} states nothing and would match everything.",
                field=f"clauses.{number}",
                hint='Remove it, or state a part; * as a pattern of names stands for all, such as experiments "*".',
            )
        for pattern in clause.tags:
            if "=" not in pattern:
                raise Invalid(
                    f"Clause {number + 1}: a tag reads key=value, got {_shown(pattern)}.",
                    field=f"clauses.{number}.tags", hint=f"Such as {pattern[:40]}=*, for any value.",
                )  # fmt: skip
    return rule


def sentence(rule: Rule) -> str:
    """A rule in words. Holds untrusted names."""
    return "; or ".join(_sentence(clause) for clause in rule.clauses) or "nothing yet"


def as_json(rule: Rule) -> dict[str, Any]:
    """The rule as it is kept: parts that are not stated are left out."""
    stated = rule.model_dump(mode="json")["clauses"]
    return {"clauses": [{part: entries for part, entries in clause.items() if entries} for clause in stated]}


def _sentence(clause: Clause) -> str:
    both = clause.speaks_of("experiment") and clause.speaks_of("model")
    stated = [part for part in ("experiments", "models") if getattr(clause, part)]
    named = [f"{_PARTS[part]} {_listed(getattr(clause, part))}" for part in stated]
    said = " and ".join(named) or "everything" if both else " and ".join(named)
    for part, link in (("sources", "of"), ("workspaces", "in"), ("tags", "with")):
        entries = getattr(clause, part)
        if entries:
            noun = _PARTS[part] + ("s" if len(entries) > 1 and part != "tags" else "")
            said += f" {link} {noun} {_listed(entries)}"
    return said


def _listed(entries: Sequence[str]) -> str:
    if len(entries) == 1:
        return entries[0]
    more = len(entries) - 4
    shown = ", ".join(entries[: 4 if more > 0 else -1])
    return f"{shown} or {more} more" if more > 0 else f"{shown} or {entries[-1]}"


def _matches(clause: Clause, thing: Thing) -> bool:
    if not clause.speaks_of(thing.kind):
        return False
    if clause.sources and thing.source.casefold() not in _folded(clause.sources):
        return False
    if clause.workspaces and workspace_of(thing.name).casefold() not in _folded(clause.workspaces):
        return False
    names = clause.experiments if thing.kind == "experiment" else clause.models
    if names and not _pattern(names).match(thing.name.casefold()):
        return False
    return not clause.tags or any(_pattern(clause.tags).match(tag.casefold()) for tag in thing.tags)


@lru_cache(maxsize=1_024)
def _folded(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)


@lru_cache(maxsize=1_024)
def _pattern(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for any of the patterns. Only * and ? are special."""
    return re.compile("|".join(translate(re.sub(r"\*+", "*", p.casefold()).replace("[", "[[]")) for p in patterns))


def _mistake(found: Mapping[str, Any]) -> tuple[str, str]:
    """(field, message) of one mistake."""
    place = [str(part) for part in found["loc"]]
    where = _where(place)
    kind, given = found["type"], found.get("input")
    if kind == "extra_forbidden":
        known = PARTS if "clauses" in place[:1] else ("clauses",)
        near = get_close_matches(place[-1][:60].casefold(), known, n=1, cutoff=0.5)
        meant = f" Did you mean {near[0]}?" if near else ""
        message = f"{where}there is no {_shown(place[-1])}.{meant}"
    elif kind == "too_long":
        message = f"{where}{place[-1]} holds at most {found['ctx']['max_length']}, got {found['ctx']['actual_length']}."
    elif kind in ("string_too_long", "string_too_short"):
        message = f"{where}an entry has 1 to {LONGEST} characters, got {_shown(given)}."
    elif kind == "string_type":
        message = f"{where}an entry is a text, got {_shown(given)}."
    elif kind == "tuple_type":
        message = f"{where}{place[-1] if place else 'it'} is a list, got {_shown(given)}."
    else:
        message = f"{where}this is no {'clause' if place else 'rule'}: {_shown(given)}."
    return ".".join(place), message[0].upper() + message[1:]


def _where(place: Sequence[str]) -> str:
    if len(place) < 2 or place[0] != "clauses" or not place[1].isdecimal():
        return ""
    part = f", {place[2]}" if len(place) > 3 else ""
    return f"clause {int(place[1]) + 1}{part}: "


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else type(value).__name__
    return text if len(text) <= 60 else f"{text[:56]}...{text[-1]}"
