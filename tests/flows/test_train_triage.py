"""Local triage from end to end: taught by a ledger, used in a run, sampled, and out of use when mails change."""

from __future__ import annotations

from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from sqlalchemy import insert

from deployments.cli.correct import correct
from deployments.cli.models import models
from flows.process_mail import process_mail
from flows.train_triage import train_triage
from tasks.ledger.classifiers import list_classifiers, record_samples, sampled_agreement
from tasks.ledger.corrections import Correction, record_corrections
from tasks.ledger.engine import open_ledger
from tasks.ledger.lessons import read_lessons
from tasks.ledger.messages import Seen, record_seen
from tasks.ledger.outcomes import read_run
from tasks.ledger.schema import outcomes
from tasks.presort.local_triage import look_for_drift
from tasks.report.quality import quality_text
from tasks.settings import read_settings

KINDS = {
    "MARKETING": "Our newsletter: special offer, {n} % off all {word}. Unsubscribe below.",
    "SUPPORT": "I get an error when I log in to my account, ticket {n}. The {word} screen fails. Please help me.",
}
THINGS = "kettles pans desks lamps chairs bikes shoes phones cups books".split()


def write(folder: Path, count: int, start: int = 0) -> Path:
    folder.mkdir()
    for n in range(start, start + count):
        kind = list(KINDS)[n % 2]
        text = KINDS[kind].format(n=n, word=THINGS[n % 10])
        subject = f"{THINGS[n % 7]} offer {n}" if kind == "MARKETING" else f"Cannot log in, ticket {n}"
        (folder / f"{n}.eml").write_text(f"From: p{n}@{kind.lower()}.example\nSubject: {subject}\n\n{text}\n")
    return folder


@pytest.fixture
def taught(tmp_path, prefect_server, provider_env):
    """A ledger of 260 mails, and a classifier that was taught by it."""
    process_mail(str(write(tmp_path / "first", 260)), return_state=True)
    return train_triage(return_state=True)


def engine():
    return open_ledger(read_settings().ledger)


def test_a_run_sorts_without_a_model_what_the_certificate_covers_and_samples_some(
    taught, tmp_path, simulator, monkeypatch, capsys
):
    assert "in use" in taught.message
    (kept,) = list_classifiers(engine())
    assert kept.figures["local_share"] > 0.6
    monkeypatch.setenv("MAILROOM_LOCAL_TRIAGE", "certified")
    monkeypatch.setenv("MAILROOM_LOCAL_SAMPLE", "0.3")

    state = process_mail(str(write(tmp_path / "second", 60, 1_000)), return_state=True)

    rows = read_run(read_settings().ledger, str(state.state_details.flow_run_id))
    local = [row for row in rows if row["sorted_by"] == f"classifier {kept.number}"]
    assert len(local) > 20
    assert all(
        row["category"] == ("MARKETING" if int(row["id"].removesuffix(".eml")) % 2 == 0 else "SUPPORT") for row in local
    )
    sampled, differ = sampled_agreement(engine(), kept.number, 100)
    assert 3 < sampled < 30
    assert differ == 0
    assert len(read_lessons(engine(), 1_000)) == 320 - len(local)  # what it said itself teaches it nothing
    assert models() == 0
    assert "in use" in capsys.readouterr().out

    # Mails change: what was SUPPORT is something else to the model from now on.
    record_samples(engine(), kept.number, [(f"k{n}", "SUPPORT reply", "OTHER") for n in range(6)])
    assert not look_for_drift(engine(), kept.number, alpha=0.3, delta=0.05)
    record_samples(engine(), kept.number, [(f"l{n}", "SUPPORT reply", "OTHER") for n in range(8)])
    assert look_for_drift(engine(), kept.number, alpha=0.05, delta=0.05)
    (kept,) = list_classifiers(engine())
    assert kept.state == "stepped back"
    assert "differ from the model's" in kept.why
    assert not look_for_drift(engine(), kept.number, alpha=0.05, delta=0.05)


def test_a_stream_whose_mails_change_half_way_steps_back_within_100_sampled_mails_and_says_so(taught):
    (kept,) = list_classifiers(engine())
    record_samples(engine(), kept.number, [(f"b{n}", "MARKETING", "MARKETING") for n in range(300)])
    assert not look_for_drift(engine(), kept.number, alpha=0.05, delta=0.05)

    for after in range(1, 101):  # from now on a fifth of them is something else to the model
        said = "OTHER" if after % 5 == 0 else "MARKETING"
        record_samples(engine(), kept.number, [(f"a{after}", "MARKETING", said)])
        if look_for_drift(engine(), kept.number, alpha=0.05, delta=0.05):
            break

    (kept,) = list_classifiers(engine())
    assert (kept.state, after < 100) == ("stepped back", True)
    with get_client(sync_client=True) as client:
        (page,) = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["mailroom-local-triage"])),
            sort="CREATED_DESC", limit=1,
        )  # fmt: skip
    assert f"Classifier {kept.number}: {after // 5} of the latest 100" in page.data
    assert "stepped back" in quality_text(engine(), since=0, mails=1)


def test_one_address_that_corrects_a_thousand_mails_certifies_nothing(tmp_path, prefect_server, provider_env):
    seen = [
        Seen(message_key=f"{n:064}", source="s", place=str(n), source_id=str(n), raw=RAW % (n % 3, n % 2, n))
        for n in range(1_000)
    ]
    record_seen(engine(), seen)
    said = [("MARKETING", "SUPPORT")[n % 2] for n in range(1_000)]
    with engine().begin() as connection:
        row = {"run_id": "r", "status": "COMPLETED", "category": "OTHER", "processed_at": 1.0, "row": {}}
        connection.execute(insert(outcomes), [row | {"message_key": one.message_key} for one in seen])
    record_corrections(engine(), [
        Correction(message_key=one.message_key, category=category, was="OTHER", person="Mallory", way="mailbox")
        for one, category in zip(seen, said, strict=True)
    ])  # fmt: skip

    state = train_triage(return_state=True)

    assert state.name == "Misconfigured"
    assert "nothing can be certified" in state.message
    assert list_classifiers(engine()) == []


RAW = b"From: p%d@s.example\nSubject: word%d\n\nbody %d\n"


def test_one_person_who_corrects_everything_certifies_nothing(taught):
    lessons = read_lessons(engine(), 1_000)
    poison = [
        Correction(message_key=one.message_key, category="PERSONAL", was=one.category, person="Mallory", way="command")
        for one in lessons
    ]
    record_corrections(engine(), poison)

    state = train_triage(return_state=True)

    assert "not put to use: nothing could be certified" in state.message or state.name == "Misconfigured"
    assert [one.state for one in list_classifiers(engine())][-1] == "in use"


def test_with_few_mails_nothing_is_trained(tmp_path, prefect_server, provider_env):
    process_mail(str(write(tmp_path / "few", 4)), return_state=True)
    assert train_triage(return_state=True).name == "TooFewMails"
    assert list_classifiers(engine()) == []
    assert correct("0.eml", category="OTHER", by="Ann") == 0
