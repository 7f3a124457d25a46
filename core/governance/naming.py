"""Which person may stand behind a name used elsewhere. Pure; suggestions only, a person decides."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
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


class Known:
    """People by all that a name elsewhere could say of them; built once for many names."""

    def __init__(self, people: Iterable[Candidate]) -> None:
        self._said: dict[str, list[tuple[float, str, Candidate]]] = {}
        self._alike: dict[tuple[str, str], list[tuple[str, Candidate]]] = {}
        for one in people:
            mail, words = one.mail.lower(), _words(one.name)
            self._note(one.login.lower(), 5, "same login", one)
            self._note(mail, 4, "same mail address", one)
            self._note(f"{mail.partition('@')[0]}@", 3, "same name before the @ of the mail address", one)
            if len(words) > 1:
                for short in {words[0][0] + words[-1], words[-1] + words[0][0], words[-1] + words[0]}:
                    self._note(f"{short} ", 2, "initial and surname", one)
            if words:
                joined = "".join(words)
                self._alike.setdefault((joined[0], joined[-1]), []).append((joined, one))

    def _note(self, said: str, rank: float, why: str, one: Candidate) -> None:
        if said.strip("@ "):
            self._said.setdefault(said, []).append((rank, why, one))

    def matches(self, name: str) -> list[tuple[float, str, Candidate]]:
        """rank, why and whom, in no order. name: lower case."""
        local = name.partition("@")[0]
        joined = "".join(_words(local))
        found = [match for said in (name, f"{local}@", f"{joined} ") for match in self._said.get(said, [])]
        if joined:
            for other, one in self._alike.get((joined[0], joined[-1]), []):
                likeness = _likeness(joined, other)
                if likeness >= SIMILAR:
                    found.append((1 + likeness, "similar name", one))
        return found


def suggest(name: str, known: Known) -> tuple[Suggestion, ...]:
    """Who may be meant by a name, the likeliest first: same login, same mail, initial and surname, similar name."""
    wanted = name.strip().lower()[:LONGEST]
    best: dict[str, tuple[float, str, Candidate]] = {}
    for match in known.matches(wanted) if wanted else []:
        if match[0] > best.get(match[2].id, (0,))[0]:
            best[match[2].id] = match
    ranked = sorted(best.values(), key=lambda match: (-match[0], match[2].name, match[2].id))
    return tuple(Suggestion(person=one.id, why=why) for _, why, one in ranked[:SUGGESTIONS])


def _likeness(one: str, other: str) -> float:
    """Share of letters in common, in [0, 1]; 0 without counting where lengths forbid that it reaches SIMILAR."""
    if 2 * min(len(one), len(other)) < SIMILAR * (len(one) + len(other)):
        return 0
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _words(text: str) -> tuple[str, ...]:
    bare = "".join(letter for letter in normalize("NFKD", text.casefold()) if not combining(letter))
    return tuple(_WORDS.findall(bare)[:6])
