"""RTF."""

from striprtf.striprtf import rtf_to_text

from tasks.parsing.documents.found import Bounds, DocumentContent, bounded_text


def read(data: bytes, bounds: Bounds) -> DocumentContent:
    """Return the text without its formatting."""
    text: str = rtf_to_text(data.decode("latin-1"), errors="ignore")  # type: ignore[no-untyped-call]
    return bounded_text(text.split("\n"), bounds)
