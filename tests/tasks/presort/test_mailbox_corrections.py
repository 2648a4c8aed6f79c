"""What people change in the mailbox says what a mail is; what programs, other instances and mails do, does not."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import insert, select

from tasks.categories import DEFAULT_CATEGORIES
from tasks.decide.category_marks import marks_of
from tasks.decide.rules import load_rules
from tasks.ingest.openings import opening_for
from tasks.ingest.windows import MessageReader
from tasks.ledger.corrections import Correction, current_categories, record_corrections
from tasks.ledger.schema import corrections, outcomes
from tasks.mailbox.imap.source import open_folder
from tasks.presort import mailbox_corrections
from tasks.presort.mailbox_corrections import notice
from tasks.runs import Run
from tasks.settings import Settings
from tests.tasks.act.office import RAW, Office

RULES = """{"analyses": [], "rules": [
  {"name": "s", "when": "category == 'SUPPORT'", "then": [{"action": "label", "label": "mailroom_support"}]},
  {"name": "u", "when": "category == 'URGENT'", "then": [{"action": "label", "label": "mailroom_urgent"},
                                                         {"action": "flag"}]},
  {"name": "m", "when": "category == 'MARKETING' && confidence > 0.8",
   "then": [{"action": "move", "folder": "Newsletters"}]},
  {"name": "vip", "when": "category == 'PERSONAL' && sender_domain == 'vip.example'",
   "then": [{"action": "label", "label": "vip"}]},
  {"name": "all", "when": "true", "then": [{"action": "label", "label": "read_by_us"}]}]}"""
MARKS = marks_of(load_rules(RULES))


class Desk(Office):
    """An office whose mail was read, sorted as SUPPORT, and may be changed by a person."""

    folder = "INBOX"

    @property
    def settings_(self) -> Settings:
        return Settings(ledger_url=self.ledger_url)

    def read(self, folder: str = "INBOX") -> list[str]:
        block = self.account.block()
        source = open_folder("work", block, folder, opening_for(self.engine, self.settings_))
        reader = MessageReader(source, self.engine, owner="o|1|1|r", settings=self.settings_)
        keys = reader.next_window().messages["message_key"].tolist()
        reader.close()
        return keys

    def sorted_as(self, category: str) -> None:
        row = {"run_id": "r", "message_key": self.key, "status": "COMPLETED", "category": category,
               "processed_at": time.time(), "row": {}}  # fmt: skip
        with self.engine.begin() as connection:
            connection.execute(insert(outcomes).values(row))

    def store(self, item: str, names: str, folder: str = "INBOX") -> None:
        with self.login() as box:
            box.folder.set(folder)
            box.client.uid("STORE", "1:*", item, f"({names})")

    def move(self, folder: str) -> None:
        with self.login() as box:
            if not box.folder.exists(folder):
                box.folder.create(folder)
            box.folder.set("INBOX")
            box.move("1:*", folder)

    def look(self) -> int:
        run = Run(id="look", settings=self.settings_, categories=DEFAULT_CATEGORIES)
        return notice("work", self.account.block(), "INBOX", MARKS, run)

    def said(self) -> list[tuple[str, str, str, str]]:
        c = corrections.c
        with self.engine.begin() as connection:
            rows = connection.execute(select(c.category, c.was, c.person, c.way).order_by(c.number))
            return [tuple(row) for row in rows]


@pytest.fixture
def desk(ledger_url, imap_account):
    """The mail lies in the inbox, was read, sorted as SUPPORT and labelled so by us."""
    imap_account.deliver([RAW])
    one = Desk(ledger_url, imap_account)
    (one.key,) = one.read()
    one.sorted_as("SUPPORT")
    assert one.act({"action": "label", "label": "mailroom_support"})[0]["state"] == "done"
    assert one.look() == 0
    return one


def test_a_mark_stands_for_a_category_where_no_other_mail_gets_it():
    assert dict(MARKS.categories) == {
        "mailroom_support": "SUPPORT", "mailroom_urgent": "URGENT", "\\flagged": "URGENT", "in:newsletters": "MARKETING"
    }  # fmt: skip
    assert MARKS.folders == ("Newsletters",)


def test_a_label_exchanged_for_another_is_a_correction_once(desk):
    desk.store("-FLAGS", "mailroom_support")
    assert desk.look() == 0  # what it is not says not what it is
    desk.store("+FLAGS", "mailroom_urgent")

    assert [desk.look(), desk.look()] == [1, 0]
    assert desk.said() == [("URGENT", "SUPPORT", "mailbox work", "mailbox")]
    assert current_categories(desk.engine, [desk.key]) == {desk.key: "URGENT"}


def test_a_person_who_thinks_better_of_it_is_heard_again_and_a_later_word_counts(desk):
    desk.store("+FLAGS", "mailroom_urgent")
    desk.look()
    desk.store("-FLAGS", "mailroom_urgent mailroom_support")
    desk.look()
    desk.store("+FLAGS", "mailroom_support")
    assert desk.look() == 1
    later = Correction(message_key=desk.key, category="OTHER", was="SUPPORT", person="Ann", way="command")
    record_corrections(desk.engine, [later])

    assert desk.look() == 0
    assert [category for category, *_ in desk.said()] == ["URGENT", "SUPPORT", "OTHER"]


def test_a_flag_that_only_one_category_gets_is_a_correction(desk):
    desk.store("+FLAGS", "\\Flagged")
    assert desk.look() == 1
    assert desk.said()[0][0] == "URGENT"


def test_a_mail_moved_to_a_categorys_folder_is_a_correction(desk):
    desk.move("Newsletters")
    assert [desk.look(), desk.look()] == [1, 0]
    assert desk.said() == [("MARKETING", "SUPPORT", "mailbox work", "mailbox")]


@pytest.mark.parametrize("folder", ["Elsewhere", "Trash"])
def test_a_mail_moved_to_any_other_folder_is_none(desk, folder):
    desk.move(folder)
    assert desk.look() == 0


def test_two_categories_at_once_say_nothing(desk):
    desk.store("+FLAGS", "mailroom_urgent")
    desk.move("Newsletters")
    assert desk.look() == 0


def test_labels_of_no_category_say_nothing(desk):
    desk.store("+FLAGS", "vip read_by_us \\Seen \\Answered $Junk")
    assert desk.look() == 0


def test_what_this_program_sets_and_moves_is_nobodys_word(desk):
    desk.act({"action": "label", "label": "mailroom_urgent"}, {"action": "flag"})
    assert desk.look() == 0
    with desk.login() as box:
        box.folder.create("Newsletters")
    assert desk.act({"action": "move", "folder": "Newsletters"})[0]["state"] == "done"
    assert desk.look() == 0


def test_what_another_instance_sets_and_moves_is_nobodys_word(desk, tmp_path):
    other = Desk(f"sqlite:///{tmp_path / 'other.db'}", desk.account)
    (other.key,) = other.read()
    other.sorted_as("URGENT")
    other.act({"action": "label", "label": "mailroom_urgent"}, {"action": "flag"})
    assert (desk.look(), other.look()) == (0, 0)
    with desk.login() as box:
        box.folder.create("Newsletters")
    assert other.act({"action": "move", "folder": "Newsletters"})[0]["state"] == "done"
    assert (desk.look(), other.look()) == (0, 0)


def test_what_stood_on_a_mail_when_it_came_is_nobodys_word(desk):
    raw = RAW.replace(b"second@", b"third@").replace(
        b"To: us", b"Keywords: mailroom_urgent\r\nX-Keywords: mailroom_urgent\r\nX-Status: F\r\nTo: us"
    )
    desk.account.deliver([raw])
    with desk.login() as box:  # as a filter of the server's would
        box.folder.set("INBOX")
        box.client.uid("STORE", "2", "+FLAGS", "(mailroom_urgent)")
    (desk.key,) = desk.read()
    desk.sorted_as("SUPPORT")
    assert desk.look() == 0


def test_a_copy_with_the_same_message_id_in_a_categorys_folder_is_not_the_mail(desk):
    with desk.login() as box:
        box.folder.create("Newsletters")
    desk.account.deliver([RAW], "Newsletters")
    assert desk.look() == 0  # the mail itself did not move
    with desk.login() as box:
        box.folder.set("Newsletters")
        box.delete(box.uids())
    desk.account.deliver([RAW.replace(b"Bitte helfen Sie.", b"Kaufen Sie.")], "Newsletters")
    with desk.login() as box:
        box.folder.set("INBOX")
        box.delete(box.uids())
    assert desk.look() == 0


def test_what_gmails_labels_say_counts_alike(ledger_url, gmail):
    mail = gmail.deliver(RAW, 17, "\\Inbox", "Friends")
    desk = Desk(ledger_url, gmail.account)
    (desk.key,) = desk.read()
    desk.sorted_as("SUPPORT")
    desk.act({"action": "label", "label": "mailroom_support"})
    assert desk.look() == 0
    mail.labels.add("Newsletters")
    assert desk.look() == 1
    mail.labels -= {"Newsletters", "mailroom_support"}
    mail.labels.add("mailroom_urgent")
    assert desk.look() == 1
    assert [category for category, *_ in desk.said()] == ["MARKETING", "URGENT"]


def test_a_folder_that_is_left_by_many_is_gone_through_bit_by_bit(desk, monkeypatch):
    monkeypatch.setattr(mailbox_corrections, "_MOST_SOUGHT", 2)
    desk.account.deliver([RAW.replace(b"second@", b"%d@" % n) for n in range(4)])
    desk.read()
    desk.move("Newsletters")
    assert [desk.look() for _ in range(4)] == [2, 2, 1, 0]
