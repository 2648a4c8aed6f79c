"""Addresses, and the blocks they name."""

from __future__ import annotations

import pytest

from tasks.errors import SourceError
from tasks.mailbox.imap.address import load_mailbox
from tasks.mailbox.imap.block import Mailbox
from tasks.mailbox.imap.connection import log_in
from tasks.mailbox.sources import open_source
from tests.tasks.mailbox.imap.mails import mail


def test_an_address_names_a_block_kept_by_prefect(imap_account, prefect_server):
    name = f"test-{imap_account.user}"
    imap_account.block(folder="Work").save(name, _sync=True)
    imap_account.deliver([mail(1)], folder="Work")
    imap_account.deliver([mail(2)])

    assert [row.raw for row in open_source(f"imap://{name}").read()] == [mail(1)]
    assert [row.raw for row in open_source(f"imap://{name}/INBOX").read()] == [mail(2)]
    with log_in(load_mailbox(name)) as mailbox:
        assert mailbox.folder.exists("Work")
    with pytest.raises(SourceError, match="Prefect has no block `mailbox/none-such`"):
        open_source("imap://none-such")


@pytest.mark.parametrize("address", ["imap://", "imap:work", "imap://me:secret@host/INBOX", "imap://host:993"])
def test_an_address_with_more_than_a_block_is_refused_without_being_repeated(address):
    with pytest.raises(SourceError, match="an IMAP address is") as error:
        open_source(address)
    assert "secret" not in str(error.value)


def test_a_block_is_encrypted_unless_it_says_otherwise():
    block = Mailbox(host="imap.example.com", user="me", password="p")
    assert (block.encryption, block.address) == ("tls", ("imap.example.com", 993))
    assert block.model_copy(update={"encryption": "starttls"}).address == ("imap.example.com", 143)


def test_a_block_has_exactly_one_way_to_log_in():
    with pytest.raises(ValueError, match="either `password`, `oauth2_token` or"):
        Mailbox(host="h", user="u")
    with pytest.raises(ValueError, match="either `password`, `oauth2_token` or"):
        Mailbox(host="h", user="u", password="p", oauth2_token="t")
    with pytest.raises(ValueError, match="needs `oauth2_token_url` and `oauth2_client_id`"):
        Mailbox(host="h", user="u", oauth2_refresh_token="r")
    with pytest.raises(ValueError, match="oauth2_token_url"):
        Mailbox(host="h", user="u", oauth2_refresh_token="r", oauth2_client_id="c", oauth2_token_url="http://h/token")
    assert Mailbox(host="h", user="u", password="p", oauth2_token="").oauth2_token is None
    assert "p4ss" not in repr(Mailbox(host="h", user="u", password="p4ss"))


@pytest.mark.parametrize("line_end", ["\r", "\n", "\0"])
@pytest.mark.parametrize("field", ["host", "user", "folder", "search"])
def test_a_block_takes_no_line_ends_that_would_begin_a_command(field, line_end):
    with pytest.raises(ValueError, match="should match pattern"):
        Mailbox.model_validate({"host": "h", "user": "u", "password": "p", field: f"x{line_end}A1 LOGOUT"})
