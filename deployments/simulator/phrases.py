"""Sentences that are not the mail's own: reply templates, stand-ins for translations, fillers; one set a language."""

from deployments.simulator.reading import Prompt, PromptMail

# Three replies each: agree, ask, postpone. `{hi}` is the greeting, `{re}` the subject.
_REPLIES = {
    "en": (
        "Hello{name},|Dear{name},|Hi{name},",
        "thank you for your message about “{re}”. I will take care of it and get back to you shortly.",
        "thank you for writing about “{re}”. Could you please send me a few more details, so that I can help you properly?",
        "I have received your message about “{re}”. I need a little more time and will answer you by the end of the week.",
    ),
    "de": (
        "Guten Tag{name},|Hallo{name},|Guten Tag{name},",
        "vielen Dank für Ihre Nachricht zu „{re}“. Ich kümmere mich darum und melde mich in Kürze bei Ihnen.",
        "danke für Ihre Nachricht zu „{re}“. Könnten Sie mir bitte noch einige Einzelheiten nennen, damit ich helfen kann?",
        "Ihre Nachricht zu „{re}“ ist angekommen. Ich brauche noch etwas Zeit und antworte bis Ende der Woche.",
    ),
    "fr": (
        "Bonjour{name},|Bonjour{name},|Bonjour{name},",
        "merci pour votre message au sujet de « {re} ». Je m'en occupe et je reviens vers vous rapidement.",
        "merci de m'avoir écrit au sujet de « {re} ». Pourriez-vous me donner quelques précisions afin que je puisse vous aider ?",
        "j'ai bien reçu votre message sur « {re} ». Il me faut un peu de temps et je vous réponds avant la fin de la semaine.",
    ),
    "es": (
        "Hola{name}:|Hola{name}:|Hola{name}:",
        "muchas gracias por su mensaje sobre «{re}». Me encargo de ello y le respondo en breve.",
        "gracias por escribir sobre «{re}». ¿Podría darme algunos detalles más para poder ayudarle mejor?",
        "he recibido su mensaje sobre «{re}». Necesito un poco más de tiempo y le contestaré antes del fin de semana.",
    ),
    "it": (
        "Buongiorno{name},|Buongiorno{name},|Buongiorno{name},",
        "grazie per il suo messaggio su «{re}». Me ne occupo io e le rispondo a breve.",
        "grazie per avermi scritto di «{re}». Potrebbe inviarmi qualche dettaglio in più, così posso aiutarla meglio?",
        "ho ricevuto il suo messaggio su «{re}». Ho bisogno di un po' di tempo e le risponderò entro la settimana.",
    ),
    "pt": (
        "Olá{name},|Olá{name},|Olá{name},",
        "muito obrigado pela sua mensagem sobre «{re}». Vou tratar disso e respondo em breve.",
        "obrigado por escrever sobre «{re}». Poderia enviar mais alguns detalhes para que eu possa ajudar melhor?",
        "recebi a sua mensagem sobre «{re}». Preciso de um pouco mais de tempo e respondo até o fim da semana.",
    ),
    "nl": (
        "Beste{name},|Beste{name},|Beste{name},",
        "hartelijk dank voor uw bericht over “{re}”. Ik ga ermee aan de slag en laat u snel iets weten.",
        "dank voor uw bericht over “{re}”. Kunt u mij nog enkele details sturen, zodat ik u goed kan helpen?",
        "ik heb uw bericht over “{re}” ontvangen. Ik heb wat meer tijd nodig en antwoord u voor het einde van de week.",
    ),
    "sv": (
        "Hej{name},|Hej{name},|Hej{name},",
        "tack för ditt meddelande om ”{re}”. Jag tar hand om det och återkommer inom kort.",
        "tack för att du skrev om ”{re}”. Kan du skicka några fler detaljer så att jag kan hjälpa dig?",
        "jag har fått ditt meddelande om ”{re}”. Jag behöver lite mer tid och svarar före veckans slut.",
    ),
    "ja": (
        "{name}お世話になっております。|{name}ご連絡ありがとうございます。|{name}お世話になっております。",
        "「{re}」についてご連絡いただきありがとうございます。こちらで対応し、改めてご連絡いたします。",
        "「{re}」につきまして、もう少し詳しい内容を教えていただけますでしょうか。",
        "「{re}」の件、確かに受け取りました。少しお時間をいただき、今週中にお返事いたします。",
    ),
    "zh": (
        "{name}您好，|{name}您好，|{name}您好，",
        "感谢您关于“{re}”的来信。我会处理此事，并尽快给您答复。",
        "感谢您就“{re}”来信。请您再提供一些细节，以便我更好地帮助您。",
        "我已收到您关于“{re}”的来信。我还需要一些时间，会在本周内回复您。",
    ),
    "ko": (
        "안녕하세요{name}.|안녕하세요{name}.|안녕하세요{name}.",
        "“{re}”에 대해 연락 주셔서 감사합니다. 제가 처리하고 곧 다시 연락드리겠습니다.",
        "“{re}”에 대해 조금 더 자세한 내용을 알려 주실 수 있을까요?",
        "“{re}”에 관한 메일을 잘 받았습니다. 시간이 조금 더 필요하며 이번 주 안에 답변드리겠습니다.",
    ),
    "ru": (
        "Здравствуйте{name}!|Здравствуйте{name}!|Здравствуйте{name}!",
        "Спасибо за ваше письмо о «{re}». Я займусь этим вопросом и скоро вам отвечу.",
        "Спасибо, что написали о «{re}». Не могли бы вы прислать ещё немного подробностей?",
        "Я получил ваше письмо о «{re}». Мне нужно немного времени, я отвечу до конца недели.",
    ),
}

# Each says, in two sentences, that it is simulated and what the mail was called, so that a language check still holds.
_STAND_INS = {
    "en": "This is a simulated translation and does not hold the content of the mail. The original mail is called “{re}”.",
    "de": "Dies ist eine simulierte Übersetzung und gibt den Inhalt der Mail nicht wieder. Die ursprüngliche Nachricht heißt „{re}“.",
    "fr": "Ceci est une traduction simulée qui ne reprend pas le contenu du message. Le message d'origine s'intitule « {re} ».",
    "es": "Esta es una traducción simulada que no recoge el contenido del mensaje. El mensaje original se titula «{re}».",
    "it": "Questa è una traduzione simulata che non riporta il contenuto del messaggio. Il messaggio originale si intitola «{re}».",
    "pt": "Esta é uma tradução simulada que não apresenta o conteúdo da mensagem. A mensagem original tem o título «{re}».",
    "nl": "Dit is een gesimuleerde vertaling die de inhoud van het bericht niet weergeeft. Het oorspronkelijke bericht heet “{re}”.",
    "sv": "Detta är en simulerad översättning som inte återger innehållet i meddelandet. Det ursprungliga meddelandet heter ”{re}”.",
    "da": "Dette er en simuleret oversættelse, som ikke gengiver indholdet af beskeden. Den oprindelige besked hedder ”{re}”.",
    "pl": "To jest symulowane tłumaczenie, które nie oddaje treści wiadomości. Oryginalna wiadomość nosi tytuł „{re}”.",
    "tr": "Bu, iletinin içeriğini yansıtmayan benzetilmiş bir çeviridir. Özgün iletinin başlığı şudur: “{re}”.",
    "ja": "これはシミュレーターによる仮の翻訳であり、メールの内容を訳したものではありません。元のメールの件名は「{re}」です。",
    "zh": "这是模拟器生成的翻译，并不包含邮件的实际内容。原始邮件的主题是“{re}”。",
    "ko": "이것은 시뮬레이터가 만든 번역이며 메일의 실제 내용을 담고 있지 않습니다. 원본 메일의 제목은 “{re}”입니다.",
    "ru": "Это смоделированный перевод, он не передаёт содержание письма. Исходное письмо называется «{re}».",
    "uk": "Це змодельований переклад, він не передає змісту листа. Початковий лист має назву «{re}».",
    "ar": "هذه ترجمة تجريبية من المحاكي ولا تنقل مضمون الرسالة. عنوان الرسالة الأصلية هو «{re}».",
    "hi": "यह सिम्युलेटर द्वारा बनाया गया अनुवाद है और इसमें संदेश की सामग्री नहीं है। मूल संदेश का शीर्षक “{re}” है।",
}

_ABOUT = {
    "en": "{who} wrote this about “{re}”.",
    "de": "{who} schreibt dies zu „{re}“.",
    "fr": "{who} a écrit cela au sujet de « {re} ».",
    "es": "{who} escribió esto sobre «{re}».",
    "it": "{who} ha scritto questo su «{re}».",
    "pt": "{who} escreveu isto sobre «{re}».",
    "nl": "{who} schreef dit over “{re}”.",
    "sv": "{who} skrev detta om ”{re}”.",
    "ja": "{who}様が「{re}」について書いています。",
    "zh": "这是{who}关于“{re}”的来信。",
    "ko": "{who} 님이 “{re}”에 대해 쓴 메일입니다.",
    "ru": "{who} пишет об этом в письме «{re}».",
}

_WORDLESS = {
    "en": "The mail has no text of its own.",
    "de": "Die Mail enthält keinen eigenen Text.",
    "fr": "Le message ne contient pas de texte.",
    "es": "El mensaje no contiene texto.",
    "it": "Il messaggio non contiene testo.",
    "pt": "A mensagem não contém texto.",
    "nl": "Het bericht bevat geen tekst.",
    "ja": "本文はありません。",
    "zh": "这封邮件没有正文。",
}

_SUBJECT_CHARS, _NAME_CHARS = 48, 40
_MARKS = str.maketrans(dict.fromkeys('.!?…。！？«»„“”「」"|{}\n', " "))


def replies(mail: PromptMail, prompt: Prompt, language: str) -> list[str]:
    """Return three replies of at most 50 words in a language, in the style asked for; English without templates."""
    language = language if language in _REPLIES else "en"
    greetings, *texts = _REPLIES[language]
    name = _plain(prompt.reply_to or mail.sender, _NAME_CHARS)
    if language == "ja":
        name = f"{name}様、" if name else ""
    elif name:
        name = f"{name}，" if language == "zh" else f", {name}" if language in ("ru", "ko") else f" {name}"
    end = f"\n\n{prompt.closing}" if prompt.closing else ""
    gap = "" if language in ("ja", "zh") else " "
    subject = _plain(mail.subject, _SUBJECT_CHARS)
    return [
        f"{(prompt.greeting or greeting).replace('{name}', name)}{gap}{text.replace('{re}', subject)}{end}"
        for greeting, text in zip(greetings.split("|"), texts, strict=True)
    ]


def stand_in(mail: PromptMail, code: str, name: str, summary: str) -> str:
    """Return what stands where a translation would: labelled, and in the target language where we have one for it."""
    if code not in _STAND_INS:
        return f"[simulated translation into {name or code}] {summary}"
    return _STAND_INS[code].replace("{re}", _plain(mail.subject, _SUBJECT_CHARS))


def about(sender: str, subject: str, language: str) -> str:
    """Return one neutral sentence that says who wrote about what."""
    text = _ABOUT.get(language, _ABOUT["en"])
    who, what = _plain(sender.partition("@")[0], _NAME_CHARS), _plain(subject, _SUBJECT_CHARS)
    return text.replace("{re}", what or "—").replace("{who}", who or "—")


def wordless(language: str) -> str:
    """Return one sentence that says that a mail has no text."""
    return _WORDLESS.get(language, _WORDLESS["en"])


def _plain(text: str, most: int) -> str:
    """Return a text on one line without marks that would end or quote a sentence, cut to a length."""
    bare = " ".join(text.translate(_MARKS).split())
    return bare if len(bare) <= most else bare[:most].rsplit(" ", 1)[0]
