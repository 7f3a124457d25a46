"""Finding by a few words: one statement a kind, best first."""

from typing import Any, Literal

from core.facts.store import Facts

Kind = Literal["models", "versions", "runs", "experiments"]
KINDS: tuple[Kind, ...] = ("models", "versions", "experiments", "runs")
WORDS = 4  # that are looked at; more say nothing new
LONGEST = 200


def find(facts: Facts, kind: Kind, text: str, *, limit: int) -> list[dict[str, Any]]:
    """Rows of one kind with their rank, 0 best. text: any; only its first 200 characters and 4 words count."""
    wanted = text.strip()[:LONGEST]
    words = (wanted.split() + [""] * WORDS)[:WORDS]
    values: dict[str, Any] = {f"w{number}": word for number, word in enumerate(words, start=1)}
    values |= {"text": wanted, "limit": limit}
    return facts.read(f"find_{kind}", values)
