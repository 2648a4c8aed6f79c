"""Homes that start their processes at the same time, and ports that other programs use."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deployments.local import processes, server, simulator

ROOT = Path(__file__).resolve().parents[3]
START = """
import sys
from pathlib import Path
from deployments.local import server, simulator
home, server.PORT, simulator.PORT = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
print(server.ensure_server(home).api_url, simulator.ensure_simulator(home))
"""


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[list[Path]]:
    """Two homes, in which everything is ended after the test."""
    found = [tmp_path / "one", tmp_path / "two"]
    yield found
    for home in found:
        for name in (simulator.NAME, server.NAME):
            processes.end(home, name)


def test_two_homes_that_start_at_once_have_each_their_own_server_and_simulator(homes):
    ports = [str(processes.free_port(0)) for _ in range(2)]  # both homes want the same, and both are free
    starting = [
        subprocess.Popen([sys.executable, "-c", START, home, *ports], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for home in homes
    ]
    said = [process.communicate()[0].split() for process in starting]

    (one, first_simulator), (two, second_simulator) = said
    assert one != two
    assert first_simulator != second_simulator
    variable = {"name": "whose", "value": "one's"}
    assert httpx.post(f"{one}/variables/", json=variable).status_code == 201
    assert httpx.get(f"{two}/variables/name/whose").status_code == 404
    assert all((home / "prefect" / "prefect.db").exists() for home in homes)


class Another(http.server.BaseHTTPRequestHandler):
    """A server that answers all that ours is asked, but is another home's."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"home": "/somewhere/else"}')

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_another_server_that_got_the_port_first_is_not_taken_for_ours(homes, monkeypatch):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Another) as another:
        threading.Thread(target=another.serve_forever, daemon=True).start()
        ports = iter([another.server_port, processes.free_port(0)])
        monkeypatch.setattr(server.processes, "free_port", lambda _wanted: next(ports))

        found = server.ensure_server(homes[0])

        assert str(another.server_port) not in found.api_url
        settings = httpx.get(f"{found.api_url}/admin/settings").json()
        assert settings["home"] == str(homes[0] / "prefect")
        another.shutdown()
