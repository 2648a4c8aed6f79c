"""The text contains what the author wrote, wherever it is.

It may stand above, between and below quotes, signatures and forwards.
"""

import pytest

from tasks.parsing.read_mail import read_mail
from tests.tasks.parsing.mails import mail, typed

BOB = "Bob Baker <bob@example.net>"


def headed(subject, *fields):
    return ("From: Ann Lee <ann@example.org>", f"To: {BOB}", f"Subject: {subject}", *fields)


def read(subject, body, *fields):
    return read_mail(mail(body, header=headed(subject, *fields)))


def read_html(subject, page, *fields):
    typed_as = ("MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8")
    return read_mail(mail(page, *typed_as, header=headed(subject, *fields)))


@pytest.mark.parametrize(
    ("subject", "own", "head"),
    [
        ("Re: Rent", "We take the flat.\nThe deposit is paid today.", f"On Mon, Nov 2, 2026 at 7:14 PM {BOB} wrote:"),
        ("Re: Rent", "The boiler is fine: keep it.", f"On Mon, Nov 2, 2026 at 7:14 PM\n{BOB} wrote:"),
        ("AW: Miete", "Wir nehmen die Wohnung.", f"Am Mo., 2. Nov. 2026 um 19:14 Uhr schrieb {BOB}:"),
        ("Re: Loyer", "Nous prenons le logement", f"Le lun. 2 nov. 2026 à 19:14, {BOB} a écrit :"),
        ("Re: Аренда", "Квартира подходит", '02.11.2026, 19:14, "Bob Baker" <bob@example.net>:'),
        ("Re: Rent", "No later than 4 December 2026.", f"{BOB} wrote on 2 November 2026 at 19:14:"),
    ],
)
def test_lines_directly_above_an_attribution_are_the_author_s(subject, own, head):
    got = read(subject, f"Hello,\n\n{own}\n{head}\n> Is it the flat you want?\n")

    assert got.text == f"Hello,\n\n{own}"
    assert got.quoted.startswith(head)


def test_a_sentence_on_the_line_of_the_attribution_is_the_author_s():
    got = read("Re: Rent", f"Please paint the walls. On Mon, Nov 2, 2026 at 7:14 PM {BOB} wrote:\n> What is missing?\n")

    assert got.text == "Please paint the walls."
    assert got.quoted.startswith("On Mon")


BLOCKS = {
    "en": "From: Bob Baker\nSent: Monday, November 2, 2026 7:14 PM\nTo: Ann Lee\nSubject: Lease",
    "de": "Von: Bob Baker\nGesendet: Montag, 2. November 2026 19:14\nAn: Ann Lee\nBetreff: Lease",
    "fr": "De : Bob Baker\nEnvoyé : lundi 2 novembre 2026 19:14\nÀ : Ann Lee\nObjet : Lease",
    "es": "De: Bob Baker\nEnviado el: lunes, 2 de noviembre de 2026 19:14\nPara: Ann Lee\nAsunto: Lease",
    "it": "Da: Bob Baker\nInviato: lunedì 2 novembre 2026 19:14\nA: Ann Lee\nOggetto: Lease",
    "pt": "De: Bob Baker\nEnviada em: segunda-feira, 2 de novembro de 2026 19:14\nPara: Ann Lee\nAssunto: Lease",
    "nl": "Van: Bob Baker\nVerzonden: maandag 2 november 2026 19:14\nAan: Ann Lee\nOnderwerp: Lease",
    "nb": "Fra: Bob Baker\nSendt: mandag 2. november 2026 19:14\nTil: Ann Lee\nEmne: Lease",
    "sv": "Från: Bob Baker\nSkickat: den 2 november 2026 19:14\nTill: Ann Lee\nÄmne: Lease",
    "fi": "Lähettäjä: Bob Baker\nLähetetty: maanantai 2. marraskuuta 2026 19.14\nVastaanottaja: Ann Lee\nAihe: Lease",
    "pl": "Od: Bob Baker\nWysłano: poniedziałek, 2 listopada 2026 19:14\nDo: Ann Lee\nTemat: Lease",
    "cs": "Od: Bob Baker\nOdesláno: pondělí 2. listopadu 2026 19:14\nKomu: Ann Lee\nPředmět: Lease",
    "tr": "Kimden: Bob Baker\nGönderildi: 2 Kasım 2026 Pazartesi 19:14\nKime: Ann Lee\nKonu: Lease",
    "hu": "Feladó: Bob Baker\nElküldve: 2026. november 2., hétfő 19:14\nCímzett: Ann Lee\nTárgy: Lease",
    "ro": "De la: Bob Baker\nTrimis: luni, 2 noiembrie 2026 19:14\nCătre: Ann Lee\nSubiect: Lease",
    "el": "Από: Bob Baker\nΣτάλθηκε: Δευτέρα, 2 Νοεμβρίου 2026 7:14 μμ\nΠρος: Ann Lee\nΘέμα: Lease",
    "he": "\u200fמאת: Bob Baker\n\u200fנשלח: יום שני, 2 בנובמבר 2026 19:14\n\u200fאל: Ann Lee\n\u200fנושא: Lease",
    "ar": "من: Bob Baker\nتم الإرسال: الاثنين، 2 نوفمبر 2026 7:14 م\nإلى: Ann Lee\nالموضوع: Lease",
    "th": "จาก: Bob Baker\nส่ง: วันจันทร์ที่ 2 พฤศจิกายน 2569 19:14\nถึง: Ann Lee\nเรื่อง: Lease",
    "vi": "Từ: Bob Baker\nĐã gửi: Thứ Hai, 2 tháng 11, 2026 7:14 CH\nĐến: Ann Lee\nChủ đề: Lease",
    "ja": "差出人: Bob Baker\n送信日時: 2026年11月2日 19:14\n宛先: Ann Lee\n件名: Lease",
    "zh": "发件人: Bob Baker\n发送时间: 2026年11月2日 19:14\n收件人: Ann Lee\n主题: Lease",
    "ko": "보낸 사람: Bob Baker\n보낸 날짜: 2026년 11월 2일 월요일 오후 7:14\n받는 사람: Ann Lee\n제목: Lease",
    "ru": "От: Bob Baker\nОтправлено: 2 ноября 2026 г. 19:14\nКому: Ann Lee\nТема: Lease",
    "uk": "Від: Bob Baker\nНадіслано: 2 листопада 2026 р. 19:14\nКому: Ann Lee\nТема: Lease",
    "lt": "Nuo: Bob Baker <bob@example.net>\nIšsiųsta: 2026 m. lapkričio 2 d. 19:14\nKam: Ann Lee\nTema: Lease",
}  # fmt: skip
REPLIES = "RE AW Re RE R RES Antw SV SV VS Odp RE YNT Vá RE ΑΠ תגובה رد ตอบกลับ TL 返信 答复 회신 Отв RE RE".split()
FORWARDS = (
    "FW WG TR RV I ENC Doorst VS VB VL PD FW İLT Továbbítás Redir ΠΡΘ הועבר إعادة_توجيه ส่งต่อ CT 転送 转发 전달 Пересл"
    " FW Fwd"
).split()


@pytest.mark.parametrize(("block", "prefix"), zip(BLOCKS.values(), REPLIES, strict=True), ids=list(BLOCKS))
def test_a_header_block_in_an_answer_begins_history(block, prefix):
    got = read(f"{prefix}: Lease", f"We sign it as it is, all of us.\n\n{block}\n\nDo you sign the lease?\n")

    assert got.text == "We sign it as it is, all of us."
    assert got.quoted.endswith("Do you sign the lease?")
    assert got.doubts == ()


@pytest.mark.parametrize("comment", ["Please pay it.\n\n", "", "Please pay it.\n\n-- \nAnn Lee\nLee Ltd\n\n"])
@pytest.mark.parametrize(("block", "prefix"), zip(BLOCKS.values(), FORWARDS, strict=True), ids=list(BLOCKS))
def test_a_header_block_in_a_forward_is_content(block, prefix, comment):
    got = read(f"{prefix.replace('_', ' ')}: Lease", f"{comment}{block}\n\nThe rent of 700 EUR is due.\n")

    assert got.text.startswith(comment[:14])
    assert got.text.endswith("The rent of 700 EUR is due.")
    assert (got.quoted, got.doubts) == ("", ())


@pytest.mark.parametrize(
    "line",
    [
        "Anfang der weitergeleiteten Nachricht:",
        "Début du message transféré :",
        "Välitetty viesti alkaa:",
        "Начало переадресованного сообщения:",
        "-------- Videresendt meddelelse --------",
        "----- Przekazana wiadomość -----",
        "---------- Mensaje reenviado ---------",
        "---- 転送メッセージ ----",
        "============ Forwarded message ============",
    ],
)
def test_a_forward_whose_subject_was_changed_is_content(line):
    body = (
        f"What do you think?\n\n{line}\n\n"
        "From: Carl <carl@example.net>\nSubject: Offer\nDate: 2 Nov 2026 at 19:14\nTo: Ann\n\nTen chairs.\n"
    )

    assert read("A question", body).text.endswith("Ten chairs.")
    assert read("A question", body, "References: <x@example.net>").text.endswith("Ten chairs.")


@pytest.mark.parametrize("rule", ["_" * 32, "-" * 10, "=" * 20])
def test_a_rule_right_above_a_header_block_belongs_to_it(rule):
    got = read("RE: Lease", f"We sign it as it is, all of us.\n\n{rule}\n{BLOCKS['en']}\n\nDo you sign the lease?\n")

    assert got.text == "We sign it as it is, all of us."
    assert got.quoted.startswith(rule)


def test_without_a_prefix_the_addresses_tell_an_answer_from_a_forward():
    block = "From: {0}\nSent: Monday, November 2, 2026 7:14 PM\nTo: Ann Lee <ann@example.org>\nSubject: Lease"
    answer = read("Lease", f"We sign it.\n\n{block.format(BOB)}\n\nDo you?\n", "References: <x@example.net>")
    forward = read(
        "Lease", f"We sign it.\n\n{block.format('C <c@example.com>')}\n\nDo you?\n", "References: <x@c.example>"
    )

    assert answer.text == "We sign it."
    assert forward.text.endswith("Do you?")


@pytest.mark.parametrize(
    "body",
    [
        "A message from the site:\n\nFrom: Dora Dent\nSubject: No hot water\nDate: 2026-11-02\n\nNo hot water since "
        "Monday.",
        "Your booking\n\nFrom: Berlin Hbf\nTo: Hamburg Hbf\nDate: 2 November 2026, 19:14\nSeat: 14\n\nHave a good "
        "journey.",
        "Von: Dora Dent\nDatum: 2.11.2026\nBetreff: Heizung\n\nDie Heizung ist kalt.",
        "Today's topics\n\nFrom: a@example.com\nDate: Mon, 2 Nov 2026 19:14:00 +0000\nSubject: One\n\nFirst.\n\n"
        "From: b@example.com\nDate: Mon, 2 Nov 2026 20:14:00 +0000\nSubject: Two\n\nSecond.",
        "De : Dora Dent\nDate : 02/11/2026\nObjet : Panne\n\nLe chauffage est en panne.",
    ],
)  # fmt: skip
def test_forms_bookings_and_digests_are_text(body):
    got = read("A form", body + "\n")

    assert got.text == body
    assert (got.quoted, got.signature) == ("", "")


def test_a_booking_in_an_answer_is_text():
    body = "Booked:\n\nFrom: Berlin\nTo: Hamburg\nDate: 2 November 2026 19:14\n\nSee you there."

    assert read("Re: Trip", body).text == body


@pytest.mark.parametrize(
    "body",
    [
        "Menu:\n--\nSoup of the day\nBread\n--\nTell me which one you want.",
        "Costs:\n--\nPlease transfer 300 EUR to the account of the club.",
        "Costs:\n-- \nPlease transfer 300 EUR to the account of the club.",
        "Two parts.\n-- \nThe first one is ready.\n-- \nThe second one is late.",
        "Plan\n------\nPlease write to kim@example.com before noon.",
        "Hello\n\nSent from my office last week, the parcel is still missing.",
        "Where is it?\nSent from my sister in Rome to our address.",
        "Sent from my phone because the laptop broke, please answer there.",
        "--\nfirst\n--\nsecond",
    ],
)
def test_dividers_and_sentences_are_no_signatures(body):
    got = read("Plans", body + "\n")

    assert got.text == body
    assert got.signature == ""


@pytest.mark.parametrize(
    "footer",
    [
        "Sent from my iPhone", "Sent from my Samsung Galaxy smartphone.", "Sent from Outlook for iOS",
        "Get Outlook for Android", "Von meinem iPad gesendet", "Envoyé de mon iPhone", "Enviado desde mi iPhone",
        "Inviato da iPhone", "Verstuurd vanaf mijn iPhone", "Sendt fra min iPhone", "Skickat från min iPhone",
        "Lähetetty iPhonesta", "Wysłane z iPhone'a", "Odesláno z iPhonu", "iPhone'umdan gönderildi",
        "iPhone-omról küldve", "Trimis de pe iPhone-ul meu", "Στάλθηκε από το iPhone μου", "Отправлено с iPhone",
        "נשלח מה-iPhone שלי", "أُرسلت من الـ iPhone", "ส่งจาก iPhone ของฉัน", "Đã gửi từ iPhone của tôi", "iPhoneから送信",
        "发自我的iPhone", "나의 iPhone에서 보냄", "Sent from Yahoo Mail on Android (https://mail.example.com/app)",
    ],
)  # fmt: skip
def test_a_phone_s_own_line_is_a_signature(footer):
    got = read("Plans", f"The key is under the mat.\n\n{footer}\n")

    assert got.text == "The key is under the mat."
    assert got.signature == footer


def test_what_stands_under_one_s_own_signature_is_text():
    got = read(
        "Plans", "Yes.\n\n-- \nAnn Lee\nLee Ltd, Main Street 1\n\nThe key is under the mat, please lock twice.\n"
    )
    quoting = read("Re: Plans", "See below.\n-- \nAnn Lee\n\n> Which day?\nTuesday.\n> Which room?\nRoom 12.\n")

    assert got.text == "Yes.\n\nThe key is under the mat, please lock twice."
    assert "Lee Ltd" in got.signature
    assert quoting.text.split() == "See below. Tuesday. Room 12.".split()


OUTLOOK = (
    '<div><p>{top}</p></div><div id="divRplyFwdMsg"><b>{labels}:</b> Bob Baker<br><b>Sent:</b> Monday, November 2, 2026'
    " 7:14 PM<br><b>To:</b> Ann Lee<br><b>Subject:</b> Lease</div><div><p>Do you sign?</p></div>"
)
APPLE = (
    '<div>{top}</div><blockquote type="cite"><div>On 2 Nov 2026, at 19:14, Bob &lt;bob@example.net&gt; wrote:</div>'
    "<div>Which day?</div></blockquote><div>Tuesday.</div><blockquote type='cite'>Which room?</blockquote>"
    "<p>Room 12.</p>"
)
THUNDERBIRD = (
    '<p>{top}</p><div class="moz-cite-prefix">Kell 19:14, 2.11.2026 kirjutas Bob:<br></div><blockquote type="cite" '
    'cite="mid:x"><p>Which day?</p></blockquote><p>Tuesday.</p><blockquote type="cite">Which room?</blockquote>'
    "<p>Room 12.</p>"
)
GMAIL = (
    '<div dir="ltr">{top}<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, Nov 2, 2026 at 7:14 PM '
    'Bob &lt;<a href="mailto:bob@example.net">bob@example.net</a>&gt; wrote:<br></div>'
    '<blockquote class="gmail_quote" style="margin:0">Which day?</blockquote><div>Tuesday.</div>'
    '<blockquote class="gmail_quote">Which room?</blockquote><div>Room 12.</div></div></div>'
)


@pytest.mark.parametrize("page", [APPLE, THUNDERBIRD, GMAIL], ids="apple thunderbird gmail".split())
def test_answers_between_quoted_elements_are_text(page):
    got = read_html("Re: Plans", page.format(top="Some answers."))

    assert got.text.split() == "Some answers. Tuesday. Room 12.".split()
    assert "Which day?" in got.quoted
    assert "Which room?" in got.quoted
    assert got.doubts == ()


def test_an_answer_below_the_quoted_element_alone_is_text():
    page = '<blockquote type="cite">On 2 Nov 2026, at 19:14, Bob wrote:<br>Which day?</blockquote><p>Tuesday.</p>'

    assert read_html("Re: Plans", page).text == "Tuesday."


@pytest.mark.parametrize("label", ["From", "Von", "Qhov", "发件人"])
def test_outlook_s_element_marks_history_in_any_language(label):
    got = read_html("RE: Plans", OUTLOOK.format(top="We sign it as it is, both of us.", labels=label))

    assert got.text == "We sign it as it is, both of us."
    assert "Do you sign?" in got.quoted


@pytest.mark.parametrize("page", [OUTLOOK, APPLE, GMAIL])
def test_a_forward_in_html_is_content(page):
    got = read_html("Fwd: Plans", page.format(top="For you.", labels="From"))

    assert got.text.startswith("For you.")
    assert ("Do you sign?" in got.text) or ("Which day?" in got.text and "Room 12." in got.text)
    assert got.quoted == ""


def test_a_forward_in_a_quoted_element_is_content_whatever_the_subject_says():
    page = (
        "<p>For you.</p><blockquote type='cite'><div>Begin forwarded message:</div><br>"
        "<div><b>From: </b>Carl &lt;c@example.com&gt;</div><div><b>Subject: </b>Chairs</div>"
        "<div><b>Date: </b>2 November 2026 at 19:14</div><br><div>Ten chairs.</div></blockquote>"
    )

    assert read_html("Chairs?", page).text.endswith("Ten chairs.")


def test_an_indented_paragraph_is_the_author_s():
    page = (
        '<p>We need:</p><blockquote style="margin:0 0 0 40px;border:none"><p>ten chairs</p></blockquote>'
        "<p>by Friday.</p>"
    )

    assert read_html("Re: Plans", page).text.split() == "We need: ten chairs by Friday.".split()


@pytest.mark.parametrize(
    "head",
    [
        "Понедельник, 2 ноября 2026, 19:14 +03:00 от Bob &lt;bob@example.net&gt;:",
        "02.11.2026, 19:14, \"Bob\" &lt;bob@example.net&gt;:",
        "---- On Mon, 02 Nov 2026 19:14:00 +0100 <b>Bob &lt;bob@example.net&gt;</b> wrote ---",
    ],
    ids="mail.ru yandex zoho".split(),
)  # fmt: skip
def test_an_indented_element_below_an_attribution_is_quoted(head):
    page = (
        f"<div>It is fine with me.</div><div>{head}</div>"
        "<blockquote style='border-left:1px solid'>Is it?</blockquote><p>Bye now.</p>"
    )
    got = read_html("Re: Plans", page)

    assert got.text.split() == "It is fine with me. Bye now.".split()
    assert got.quoted.endswith("Is it?")


def test_marks_of_an_author_who_answers_nobody_are_text():
    body = "Type this:\n> make demo\n> make test\nThen write to me."

    assert read("How to", body).text == body
    assert read_mail(typed("text/plain", body)).text == body
