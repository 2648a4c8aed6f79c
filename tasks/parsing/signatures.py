"""The signature at the end of what somebody wrote: below `-- `, below a rule, or a phone's own line.

A signature names its sender and the ways to reach them. Below the same marks people write on, so what reads as
sentences stays text.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tasks.parsing.mail_context import MailContext

MAX_LINE = 400
MAX_SIGNATURE_LINES = 15
LONGEST_LINE = 90
MAX_FOOTER_WORDS = 10
MAX_NAME_WORDS = 4
MAX_CARD_WORDS = 6
EXACT = ("-- ", "--\u00a0")
RULING = frozenset("-=_*~#+・━─＝－■□◆◇☆★")
RULE = re.compile(r"^\s*([-=_*~#+・━─＝－■□◆◇☆★]{1,3})\1{5,}\s*$")
CONTACT = re.compile(
    r"\S@\S|https?://|www\.|\b(?:tel|telephone|phone|mobile|mob|fax|cell|gsm|tlf|tfn|telefon|teléfono|téléphone|téléfono|puh"
    r"|skype|linkedin|gmbh|ltd|inc|llc|ag|s\.?a\.?|ab|oy|a/s)\b|℡|電話|携帯|電郵|电话|手机|전화|тел\b|τηλ"
    r"|\+\d[\d ()/.-]{6,}",
    re.IGNORECASE,
)
PHONE = re.compile(
    r"\b(?:tel|telephone|phone|mobile|mob|fax|cell|telefon|teléfono|téléphone)\b|℡|電話|携帯|电话|手机|전화|\bтел\b|τηλ"
    r"|\+\d[\d ()/.-]{6,}",
    re.IGNORECASE,
)
WORD = re.compile(r"[^\W\d_][\w'’.-]*")
SENTENCE = re.compile(r"(?:\S+\s+){2,}\S+[.!?…][\"')\]”»]*\s*$|[。！？]\s*$")
LEGAL = re.compile(
    r"confidential|intended (?:only|solely)|recipient|disclaimer|vertraulich|empfänger|confidentiel|destinataire"
    r"|confidencial|destinatario|riservat|vertrouwelijk|geadresseerde|poufne|důvěrn|gizli|bizalmas|fortrolig|konfidentiell|luottamuksel"
    r"|конфиденциальн|εμπιστευτικ|סודי|سري|機密|机密|기밀|unsubscribe|registered (?:in|office)|print(?:ing)? this|virus"
    r"|amtsgericht",
    re.IGNORECASE,
)
# Names of phones and programs, and the small words between them. A line of nothing else was written by a program.
DEVICES = tuple(
    (
        "iphon ipad ipod icloud android samsung galaxy huawei xiaomi redmi oneplus oppo vivo pixel blackberry nokia"
        " htc lg sony xperia motorola windows outlook gmail yahoo mail proton aol thunderbird spark zoho gmx web.de"
        " mobil handy smartphone phone telefon téléphone teléfono telefoon puhelim tablet smartfon телефон смартфон"
        " κινητ mobitel cellulare celular telemóvel móvil mobiltelefon mobiili wireless handheld gerät device"
        " appareil dispositivo"
    ).split()
)
SENT = re.compile(
    r"\b(?:sent (?:from|with|via|using)|get outlook|gesendet|diese nachricht wurde|envoyé|enviado|inviato|verzonden"
    r"|verstuurd|sendt fra|skickat|lähetetty|wysłan[eoy]|odesláno|odoslané|gönderildi|küldve|trimis|στάλθηκε|εστάλη"
    r"|отправлено|надіслано|изпратено|poslano|dikirim|gửi từ|télécharger outlook|obtener outlook|scarica outlook"
    r"|obter o outlook|outlook(?: für| voor| til| för))\b|נשלח|أ[ُ]?رسلت|送信|发自|發自|從我的|从我的|보냄|보냈습니다"
    r"|ส่งจาก",
    re.IGNORECASE,
)
FOOTER_WORDS = frozenset(
    "from with via using my the a for on get sent it mit von meinem meiner mein meine der die das dem diese nachricht "
    "wurde für mon ma de depuis le la pour mi desde el un una para do meu minha da dal mio mia per vanaf mijn met voor "
    "fra min mitt från z mojego mého meho mog s moj mij de pe al meu meul το από μου с из моего моей через з за "
    "permanent app ios email e-mail gesendet envoyé enviado enviada inviato verzonden verstuurd sendt skickat "
    "lähetetty wysłane wysłano wysłany odesláno odoslané gönderildi küldve trimis στάλθηκε εστάλη отправлено "
    "отправлена надіслано изпратено poslano dikirim đã gửi từ của tôi télécharger obtener scarica obter o til för "
    "omalta minun 4g 5g lte free mini pro plus max ultra note network".split()
)
WIDE = re.compile(r"[\u0590-\u06ff\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
LONGEST_WIDE = 40
ASIAN_DEVICE = re.compile(r"手机|手機|携帯|スマホ|휴대")
POLITE_END = re.compile(r"[。，、,]|(?:ました|ください|です)\W*$")
POSTSCRIPT = re.compile(r"^\W{0,3}p\.? ?s\.?\s?[:：.,!–-]?\s", re.IGNORECASE)
NOT_IN_NAMES = re.compile(r"[:：;!?\d|*•>=]|^\s*-")
LINK = re.compile(r"\s*[(<][^()<>\s]*://[^()<>\s]*[)>]")


class Signed(NamedTuple):
    """Lines taken apart: what was written, and the signature; joined they are all lines, `below` being written, too."""

    written: list[str]
    signature: list[str]
    below: list[str]


def split_signature(lines: list[str], context: MailContext) -> Signed:
    """Return the lines before the signature, the signature, and what was written below it."""
    last = len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    if last and is_footer(lines[last - 1]):
        return Signed(lines[: last - 1], lines[last - 1 :], [])
    marks = [at for at in range(last) if lines[at].startswith("--") and lines[at].rstrip() == "--"]
    if marks:
        return below_mark(lines, marks, last, frozenset(context.name_words))
    for at in range(max(1, last - 12), last):
        if (
            len(lines[at]) > 5
            and lines[at].lstrip()[:1] in RULING
            and RULE.match(lines[at][:MAX_LINE])
            and is_card(lines[at + 1 : last], frozenset(context.name_words))
        ):
            return Signed(lines[:at], lines[at:], [])
    return Signed(lines, [], [])


def below_mark(lines: list[str], marks: list[int], last: int, names: frozenset[str]) -> Signed:
    """Return the split at the last `--`, where a signature follows it; with several of them they divide a text."""
    at = marks[-1]
    end = signature_end(lines, at + 1, last)
    block = [line.strip() for line in lines[at + 1 : end] if line.strip()]
    exact = lines[at] in EXACT and len(marks) == 1
    if exact and (not is_prose(block) or introduced(block, names)):
        return Signed(lines[:at], lines[at:end], lines[end:])
    if 0 < len(block) <= MAX_SIGNATURE_LINES and not is_prose(block) and introduced(block, names):
        return Signed(lines[:at], lines[at:end], lines[end:])
    return Signed(lines, [], [])


def signature_end(lines: list[str], start: int, last: int) -> int:
    """Return where the signature that begins at `start` ends.

    It ends before the first later paragraph that is no part of a signature.
    """
    first = True
    for begin, end in paragraphs(lines, start, last):
        after = next((at for at in range(begin, end) if POSTSCRIPT.match(lines[at])), None)
        if after is not None:
            return after
        if not first and not goes_on(lines[begin:end]):
            return begin
        first = False
    return len(lines)


def paragraphs(lines: list[str], start: int, last: int) -> Iterator[tuple[int, int]]:
    """Give where each paragraph begins and ends, in order."""
    begin = None
    for at in range(start, last):
        if lines[at].strip():
            begin = at if begin is None else begin
        elif begin is not None:
            yield begin, at
            begin = None
    if begin is not None:
        yield begin, last


def goes_on(paragraph: list[str]) -> bool:
    """Return whether a later paragraph still belongs to a signature: contact data, names or a legal notice."""
    if LEGAL.search(" ".join(paragraph)[: 5 * MAX_LINE]) or all(RULE.match(line[:MAX_LINE]) for line in paragraph):
        return True
    return contact_data(paragraph) or all(is_name(line) for line in paragraph)


def is_prose(paragraph: list[str]) -> bool:
    """Return whether lines hold a sentence, or more words than a signature without contact data has."""
    kept = [line[:MAX_LINE].rstrip() for line in paragraph if not LEGAL.search(line[:MAX_LINE])]
    if any(len(line) > LONGEST_LINE or SENTENCE.search(line) for line in kept):
        return True
    return any(len(line.split()) > MAX_NAME_WORDS and not CONTACT.search(line) and "," not in line for line in kept)


def introduced(block: list[str], names: frozenset[str]) -> bool:
    """Return whether one of the first two lines names the sender, or some line holds contact data."""
    return names_sender(block, names) or contact_data(block)


def names_sender(block: list[str], names: frozenset[str]) -> bool:
    """Return whether one of the first two lines is the sender's name; where that is not known, any name."""
    for line in block[:2]:
        words = [word.lower() for word in WORD.findall(line[:MAX_LINE])]
        if len(words) <= MAX_CARD_WORDS and names.intersection(words):
            return True
    return not names and bool(block) and is_name(block[0])


def is_card(lines: list[str], names: frozenset[str]) -> bool:
    """Return whether lines below a rule are a visiting card.

    A card is contact data with a telephone number or the sender's name.
    """
    block = [line.strip() for line in lines if line.strip()]
    return contact_data(block) and (any(PHONE.search(line[:MAX_LINE]) for line in block) or names_sender(block, names))


def is_name(line: str) -> bool:
    """Return whether a line is two to four capitalised words and nothing else."""
    words = WORD.findall(line[:MAX_LINE])
    return (
        2 <= len(words) <= MAX_NAME_WORDS and all(word[0].isupper() for word in words) and not NOT_IN_NAMES.search(line)
    )


def contact_data(lines: list[str]) -> bool:
    """Return whether lines hold an address, a number or a firm, and none of them is a sentence."""
    kept = [line[:MAX_LINE].rstrip() for line in lines if line.strip()]
    if any(SENTENCE.search(line) and not LEGAL.search(line) for line in kept):
        return False
    return any(CONTACT.search(line) for line in kept)


def names_device(text: str) -> bool:
    """Return whether a phone or a program is named somewhere in a text; cheap, for it is asked of every mail."""
    lower = text.lower()
    return any(device in lower for device in DEVICES) or bool(ASIAN_DEVICE.search(text))


def is_footer(line: str) -> bool:
    """Return whether a line is one that a phone or a program adds: `Sent from my iPhone`, in many languages."""
    text = LINK.sub("", line.strip()[:MAX_LINE]).rstrip(" .!")
    if len(text) > LONGEST_LINE or not (names_device(text) and SENT.search(text)):
        return False
    words = [word.lower().strip(".'’") for word in text.replace("-", " ").split()]
    devices = sum(bool(word.lower().startswith(DEVICES)) for word in words)
    if WIDE.search(text):
        latin = re.findall(r"[A-Za-z]{2,}", text)
        machine = (
            all(word.lower().startswith(DEVICES) or word.lower() in FOOTER_WORDS for word in latin)
            if latin
            else ASIAN_DEVICE.search(text)
        )
        return len(text) <= LONGEST_WIDE and bool(machine) and not POLITE_END.search(line)
    known = all(word.lower().startswith(DEVICES) or word in FOOTER_WORDS or not word.isalpha() for word in words)
    named = len(words) <= MAX_FOOTER_WORDS and all(
        word[:1].isupper() or word.lower() in FOOTER_WORDS or word.lower().startswith(DEVICES)
        for word in text.split()[1:]
    )
    return bool(devices) and "," not in text and len(words) <= MAX_FOOTER_WORDS and (known or named)
