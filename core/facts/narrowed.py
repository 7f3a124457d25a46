"""The facts as somebody reads them who may see only some experiments and models.

Statements stay as they are: on a cursor of its own, views bear the tables' names (narrowed.sql) and come before them.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import duckdb

from core.facts.statements import statement, views
from core.facts.store import Facts

IDLE = 8
"""Prepared cursors that are kept between reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is seen. experiments: (source, id).  models: (source, name).  Everything else follows from these."""

    experiments: frozenset[tuple[str, str]]
    models: frozenset[tuple[str, str]]


class Narrowed(Facts):
    """Facts of which only `seen` exists, for every statement that reads. Writes go to the whole."""

    def __init__(self, whole: Facts, seen: Seen) -> None:
        super().__init__(whole._connection, whole.path, whole.notice)
        self._write_lock = whole._write_lock
        self._seen = seen
        self._idle: list[duckdb.DuckDBPyConnection] = []
        self._turn = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """Lets its cursors go; the whole stays open. One in use goes when its read has ended."""
        with self._turn:
            self._closed = True
            for cursor in self._idle:
                cursor.close()
            self._idle.clear()

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._explained():
            cursor = self._take()
            try:
                yield cursor
            except BaseException:
                cursor.close()
                raise
            self._give(cursor)

    def _take(self) -> duckdb.DuckDBPyConnection:
        with self._turn:
            if self._idle:
                return self._idle.pop()
        cursor = self._fresh()
        try:
            self._prepare(cursor)
        except BaseException:
            cursor.close()
            raise
        return cursor

    def _give(self, cursor: duckdb.DuckDBPyConnection) -> None:
        with self._turn:
            if not self._closed and len(self._idle) < IDLE:
                self._idle.append(cursor)
                return
        with suppress(duckdb.Error):
            cursor.close()

    def _prepare(self, cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.execute(statement("seen_tables"))
        for table, refs in (("seen_experiments", self._seen.experiments), ("seen_models", self._seen.models)):
            values = {"sources": [source for source, _ in refs], "names": [name for _, name in refs]}
            cursor.execute(statement("fill_seen").replace("{table}", table), values)
        cursor.execute(statement("seen_also"))
        cursor.execute(statement("far_runs"))
        cursor.execute(views())
