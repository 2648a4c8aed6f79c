"""A provider is one sheet and one API file: every sheet serves all that a provider is asked for, a new one as well."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import insert, select

from tasks.categories import DEFAULT_CATEGORIES
from tasks.errors import AwaitingBatch, BudgetExceeded, Misconfigured
from tasks.frames import COMPLEXITIES, Messages
from tasks.ledger.engine import open_ledger
from tasks.ledger.schema import completions, messages
from tasks.providers.apis.adapters import check_economy, make_batch_api, request_body
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.sheet import MediaForms, Sheet, Traits
from tasks.providers.catalogue.sheets import SHEETS, ProviderChoice, ProviderName, sheet_of
from tasks.providers.event_loop import on_model_loop
from tasks.questions import Media
from tasks.runs import Run
from tasks.settings import ModelClass, Settings
from tasks.understand.batch_asker import BatchAsker
from tasks.understand.batches import BatchRound
from tasks.understand.connect import check_models, gateway_for, models_for
from tasks.understand.estimate import estimate, terms_of
from tasks.understand.understand import triage_question, understand
from tests.made_rows import message_row
from tests.tasks.providers.acme_api import ANSWERS
from tests.tasks.providers.far_side import QUESTION, SDKS, TEXT, Adapters, FarSide, Reply, good, provider_of

PICTURE = Media(kind="image", media_type="image/png", data=b"\x89PNG picture", name="photo.png")
MAIL = message_row(
    message_key="ab" * 32, subject="A broken lamp", text="The lamp on this picture is broken. Send a new one.",
    media=[PICTURE], tokens=12,
)  # fmt: skip


def test_every_sheet_has_an_sdk_that_these_tests_ask() -> None:
    assert {provider_of(sdk) for sdk in SDKS} == set(SHEETS)


@pytest.mark.parametrize("sdk", SDKS)
def test_every_sheet_serves_a_plain_question(adapters: Adapters, sdk: str) -> None:
    assert adapters.ask(sdk, Reply(body=good(sdk))).text == TEXT


@pytest.mark.parametrize("sdk", SDKS)
def test_every_sheet_serves_a_picture_or_names_it_as_not_sent(adapters: Adapters, sdk: str) -> None:
    asked = dataclasses.replace(QUESTION, media=(PICTURE,))
    answer = adapters.ask(sdk, Reply(body=good(sdk)), asked)
    shown = "iVBOR" in json.dumps(adapters.asked.body)
    assert shown != ("photo.png" in answer.unsent)


@pytest.mark.parametrize("name", SHEETS)
def test_every_sheet_serves_a_batch_line_or_says_that_it_has_no_batches(name: str) -> None:
    sheet = sheet_of(name)
    if sheet.batch is None:
        with pytest.raises(Misconfigured, match="batch API"):
            check_economy(name)
        return
    body = request_body(QUESTION, name, sheet.models["triage"], sheet.account(api_key="k"))
    assert QUESTION.text in json.dumps(body)


@pytest.mark.parametrize("name", SHEETS)
def test_every_sheet_serves_an_estimate(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{name.upper()}_MODEL", "house-model" if name == "local" else "")
    settings = Settings(provider=name)
    found = estimate([MAIL], models_for(settings), terms_of(settings, Accounts()), {})
    assert found.whole.expected_usd is not None
    assert found.whole.worst_usd is not None


@pytest.mark.parametrize("name", SHEETS)
def test_every_sheet_has_models_for_all_classes_or_for_none(name: str) -> None:
    assert set(sheet_of(name).models) in (set(), set(get_args(ModelClass)))
    assert set(COMPLEXITIES) < set(get_args(ModelClass))


def test_the_names_that_forms_and_the_command_line_offer_are_those_of_the_sheets() -> None:
    assert set(get_args(ProviderName)) == set(SHEETS)
    assert set(get_args(ProviderChoice)) == {"configured", *SHEETS}
    with pytest.raises(ValidationError):
        TypeAdapter(ProviderName).validate_python("acme")


def test_a_provider_without_a_sheet_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(Misconfigured, match="no provider `acme`"):
        check_models(Settings(provider="acme"))


class AcmeAccount(ProviderAccount):
    prefixes = ("ACME_",)


ACME = Sheet(
    name="acme",
    account=AcmeAccount,
    apis={"acme": "tests.tasks.providers.acme_api:Acme"},
    address=None,
    models={"triage": "acme-1", "simple": "acme-1", "medium": "acme-2", "complex": "acme-2"},
    families={"": Traits(media=frozenset({"image"}))},
    media=MediaForms(types={"image": frozenset({"image/png"})}, most_together=1_000_000),
    dialect="openai",
    price_list="openai",
    estimate_factor=1.1,
    batch="tests.tasks.providers.acme_api:AcmeBatches",
)
ANSWERS.update(
    Triage={
        "category": "SUPPORT", "needs_reply": True, "complexity": "simple", "confidence": 0.9,
        "reason": "A broken lamp.",
    },
    Analysis={"summary": "Ann's lamp is broken. She wants a new one."},
)  # fmt: skip


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> Iterator[FarSide]:
    """A provider that exists for this test alone: one sheet, one API file."""
    far_side = FarSide()
    on_model_loop(far_side.start())
    usage = {"input_tokens": 200, "output_tokens": 40}
    far_side.reply = lambda request: Reply(body={"text": json.dumps(ANSWERS[request.body["kind"]]), "usage": usage})
    monkeypatch.setitem(SHEETS, "acme", ACME)
    monkeypatch.setenv("ACME_API_KEY", "k-1")
    monkeypatch.setenv("ACME_BASE_URL", f"http://127.0.0.1:{far_side.port}/ask")
    monkeypatch.setenv("MAILROOM_PRICES", '{"acme:acme-1": [1, 2], "acme:acme-2": [2, 4]}')
    yield far_side
    on_model_loop(far_side.stop())


def acme_run(folder: Path, run_id: str, budget: str) -> Run:
    settings = Settings(provider="acme", budget_usd=Decimal(budget), data_dir=folder)
    check_models(settings)
    return Run(id=run_id, settings=settings)


def read(run: Run) -> dict[str, Any]:
    reading = understand(
        Messages.of([MAIL]), gateway_for(run), models_for(run.settings), lambda _mail: frozenset({"summary"})
    )
    (row,) = on_model_loop(reading).to_dict("records")
    return row


def test_a_mail_with_a_picture_goes_through_a_new_provider_within_a_budget(acme: FarSide, tmp_path: Path) -> None:
    run = acme_run(tmp_path, "acme-run", "1")

    row = read(run)

    assert (row["category"], row["provider"], row["doubts"]) == ("SUPPORT", "acme", [])
    assert [len(request.body["images"]) for request in acme.requests] == [0, 1]
    with open_ledger(run.settings.ledger).begin() as connection:
        costs = list(connection.execute(select(completions.c.price_nusd)).scalars())
    assert sum(costs) == 2 * (200 * 1_000 + 40 * 2_000)


def test_a_new_provider_is_not_asked_beyond_the_budget(acme: FarSide, tmp_path: Path) -> None:
    assert read(acme_run(tmp_path, "acme-poor", "0.000001"))["error_type"] == BudgetExceeded.code
    assert not acme.requests


def test_a_new_provider_is_estimated(acme: FarSide, tmp_path: Path) -> None:
    settings = acme_run(tmp_path, "acme-estimate", "1").settings
    found = estimate([MAIL], models_for(settings), terms_of(settings, Accounts()), {})
    assert found.whole.expected_usd is not None
    assert 0 < found.whole.expected_usd < Decimal("0.1")


def test_a_question_goes_through_a_batch_of_a_new_provider(acme: FarSide, tmp_path: Path) -> None:
    run = acme_run(tmp_path, "acme-batch", "1")
    engine, accounts = open_ledger(run.settings.ledger), Accounts()
    with engine.begin() as connection:
        connection.execute(
            insert(messages).values(
                message_key=MAIL["message_key"], state="PROCESSING", retry=False, fence=1, owner="me", lease_until=1e12,
                first_seen=0, updated=0,
            )
        )  # fmt: skip
    chain, _reason = models_for(run.settings).for_triage(MAIL)
    asked: dict[str, Any] = {
        "question": triage_question(MAIL, DEFAULT_CATEGORIES),
        "chain": chain,
        "message_key": MAIL["message_key"],
    }

    with pytest.raises(AwaitingBatch):
        on_model_loop(BatchAsker(accounts, engine, run).complete(**asked))
    round_ = BatchRound(
        engine=engine, api_of=lambda name: make_batch_api(name, accounts), caps_of=lambda _run: {}, owner="o|1|1",
        run_id=run.id,
    )  # fmt: skip
    round_.send()
    assert round_.collect().settled == 1

    assert on_model_loop(BatchAsker(accounts, engine, run).complete(**asked)).value.category == "SUPPORT"
    assert not acme.requests
