"""What happens to a mailbox while it is read."""

from __future__ import annotations

import tracemalloc

import pytest

from tasks.errors import SourceUnavailable
from tasks.mailbox.imap.connection import connected
from tasks.mailbox.imap.pages import PAGE_BYTES
from tasks.mailbox.imap.source import open_folder
from tasks.mailbox.kinds import Opening
from tasks.mailbox.raw import RawMail
from tests.services.cutting_proxy import cutting_proxy
from tests.tasks.mailbox.imap.mails import mail, uids


def test_a_folder_built_anew_while_it_is_read_is_started_over(imap_account):
    imap_account.deliver([mail(number, "x" * 5_000) for number in range(100)])
    with cutting_proxy(imap_account.host, imap_account.port, [10**9, 300_000]) as proxy:
        source = open_folder("work", imap_account.block(port=proxy.port), "", Opening())
        reading = source.read()
        first = next(reading)
        imap_account.build_anew()
        rest = list(reading)

    assert uids(rest)[-100:] == list(range(1, 101))
    assert rest[-1].origin.uidvalidity != first.origin.uidvalidity


@pytest.mark.parametrize("limits", [[10**9, 1_500], [10**9, 200_000], [10**9, 900, 100_000, 50, 5_000]])
def test_a_cut_connection_is_opened_anew_and_no_mail_is_lost_or_doubled(imap_account, limits, monkeypatch):
    monkeypatch.setattr("tasks.mailbox.imap.reading.RECONNECT_AFTER_S", (0.0,) * 5)
    sent = [mail(number, "x" * 5_000) for number in range(200)]
    imap_account.deliver(sent)

    with cutting_proxy(imap_account.host, imap_account.port, limits) as proxy:
        rows = list(open_folder("work", imap_account.block(port=proxy.port), "", Opening()).read())

    assert [row.raw for row in rows] == sent
    assert proxy.connections == len(limits) + 1


def test_a_server_that_stays_away_ends_the_reading_and_says_where(imap_account, monkeypatch):
    monkeypatch.setattr("tasks.mailbox.imap.reading.RECONNECT_AFTER_S", (0.0, 0.0))
    imap_account.deliver([mail(number, "x" * 5_000) for number in range(200)])
    rows: list[RawMail] = []

    with cutting_proxy(imap_account.host, imap_account.port, [10**9, 700_000, 10, 10, 10, 10]) as proxy:
        source = open_folder("work", imap_account.block(port=proxy.port), "", Opening())
        with pytest.raises(SourceUnavailable, match=r"broke off after UID 1\d\d and could not be read on"):
            rows.extend(source.read())

    assert uids(rows) == list(range(1, len(rows) + 1))


def test_mails_expunged_while_reading_are_left_out(imap_account):
    sent = [mail(number) for number in range(300)]
    imap_account.deliver(sent)
    source = open_folder("work", imap_account.block(), "", Opening())
    reading = source.read()
    rows = [next(reading) for _ in range(10)]

    with connected(imap_account.block()) as mailbox:
        mailbox.delete([str(uid) for uid in [*range(20, 40), 120, 299]])
    rows += reading

    assert uids(rows) == sorted(uids(rows))
    missing = set(range(1, 301)) - set(uids(rows))
    # The page being read when they were expunged may still hold the first ones.
    assert {120, 299} <= missing <= {*range(20, 40), 120, 299}


def test_five_thousand_mails_survive_cuts_and_expunges(imap_account):
    imap_account.deliver(mail(number, "x" * 400) for number in range(5_000))
    seen: list[int] = []
    with cutting_proxy(imap_account.host, imap_account.port, [10**9, 400_000, 1_200_000]) as proxy:
        for row in open_folder("work", imap_account.block(port=proxy.port), "", Opening()).read():
            seen += uids([row])
            if len(seen) == 3_000:
                with connected(imap_account.block()) as mailbox:
                    mailbox.delete([str(uid) for uid in range(4_001, 4_101)])

    assert seen == [*range(1, 4_001), *range(4_101, 5_001)]
    assert proxy.connections == 4


def test_a_big_mailbox_is_read_in_flat_memory(imap_account):
    imap_account.deliver(mail(number, "x" * 80_000) for number in range(500))
    tracemalloc.start()
    count = sum(1 for _ in open_folder("work", imap_account.block(), "", Opening()).read())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 500
    assert peak < 3 * PAGE_BYTES, "forty megabytes went through"


def test_a_mail_the_server_breaks_off_at_is_told_and_the_others_are_read(imap_account, monkeypatch):
    monkeypatch.setattr("tasks.mailbox.imap.reading.RECONNECT_AFTER_S", (0.0,) * 5)
    imap_account.deliver([mail(number) for number in range(1, 101)])
    source = open_folder("work", imap_account.block(), "", Opening())
    files = sorted((imap_account.home / "new").iterdir())
    for path in files[40:42]:
        path.chmod(0)
    files[39].unlink()

    rows = list(source.read())

    assert uids(rows) == [*range(1, 40), *range(41, 101)]
    assert {row.origin.uid: row.problem for row in rows if row.problem} == {
        41: "the mail server breaks off at this mail",
        42: "the mail server breaks off at this mail",
    }


def test_a_mail_the_server_breaks_off_at_is_not_given_up_before_a_later_one_is_given(imap_account, monkeypatch):
    monkeypatch.setattr("tasks.mailbox.imap.reading.RECONNECT_AFTER_S", (0.0,) * 5)
    imap_account.deliver([mail(number) for number in range(1, 11)])
    source = open_folder("work", imap_account.block(), "", Opening())
    for path in sorted((imap_account.home / "new").iterdir())[8:]:
        path.chmod(0)
    rows: list[RawMail] = []

    with pytest.raises(SourceUnavailable, match="would not give the mail with UID 9, nor any after it"):
        rows.extend(source.read())

    assert uids(rows) == list(range(1, 9))
