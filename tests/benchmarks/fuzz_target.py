"""The fuzzer's target: parses bytes, and checks what must be true of every result.

`python -m tests.benchmarks.fuzz_target CORPUS [libFuzzer options]` needs atheris.
"""

from __future__ import annotations

import sys


def check(raw: bytes) -> None:
    """Read a mail; raise AssertionError where a promise of `read_mail` is broken."""
    from tasks.parsing.read_mail import read_mail

    mail = read_mail(raw)
    assert not mail.quarantine.startswith("the reader failed"), mail.quarantine
    assert len(mail.message_key) == 64
    for text in (mail.text, mail.quoted, mail.signature, mail.hidden_text):
        text.encode()
    for field in (mail.subject, mail.sender_name, mail.sender_address, *mail.to, *mail.cc):
        assert field.isprintable() or not set(field) & set("\r\n\x00"), repr(field)
        field.encode()
    for one in mail.attachments:
        assert one.fate in ("text", "media") or one.reason, one.media_type
        (one.text or "").encode()
    assert read_mail(raw).message_key == mail.message_key


def main() -> None:
    import atheris

    with atheris.instrument_imports(include=["tasks.parsing", "email"]):
        import tasks.parsing.read_mail  # noqa: F401  # instrumented as it is imported

    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
