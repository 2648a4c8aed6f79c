"""Small mails and documents, made for a test at a time."""

from __future__ import annotations

import base64
import io
import zipfile

HEADER = (
    "From: Ann Example <ann@example.com>",
    "To: team@example.org",
    "Subject: Hello",
    "Date: Tue, 24 Nov 2026 09:48:00 +0100",
    "Message-ID: <one@example.com>",
)


def mail(body: str | bytes = "", *fields: str, header: tuple[str, ...] = HEADER) -> bytes:
    """A mail with the usual header, these fields after it, and this body as it stands."""
    content = body if isinstance(body, bytes) else body.encode()
    return "\n".join([*header, *fields]).encode() + b"\n\n" + content


def typed(content_type: str, body: str | bytes, *fields: str) -> bytes:
    """A mail of one part."""
    return mail(body, "MIME-Version: 1.0", f"Content-Type: {content_type}", *fields)


def part(content_type: str, body: str | bytes, *fields: str) -> bytes:
    content = body if isinstance(body, bytes) else body.encode()
    return "\n".join([f"Content-Type: {content_type}", *fields]).encode() + b"\n\n" + content


def multipart(kind: str, *parts: bytes, parameters: str = "", edge: str = "=_edge") -> bytes:
    """A mail of these parts; `kind` is `mixed`, `alternative`, …"""
    line = b"--" + edge.encode()
    body = b"".join(line + b"\n" + one + b"\n" for one in parts) + line + b"--\n"
    return typed(f'multipart/{kind}; boundary="{edge}"{parameters}', body)


def attached(name: str, content_type: str, data: bytes) -> bytes:
    """A part with a file in base64."""
    return part(
        content_type,
        base64.encodebytes(data),
        f'Content-Disposition: attachment; filename="{name}"',
        "Content-Transfer-Encoding: base64",
    )


def with_file(name: str, content_type: str, data: bytes) -> bytes:
    """A mail with a line of text and a file."""
    return multipart("mixed", part("text/plain", "See the file.\n"), attached(name, content_type, data))


def zipped(**files: bytes) -> bytes:
    """A ZIP; `__` in a name stands for `/`, and a dot is added before its last `_`."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            path, _, suffix = name.replace("__", "/").rpartition("_")
            archive.writestr(f"{path}.{suffix}", data)
    return stream.getvalue()


def docx(*paragraphs: str, body_xml: str = "") -> bytes:
    """A DOCX of these paragraphs and of further XML."""
    import docx as python_docx

    document = python_docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    if body_xml:
        from docx.oxml import parse_xml

        space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        for element in parse_xml(f"<w:body {space}>{body_xml}</w:body>"):
            document.element.body.append(element)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def xlsx(rows: list[list[object]], hidden: list[list[object]] | None = None) -> bytes:
    """A workbook of a sheet `Plan`, and of a hidden one `Secret` where there are rows for it."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Plan"
    for row in rows:
        sheet.append(row)
    if hidden is not None:
        secret = book.create_sheet("Secret")
        secret.sheet_state = "hidden"
        for row in hidden:
            secret.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def pdf(text: str) -> bytes:
    """A one-page PDF with one line; no text at all where it is empty."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode("latin-1") if text else b"0 0 100 100 re f"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        len(out),
    )


# One pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
