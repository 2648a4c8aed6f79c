"""The process is killed after each step of the outbox: the effect is then done once, or held for a person."""

import csv
import itertools
import shutil

import pytest

from tasks.act.reconcile import reconcile
from tasks.ledger.engine import open_ledger
from tests.tasks.act.crash import killed_at_every_step
from tests.tasks.act.office import Office

STEPS = ["claimed", "begun", "performed", "settled"]


@pytest.fixture
def new_office(tmp_path, dovecot):
    numbers = itertools.count()
    made = tmp_path / "made.db"
    open_ledger(f"sqlite:///{made}").dispose()  # migrated once, then copied: the last connection leaves one file

    def make(**settings):
        ledger = shutil.copy(made, tmp_path / f"{next(numbers)}.db")
        office = Office(f"sqlite:///{ledger}", dovecot.new_account(), settings)
        office.receive()
        return office

    return make


def reconcile_once(office):
    outbox = office.outbox()
    reconcile(outbox, untouched_s=0)
    outbox.mailboxes.close()


LABEL, DRAFT, MOVE = (
    {"action": "label", "label": "seen_by_us"},
    {"action": "draft_reply"},
    {"action": "move", "folder": "Done"},
)


@pytest.mark.parametrize(("who", "actions"), [("the next run", (LABEL, DRAFT, MOVE)), ("the reconciler", (DRAFT,))])
def test_what_can_be_looked_for_is_done_exactly_once(new_office, who, actions):
    def office_with_folder():
        office = new_office()
        with office.login() as box:
            box.folder.create("Done")
        return office

    kills = 0
    for office in killed_at_every_step(office_with_folder, *actions):
        kills += 1
        if who == "the next run":
            office.act(*actions)
        else:
            reconcile_once(office)

        assert {one.state for one in office.effects()} == {"done"}, f"killed after step {kills}"
        assert len(office.in_folder("Drafts")) == 1
        if MOVE in actions:
            (mail,) = office.in_folder("Done")
            assert (office.in_folder("INBOX"), "seen_by_us" in mail.flags) == ([], True)
    assert kills == 1 + len(actions) * len(STEPS)


def test_a_reply_is_never_sent_twice_and_a_person_is_asked_where_nobody_can_know(new_office, smtp_sink):
    send = {"action": "send_reply", "hold": False}
    settings = {"smtp_host": "127.0.0.1", "smtp_port": smtp_sink.port, "smtp_tls": "none"}
    ends = []
    for office in killed_at_every_step(lambda: new_office(**settings), send):
        office.act(send)
        for _ in range(4):
            reconcile_once(office)
        ends.append((office.effects()[0].state, len(smtp_sink.mails)))
        smtp_sink.mails.clear()

    # recorded and claimed: sent by the next; begun: nobody knows; performed and settled: found among the sent
    assert ends == [("done", 1), ("done", 1), ("held", 0), ("done", 1), ("done", 1)]


def test_a_webhook_and_a_row_arrive_once_by_their_id(new_office, http_sink, tmp_path):
    actions = ({"action": "webhook", "endpoint": "crm"}, {"action": "append_row", "table": "log"})
    endpoint = {"url": http_sink.url, "secret": "whsec_" + "QUJD" * 10, "private": True}
    kills = 0
    for office in killed_at_every_step(
        lambda: new_office(endpoints={"crm": endpoint}, tables={"log": str(tmp_path / "log.csv")}), *actions
    ):
        kills += 1
        office.act(*actions)

        assert {one.state for one in office.effects()} == {"done"}
        assert len({headers["webhook-id"] for _, headers, _ in http_sink.posts}) == 1
        assert len(list(csv.DictReader((tmp_path / "log.csv").open()))) == 1
        http_sink.posts.clear()
        (tmp_path / "log.csv").unlink()
    assert kills == 1 + len(actions) * len(STEPS)
