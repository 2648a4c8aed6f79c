"""A mailbox read by run after run, from a real IMAP server."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from tasks.errors import SourceError
from tasks.ingest.openings import opening_for
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import Seen, record_seen
from tasks.ledger.schema import messages
from tasks.ledger.sightings import sightings_of
from tasks.mailbox.imap.connection import connected
from tasks.mailbox.imap.source import open_folder
from tasks.mailbox.kinds import Opening
from tasks.mailbox.raw import RawMail
from tasks.settings import Settings
from tests.services.dovecot import Account
from tests.tasks.mailbox.imap.mails import mail, uids


def flags(account: Account) -> list[tuple[str, ...]]:
    with connected(account.block(), readonly=True) as mailbox:
        return [one.flags for one in mailbox.fetch(mark_seen=False)]


@pytest.fixture
def ledger(ledger_url: str) -> Engine:
    return open_ledger(ledger_url)


@pytest.fixture
def run(imap_account: Account, ledger: Engine, tmp_path: Path) -> Callable[..., list[RawMail]]:
    """A run that reads the mailbox and puts what it read on record, done or not."""

    def run(*, done: bool = True, again: bool = False, **fields: object) -> list[RawMail]:
        settings = Settings(data_dir=tmp_path, again=again)
        source = open_folder("work", imap_account.block(**fields), "", opening_for(ledger, settings))
        rows = list(source.read())
        record(ledger, rows, done=done)
        return rows

    return run


def record(ledger: Engine, rows: list[RawMail], *, done: bool) -> None:
    seen = [
        Seen(
            message_key=hashlib.sha256(row.raw).hexdigest(),
            source=row.origin.source,
            place=row.place,
            source_id=row.source_id,
            raw=row.raw,
        )
        for row in rows
    ]
    record_seen(ledger, seen)
    if done:
        with ledger.begin() as connection:
            connection.execute(update(messages).values(state="COMPLETED"))


def test_mails_come_upwards_by_uid_with_their_bytes_and_place(imap_account, run):
    sent = [mail(number) for number in range(120)]
    imap_account.deliver(sent)

    rows = run()

    assert [row.raw for row in rows] == sent
    assert uids(rows) == list(range(1, 121))
    assert rows[4].place == f"INBOX/{rows[4].origin.uidvalidity}/5"
    assert rows[4].origin.source == "imap://work/INBOX"


def test_reading_leaves_no_trace(imap_account, run):
    imap_account.deliver([mail(1), mail(2)])
    run()
    assert all("\\Seen" not in one for one in flags(imap_account))


def test_a_later_run_reads_only_what_came_since(imap_account, run):
    imap_account.deliver([mail(1), mail(2)])
    assert uids(run()) == [1, 2]
    assert run() == []

    imap_account.deliver([mail(3)])
    assert uids(run()) == [3]


@pytest.mark.parametrize("done", [True, False])
def test_again_reads_each_mail_once_from_the_start(imap_account, run, done):
    imap_account.deliver([mail(1), mail(2)])
    run(done=done)
    assert uids(run(again=True)) == [1, 2]


def test_what_a_run_left_undone_is_given_to_the_next(imap_account, run):
    imap_account.deliver([mail(1), mail(2)])
    first = run(done=False)
    imap_account.deliver([mail(3)])

    assert [(row.place, row.raw) for row in run()[:2]] == [(row.place, row.raw) for row in first]
    assert run() == []


def test_a_folder_built_anew_is_read_from_its_start(imap_account, run):
    imap_account.deliver([mail(1), mail(2), mail(3)])
    before = run()
    imap_account.build_anew()

    after = run()

    assert [row.raw for row in after] == [row.raw for row in before]
    assert {row.place for row in after}.isdisjoint(row.place for row in before)


def test_uids_given_anew_under_the_same_uidvalidity_are_noticed_and_the_folder_is_read_from_its_start(
    imap_account, run, ledger, caplog
):
    imap_account.deliver([mail(number) for number in range(1, 6)])
    before = run()
    with connected(imap_account.block()) as mailbox:
        mailbox.delete(mailbox.uids())
    imap_account.build_anew(uidvalidity=False)
    imap_account.deliver([mail(8), mail(9)])

    after = run()

    assert uids(after) == [1, 2]
    assert after[0].place == before[0].place
    assert "gave UIDs again" in caplog.text
    met = sightings_of(ledger, [hashlib.sha256(mail(number)).hexdigest() for number in (1, 8)], scheme="imap")
    assert [place == after[0].place for _, _, place in met] == [False, True]

    imap_account.deliver([mail(number) for number in range(10, 16)])
    assert uids(run()) == [3, 4, 5, 6, 7, 8], "the old UIDs, up to 5, count no more"
    assert run() == []


@pytest.mark.parametrize(
    ("fields", "read"),
    [({}, [1, 4, 5]), ({"read_deleted": True}, [1, 2, 4, 5]), ({"read_drafts": True}, [1, 3, 4, 5])],
)
def test_mails_marked_as_deleted_and_drafts_are_not_read_unless_that_is_set(imap_account, run, fields, read):
    imap_account.deliver([mail(number) for number in range(1, 6)])
    with connected(imap_account.block()) as mailbox:
        for uid, flag in (("2", "\\Deleted"), ("3", "\\Draft"), ("4", "\\Answered")):
            mailbox.client.uid("STORE", uid, "+FLAGS", f"({flag})")

    assert uids(run(**fields)) == read


@pytest.mark.parametrize("folder", ["Büro", "日本語/受信", "A&B", 'Quo"ted'])
def test_a_folder_may_have_any_name(imap_account, run, folder):
    with connected(imap_account.block()) as mailbox:
        mailbox.folder.create(folder.replace("/", "."))
        mailbox.append(mail(1), folder.replace("/", "."))

    (row,) = run(folder=folder.replace("/", "."))
    assert row.place == f"{folder.replace('/', '.')}/{row.origin.uidvalidity}/1"


def test_search_since_and_folder_choose_what_is_read(imap_account, run):
    imap_account.deliver([mail(1), mail(2)])
    imap_account.deliver([mail(7)], folder="Work")

    assert uids(run(search='SUBJECT "mail 2"')) == [2]
    assert run(folder="Work", since="2999-12-31") == []
    assert [row.raw for row in run(folder="Work")] == [mail(7)]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"folder": "Nowhere"}, "has no folder `Nowhere`"),
        ({"search": "NONSENSE 1"}, "refused the search `NONSENSE 1`"),
        ({"encryption": "tls"}, "cannot be reached as an IMAP server"),
        ({"encryption": "starttls"}, "cannot be reached as an IMAP server"),
        ({"port": 1}, "cannot be reached as an IMAP server"),
    ],
)
def test_what_cannot_be_opened_is_said_before_anything_is_read(imap_account, fields, said):
    with pytest.raises(SourceError, match=said):
        open_folder("work", imap_account.block(**fields), "", Opening())
