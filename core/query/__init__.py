"""The search language: a superset of MLflow's filter strings. Text in, a tree out; no store, no clock."""

from core.query.help import COMPLETIONS
from core.query.mend import mended
from core.query.names import Hint, Names, unknown_names
from core.query.parser import parse, parse_order
from core.query.text import order_text, to_text

__all__ = ["COMPLETIONS", "Hint", "Names", "mended", "order_text", "parse", "parse_order", "to_text", "unknown_names"]
