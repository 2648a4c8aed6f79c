"""What is new in a mail, what it quotes, and its signature: a line scanner.

No library here: each one tried runs patterns over the whole body and hangs on hostile input. This one looks at a line
at a time, skips long lines, and wants two signs before it believes that history begins.
"""

import re
from typing import NamedTuple

MAX_LINE = 400
# Below so many lines nobody's history begins, and looking for it would take seconds.
MAX_LINES = 20_000
# Fewer lines than this after `--`, or the mail would lose its body to a mere rule.
MAX_SIGNATURE_LINES = 40

VERBS = re.compile(
    r"\b(?:wrote|writes|schrieb|écrit|ecrit|escribió|escribio|escreveu|ha scritto|scrisse|schreef|geschreven|skrev"
    r"|написал[аи]?|пишет|napisał[a]?|kirjoitti|yazdı)\b|さんは書きました|のメール|書きました|写道|寫道|님이 작성|작성|كتب",
    re.IGNORECASE,
)
YEAR = re.compile(r"(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}[./-]\d\d\b")
ADDRESS = re.compile(r"<?[^\s<>]{1,64}@[^\s<>]{1,190}>?|mailto:")
ORIGINAL = re.compile(
    r"^[-_ ]{2,}\s*(?:original message|original appointment|ursprüngliche nachricht|message d'origine|message d’origine"
    r"|mensaje original|messaggio originale|mensagem original|oorspronkelijk bericht|originele? bericht"
    r"|исходное сообщение|пересылаемое сообщение|元のメッセージ|original message|原始邮件|原始郵件|원본 메시지|원본 메일|الرسالة الأصلية)"
    r"\s*[-_ ]{2,}$",
    re.IGNORECASE,
)
FORWARDED = re.compile(
    r"^(?:[-_ ]{2,}.{0,40}(?:forwarded|weitergeleitete|transféré|reenviado|inoltrato|encaminhada|doorgestuurd"
    r"|пересланное|転送|转发|轉寄|전달).{0,40}[-_ ]{2,}|begin forwarded message:?)$",
    re.IGNORECASE,
)
FROM = "from von de da van от 差出人 发件人 寄件者 寄件人 보낸사람 보낸 من expéditeur remitente mittente afzender отправитель".split()
OTHER = (
    "sent gesendet envoyé enviado enviada inviato verzonden отправлено 送信日時 发送时间 傳送時間 寄件日期 보낸날짜 날짜 تاريخ date datum "
    "fecha data дата 日時 日付 to an à para a aan кому 宛先 收件人 받는사람 إلى cc copie copia kopie копия "
    "subject betreff objet asunto oggetto assunto onderwerp тема 件名 主题 主旨 제목 الموضوع"
).split()
LABELLED = re.compile("[:：]")
LABEL = re.compile(r"^[>*\s]*\*?([^\W\d_][^:：<>@]{0,18}?)\s*\*?\s*[:：]\*?\s*\S")
SENT_FROM = re.compile(
    r"^(?:sent from my |sent from (?:outlook|mail|yahoo|samsung)|get outlook for |von meinem .{2,30} gesendet"
    r"|gesendet von |envoyé de(?:puis)? mon |enviado desde mi |enviado do meu |inviato da |verzonden vanaf mijn "
    r"|отправлено (?:с|из) |iphoneから送信|androidから送信|发自我的|從我的|나의 .{1,20}에서 보냄|أُرسلت من|أرسلت من)",
    re.IGNORECASE,
)
CONTACT = re.compile(r"@|https?://|www\.|\btel\b|℡|電話|電話番号|TEL|FAX", re.IGNORECASE)
RULE = re.compile(r"^\s*([-=_*~#+・━─＝－■□◆◇☆★]{1,3})\1{5,}\s*$")


class Pieces(NamedTuple):
    """A body taken apart; joined they hold every line of it."""

    new: str
    quoted: str
    signature: str


def split_quotes(text: str) -> Pieces:
    """Return what is new, what is quoted and the signature; where nothing would be new, all of it is."""
    lines = text.split("\n")
    new, quoted = split_history(lines)
    new, signature = split_signature(new)
    fresh = "\n".join(new).strip()
    if not fresh:
        return Pieces(text.strip(), "", "")
    return Pieces(fresh, "\n".join(quoted).strip("\n"), "\n".join(signature).strip("\n"))


def split_history(lines: list[str]) -> tuple[list[str], list[str]]:
    """Return the lines that are new and those that are history."""
    new: list[str] = []
    quoted: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith((">", " >", "|>")) and not line.startswith(">From "):
            quoted.append(line)
            at += 1
            continue
        if line and len(line) <= MAX_LINE and at < MAX_LINES:
            if FORWARDED.match(line.strip()):
                return [*new, *lines[at:]], quoted
            head = history_head(lines, at)
            if head and not marks_follow(lines, at + head):
                return new, [*quoted, *lines[at:]]
            if head:
                quoted += lines[at : at + head]
                at += head
                continue
        new.append(line)
        at += 1
    return new, quoted


def history_head(lines: list[str], at: int) -> int:
    """Return how many lines from `at` say that history follows; 0 where they do not."""
    line = lines[at].strip()
    if line.startswith(("-", "_")) and ORIGINAL.match(line):
        return 1
    if header_block(lines, at):
        return 1
    if not any(introduces(near) for near in lines[at : at + 3]):
        return 0
    for count in (1, 2, 3):
        head = " ".join(part.strip() for part in lines[at : at + count])
        if len(head) > MAX_LINE:
            break
        if attribution(head, marks_follow(lines, at + count)):
            return count
        if not head.endswith(":") and at + count < len(lines) and not lines[at + count].strip():
            break
    return 0


def introduces(line: str) -> bool:
    """Return whether a line ends as one does that says who wrote what follows."""
    return line.rstrip().endswith((":", "：", "﹕", "写道", "寫道", "書きました", "작성"))


def attribution(line: str, marks: bool) -> bool:
    """Return whether a line is `On <date>, <someone> wrote:` in some language."""
    if not introduces(line):
        return False
    dated, addressed, verb = bool(YEAR.search(line)), bool(ADDRESS.search(line)), bool(said(line))
    if marks:
        return verb or (dated and addressed)
    return verb and dated and (addressed or len(line) > 20)


def said(line: str) -> bool:
    """Return whether the line has a verb of saying; its last colon is not one."""
    return bool(VERBS.search(line.rstrip(":：﹕ ")))


def header_block(lines: list[str], at: int) -> bool:
    """Return whether a sender's label stands here and two other header labels stand in the next lines."""
    if not LABELLED.search(lines[at][:60]) or label(lines[at]) not in FROM:
        return False
    others = {label(line) for line in lines[at + 1 : at + 8] if line and len(line) <= MAX_LINE}
    return len(others.intersection(OTHER)) >= 2


def label(line: str) -> str:
    found = LABEL.match(line[:60])
    return re.sub(r"\s", "", found[1]).strip("*").lower() if found else ""


def marks_follow(lines: list[str], at: int) -> bool:
    """Return whether the next line with something on it is quoted with `>`."""
    for line in lines[at : at + 4]:
        if line.strip():
            return line.lstrip().startswith((">", "|"))
    return False


def split_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """Return the lines before the signature and the signature."""
    for at, line in enumerate(lines):
        exact = line == "-- " or line == "--\u00a0"
        if exact or (line.rstrip() == "--" and len(lines) - at <= MAX_SIGNATURE_LINES):
            return lines[:at], lines[at:]
    last = len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    if last and SENT_FROM.match(lines[last - 1].strip()[:MAX_LINE]):
        return lines[: last - 1], lines[last - 1 :]
    return ruled_signature(lines, last)


def ruled_signature(lines: list[str], last: int) -> tuple[list[str], list[str]]:
    """Return the split at a rule of `━━━` or `----` in the last lines with an address or number below it."""
    for at in range(max(1, last - 12), last):
        if RULE.match(lines[at][:MAX_LINE]) and any(CONTACT.search(line[:MAX_LINE]) for line in lines[at + 1 : last]):
            return lines[:at], lines[at:]
    return lines, []
