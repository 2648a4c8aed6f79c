"""PDF."""

from collections.abc import Iterator

import pypdfium2
from pypdfium2.raw import FPDF_ERR_PASSWORD

from tasks.parsing.documents.found import Bounds, DocumentContent, NotOpened, bounded_text


def read(data: bytes, bounds: Bounds) -> DocumentContent:
    """Return the text of the pages; empty where they are pictures."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as failure:
        locked = failure.err_code == FPDF_ERR_PASSWORD
        raise NotOpened("locked with a password" if locked else "damaged: no PDF reader opens it") from failure
    found = bounded_text(page_texts(document, bounds), bounds)
    if len(document) > bounds.pages:
        found.notes.append(f"only the first {bounds.pages} of {len(document)} pages read")
    return found


def page_texts(document: pypdfium2.PdfDocument, bounds: Bounds) -> Iterator[str]:
    for number in range(min(len(document), bounds.pages)):
        try:
            page = document[number]
            text: str = page.get_textpage().get_text_bounded()
        except pypdfium2.PdfiumError:
            continue  # one damaged page takes no other along
        page.close()
        yield text.replace("\r\n", "\n").replace("\ufffe", "").strip()
