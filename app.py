"""The server: Streamlit pages and the HTTP API in one process. Run by `gatehouse serve` (streamlit run app.py)."""

import streamlit as st


def main() -> None:
    """The page script: the frame, then the page that was asked for."""
    from core.ui import shell

    shell.frame().run()


if __name__ == "__main__":
    main()
else:
    from core.api import server
    from core.ui import shell

    app = st.App(__file__, lifespan=server.lifespan(shell.warm), routes=server.routes(), middleware=server.middleware())
