import base64

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tasks.act.verified import whom_to_answer
from tasks.parsing.headers import read_head

KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
)


def records(name):
    return b"v=DKIM1; k=rsa; p=" + PUBLIC if name == b"s._domainkey.a.example." else None


def whom(raw, authserv_ids, dns):
    return whom_to_answer(raw, read_head(raw), authserv_ids, dns)


def no_dns(name):
    return None


def mail(*headers, body="Hello"):
    return "\r\n".join(["From: Ann <ann@a.example>", "Subject: Hi", *headers, "", body, ""]).encode()


def signed(raw, domain=b"a.example", **options):
    return dkim.sign(raw, b"s", domain, PEM, **options) + raw


OURS = "Authentication-Results: mx.us.example;"


@pytest.mark.parametrize(
    ("headers", "verified"),
    [
        ([], False),
        ([f"{OURS} dmarc=pass header.from=a.example"], True),
        ([f"{OURS} dkim=pass header.d=a.example"], True),
        ([f"{OURS} dkim=pass header.i=@a.example"], True),
        ([f"{OURS} spf=pass smtp.mailfrom=bounce@a.example"], True),
        ([f"{OURS} dmarc=fail header.from=a.example"], False),
        ([f"{OURS} dkim=pass header.d=evil.example"], False),
        ([f"{OURS} spf=pass smtp.mailfrom=x@evil.example"], False),
        ([f"{OURS} spf=pass smtp.helo=a.example"], False),
        ([f"{OURS} dkim=pass header.d=example"], False),
        (["Authentication-Results: mx.evil.example; dmarc=pass header.from=a.example"], False),
        # Ours stands on top; what claims to be ours below it was in the mail when it came.
        ([f"{OURS} dmarc=fail header.from=a.example", f"{OURS} dmarc=pass header.from=a.example"], False),
        ([f"{OURS} dmarc=((", f"{OURS} dmarc=pass header.from=a.example"], False),
    ],
)
def test_only_our_own_mail_servers_topmost_word_counts(headers, verified):
    assert whom(mail(*headers), ["mx.us.example"], no_dns).verified is verified


def test_nobodys_word_counts_when_no_server_is_named():
    assert not whom(mail(f"{OURS} dmarc=pass header.from=a.example"), [], no_dns).verified


def test_a_signature_of_the_senders_domain_verifies_it():
    verdict = whom(signed(mail()), [], records)

    assert (verdict.address, verdict.name, verdict.verified) == ("ann@a.example", "Ann", True)


def test_a_signature_does_not_verify_what_was_changed_or_added_or_is_another_domains():
    whole = signed(mail())
    partial = signed(mail(), length=True)

    assert not whom(whole.replace(b"Hello", b"Hallo"), [], records).verified
    assert not whom(whole.replace(b"ann@a", b"eve@a"), [], records).verified
    assert not whom(partial + b"Buy this\r\n", [], records).verified
    assert not whom(partial, [], records).verified
    assert not whom(signed(mail(), domain=b"b.example"), [], lambda name: b"v=DKIM1; p=" + PUBLIC).verified


def test_a_second_from_makes_the_sender_unknown():
    assert not whom(b"From: eve@e.example\r\n" + signed(mail()), [], records).verified
    assert not whom(signed(mail()).replace(b"<ann@a.example>", b"<ann@a.example>, b@b.example"), [], records).verified


@pytest.mark.parametrize(
    ("reply_to", "address", "verified"),
    [
        ("ann@a.example", "ann@a.example", True),
        ("Desk <desk@a.example>", "desk@a.example", True),
        ("victim@elsewhere.example", "ann@a.example", False),
        ("desk@a.example, b@a.example", "ann@a.example", False),
    ],
)
def test_an_answer_never_goes_to_another_domain_than_the_verified_one(reply_to, address, verified):
    headers = [f"{OURS} dmarc=pass header.from=a.example", f"Reply-To: {reply_to}"]
    verdict = whom(mail(*headers), ["mx.us.example"], no_dns)

    assert (verdict.address, verdict.verified) == (address, verified)


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe\x00", b"From: \xff\xff@\xff\r\n\r\n", b"From: x\r\n\r\nhello", b"From: a@b c\n\n"]
)
def test_bytes_that_are_no_mail_name_nobody(raw):
    verdict = whom(raw, ["mx.us.example"], records)

    assert (verdict.address, verdict.verified) == ("", False)
