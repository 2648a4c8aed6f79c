"""How much of a mail is read.

Beyond a bound of the first group a mail is quarantined. Beyond one of the second it is cut, and a note says so.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Bounds of one mail: chosen so that reading takes at most about 2 s and a few times the mail's size."""

    mail_bytes: int = 50_000_000
    lines: int = 1_000_000
    parts: int = 1_000
    depth: int = 100

    header_chars: int = 16_384
    content_header_chars: int = 4_096
    header_fields: int = 2_000
    text_chars: int = 1_000_000
    html_chars: int = 2_000_000
    html_depth: int = 2_000
    attachments: int = 200
    attachment_text_chars: int = 200_000
    """Of one; of all in a mail together `text_chars`."""
    document_bytes: int = 25_000_000
    unpacked_bytes: int = 50_000_000
    archive_entries: int = 2_000
    document_pages: int = 200
    document_s: float = 5.0
    """CPU seconds that all documents of a mail may take together, in the process that opens them."""
    media_bytes: int = 20_000_000
    """Of all pictures, sounds, films and PDFs of a mail together."""
    forwarded: int = 50
    forwarded_text_chars: int = 20_000
