"""Which person may stand behind a name used elsewhere. Pure; suggestions only, a person decides."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from unicodedata import combining, normalize

SIMILAR = 0.84  # of the letters of a name; below it, names of different people pass
SUGGESTIONS = 3
LONGEST = 200
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who could be meant. Texts are untrusted."""

    id: str
    login: str
    name: str
    mail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """person: id.  why: in words."""

    person: str
    why: str


def suggest(name: str, people: Iterable[Candidate]) -> tuple[Suggestion, ...]:
    """Who may be meant by a name, the likeliest first: same login, same mail, initial and surname, similar name."""
    wanted = name.strip().lower()[:LONGEST]
    if not wanted:
        return ()
    found = [(rank, why, one) for one in people for rank, why in [_match(wanted, one)] if rank]
    found.sort(key=lambda match: (-match[0], match[2].name, match[2].id))
    return tuple(Suggestion(person=one.id, why=why) for _, why, one in found[:SUGGESTIONS])


def _match(wanted: str, one: Candidate) -> tuple[float, str]:
    mail = one.mail.lower()
    if wanted == one.login.lower():
        return 5, "same login"
    if mail and wanted == mail:
        return 4, "same mail address"
    local = wanted.partition("@")[0]
    if mail and local == mail.partition("@")[0]:
        return 3, "same name before the @ of the mail address"
    words, said = _words(one.name), _words(local)
    if len(words) > 1 and "".join(said) in {words[0][0] + words[-1], words[-1] + words[0][0], words[-1] + words[0]}:
        return 2, "initial and surname"
    likeness = _likeness("".join(said), "".join(words))
    return (1 + likeness, "similar name") if likeness >= SIMILAR else (0, "")


def _likeness(one: str, other: str) -> float:
    """Share of letters in common, in [0, 1]; 0 without counting where it cannot reach SIMILAR, or an end differs."""
    if not one or not other or one[0] != other[0] or one[-1] != other[-1]:
        return 0
    if 2 * min(len(one), len(other)) < SIMILAR * (len(one) + len(other)):
        return 0
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


@lru_cache(maxsize=20_000)
def _words(text: str) -> tuple[str, ...]:
    bare = "".join(letter for letter in normalize("NFKD", text.casefold()) if not combining(letter))
    return tuple(_WORDS.findall(bare)[:6])
