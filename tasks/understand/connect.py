"""The way to the models for one run in this process: accounts, ledger, limits, circuits and budget put together."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from tasks import policies
from tasks.ledger.breakers import LedgerBreakers
from tasks.ledger.completions import LedgerBook
from tasks.ledger.engine import open_ledger
from tasks.ledger.pace import LedgerPace
from tasks.providers.accounts import Accounts
from tasks.providers.gateway import Gateway
from tasks.providers.loop import model_loop, on_model_loop
from tasks.providers.rate_limits import read_overrides, set_limits, usual_limits
from tasks.questions import Purse


@dataclass(frozen=True, kw_only=True)
class Connection:
    """What makes two gateways the same one; values only, so that tasks may be given it."""

    ledger_url: str
    run_id: str
    answers_ttl_s: float
    concurrency: int = 50
    allow_refused_fallback: bool = False
    limits: str = "{}"
    """The operator's limits as JSON; see `tasks.providers.rate_limits.Overrides`."""
    purse: Purse | None = field(default=None, compare=False)


_KEPT = 4
_lock = Lock()
_gateways: OrderedDict[tuple[int, Connection], Gateway] = OrderedDict()


def connect(wanted: Connection) -> Gateway:
    """This process's gateway for the run, made at the first call; to be used on the model loop.

    Raises:
        Misconfigured: The ledger cannot be opened, or a setting of a provider cannot be used.
    """
    key = (id(model_loop()), wanted)
    with _lock:
        if key not in _gateways:
            _gateways[key] = _make(wanted)
            model_loop().at_close(_gateways[key].close)
        _gateways.move_to_end(key)
        old = [_gateways.popitem(last=False)[1] for _ in range(len(_gateways) - _KEPT)]
    for gateway in old:
        on_model_loop(gateway.close())
    return _gateways[key]


def _make(wanted: Connection) -> Gateway:
    engine, accounts = open_ledger(wanted.ledger_url), Accounts()
    overrides: Any = read_overrides(json.loads(wanted.limits))
    return Gateway(
        accounts,
        LedgerBook(engine, run_id=wanted.run_id, ttl_s=wanted.answers_ttl_s),
        pace=LedgerPace(
            engine, policies.CALL, set_limits=set_limits(accounts, overrides), usual_limits=usual_limits(accounts)
        ),
        breakers=LedgerBreakers(engine, policies.CALL),
        policy=policies.CALL,
        purse=wanted.purse,
        concurrency=wanted.concurrency,
        allow_refused_fallback=wanted.allow_refused_fallback,
    )
