"""`python -m deployments.simulator`: the simulator on loopback, until SIGTERM or SIGINT."""

import argparse
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from deployments.simulator.answers import Answerer
from deployments.simulator.server import ClientConnection, Simulator
from deployments.simulator.state import DAY_S, SimulatorState

LOOPBACK = "127.0.0.1"
# Clients keep idle connections for minutes; a server that closes first makes them fail now and then.
_KEEP_ALIVE_S = 600
_BACKLOG = 2048


class CountedProtocol(HttpToolsProtocol):
    """HTTP over one connection; its requests carry a `Connection`, so that connections can be counted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app_state = {**self.app_state, "connection": ClientConnection()}


class SimulatorServer(uvicorn.Server):
    """A server that writes its port to a file once it listens."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, port_file: Path | None) -> None:
        super().__init__(config)
        self._port = listener.getsockname()[1]
        self._port_file = port_file

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        logging.getLogger("simulator").info("listening on http://%s:%s", LOOPBACK, self._port)
        if self._port_file is not None:
            write_whole(self._port_file, str(self._port))


def main() -> None:
    """Run the simulator."""
    options = read_options()
    logging.basicConfig(level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    state = SimulatorState(
        answerer=Answerer(gullible=options.gullible),
        keys=frozenset(key.strip() for key in options.keys.split(",") if key.strip()),
        batch_s=options.batch_s,
        batch_expires_s=options.batch_expires_s,
    )
    app = Simulator(state, latency_s=options.latency_ms / 1000)
    listener = listen(options.port)
    config = uvicorn.Config(
        app,
        http=CountedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=2,
        backlog=_BACKLOG,
    )
    # Uvicorn raises the signal that ended it once more when all is closed: a clean end would look like a kill.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: None)
    server = SimulatorServer(config, listener, options.port_file)
    server.run(sockets=[listener])


def listen(port: int) -> socket.socket:
    """Return a socket that listens on loopback; ends the process with code 2 where the port cannot be had."""
    try:
        return socket.create_server((LOOPBACK, port), backlog=_BACKLOG)
    except OSError as e:
        sys.stderr.write(
            f"Port {port} on {LOOPBACK} cannot be had: {e.strerror}. Give another --port, or 0 for a free one.\n"
        )
        raise SystemExit(2) from e


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m deployments.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="0 picks a free one")
    parser.add_argument("--port-file", type=Path, help="where the port is written once it is listened to")
    parser.add_argument("--keys", default="", help="accepted API keys, separated by commas; any key without this")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="how long a model takes to answer")
    parser.add_argument("--gullible", action="store_true", help="obey instructions found in mails")
    parser.add_argument("--batch-s", type=float, default=0.0, help="how long a batch takes")
    parser.add_argument("--batch-expires-s", type=float, default=DAY_S, help="when a batch that takes longer expires")
    parser.add_argument("--log-level", choices=("debug", "info", "warning"), default="info")
    return parser.parse_args()


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader finds all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text)
    draft.replace(path)


if __name__ == "__main__":
    main()
