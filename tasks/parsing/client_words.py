"""Words that mail clients write into a mail around the text of another one, in the languages they are sold in.

These are facts about the clients: labels of header fields, verbs of attribution lines, separators, prefixes of
subjects. All are in lower case, as `str.lower` and `plain_word` give them.
"""

import re

ROLES: dict[str, str] = {
    "from": (
        "from|von|de|da|van|fra|från|lähettäjä|od|nadawca|odesílatel|odosielateľ|kimden|gönderen|feladó|de la"
        "|expeditorul|expeditor|από|αποστολέας|מאת|من|จาก|từ|người gửi|expéditeur|remitente|mittente|afzender|remetente"
        "|absender|avsändare|avsender|afsender|от|от кого|отправитель|від|від кого|šalje|saatja|nuo|差出人|送信者"
        "|送信元|发件人|寄件者|寄件人|發件人|發送者|보낸사람|보낸이|발신|발신자|dari|pengirim|از|फ्रॉम|प्रेषक"
    ),
    "date": (
        "sent|date|gesendet|datum|envoyé|envoyé le|enviado|enviado el|enviada|enviada em|enviado em|fecha|data"
        "|data e ora|inviato|inviato il|verzonden|sendt|dato|skickat|lähetetty|päivämäärä|päiväys|pvm|wysłano|wysłane"
        "|odesláno|odoslané|dátum|gönderildi|gönderilen|gönderilme tarihi|gönderme tarihi|gönderim tarihi|tarih"
        "|elküldve|küldve|trimis|dată|στάλθηκε|εστάλη|απεσταλμένα|ημερομηνία|נשלח|נשלח ב|תאריך|בתאריך|تاريخ الإرسال"
        "|تم الإرسال|التاريخ|تاريخ|أرسلت|أُرسلت|ส่ง|ส่งเมื่อ|วันที่|วันที่ส่ง|đã gửi|gửi|ngày|ngày gửi|отправлено|дата"
        "|дата отправки|надіслано|відправлено|изпратено|poslano|送信日時|日付|日時|送信日|发送时间|發送時間|傳送時間"
        "|发送日期|寄件日期|日期|时间|時間|보낸날짜|보낸시간|보낸일시|날짜|발신일|dikirim|tanggal|تاریخ|दिनांक"
    ),
    "to": (
        "to|an|à|a|para|pour|aan|til|till|vastaanottaja|do|komu|adresat|pre|kime|alıcı|címzett|către|destinatarul"
        "|destinatar|προς|אל|לכבוד|إلى|الى|ถึง|đến|tới|người nhận|empfänger|destinataire|destinatario|destinatário"
        "|mottaker|mottagare|modtager|кому|получатель|до|prima|saaja|kam|宛先|送信先|收件人|收件者|받는사람|받는이|수신|수신자"
        "|kepada|untuk|به|प्रति"
    ),
    "cc": (
        "cc|kopie|kopie(cc)|copie|copie à|cópia|copia|kopi|kopio|kopia|dw|kópia|bilgi|másolat|másolatot kap|κοιν"
        "|κοινοποίηση|עותק|نسخة|สำเนา|копия|копія|抄送|副本|참조|tembusan|รายชื่อสำเนา|đồng kính gửi"
    ),
    "subject": (
        "subject|betreff|objet|sujet|asunto|oggetto|ogg|assunto|onderwerp|emne|ämne|aihe|temat|předmět|predmet|naslov|konu"
        "|tárgy|subiect|subiectul|θέμα|נושא|الموضوع|موضوع|เรื่อง|หัวเรื่อง|ชื่อเรื่อง|chủ đề|tiêu đề|тема|относно|teema"
        "|tema|件名|主题|主題|主旨|标题|標題|제목|perihal|subjek|विषय"
    ),
}


def plain_word(text: str) -> str:
    """Return a label or prefix as it stands in the tables: lower case, no blanks, dots, stars and direction marks."""
    return NOT_IN_WORDS.sub("", text).lower().replace("i̇", "i")


NOT_IN_WORDS = re.compile("[\\s*._\u200b-\u200f\u202a-\u202e\u2066-\u2069\u00a0]")
ROLE_OF: dict[str, str] = {plain_word(word): role for role, words in ROLES.items() for word in words.split("|")}

# "On <date> <name> wrote": the verbs, and those of scripts that join words.
VERBS = frozenset(
    "wrote|writes|schrieb|geschrieben|écrit|ecrit|escribió|escribio|escribía|escreveu|scritto|scrisse|schreef|geschreven"
    "|skrev|skreiv|kirjoitti|pisze|napisał|napisała|píše|napsal|napsala|napísal|napísala|napisao|napisala|napisal|yazdı"
    "|írta|scris|έγραψε|написал|написала|написав|писал|пише|пишет|написа|пиша|menulis|escriure|escrit|rašė|rakstīja"
    "|kirjutas|viết|כתב|כתבה|كتب|كتبت|نوشت".split("|")
)
JOINED_VERBS = (
    "さんは書きました",
    "さんが書きました",
    "のメール",
    "書きました",
    "写道",
    "寫道",
    "编写",
    "작성",
    "เขียน",
    "लिखा",
)
LETTERS = re.compile(r"[^\W\d_]+")


def says_wrote(text: str) -> bool:
    """Return whether a text says that somebody wrote something."""
    if not VERBS.isdisjoint(LETTERS.findall(text.lower())):
        return True
    return not text.isascii() and any(verb in text for verb in JOINED_VERBS)


# How a line ends, apart from its colon, when another person's words follow.
BEFORE_WORDS = ("写道", "寫道", "書きました", "작성", "님이 작성함")
COLONS = (":", "：", "﹕", "︰")
# How an attribution line begins, where it does not begin with a name.
OPENER = re.compile(
    r"(?:on|am|le|el|il|em|no dia|a|op|den|d\.|på|dne|dňa|dnia|w dniu|pe|în|la|στις|τη|την|σε|ב|בתאריך|في|بتاريخ|เมื่อ"
    r"|วันที่|vào|lúc|pada|в|у|на|au|ai|al|il giorno|the|date|quoting|zitat von|citando|dana|dnes|at|since)\b.{0,12}[\d\w]"
    r"|在\s*\d|于\s*\d|於\s*\d|\d{1,4}[./年년-]|\d{1,2}\s|\w{2,14}[,.]\s|[\"'«„“<]",
    re.IGNORECASE,
)

# Between dashes: what follows is the mail that is answered.
ORIGINAL = (
    "original message|original appointment|original mail|originale? nachricht|ursprüngliche nachricht|originalnachricht"
    "|original-nachricht|message d.origine|message original|message initial|mensaje original|messaggio originale"
    "|mensagem original|oorspronkelijk bericht|originele? bericht|oprindelig meddelelse|opprinnelig melding"
    "|original meddelelse|ursprungligt meddelande|originalmeddelande|alkuperäinen viesti|oryginalna wiadomość"
    "|wiadomość oryginalna|wiadomość pierwotna|treść oryginalnej wiadomości|původní zpráva|původní e-mail"
    "|pôvodná správa|özgün ileti|orijinal mesaj|orijinal ileti|asıl ileti|eredeti üzenet|mesaj original"
    "|mesajul original|αρχικό μήνυμα|הודעה מקורית|ההודעה המקורית|الرسالة الأصلية|رسالة أصلية|ข้อความต้นฉบับ|ข้อความเดิม"
    "|thư gốc|tin nhắn gốc|исходное сообщение|оригинальное сообщение|исходное письмо|оригінальне повідомлення"
    "|початкове повідомлення|оригинално писмо|izvorna poruka|originalna poruka|izvirno sporočilo|pesan asli"
    "|missatge original|元のメッセージ|オリジナルメッセージ|元のメール|原始邮件|原邮件|原始郵件|原始訊息|원본 메시지"
    "|원본 메일|원래 메시지"
)
# Stems of "forwarded": in a line between dashes, or before a colon and a block of header fields.
FORWARDED = (
    "forward|weitergeleitet|transféré|réexpédié|transmis|reenvia|inoltrat|encaminhad|reencaminhad|doorgestuur|doorgezonden"
    "|vidarebefordra|vidaresänt|videresend|välitetty|edelleenlähe|przekaz|przesłan|přepos|přeposl|preposl|iletilen|iletilmiş"
    "|ileti başlangıcı|yönlendirilen|továbbít|redirec[țţ]ionat|προωθη|הועבר|מועבר|محولة|معاد توجيه|إعادة توجيه|ممرر"
    "|ส่งต่อ|chuyển tiếp|пересланн|пересыл|переслан|переадрес|перенаправ|пересила|препрат|proslijeđen|prosleđen"
    "|posredovan|diteruskan|reenviat|転送|转发|轉寄|轉發|전달"
)

REPLY_PREFIXES = (
    "re|rép|aw|antw|antwort|sv|svar|vs|vast|odp|odpov|odpoveď|r|rif|ref|res|resp|ynt|yanıt|cevap|vá|válasz|απ|απάντηση|תגובה|השב|رد"
    "|ตอบ|ตอบกลับ|trả lời|tl|ha|на|отв|ответ|відп|отг|odg|bls|balas|ats|atb|betr|回复|回覆|答复|答覆|回信|返信|회신|답장"
    "|답변"
)
FORWARD_PREFIXES = (
    "fw|fwd|wg|tr|trans|rv|i|enc|vb|vl|vs|videresend|videresendt|fs|pd|prep|přeposláno|fwd|doorst|doorgestuurd|továbbítás|tov"
    "|ilt|iletilen|redir|redirecționat|πρθ|προωθ|προώθηση|הועבר|إعادة توجيه|تحويل|ส่งต่อ|chuyển tiếp|ct|пересл|переслано"
    "|пер|proslijeđeno|pos|trs|terusan|yml|ed|edasi|转发|轉寄|轉發|転送|전달|inoltro|reenv|rn"
)
REPLIES = frozenset(map(plain_word, REPLY_PREFIXES.split("|")))
FORWARDS = frozenset(map(plain_word, FORWARD_PREFIXES.split("|")))
# `VS` is an answer in Finnish and Estonian mail, and a forward in Danish and Norwegian mail.
ANSWERS_WITH_VS = frozenset({"lähettäjä", "saatja"})
