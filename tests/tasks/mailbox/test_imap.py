"""Mail read from a real IMAP server."""

from __future__ import annotations

import base64
import hashlib
import socketserver
import threading
import traceback
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from tasks.errors import SourceError
from tasks.ingest.openings import opening_for
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import Seen, record_seen
from tasks.ledger.schema import messages
from tasks.mailbox.imap.block import Mailbox
from tasks.mailbox.imap.connection import connect_to, connected, log_in
from tasks.mailbox.imap.pages import PAGE_BYTES, PAGE_MAILS, read_response, split_pages
from tasks.mailbox.imap.source import open_folder
from tasks.mailbox.kinds import Opening
from tasks.mailbox.raw import RawMail
from tasks.mailbox.sources import open_source
from tasks.settings import Settings
from tests.services.cutting_proxy import cutting_proxy
from tests.services.dovecot import Account


def mail(number: int, body: str = "Hello.") -> bytes:
    return f"Message-ID: <{number}@test>\r\nSubject: mail {number}\r\n\r\n{body}\r\n".encode()


def block_of(account: Account, **fields: object) -> Mailbox:
    known = {"host": account.host, "port": account.port, "encryption": "none", "user": account.user}
    return Mailbox.model_validate({**known, "password": account.password, **fields})


def uids(rows: list[RawMail]) -> list[int]:
    return [row.origin.uid or 0 for row in rows]


def flags(account: Account) -> list[tuple[str, ...]]:
    with connected(block_of(account), readonly=True) as mailbox:
        return [one.flags for one in mailbox.fetch(mark_seen=False)]


@pytest.fixture
def ledger(ledger_url: str) -> Engine:
    return open_ledger(ledger_url)


@pytest.fixture
def run(imap_account: Account, ledger: Engine, tmp_path: Path) -> Callable[..., list[RawMail]]:
    """A run that reads the mailbox and puts what it read on record, done or not."""

    def run(*, done: bool = True, again: bool = False, **fields: object) -> list[RawMail]:
        settings = Settings(data_dir=tmp_path, again=again)
        source = open_folder("work", block_of(imap_account, **fields), "", opening_for(ledger, settings))
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


def test_again_reads_from_the_start(imap_account, run):
    imap_account.deliver([mail(1), mail(2)])
    run()
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
    _build_anew(imap_account)

    after = run()

    assert [row.raw for row in after] == [row.raw for row in before]
    assert {row.place for row in after}.isdisjoint(row.place for row in before)


def _build_anew(account: Account) -> None:
    """Give the folder another UIDVALIDITY, as a server does whose index was lost."""
    with connected(block_of(account)) as mailbox:
        old = mailbox.folder.status("INBOX", ["UIDVALIDITY"])["UIDVALIDITY"]
    for index in account.home.glob("dovecot*"):
        index.unlink()
    uidlist = account.home / "dovecot-uidlist"
    uidlist.write_text(f"3 V{old + 1000} N1\n")
    uidlist.chmod(0o666)


def test_a_folder_built_anew_while_it_is_read_is_started_over(imap_account):
    imap_account.deliver([mail(number, "x" * 5_000) for number in range(100)])
    with cutting_proxy(imap_account.host, imap_account.port, [10**9, 300_000]) as proxy:
        source = open_folder("work", block_of(imap_account, port=proxy.port), "", Opening())
        reading = source.read()
        first = next(reading)
        _build_anew(imap_account)
        rest = list(reading)

    assert uids(rest)[-100:] == list(range(1, 101))
    assert rest[-1].origin.uidvalidity != first.origin.uidvalidity


@pytest.mark.parametrize("limits", [[10**9, 1_500], [10**9, 200_000], [10**9, 900, 100_000, 50, 5_000]])
def test_a_cut_connection_is_opened_anew_and_no_mail_is_lost_or_doubled(imap_account, limits, monkeypatch):
    monkeypatch.setattr("tasks.mailbox.imap.source.RECONNECT_AFTER_S", (0.0,) * 5)
    sent = [mail(number, "x" * 5_000) for number in range(200)]
    imap_account.deliver(sent)

    with cutting_proxy(imap_account.host, imap_account.port, limits) as proxy:
        rows = list(open_folder("work", block_of(imap_account, port=proxy.port), "", Opening()).read())

    assert [row.raw for row in rows] == sent
    assert proxy.connections == len(limits) + 1


def test_a_server_that_stays_away_ends_the_reading_and_says_where(imap_account, monkeypatch):
    monkeypatch.setattr("tasks.mailbox.imap.source.RECONNECT_AFTER_S", (0.0, 0.0))
    imap_account.deliver([mail(number, "x" * 5_000) for number in range(200)])
    rows: list[RawMail] = []

    with cutting_proxy(imap_account.host, imap_account.port, [10**9, 700_000, 10, 10, 10, 10]) as proxy:
        source = open_folder("work", block_of(imap_account, port=proxy.port), "", Opening())
        with pytest.raises(SourceError, match=r"broke off after UID 1\d\d and could not be reached again"):
            rows.extend(source.read())

    assert uids(rows) == list(range(1, len(rows) + 1))


def test_mails_expunged_while_reading_are_left_out(imap_account):
    sent = [mail(number) for number in range(300)]
    imap_account.deliver(sent)
    source = open_folder("work", block_of(imap_account), "", Opening())
    reading = source.read()
    rows = [next(reading) for _ in range(10)]

    with connected(block_of(imap_account)) as mailbox:
        mailbox.delete([str(uid) for uid in [*range(20, 40), 120, 299]])
    rows += reading

    assert uids(rows) == sorted(uids(rows))
    missing = set(range(1, 301)) - set(uids(rows))
    # The page being read when they were expunged may still hold the first ones.
    assert {120, 299} <= missing <= {*range(20, 40), 120, 299}


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
        open_folder("work", block_of(imap_account, **fields), "", Opening())


def test_five_thousand_mails_survive_cuts_and_expunges_in_flat_memory(imap_account, run):
    imap_account.deliver(mail(number, "x" * 4_000) for number in range(5_000))
    rows = 0
    last = 0
    with cutting_proxy(imap_account.host, imap_account.port, [10**9, 3_000_000, 9_000_000]) as proxy:
        source = open_folder("work", block_of(imap_account, port=proxy.port), "", Opening())
        tracemalloc.start()
        for row in source.read():
            assert (row.origin.uid or 0) > last
            last, rows = row.origin.uid or 0, rows + 1
            if rows == 3_000:
                with connected(block_of(imap_account)) as mailbox:
                    mailbox.delete([str(uid) for uid in range(4_001, 4_101)])
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert (rows, last, proxy.connections) == (4_900, 5_000, 4)
    assert peak < 10_000_000, "twenty megabytes went through"


def test_a_mail_may_come_in_any_shape_the_protocol_has():
    response = [
        (b"1 (UID 7 BODY[] {3}", b"abc"),
        b")",
        b"9 (FLAGS (\\Seen) UID 99)",
        (b"2 (BODY[]<0> {3}", b"def"),
        b" UID 8)",
        b'3 (UID 9 BODY[] "say \\"hi\\"")',
        b"4 (UID 10 BODY[] NIL)",
        None,
    ]
    assert dict(read_response(response)) == {7: b"abc", 8: b"def", 9: b'say "hi"', 10: b""}


@given(st.dictionaries(st.integers(1, 10_000), st.integers(0, 2 * PAGE_BYTES), max_size=200))
def test_pages_hold_each_mail_once_in_order_and_stay_small(sizes):
    pages = list(split_pages(sizes))
    assert [uid for page in pages for uid in page] == sorted(sizes)
    assert all(len(page) <= PAGE_MAILS for page in pages)
    assert all(len(page) == 1 or sum(sizes[uid] for uid in page) <= PAGE_BYTES for page in pages)


def test_an_address_names_a_block_kept_by_prefect(imap_account, prefect_server):
    name = f"test-{imap_account.user}"
    block_of(imap_account, folder="Work").save(name, _sync=True)
    imap_account.deliver([mail(1)], folder="Work")
    imap_account.deliver([mail(2)])

    assert [row.raw for row in open_source(f"imap://{name}").read()] == [mail(1)]
    assert [row.raw for row in open_source(f"imap://{name}/INBOX").read()] == [mail(2)]
    with connect_to(f"imap://{name}/INBOX") as mailbox:
        assert mailbox.folder.exists("Work")
    with pytest.raises(SourceError, match="Prefect has no block `mailbox/none-such`"):
        open_source("imap://none-such")


@pytest.mark.parametrize("address", ["imap://", "imap:work", "imap://me:secret@host/INBOX", "imap://host:993"])
def test_an_address_with_more_than_a_block_is_refused_without_being_repeated(address):
    with pytest.raises(SourceError, match="an IMAP address is") as error:
        open_source(address)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("encryption", ["tls", "starttls"])
def test_a_server_is_trusted_only_with_a_certificate_that_holds(imap_account, dovecot, monkeypatch, encryption):
    port = imap_account.tls_port if encryption == "tls" else imap_account.port
    block = block_of(imap_account, encryption=encryption, port=port)
    with pytest.raises(SourceError, match="CERTIFICATE_VERIFY_FAILED"):
        open_folder("work", block, "", Opening())

    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.certificate))
    imap_account.deliver([mail(1)])
    assert [row.raw for row in open_folder("work", block, "", Opening()).read()] == [mail(1)]


def test_a_block_is_encrypted_unless_it_says_otherwise():
    block = Mailbox(host="imap.example.com", user="me", password="p")
    assert (block.encryption, block.address) == ("tls", ("imap.example.com", 993))
    assert block.model_copy(update={"encryption": "starttls"}).address == ("imap.example.com", 143)


def test_a_refused_login_names_the_user_and_not_the_secret(imap_account):
    # Dovecot takes any password here, but no tokens.
    block = block_of(imap_account, password=None, oauth2_token="hush-hush")
    with pytest.raises(SourceError, match=f"refused the login of `{imap_account.user}`") as error:
        open_folder("work", block, "", Opening())
    assert "hush" not in "".join(traceback.format_exception(error.value))


def test_a_password_may_have_any_letters(imap_account):
    with connected(block_of(imap_account, password='pä"ss\\ wörd 密')) as mailbox:
        assert "MOVE" in mailbox.client.capabilities, "what the server can do is asked again after the login"


def test_a_block_has_exactly_one_way_to_log_in():
    with pytest.raises(ValueError, match="either `password` or `oauth2_token`"):
        Mailbox(host="h", user="u")
    with pytest.raises(ValueError, match="either `password` or `oauth2_token`"):
        Mailbox(host="h", user="u", password="p", oauth2_token="t")
    assert Mailbox(host="h", user="u", password="p", oauth2_token="").oauth2_token is None
    assert "p4ss" not in repr(Mailbox(host="h", user="u", password="p4ss"))


@pytest.mark.parametrize("line_end", ["\r", "\n", "\0"])
@pytest.mark.parametrize("field", ["host", "user", "folder", "search"])
def test_a_block_takes_no_line_ends_that_would_begin_a_command(field, line_end):
    with pytest.raises(ValueError, match="should match pattern"):
        Mailbox.model_validate({"host": "h", "user": "u", "password": "p", field: f"x{line_end}A1 LOGOUT"})


class TokenServer(socketserver.StreamRequestHandler):
    """Speaks as much IMAP as a login by token takes, and keeps what it was sent."""

    sent: ClassVar[list[bytes]] = []

    def handle(self) -> None:
        self.wfile.write(b"* OK hello\r\n")
        for line in self.rfile:
            tag, command = line.split()[:2]
            if command == b"CAPABILITY":
                self.wfile.write(b"* CAPABILITY IMAP4REV1 AUTH=XOAUTH2\r\n")
            elif command == b"AUTHENTICATE":
                self.wfile.write(b"+ \r\n")
                self.sent[:] = [line.split()[2], base64.b64decode(self.rfile.readline())]
            self.wfile.write(tag + b" OK done\r\n")


def test_a_token_is_given_as_oauth2_wants_it():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), TokenServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host, port = server.server_address
        block = Mailbox(host=host, port=port, encryption="none", user="me@example.com", oauth2_token="ya29.x")
        log_in(block).client.shutdown()
        server.shutdown()
    assert TokenServer.sent == [b"XOAUTH2", b"user=me@example.com\1auth=Bearer ya29.x\1\1"]
