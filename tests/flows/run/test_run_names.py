"""What runs are called, and the folders of their outcomes."""

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.flow_engine import run_flow
from prefect.runtime import flow_run

from flows.run.run_names import folder_name, run_name, short_source


@pytest.mark.parametrize(
    ("source", "short"),
    [
        ("inbox:", "inbox"),
        ("-", "stdin"),
        ("/home/ann/mail.mbox", "mail.mbox"),
        ("deployments/demo/sample_mailbox", "sample_mailbox"),
        ("imap://support/Archive", "imap://support/Archive"),
        ("s3://key:secret@bucket/mails?token=secret", "s3://bucket/mails"),
    ],
)
def test_a_source_is_named_shortly_and_without_secrets(source, short):
    assert short_source(source) == short


def test_a_long_address_is_cut():
    assert len(short_source(f"s3://bucket/{'folder/' * 40}")) == 48


def test_two_runs_of_one_name_have_folders_of_their_own():
    folders = {folder_name("imap://support 2026-11-28 14:05:00", run_id) for run_id in ("1234567890", "2345678901")}

    assert folders == {"imap-support-2026-11-28-14-05-00-12345678", "imap-support-2026-11-28-14-05-00-23456789"}


@flow(flow_run_name=run_name)
def named(source: str = "") -> str:
    return str(flow_run.name)


def test_a_run_is_named_by_source_and_time_unless_a_person_named_it(prefect_server):
    assert named("/mails/usual").startswith("usual 20")
    assert named.with_options(name="tidy-up")().startswith("tidy-up 20")
    for made_up in ("Ergonomic-Vizsla", "psi6-aquilae-adjunct"):  # what the forms of the two UIs begin with
        with get_client(sync_client=True) as client:
            run = client.create_flow_run(named, name=made_up)
        run_flow(named, flow_run=run)
        with get_client(sync_client=True) as client:
            assert client.read_flow_run(run.id).name.startswith("named 20")
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(named, name="Ann's first try")
    assert run_flow(named, flow_run=run) == "Ann's first try"
