"""Connects a run in this process to the models: accounts, ledger, limits, circuits and budget."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from threading import Lock

from tasks import policies
from tasks.errors import Misconfigured
from tasks.faults import Faults
from tasks.ledger.breakers import LedgerBreakers
from tasks.ledger.completions import LedgerBook
from tasks.ledger.engine import open_ledger
from tasks.ledger.past_usage import past_outputs
from tasks.ledger.rate_limiter import LedgerRateLimiter
from tasks.ledger.reported_limits import ReportedLimits
from tasks.ledger.run_budget import run_budget_for
from tasks.parsing.languages import parse_language
from tasks.providers.apis.adapters import check_economy, server_facts
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.catalogue.prices import worst_price
from tasks.providers.event_loop import model_loop, on_model_loop
from tasks.providers.gateway.controls import Controls
from tasks.providers.gateway.gateway import Gateway
from tasks.providers.gateway.rate_limits import read_overrides, set_limits, usual_limits
from tasks.runs import Run
from tasks.settings import Settings
from tasks.stops import stop_of
from tasks.understand.alerts import tell_of_budget, tell_of_circuit
from tasks.understand.batch_asker import BatchAsker
from tasks.understand.models_by_price import ModelsByPrice
from tasks.understand.private_asker import PrivateAsker
from tasks.understand.protocols import Asker

# A process that serves many runs, such as one worker of Dask, keeps the connections of the latest few.
_KEPT = 4
_lock = Lock()
_gateways: OrderedDict[tuple[int, str], Gateway] = OrderedDict()


def gateway_for(run: Run) -> Gateway:
    """This process's gateway for the run, made at the first call. Use it on the model loop.

    Raises:
        Misconfigured: The ledger cannot be opened, or a setting of a provider cannot be used.
    """
    key = (id(model_loop()), run.id)
    with _lock:
        if key not in _gateways:
            _gateways[key] = _connect(run)
            model_loop().at_close(_gateways[key].close)
        _gateways.move_to_end(key)
        old = [_gateways.popitem(last=False)[1] for _ in range(len(_gateways) - _KEPT)]
        gateway = _gateways[key]
    for one in old:
        on_model_loop(one.close())
    return gateway


def _connect(run: Run) -> Gateway:
    settings, stop = run.settings, stop_of(run.id)
    engine, accounts = open_ledger(settings.ledger), Accounts()
    overrides = read_overrides(settings.limits)
    reported = ReportedLimits(
        engine, address_of=lambda link: accounts.of(link.provider).base_url or "", usual=usual_limits(accounts)
    )
    return Gateway(
        accounts,
        Controls(
            book=LedgerBook(engine, run_id=run.id, ttl_s=settings.answers_ttl_s),
            rate_limiter=LedgerRateLimiter(
                engine,
                set_limits=set_limits(accounts, overrides),
                usual_limits=reported.of,
                on_reported=reported.note,
                sleep=stop.sleep,
            ),
            breakers=LedgerBreakers(engine, policies.CALL, on_change=tell_of_circuit),
            policy=policies.CALL,
            stop=stop,
            budget=run_budget_for(engine, run.root, settings, tell_of_budget),
        ),
        past_outputs=past_outputs(engine) if settings.has_budget else None,
        concurrency=settings.concurrency,
        slots=slots_of(settings, accounts),
        allow_refused_fallback=settings.refused_moves_on,
    )


def slots_of(settings: Settings, accounts: Accounts) -> dict[str, int]:
    """How many calls the servers of the run's providers work on at a time, by provider, where they tell."""
    found = {name: server_facts(name, accounts.of(name)).slots for name in chain_of(settings)}
    return {name: slots for name, slots in found.items() if slots}


def asker_for(run: Run, *, at_once: bool = False) -> Asker:
    """What answers the run's questions: the gateway or, in economy mode, batches.

    With `at_once` it is the gateway in every mode, for a question whose answer is needed immediately. With the setting
    `pseudonymise`, identifiers of people are replaced before either gets a question.
    """
    engine, batched = open_ledger(run.settings.ledger), run.settings.mode == "economy" and not at_once
    asker: Asker = BatchAsker(Accounts(), engine, run) if batched else gateway_for(run)
    return PrivateAsker(asker, engine) if run.settings.pseudonymise else asker


def chain_of(settings: Settings) -> tuple[str, ...]:
    """The providers of a run, in the order in which they are asked."""
    return tuple(dict.fromkeys((settings.provider, *settings.fallbacks)))


def models_for(settings: Settings) -> ModelsByPrice:
    """The choice of models for the run's provider and its fall-backs."""
    accounts, providers = Accounts(), chain_of(settings)
    return ModelsByPrice(
        providers=providers,
        triage_model=settings.triage_model,
        analysis_model=settings.analysis_model,
        account_models={name: accounts.of(name).model for name in providers},
        table={name: {str(kind): model for kind, model in own.items()} for name, own in settings.models.items()},
        min_confidence=settings.min_confidence,
    )


def check_models(settings: Settings) -> None:
    """Check the settings of providers, limits, prices and languages.

    Raises:
        Misconfigured: A provider lacks its key, a limit or language is invalid, or a budget lacks a model's price.
    """
    accounts, faults = Accounts(), Faults()
    for provider in chain_of(settings):
        faults.of(partial(accounts.require, provider))
    if settings.mode == "economy":
        faults.of(lambda: check_economy(settings.provider))
    faults.of(lambda: read_overrides(settings.limits))
    if settings.has_budget and not faults.found:
        faults.of(lambda: _check_prices(settings))
    for wanted in (settings.target_language, *settings.sender_languages.values()):
        faults.of(partial(_check_language, wanted))
    faults.tell()


def _check_language(wanted: str) -> None:
    try:
        parse_language(wanted)
    except ValueError as error:
        raise Misconfigured(str(error)) from None


def _check_prices(settings: Settings) -> None:
    """Check that every model that may be asked has a price, without which a budget can't be kept."""
    for link in models_for(settings).links():
        if worst_price(link.provider, link.model, 1, 1) is None:
            raise Misconfigured(
                f"A budget is set, but the price of `{link.model}` of `{link.provider}` is unknown. Set it in "
                "MAILROOM_PRICES, choose another model, or take the budget away."
            )
