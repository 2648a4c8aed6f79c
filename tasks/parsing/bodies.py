"""The parts of a mail sorted into body, attachments, calendars, reports and mails inside the mail."""

import re

from tasks.parsing.alternatives import choose_alternative
from tasks.parsing.charsets import decode
from tasks.parsing.documents.found import DocumentLost, NotOpened
from tasks.parsing.limits import Limits
from tasks.parsing.mail_parts import Loose, MailParts, TextBudget
from tasks.parsing.outlook_files import is_outlook_mail, outlook_mail
from tasks.parsing.part import Part, disposition, parameter, part_name
from tasks.parsing.part_repairs import FIRST_BOUNDARY, PART_START, fields_text, first_part, unwrapped, without_boundary
from tasks.parsing.smime_signed import signed_content
from tasks.parsing.text_parts import is_binary, take_text
from tasks.parsing.transfer import content, looks_coded
from tasks.parsing.tree import grow

TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
CAPITAL = re.compile(r"(?=[A-Z])")
# The parser's names for what is reported here with what was done about it.
SAID_BETTER = {"StartBoundaryNotFoundDefect", "NoBoundaryInMultipartDefect", "MultipartInvariantViolationDefect"}
# Preambles: "This is a multi-part message in MIME format", whatever the language.
NOTICE = re.compile(r"\bmime\b|multi-?part", re.IGNORECASE)
BOUNDARY_LINE = re.compile(rb"(?m)^--([^\s][^\r\n]{0,68}?)\r?$")
SIGNATURES = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
CMS = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
REPORTS = {"message/delivery-status", "message/feedback-report", "message/disposition-notification"}
HEADERS_ONLY = {"text/rfc822-headers", "text/rfc822-header", "message/rfc822-headers"}
# How a mail saved as a file begins.
MAIL_START = re.compile(
    rb"\s*(?:>?From [^\n]*\n)?"
    rb"(?:received|return-path|delivered-to|from|to|subject|date|message-id|mime-version|x-[a-z-]+):",
    re.IGNORECASE,
)


def gather(root: Part, limits: Limits, budget: TextBudget) -> MailParts:
    """Return the parts of a mail, sorted."""
    gathered = MailParts(budget=budget)
    walk(root, gathered, limits, 1)
    outside = "\n".join(filter(None, (root.preamble, root.epilogue)))
    if outside.strip() and (not holds_anything(gathered) or is_lost_text(gathered, outside)):
        gathered.defects.append("nothing in the parts: what stands outside them was read")
        take_text(outside.encode("utf-8", "surrogateescape"), "text/plain", None, root, gathered)
    return gathered


def is_lost_text(found: MailParts, outside: str) -> bool:
    """Return whether the mail's only text stands outside of its parts, and is no word about MIME for old programs."""
    return not NOTICE.search(outside) and not found.nested and not any(body.text.strip() for body in found.bodies)


def holds_anything(found: MailParts) -> bool:
    return bool(found.loose or found.nested or found.reports) or any(body.text.strip() for body in found.bodies)


def walk(part: Part, found: MailParts, limits: Limits, depth: int) -> None:
    """Sort one part and what is in it into `found`."""
    if depth > limits.depth:
        found.too_deep = True
        return
    media_type = media_type_of(part)
    found.types.add(media_type)
    found.defects += [in_words(defect) for defect in part.defects if type(defect).__name__ not in SAID_BETTER]
    payload = part.get_payload()
    if isinstance(payload, list):
        children = [child for child in payload if not isinstance(child, str)]
        walk_container(part, media_type, children, found, limits, depth)
    elif media_type.startswith("multipart/"):
        walk_without_boundary(part, payload, found, limits, depth)
    else:
        take_leaf(part, media_type, found, limits, depth)


def in_words(defect: object) -> str:
    """Return the parser's name of a defect as words."""
    return " ".join(CAPITAL.split(type(defect).__name__.removesuffix("Defect"))).strip().lower()


def media_type_of(part: Part) -> str:
    """Return the declared MIME type without what does not belong into one."""
    declared = part.get_content_type().lower()
    plain = TYPE.match(declared)
    return plain[0] if plain else declared


def walk_container(
    part: Part, media_type: str, children: list[Part], found: MailParts, limits: Limits, depth: int
) -> None:
    if media_type in REPORTS:
        found.reports.append("\n".join(fields_text(child) for child in children).strip())
    elif media_type == "message/partial":
        walk_piece(part, children, found, limits, depth)
    elif media_type.startswith("message/"):
        found.nested += [unwrapped(part, child, limits) for child in children]
    elif media_type == "multipart/alternative":
        walk_alternatives([*first_part(part, found, limits), *children], found, limits, depth)
    elif media_type == "multipart/encrypted":
        found.encrypted = True
        found.loose += [sealed(child) for child in children]
    else:
        found.signed |= media_type == "multipart/signed"
        for child in [*first_part(part, found, limits), *children]:
            walk(child, found, limits, depth + 1)


def walk_alternatives(children: list[Part], found: MailParts, limits: Limits, depth: int) -> None:
    """Take the bodies of one alternative, and the files of all."""
    walks = []
    for child in children:
        one = MailParts(budget=found.budget)
        walk(child, one, limits, depth + 1)
        walks.append(one)
    chosen = choose_alternative(walks, limits)
    for one in walks:
        found.add(one, bodies=one is chosen)


def walk_piece(part: Part, children: list[Part], found: MailParts, limits: Limits, depth: int) -> None:
    """Sort a piece of a mail that was sent in several (RFC 2046, 5.2.2).

    Only the first piece has the mail's own header.
    """
    number, total = parameter(part, "number") or "?", parameter(part, "total") or "?"
    found.defects.append(
        f"piece {number[:6]} of {total[:6]} of a mail that was sent in pieces; the others are not read"
    )
    for child in children:
        content_type = child.get("content-type") is not None
        if number == "1" or content_type:
            walk(child, found, limits, depth + 1)
            continue
        data = fields_text(child).encode()
        if looks_coded(data.strip()):
            found.loose.append(Loose(name=part_name(part), declared_type="", data=data, reason="a piece of a file"))
        else:
            take_text(data, "text/plain", None, child, found)


def walk_without_boundary(part: Part, payload: object, found: MailParts, limits: Limits, depth: int) -> None:
    """Sort a multipart whose declared boundary is missing or never occurs: a line repeated as one is taken for it."""
    data = str(payload or "").encode("utf-8", "surrogateescape")
    lines = [line.removesuffix(b"--") for line in BOUNDARY_LINE.findall(data[:1_000_000])]
    boundary = next((line for line in lines if lines.count(line) > 1), b"") if len(lines) < 500 else b""
    if boundary and b'"' not in boundary and depth < limits.depth and found.budget.repair():
        found.defects.append("multipart boundary guessed")
        declared = media_type_of(part).encode("ascii", "ignore")
        repaired, _ = grow(b"Content-Type: " + declared + b'; boundary="' + boundary + b'"\n\n' + data, limits)
        if isinstance(repaired.get_payload(), list):
            walk(repaired, found, limits, depth + 1)
            return
    if PART_START.match(data) and depth < limits.depth and found.budget.repair():
        found.defects.append(FIRST_BOUNDARY)
        walk(grow(without_boundary(part, data), limits)[0], found, limits, depth + 1)
        return
    found.defects.append("multipart without parts")
    take_text(data, "text/plain", None, part, found)


def take_leaf(part: Part, media_type: str, found: MailParts, limits: Limits, depth: int) -> None:
    """Sort one part that has no parts."""
    data, defect = content(part)
    if defect:
        found.defects.append(defect)
    charset = parameter(part, "charset") or None
    name, shown = part_name(part), disposition(part)
    if media_type in SIGNATURES or name.lower().endswith(".p7s"):
        found.signed = True
        found.loose.append(Loose(name=name, declared_type=media_type, data=data, reason="a signature"))
    elif media_type in CMS or name.lower().endswith(".p7m"):
        take_cms(Loose(name=name, declared_type=media_type, data=data), part, found, limits, depth)
    elif media_type in REPORTS or media_type in HEADERS_ONLY:
        take_report(data, media_type, charset, found, limits)
    elif name.lower().endswith(".eml") and MAIL_START.match(data):
        found.nested.append(grow(data, limits)[0])
    elif is_outlook_mail(data):
        take_outlook(Loose(name=name, declared_type=media_type, data=data), found, limits)
    elif is_body(media_type, name, shown, data, charset or "", found):
        take_text(data, media_type, charset, part, found)
    elif data or name:
        inline = shown != "attachment" and part.get("content-id") is not None
        found.loose.append(Loose(name=name, declared_type=media_type, data=data, charset=charset, inline=inline))


def take_cms(loose: Loose, part: Part, found: MailParts, limits: Limits, depth: int) -> None:
    """Sort what is in a signature that holds its content; all else of this type is encrypted, or says what it is."""
    inside = signed_content(loose.data)
    found.signed |= inside is not None
    if inside is not None:
        loose.reason = "a signature; its content is this mail's"
        walk(grow(inside, limits)[0], found, limits, depth + 1)
    elif "certs-only" in parameter(part, "smime-type"):
        loose.reason = "certificates"
    else:
        found.encrypted, loose.reason = True, "encrypted"
    found.loose.append(loose)


def take_outlook(loose: Loose, found: MailParts, limits: Limits) -> None:
    """Sort a mail that was attached as Outlook's own file."""
    try:
        mail, cpu_s = outlook_mail(loose.data, limits, found.budget.outlook_s)
    except NotOpened as reason:
        if isinstance(reason, DocumentLost):
            found.budget.outlook_s = 0
        loose.reason = str(reason)
        found.loose.append(loose)
        return
    found.budget.outlook_s -= cpu_s
    found.nested.append(grow(mail, limits)[0])


def take_report(data: bytes, media_type: str, charset: str | None, found: MailParts, limits: Limits) -> None:
    if media_type in HEADERS_ONLY:
        found.nested.append(grow(data, limits)[0])
    else:
        found.reports.append(decode(data, charset).text.strip())


def is_body(media_type: str, name: str, shown: str, data: bytes, charset: str, found: MailParts) -> bool:
    """Return whether a leaf is something the sender wrote to be read, not a file."""
    if media_type not in ("text/plain", "text/html", "text/enriched", "text/richtext", "text/unknown"):
        return media_type == "text/text" and not name and shown != "attachment"
    if data.startswith((b"%PDF-", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04")) or is_binary(data, charset):
        return False
    if shown == "attachment":
        return not name and not found.bodies
    return not name or not found.bodies


def sealed(part: Part) -> Loose:
    """Return one part of an encrypted mail."""
    return Loose(name=part_name(part), declared_type=part.get_content_type(), data=content(part)[0], reason="encrypted")
