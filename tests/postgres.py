"""A PostgreSQL server of the tests' own: Debian's package, a temporary folder, a free port."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


def binaries() -> Path:
    """Folder of initdb and postgres. Raises FileNotFoundError, naming the package."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise FileNotFoundError("PostgreSQL is missing: apt-get install postgresql")
    return found[-1].parent


@contextmanager
def server(*, durable: bool = False) -> Iterator[str]:
    """Runs a server; yields its URL without a database name. Ends it by pid.

    durable: it waits for its disk, as servers do; tests need not.
    """
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    as_user: dict = {}
    if os.geteuid() == 0:  # initdb refuses root
        shutil.chown(folder, "postgres", "postgres")
        as_user = {"user": "postgres", "group": "postgres", "cwd": "/"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    data = folder / "data"
    subprocess.run(
        [binaries() / "initdb", "-D", data, "-U", "tests", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
        check=True, **quiet, **as_user,
    )  # fmt: skip
    process = subprocess.Popen(
        [binaries() / "postgres", "-D", data, "-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1",
         "-c", f"fsync={'on' if durable else 'off'}"],
        **quiet, **as_user,
    )  # fmt: skip
    url = f"postgresql://tests@127.0.0.1:{port}"
    try:
        _wait(process, url)
        yield url
    finally:
        process.send_signal(signal.SIGQUIT)  # waits neither for clients that pool connections nor for its disk
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen, url: str) -> None:
    for _ in range(600):
        try:
            psycopg.connect(f"{url}/postgres", connect_timeout=1).close()
        except psycopg.OperationalError:
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            raise RuntimeError("PostgreSQL ended at its start.") from None
        return
    raise RuntimeError("PostgreSQL did not start within a minute.")
