"""Pages run in this process, over a house of the test's choice."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from core.services import house as house_module
from core.services.house import House

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 30
_begin = PagesManager.__init__


def _framed(self: PagesManager, *arguments: Any, **named: Any) -> None:
    """AppTest forgets before each run what the server says: that files of pages/ run inside app.py alone."""
    PagesManager.uses_pages_directory = False
    _begin(self, *arguments, **named)


PagesManager.__init__ = _framed


@contextmanager
def shown(house: House) -> Iterator[None]:
    """Makes a house the current one for a while."""
    before = house_module._current
    house_module._current = house
    try:
        yield
    finally:
        house_module._current = before


def page(name: str, **query: str | list[str]) -> AppTest:
    """A page inside the frame, run once with these query parameters."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT_S)
    app.switch_page(f"pages/{name}.py")
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def words(app: AppTest) -> str:
    """All Markdown, captions, titles and texts of a page."""
    parts = [*app.markdown, *app.caption, *app.title, *app.subheader, *app.text, *app.error, *app.warning, *app.info]
    return "\n".join(str(part.value) for part in parts)
