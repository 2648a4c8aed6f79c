"""The parts of built replies by language: labels, an attribution, prefixes, sentences of an author and a history."""

from __future__ import annotations

from dataclasses import dataclass

NAME, ADDRESS = "Bob Baker", "bob@example.net"


@dataclass(frozen=True, kw_only=True)
class Tongue:
    """The words of one language; `labels` are from, date, to and subject; `said` is an attribution with {who}."""

    reply: str
    forward: str
    labels: tuple[str, str, str, str]
    date: str
    said: str
    greeting: str
    closing: str
    original: str
    forwarded: str
    own: tuple[str, ...]
    old: tuple[str, ...]


def tongue(words: str, own: tuple[str, ...], old: tuple[str, ...]) -> Tongue:
    """The language whose words stand between bars, in the order of the fields above."""
    reply, forward, labels, date, said, greeting, closing, original, forwarded = (
        one.strip() for one in words.split("|")
    )
    one, two, three, four = labels.split("/")
    return Tongue(
        reply=reply, forward=forward, labels=(one, two, three, four), date=date, said=said, greeting=greeting,
        closing=closing, original=original, forwarded=forwarded, own=own, old=old,
    )  # fmt: skip


TONGUES = {
    "en": tongue(
        "RE|FW|From/Sent/To/Subject|Monday, November 2, 2026 7:14 PM|On Mon, Nov 2, 2026 at 7:14 PM {who} wrote:"
        "|Hello Bob,|Kind regards|Original Message|Begin forwarded message:",
        ("The green chairs arrive on Thursday.", "Please keep the side door open for us."),
        ("When do the chairs come to our office?", "We also need two long tables."),
    ),
    "de": tongue(
        "AW|WG|Von/Gesendet/An/Betreff|Montag, 2. November 2026 19:14|Am Mo., 2. Nov. 2026 um 19:14 Uhr schrieb {who}:"
        "|Hallo Bob,|Viele Grüße|Ursprüngliche Nachricht|Anfang der weitergeleiteten Nachricht:",
        ("Die grünen Stühle kommen am Donnerstag.", "Bitte lassen Sie die Seitentür offen."),
        ("Wann kommen die Stühle in unser Büro?", "Wir brauchen auch zwei lange Tische."),
    ),
    "fr": tongue(
        "RE|TR|De /Envoyé /À /Objet |lundi 2 novembre 2026 19:14|Le lun. 2 nov. 2026 à 19:14, {who} a écrit :"
        "|Bonjour Bob,|Cordialement|Message d'origine|Début du message réexpédié :",
        ("Les chaises vertes arrivent jeudi matin.", "Laissez la porte de côté ouverte."),
        ("Quand arrivent les chaises au bureau ?", "Il nous faut aussi deux longues tables."),
    ),
    "es": tongue(
        "RE|RV|De/Enviado el/Para/Asunto|lunes, 2 de noviembre de 2026 19:14"
        "|El lun, 2 nov 2026 a las 19:14, {who} escribió:|Hola Bob,|Un saludo|Mensaje original"
        "|Inicio del mensaje reenviado:",
        ("Las sillas verdes llegan el jueves.", "Deje abierta la puerta lateral."),
        ("¿Cuándo llegan las sillas a la oficina?", "También necesitamos dos mesas largas."),
    ),
    "it": tongue(
        "R|I|Da/Inviato/A/Oggetto|lunedì 2 novembre 2026 19:14"
        "|Il giorno lun 2 nov 2026 alle ore 19:14 {who} ha scritto:|Ciao Bob,|Cordiali saluti|Messaggio originale"
        "|Inizio messaggio inoltrato:",
        ("Le sedie verdi arrivano giovedì.", "Lasciate aperta la porta laterale."),
        ("Quando arrivano le sedie in ufficio?", "Ci servono anche due tavoli lunghi."),
    ),
    "pt": tongue(
        "RES|ENC|De/Enviada em/Para/Assunto|segunda-feira, 2 de novembro de 2026 19:14|Em seg., 2 de nov. de 2026 às "
        "19:14, {who} escreveu:|Olá Bob,|Atenciosamente|Mensagem original|Início da mensagem encaminhada:",
        ("As cadeiras verdes chegam na quinta.", "Deixe aberta a porta lateral."),
        ("Quando chegam as cadeiras ao escritório?", "Precisamos também de duas mesas longas."),
    ),
    "nl": tongue(
        "Antw|Doorst|Van/Verzonden/Aan/Onderwerp|maandag 2 november 2026 19:14|Op ma 2 nov 2026 om 19:14 schreef {who}:"
        "|Beste Bob,|Met vriendelijke groet|Oorspronkelijk bericht|Begin doorgestuurd bericht:",
        ("De groene stoelen komen donderdag aan.", "Houd de zijdeur voor ons open."),
        ("Wanneer komen de stoelen op kantoor?", "Wij hebben ook twee lange tafels nodig."),
    ),
    "da": tongue(
        "SV|VS|Fra/Sendt/Til/Emne|2. november 2026 19:14|Den man. 2. nov. 2026 kl. 19.14 skrev {who}:|Hej Bob,"
        "|Venlig hilsen|Oprindelig meddelelse|Start på videresendt besked:",
        ("De grønne stole kommer på torsdag.", "Hold venligst sidedøren åben."),
        ("Hvornår kommer stolene til kontoret?", "Vi mangler også to lange borde."),
    ),
    "nb": tongue(
        "SV|VS|Fra/Sendt/Til/Emne|mandag 2. november 2026 19:14|man. 2. nov. 2026 kl. 19:14 skrev {who}:|Hei Bob,"
        "|Vennlig hilsen|Opprinnelig melding|Videresendt melding:",
        ("De grønne stolene kommer torsdag.", "Hold sidedøren åpen for oss."),
        ("Når kommer stolene til kontoret?", "Vi trenger også to lange bord."),
    ),
    "sv": tongue(
        "SV|VB|Från/Skickat/Till/Ämne|den 2 november 2026 19:14|Den mån 2 nov. 2026 kl 19:14 skrev {who}:|Hej Bob,"
        "|Med vänliga hälsningar|Ursprungligt meddelande|Vidarebefordrat mejl:",
        ("De gröna stolarna kommer på torsdag.", "Håll sidodörren öppen för oss."),
        ("När kommer stolarna till kontoret?", "Vi behöver också två långa bord."),
    ),
    "fi": tongue(
        "VS|VL|Lähettäjä/Lähetetty/Vastaanottaja/Aihe|maanantai 2. marraskuuta 2026 19.14|ma 2. marrask. 2026 klo "
        "19.14 {who} kirjoitti:|Hei Bob,|Ystävällisin terveisin|Alkuperäinen viesti|Välitetty viesti alkaa:",
        ("Vihreät tuolit tulevat torstaina.", "Pitäkää sivuovi meille auki."),
        ("Milloin tuolit tulevat toimistoon?", "Tarvitsemme myös kaksi pitkää pöytää."),
    ),
    "pl": tongue(
        "Odp|PD|Od/Wysłano/Do/Temat|poniedziałek, 2 listopada 2026 19:14|pon., 2 lis 2026 o 19:14 {who} napisał(a):"
        "|Cześć Bob,|Pozdrawiam|Wiadomość oryginalna|Początek przekazywanej wiadomości:",
        ("Zielone krzesła przyjadą w czwartek.", "Proszę zostawić otwarte boczne drzwi."),
        ("Kiedy przyjadą krzesła do biura?", "Potrzebujemy też dwóch długich stołów."),
    ),
    "cs": tongue(
        "RE|FW|Od/Odesláno/Komu/Předmět|pondělí 2. listopadu 2026 19:14|po 2. 11. 2026 v 19:14 odesílatel {who} napsal:"
        "|Ahoj Bobe,|S pozdravem|Původní zpráva|Začátek přeposílané zprávy:",
        ("Zelené židle dorazí ve čtvrtek.", "Nechte prosím otevřené boční dveře."),
        ("Kdy dorazí židle do kanceláře?", "Potřebujeme také dva dlouhé stoly."),
    ),
    "tr": tongue(
        "YNT|İLT|Kimden/Gönderildi/Kime/Konu|2 Kasım 2026 Pazartesi 19:14"
        "|{who}, 2 Kas 2026 Pzt, 19:14 tarihinde şunu yazdı:|Merhaba Bob,|Saygılarımla|Özgün ileti|İleti başlangıcı:",
        ("Yeşil sandalyeler perşembe günü geliyor.", "Lütfen yan kapıyı açık bırakın."),
        ("Sandalyeler ofise ne zaman geliyor?", "İki uzun masaya da ihtiyacımız var."),
    ),
    "hu": tongue(
        "Vá|Továbbítás|Feladó/Elküldve/Címzett/Tárgy|2026. november 2., hétfő 19:14"
        "|{who} ezt írta (időpont: 2026. nov. 2., H, 19:14):|Szia Bob,|Üdvözlettel|Eredeti üzenet"
        "|Továbbított levél kezdete:",
        ("A zöld székek csütörtökön érkeznek.", "Kérjük, hagyják nyitva az oldalajtót."),
        ("Mikor érkeznek a székek az irodába?", "Két hosszú asztalra is szükségünk van."),
    ),
    "ro": tongue(
        "RE|Redir|De la/Trimis/Către/Subiect|luni, 2 noiembrie 2026 19:14|Pe lun., 2 nov. 2026 la 19:14, {who} a scris:"
        "|Bună Bob,|Cu stimă|Mesajul original|Începe mesajul redirecționat:",
        ("Scaunele verzi sosesc joi dimineață.", "Lăsați deschisă ușa laterală."),
        ("Când sosesc scaunele la birou?", "Avem nevoie și de două mese lungi."),
    ),
    "el": tongue(
        "ΑΠ|ΠΡΘ|Από/Στάλθηκε/Προς/Θέμα|Δευτέρα, 2 Νοεμβρίου 2026 19:14"
        "|Στις Δευ 2 Νοε 2026 στις 19:14, ο χρήστης {who} έγραψε:|Γεια σου Bob,|Με εκτίμηση|Αρχικό μήνυμα"
        "|Αρχή προωθημένου μηνύματος:",
        ("Οι πράσινες καρέκλες έρχονται την Πέμπτη.", "Αφήστε ανοιχτή την πλαϊνή πόρτα."),
        ("Πότε έρχονται οι καρέκλες στο γραφείο;", "Χρειαζόμαστε και δύο μεγάλα τραπέζια."),
    ),
    "he": tongue(
        "תגובה|הועבר|מאת/נשלח/אל/נושא|יום שני, 2 בנובמבר 2026 19:14|‫בתאריך יום ב׳, 2 בנוב׳ 2026 ב-19:14 מאת {who} כתב:‬"
        "|שלום בוב,|בברכה|הודעה מקורית|תחילת ההודעה שהועברה:",
        ("הכיסאות הירוקים מגיעים ביום חמישי.", "נא להשאיר את הדלת הצדדית פתוחה."),
        ("מתי מגיעים הכיסאות למשרד?", "אנחנו צריכים גם שני שולחנות ארוכים."),
    ),
    "ar": tongue(
        "رد|إعادة توجيه|من/تم الإرسال/إلى/الموضوع|الاثنين، 2 نوفمبر 2026 7:14 م|في الاثنين، 2 نوفمبر 2026 في 7:14 م "
        "تمت كتابة ما يلي بواسطة كتب {who}:|مرحبا بوب،|مع التحية|الرسالة الأصلية|بداية الرسالة المعاد توجيهها:",
        ("تصل الكراسي الخضراء يوم الخميس.", "يرجى ترك الباب الجانبي مفتوحا."),
        ("متى تصل الكراسي إلى المكتب؟", "نحتاج أيضا إلى طاولتين طويلتين."),
    ),
    "th": tongue(
        "ตอบกลับ|ส่งต่อ|จาก/ส่ง/ถึง/เรื่อง|วันจันทร์ที่ 2 พฤศจิกายน 2569 19:14|เมื่อ จ. 2 พ.ย. 2026 เวลา 19:14 {who} เขียนว่า:"
        "|เรียน คุณบ๊อบ|ขอแสดงความนับถือ|ข้อความต้นฉบับ|ข้อความที่ส่งต่อ:",
        ("เก้าอี้สีเขียวจะมาถึงวันพฤหัสบดี", "กรุณาเปิดประตูข้างไว้ให้เรา"),
        ("เก้าอี้จะมาถึงสำนักงานเมื่อไร", "เราต้องการโต๊ะยาวสองตัวด้วย"),
    ),
    "vi": tongue(
        "Trả lời|CT|Từ/Đã gửi/Đến/Chủ đề|Thứ Hai, 2 tháng 11, 2026 19:14|Vào 19:14, Th 2, 2 thg 11, 2026 {who} đã viết:"
        "|Chào Bob,|Trân trọng|Thư gốc|Thư được chuyển tiếp:",
        ("Những chiếc ghế xanh đến vào thứ Năm.", "Vui lòng để cửa bên mở cho chúng tôi."),
        ("Khi nào ghế đến văn phòng?", "Chúng tôi cũng cần hai bàn dài."),
    ),
    "ja": tongue(
        "返信|転送|差出人/送信日時/宛先/件名|2026年11月2日 19:14|2026年11月2日(月) 19:14 {who}:|こんにちは"
        "|よろしくお願いいたします|元のメッセージ|転送されたメッセージ：",
        ("緑の椅子は木曜日に届きます。", "横の扉を開けておいてください。"),
        ("椅子はいつ事務所に届きますか。", "長い机も二つ必要です。"),
    ),
    "zh": tongue(
        "答复|转发|发件人/发送时间/收件人/主题|2026年11月2日 19:14|{who} 于2026年11月2日周一 19:14写道：|您好，|此致"
        "|原始邮件|下面是被转发的邮件：",
        ("绿色的椅子星期四送到。", "请把侧门给我们开着。"),
        ("椅子什么时候送到办公室？", "我们还需要两张长桌。"),
    ),
    "ko": tongue(
        "회신|전달|보낸 사람/보낸 날짜/받는 사람/제목|2026년 11월 2일 월요일 오후 7:14"
        "|2026년 11월 2일 (월) 오후 7:14, {who}님이 작성:|안녕하세요,|감사합니다|원본 메시지|전달된 메시지:",
        ("초록색 의자는 목요일에 도착합니다.", "옆문을 열어 두세요."),
        ("의자는 언제 사무실에 도착합니까?", "긴 탁자도 두 개 필요합니다."),
    ),
    "ru": tongue(
        "Отв|Пересл|От/Отправлено/Кому/Тема|2 ноября 2026 г. 19:14|пн, 2 нояб. 2026 г. в 19:14, {who}:"
        "|Здравствуйте, Боб!|С уважением|Исходное сообщение|Начало переадресованного сообщения:",
        ("Зелёные стулья привезут в четверг.", "Оставьте, пожалуйста, боковую дверь открытой."),
        ("Когда стулья привезут в офис?", "Нам нужны ещё два длинных стола."),
    ),
}
