"""Gmail's labels are set where people see them, the inbox is left by taking its label off, and no mail comes twice."""

import pytest

from tasks.ingest.openings import opening_for
from tasks.ingest.windows import MessageReader
from tasks.ledger.thread_facts import thread_facts
from tasks.mailbox.imap.source import open_folder
from tasks.settings import Settings
from tests.services.gmail import ALL_MAIL
from tests.tasks.act.office import RAW, Office

LABEL = {"action": "label", "label": "mailroom_support"}
ARCHIVE = {"action": "archive"}


@pytest.fixture
def read(ledger_url, gmail):
    """Reads a folder into the ledger and gives its first window."""

    def read_folder(folder):
        settings = Settings(ledger_url=ledger_url)
        engine = Office(ledger_url).engine
        source = open_folder("work", gmail.account.block(), folder, opening_for(engine, settings))
        reader = MessageReader(source, engine, owner="o|1|1|r", settings=settings)
        window = reader.next_window()
        reader.close()
        return window

    return read_folder


@pytest.fixture
def office(ledger_url, gmail, read):
    """The mail lies in the inbox and was read."""
    gmail.deliver(RAW, 17)
    key = read("INBOX").messages["message_key"].iloc[0]
    return Office(ledger_url, gmail.account, key=key)


def test_a_label_is_one_of_gmails_and_a_flag_is_a_flag(office, gmail):
    done = office.act(LABEL, {"action": "flag"}, LABEL | {"label": "second"})

    assert [one["state"] for one in done] == ["done"] * 3
    (mail,) = gmail.mails
    assert mail.labels == {"\\Inbox", "mailroom_support", "second"}
    assert {one for one in mail.flags if not one.startswith("mailroom_by_")} == {"\\Flagged"}


@pytest.mark.parametrize("stubborn", [False, True], ids=["by its label", "by moving"])
def test_to_archive_takes_the_mail_out_of_the_inbox_and_keeps_it(office, gmail, stubborn):
    gmail.stubborn = stubborn
    done = office.act(LABEL, ARCHIVE, LABEL | {"label": "after"})

    assert [one["state"] for one in done] == ["done"] * 3
    assert done[1]["detail"] == f"taken out of `INBOX`, kept in `{ALL_MAIL}`"
    (mail,) = gmail.mails
    assert mail.labels == {"mailroom_support", "after"}
    assert any(one.startswith("UID STORE 1 -X-GM-LABELS (\\Inbox)") for one in gmail.commands)


def test_a_mail_that_is_archived_already_is_left(office, gmail):
    gmail.mails[0].labels = {"other"}
    (done,) = office.act(ARCHIVE)

    assert (done["state"], "already" in done["detail"]) == ("done", True)


def test_all_mail_gives_no_mail_a_second_time_and_its_conversations_are_gmails(office, gmail, read):
    gmail.deliver(RAW.replace(b"second@", b"third@").replace(b"References: <first@company.example>\r\n", b""), 17, "x")
    gmail.deliver(RAW.replace(b"second@", b"fourth@").replace(b"References: <first@company.example>\r\n", b""), 18, "x")

    window = read(ALL_MAIL)

    assert (len(window.messages), window.skipped["reason"].tolist()) == (2, ["Another run is working on it."])
    facts = thread_facts(office.engine, window.messages["message_key"])
    assert [facts[key].size for key in window.messages["message_key"]] == [2, 1]


def test_a_mail_that_bears_answered_is_known_as_answered(gmail, read):
    gmail.deliver(RAW, 17).flags.add("\\Answered")
    gmail.deliver(RAW.replace(b"second@", b"third@"), 18)

    assert read("INBOX").messages["answered"].tolist() == [True, False]
