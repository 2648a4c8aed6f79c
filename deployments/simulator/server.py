"""The simulator as a bare ASGI application: a request in, counted, answered after the model's latency."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from deployments.simulator.routes import LIMIT_HEADERS, REQUEST_ID_HEADERS, Route, refusal, refusal_body, route_of
from deployments.simulator.state import SimulatorState
from deployments.simulator.wire import Provider, RefusedRequest, Reply, Request, as_json, new_id

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
log = logging.getLogger("simulator")

_MARK = (b"x-mailroom-simulated", b"1")


class ClientConnection:
    """One TCP connection, kept in the `state` of all its requests."""

    def __init__(self) -> None:
        self.used = False


class Simulator:
    """The ASGI application; a model takes `latency_s` to answer, everything else is answered at once."""

    def __init__(self, state: SimulatorState, latency_s: float = 0.0) -> None:
        self._state = state
        self._latency_s = latency_s
        self._agents: set[tuple[Provider, str]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = _read_request(scope, await _read_body(receive))
        own = self._answer_own(request)
        if own is not None:
            await _send(send, own)
            return
        route = route_of(request.method, request.path)
        request_id = new_id("req_")
        reply = self._answer(request, route, request_id)
        self._note(request, route, reply, scope)
        if route.asks and self._latency_s and reply.answered is not None:
            await asyncio.sleep(self._latency_s)
        limits = LIMIT_HEADERS[route.provider] if reply.answered is not None else ()
        await _send(send, reply, (REQUEST_ID_HEADERS[route.provider], request_id.encode()), *limits)

    def _answer_own(self, request: Request) -> Reply | None:
        """Return the reply to what no provider has: the counts, their reset, and a sign of life."""
        match request.method, request.path:
            case "GET", "/health":
                return as_json({"status": "ok"})
            case "GET", "/stats":
                self._state.advance(*self._state.batches.values())
                return as_json(self._state.counters.as_json(with_mails=request.query == "mails"))
            case "POST", "/reset":
                self._state.reset()
                return as_json({"status": "reset"})
        return None

    def _answer(self, request: Request, route: Route, request_id: str) -> Reply:
        try:
            return route.handle(request, self._state)
        except RefusedRequest as e:
            refused = e
        except Exception:
            log.exception("%s %s could not be answered", request.method, request.path)
            refused = refusal(route.provider, 500, "The simulator failed; its log says why.")
        return as_json(refusal_body(route.provider, refused.body, request_id), refused.status)

    def _note(self, request: Request, route: Route, reply: Reply, scope: Scope) -> None:
        connection: ClientConnection = scope.get("state", {}).get("connection") or ClientConnection()
        tally = self._state.counters.note_request(route.provider, reply.model, connected=not connection.used)
        connection.used = True
        if reply.answered is not None:
            tally.note(reply.answered)
            self._state.counters.note_mails(reply.answered)
        elif reply.status >= 400:
            tally.refused[reply.status] += 1
        self._log(request, route.provider, reply)

    def _log(self, request: Request, provider: Provider, reply: Reply) -> None:
        # google-generativeai leaves `user-agent` to the library below it and names itself here.
        agent = request.headers.get("x-goog-api-client") or request.headers.get("user-agent", "an unnamed client")
        if (provider, agent) not in self._agents:
            self._agents.add((provider, agent))
            log.info("%s is asked by %s", provider, agent)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s %s %s by %s", reply.status, request.method, request.path, agent)


async def _read_body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    parts = [body]
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
    return b"".join(parts)


def _read_request(scope: Scope, body: bytes) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        origin=f"http://{headers.get('host', '127.0.0.1')}",
    )


async def _send(send: Send, reply: Reply, *more: tuple[bytes, bytes]) -> None:
    headers = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", str(len(reply.body)).encode()),
        _MARK,
        *more,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
