"""The receiver never accepts mail from the network without a secret."""

from __future__ import annotations

import pytest

from tasks.errors import Misconfigured
from tasks.settings.receiver import ReceiverSettings, read_receiver_settings, refuse_open_doors

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_loopback_needs_no_secrets(host):
    refuse_open_doors(ReceiverSettings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "mail.example.org", ""])
@pytest.mark.parametrize(
    "secrets", [{}, {"webhook_secret": SECRET}, {"upload_token": "t"}, {"webhook_secret": " ", "upload_token": "t"}]
)
def test_any_other_address_needs_both_secrets(host, secrets):
    with pytest.raises(Misconfigured, match="MAILROOM_RECEIVER_"):
        refuse_open_doors(ReceiverSettings(host=host, **secrets))


@pytest.mark.parametrize("proof", [{"webhook_secret": SECRET}, {"mailgun_signing_key": "k"}, {"basic_auth": "u:p"}])
def test_with_secrets_it_may_listen_anywhere(proof):
    refuse_open_doors(ReceiverSettings(host="0.0.0.0", upload_token="t", **proof))


@pytest.mark.parametrize("secret", ["whsec_AAAA", "whsec_not base64!", f"{SECRET} whsec_AAAA"])
def test_a_weak_or_broken_secret_is_refused_and_not_repeated_in_the_message(secret):
    with pytest.raises(Misconfigured) as refused:
        refuse_open_doors(ReceiverSettings(webhook_secret=secret))
    assert "openssl" in str(refused.value)
    assert "AAAA" not in str(refused.value)


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_blank_secret_is_none(blank):
    settings = ReceiverSettings(webhook_secret=blank, mailgun_signing_key=blank, basic_auth=blank, upload_token=blank)
    assert not settings.webhooks_guarded
    assert not settings.uploads_guarded


def test_secrets_are_read_from_files(tmp_path, monkeypatch):
    (tmp_path / "mailroom_receiver_upload_token").write_text("from a file\n")
    monkeypatch.setenv("MAILROOM_SECRETS_DIR", str(tmp_path))
    found = read_receiver_settings()
    assert found.upload_token
    assert found.upload_token.get_secret_value() == "from a file"
    assert "from a file" not in repr(found)
