"""The HTTP client for the SDKs of OpenAI and Anthropic, without features that our calls do not use."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import httpx2

_read_url = lru_cache(maxsize=64)(httpx2.URL)  # an account's calls all go to one address


def read_urls_once(client: Any) -> None:  # noqa: ANN401  # two SDKs' clients
    """Have an SDK's client, whose calls name their URL whole, not read it anew for every call.

    It stays of the SDK's own class, by whose name providers know it.
    """
    client._prepare_url = _read_url


class DirectClient(httpx2.AsyncClient):
    """Sends what it is given where it is told, and nowhere else: no cookies, no sign-in and no redirects. A redirect
    would take a mail, and keys in headers other than `Authorization`, to whoever a reply names.

    Mix it in before the SDK's own client, whose transport it keeps. The SDKs give URL, headers, body and time limit
    whole. To join each with the client's own, and to look in each reply for where to go next, takes a tenth of a run's
    CPU.
    """

    def build_request(self, method: str, url: httpx2.URL | str, **given: Any) -> httpx2.Request:
        timeout = httpx2.Timeout(given["timeout"]).as_dict()
        more = {"headers": given["headers"], "content": given.get("content"), "extensions": {"timeout": timeout}}
        return httpx2.Request(method, _read_url(url), **more)

    async def send(self, request: httpx2.Request, **_: Any) -> httpx2.Response:
        transport = self._transport_for_url(request.url)  # a proxy's, where the environment names one
        response = await transport.handle_async_request(request)
        try:
            await response.aread()
        except BaseException:
            await response.aclose()
            raise
        return response
