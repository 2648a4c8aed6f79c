"""`evaluate` against a real Prefect server and the simulator: figures, a second candidate, a gate, and the command."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from prefect.client.orchestration import get_client

from deployments.cli.evaluate import evaluate as command
from flows.evaluate import evaluate
from tasks import policies
from tasks.classifier.features import features_of
from tasks.classifier.train import Examples, train
from tasks.ledger.classifiers import keep_classifier
from tasks.ledger.costs import spending
from tasks.ledger.engine import open_ledger
from tasks.ledger.evaluations import read_evaluations
from tasks.ledger.messages import states_of
from tasks.settings import read_settings
from tests.made_rows import message_row

LABELLED = [
    ("1", "The payment gateway is down", "Customers cannot pay since 9 am. This is urgent.", "URGENT", ["Fix it"]),
    ("2", "50 % off all kettles", "Our newsletter: special offer, unsubscribe below.", "MARKETING", []),
    ("3", "Cannot log in", "I get an error when I log in to my account. Please help me.", "SUPPORT", ["Help"]),
    ("4", "Meeting on Friday", "Shall we meet on Friday at 3 pm to discuss the agenda?", "PERSONAL", []),
]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [
        {"id": n, "subject": s, "content": c, "sender": "a@b.example", "category": k, "action_items": i}
        for n, s, c, k, i in LABELLED
    ]
    path = tmp_path / "labelled.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_two_candidates_are_judged_side_by_side_and_nothing_is_claimed(prefect_server, provider_env, table):
    state = evaluate(str(table), against="anthropic", at_least="accuracy=0.5", return_state=True)

    run_id = str(state.state_details.flow_run_id)
    assert state.name == "Completed"
    assert re.match(
        r"4 mails, accuracy 0\.750 .*, against 0\.750 .*\. Right where the other is wrong: 0 and 0", state.message
    )
    engine = open_ledger(read_settings().ledger)
    rows = read_evaluations(engine, run_id)
    assert [row["candidate"].partition(":")[0] for row in rows] == ["openai", "anthropic"]
    assert all(row["figures"]["accuracy"][0] == 0.75 for row in rows)
    assert all(row["figures"]["usd_a_mail"][0] > 0 for row in rows)
    keys = [row["message_key"] for row in _labelled_keys(table)]
    taken = [one.seconds for one in spending(engine, run_id, keys).values()]
    assert all(taken)
    assert rows[0]["figures"]["seconds_a_mail"][0] == pytest.approx(sum(taken) / 4)
    assert not states_of(engine, keys)
    folder = next(Path("out").glob("evaluation-*"))
    assert sorted(path.name for path in folder.iterdir()) == ["candidate-1.png", "candidate-2.png", "scorecard.md"]
    with get_client(sync_client=True) as client:
        (page,) = client.read_artifacts(sort="CREATED_DESC", limit=1)
    assert "McNemar" in page.data
    assert "**Simulated.**" in page.data


def _labelled_keys(table):
    from tasks.ingest.openings import opening_for
    from tasks.ingest.rows import parse
    from tasks.mailbox.sources import open_source

    settings = read_settings()
    source = open_source(str(table), opening_for(open_ledger(settings.ledger), settings))
    return [parse(raw, settings).row for raw in source.read()]


def test_the_command_ends_with_1_where_a_figure_falls_short(prefect_server, provider_env, table, monkeypatch, capsys):
    monkeypatch.setenv("PREFECT_API_URL", prefect_server)

    assert command(table, at_least=["accuracy=0.9", "macro_f1=0.1"], analyses=False, as_json=True) == 1

    said = json.loads(capsys.readouterr().out)
    assert "fell short in accuracy" in said["message"]
    assert said["candidates"][0]["figures"]["accuracy"][0] == 0.75
    assert said["candidates"][0]["figures"]["faithful"] == [None, None, None]


def test_the_command_says_what_is_wrong_while_it_asks(prefect_server, provider_env, table, monkeypatch, capsys):
    monkeypatch.setenv("PREFECT_API_URL", prefect_server)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("MAILROOM_CHUNK_RETRY_DELAYS_S", "[]")
    monkeypatch.setattr(policies, "CALL", replace(policies.CALL, attempts=1, breaker_open_s=0.1, breaker_probe_s=0.1))

    command(table, analyses=False)

    assert "at http://127.0.0.1:9/v1 could not be reached" in capsys.readouterr().err


def test_two_prompts_are_judged_side_by_side_and_only_the_second_is_paid_for(
    prefect_server, provider_env, table, tmp_path
):
    evaluate(str(table), analyses=False, return_state=True)
    words = tmp_path / "words.txt"
    words.write_text("needs_reply: whether somebody waits.\nconfidence: in per cent.\nreason: a few words.")
    paid = provider_env.stats()["total"]["answered"]

    state = evaluate(str(table), analyses=False, against=f"@{words}", return_state=True)

    assert provider_env.stats()["total"]["answered"] - paid == 4
    first, second = read_evaluations(open_ledger(read_settings().ledger), str(state.state_details.flow_run_id))
    assert second["candidate"] == f"{first['candidate']} @ {words}"
    assert first["figures"]["usd_a_mail"][0] == 0.0
    assert second["figures"]["usd_a_mail"][0] > 0
    whole = evaluate(str(table), analyses=False, prompt="whole", return_state=True)
    assert whole.name == "Completed"
    assert provider_env.stats()["total"]["answered"] - paid == 4  # short mails are shown as a whole anyway


def test_a_classifier_is_a_candidate_that_costs_nothing(prefect_server, provider_env, table):
    engine = open_ledger(read_settings().ledger)
    marketing, support = "special offer newsletter unsubscribe", "I get an error when I log in to my account, help"
    features = [features_of(message_row(text=(marketing, support)[n % 2])) for n in range(300)]
    taught = Examples(
        features=features, labels=["MARKETING", "SUPPORT reply"] * 150, weights=np.ones(300),
        counted=np.ones(300, dtype=bool),
    )  # fmt: skip
    trained = train(taught, never=(), alpha=0.05, delta=0.05)
    number = keep_classifier(
        engine, trained.model.to_bytes(), mails=300, figures=trained.figures, why="", promoted=True,
        certificate=asdict(trained.certificate),
    )  # fmt: skip

    state = evaluate(str(table), analyses=False, against="classifier", return_state=True)

    _, second = read_evaluations(engine, str(state.state_details.flow_run_id))
    assert (second["candidate"], second["figures"]["accuracy"][0]) == (f"classifier {number}", 0.5)
    assert second["figures"]["usd_a_mail"] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("given", "said"),
    [({"at_least": "accuracy"}, "FIGURE=NUMBER"), ({"at_least": "beauty=1"}, "beauty"),
     ({"against": "nobody"}, "nobody"),
     ({"against": "@nowhere.txt"}, "nowhere.txt"),
     ({"prompt": "short"}, "short"), ({"against": "classifier"}, "no classifier in use"),
     ({"against": "classifier/7"}, "classifier 7"), ({"against": "openai/a/b/c"}, "no candidate"),
     ({"mails": "nowhere"}, "nowhere")],
)  # fmt: skip
def test_what_is_wrong_is_said_before_anybody_is_asked(prefect_server, provider_env, table, given, said):
    state = evaluate(str(table), **given, return_state=True)
    assert state.name == "Misconfigured"
    assert said in state.message
    assert provider_env.stats()["total"]["answered"] == 0
