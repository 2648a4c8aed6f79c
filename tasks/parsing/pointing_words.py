"""Greetings and closings, which say nothing by themselves, and words that point to a quote, in many languages."""

import re

GREETING = re.compile(
    r"^\W*(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|greetings|all|team|hallo|hi there|moin|servus"
    r"|grüezi|grüß|guten (?:tag|morgen|abend)|liebe[rs]?|lieber|sehr geehrte[rs]?|bonjour|bonsoir|cher|chère|salut"
    r"|madame|monsieur|hola|buen[oa]s|estimad[oa]s?|querid[oa]s?|ciao|buongiorno|buonasera|gentile|egregio|salve|olá"
    r"|ola|bom dia|boa tarde|boa noite|prezad[oa]s?|car[oa]|beste|geachte|goede(?:morgen|middag|navond)?|hoi|dag|hej"
    r"|hejsan|god (?:dag|morgen|aften|morgon)|bästa|kære|kjære|hei|moi|terve|hyvää|arvoisa|cześć|dzień dobry|witam"
    r"|szanown[yaio]\w*|drog[iai]\w*|ahoj|dobrý|vážen\w+|milý|merhaba|selam|sayın|değerli|iyi günler|günaydın|szia"
    r"|sziasztok|kedves|tisztelt|jó napot|bună|salut|dragă|stimat\w*|γεια|καλημέρα|καλησπέρα|αγαπητ\w+|αξιότιμ\w+"
    r"|привет|здравствуй(?:те)?|добрый|уважаем\w+|дорог\w+|доброго|вітаю|шановн\w+|добрий|здравейте|zdravo|poštovan\w*"
    r"|halo|selamat|yth|xin chào|chào|kính gửi|thưa)\b|^\W*(?:שלום|היי|לכבוד|בוקר טוב|ערב טוב|مرحبا|السلام|أهلا|عزيزي"
    r"|تحية|สวัสดี|เรียน|您好|你好|大家好|尊敬|亲爱|親愛|早上好|こんにちは|お世話になっ|いつもお世話|お疲れ|拝啓|안녕|수고|님)",
    re.IGNORECASE,
)
CLOSING = re.compile(
    r"^\W*(?:(?:best|kind|warm|kindest|many)?\s*(?:regards|wishes)|best|cheers|sincerely|yours|br|rgds|mfg|vg|lg|hg"
    r"|viele grüße|beste grüße|(?:mit )?(?:freundlichen|besten|herzlichen|lieben) grüßen?|liebe grüße"
    r"|freundliche grüsse|gruß|grüße|cordialement|bien à vous|salutations|saludos|un saludo|atentamente|cordiali saluti"
    r"|saluti|distinti saluti|atenciosamente|cumprimentos|abraços|abraço|met vriendelijke groet\w*|groet\w*|mvg|mvh"
    r"|med vänliga? hälsning\w*|vänliga? hälsning\w*|hälsningar|med venlig hilsen|venlig hilsen|(?:med )?vennlig hilsen"
    r"|hilsen|terveisin|ystävällisin terveisin|pozdrawiam|z poważaniem|s pozdravem|saygılarımla|iyi çalışmalar"
    r"|üdvözlettel|tisztelettel|cu stimă|cu respect|με εκτίμηση|χαιρετισμούς|с уважением|з повагою|srdačan pozdrav"
    r"|salam|trân trọng|thân ái)\b|^\W*(?:בברכה|مع التحية|تحياتي|ขอแสดงความนับถือ|此致|敬礼|祝好|よろしくお願い|以上|敬具"
    r"|감사합니다|드림)",
    re.IGNORECASE,
)
# Words of scripts with blanks; `*` stands for any ending.
PHRASES = (
    "below|beneath|underneath|further down|in line|inline|interspersed|inserted|in red|in the text"
    "|in your text|as we discussed|as we agreed|as we arranged|as we mentioned|as we said|as we promised"
    "|as we requested|as we talked|as discussed|as agreed|as arranged|as mentioned|as said|as promised"
    "|as requested|as talked|like we discussed|like we agreed|like we arranged|like we mentioned|like we said"
    "|like we promised|like we requested|like we talked|like discussed|like agreed|like arranged"
    "|like mentioned|like said|like promised|like requested|like talked|per our|see my comments"
    "|see my answers|see my notes|see comments|see answers|see notes|unten|untenstehend*|nachfolgend*"
    "|nachstehend*|im text|darunter|in rot|rot markiert|wie besprochen|wie vereinbart|wie abgesprochen"
    "|wie gewünscht|ci dessous|plus bas|ci après|en rouge|dans le texte|comme convenu|comme discuté|abajo"
    "|más abajo|debajo|a continuación|en rojo|en el texto|como acordado|como acordamos|como hablamos"
    "|como hablado|como conversado|como comentado|según lo acordado|según lo acordamos|según lo hablamos"
    "|según lo hablado|según lo conversado|según lo comentado|qui sotto|di seguito|in rosso|nel testo"
    "|come d accordo|come concordato|come discusso|come convenuto|abaixo|a seguir|em vermelho|no texto"
    "|como combinado|como conversamos|como falamos|como discutido|conforme combinado|conforme acordado"
    "|conforme conversado|conforme conversamos|conforme falamos|conforme discutido|hieronder|onderstaand*"
    "|beneden|zie onder|in het rood|in de tekst|zoals besproken|zoals afgesproken|nedenfor|nedenstående"
    "|herunder|i teksten|med rødt|i rødt|som aftalt|som avtalt|som drøftet|nedan|nedanstående|här under"
    "|i texten|i rött|som avtalat|som överenskommet|som diskuterat|alempana|tekstin seassa|tekstin sisällä"
    "|tekstin lomassa|punaisella|sinisellä|kuten sovittu|kuten sovimme|kuten puhuttiin|kuten keskusteltiin"
    "|poniżej|niżej|w tekście|w treści|na czerwono|zgodnie z ustaleniami|zgodnie z ustaliliśmy"
    "|zgodnie z umową|zgodnie z rozmową|zgodnie z uzgodnieniami|jak ustaleniami|jak ustaliliśmy|jak umową"
    "|jak rozmową|jak uzgodnieniami|níže|níž|dole|v textu|červeně|jak jsme se dohodli|jak jsme mluvili"
    "|dle dohody|nižšie|podľa dohody|aşağıda*|metin içinde|metnin içinde|konuştuğumuz|anlaştığımız"
    "|görüştüğümüz|alább|lentebb|a szövegben|ahogy megbeszéltük|ahogy megállapodtunk|megbeszéltek szerint"
    "|mai jos|în text|cu roșu|cu roşu|așa cum am discutat|așa cum am stabilit|așa cum am convenit"
    "|cum am discutat|cum am stabilit|cum am convenit|conform discuției|conform înțelegerii|παρακάτω|πιο κάτω"
    "|στο κείμενο|με κόκκινο|όπως συμφωνήσαμε|όπως συζητήσαμε|όπως είπαμε|ниже|внизу|в тексте|красным"
    "|как договорились|как обсуждали|как договаривались|как и обсуждали|как условились|нижче|в тексті"
    "|червоним|як домовились|як домовилися|як обговорювали|по долу|в текста|както се разбрахме|ispod"
    "|u nastavku|u tekstu|kao što smo dogovorili|kao što smo razgovarali|spodaj|kot dogovorjeno|di bawah"
    "|sesuai pembicaraan|sesuai kesepakatan|bên dưới|dưới đây|phía dưới|màu đỏ|như đã trao đổi"
    "|như đã thảo luận|như đã thống nhất|như đã bàn|s u|as per|as per our|per my last|previous mail"
    "|previous email|previous e mail|earlier mail|earlier email|see above|as above|my answers|my comments"
    "|my replies|answers are|comments are|replies are|in bold|vorige mail|siehe vorherige*|meine antworten"
    "|meine kommentare|mes réponses|mes commentaires|mis respuestas|mis comentarios|le mie risposte"
    "|i miei commenti|vedi sotto|sotto trovi|trovi sotto|minhas respostas|meus comentários|mijn antwoorden"
    "|mijn opmerkingen|mine svar|mina svar|vastaukseni|kommenttini|katso alla|alla olev*|vastaukset alla"
    "|kommentit alla|ks alla|moje odpowiedzi|moje odpovědi|cevaplarım*|yanıtlarım*|kırmızı ile|kırmızıyla"
    "|válaszaim*|lásd lent|pirossal|răspunsurile mele|οι απαντήσεις μου|мои ответы|мої відповіді"
    "|crvenom bojom|u crvenom"
)
# Words of scripts without blanks, and of scripts that join small words to others.
INSIDE = (
    "להלן|למטה|בהמשך|בגוף|באדום|בכחול|כפי שסוכם|כפי שסיכמנו|כפי שדיברנו|كما اتفقنا|كما ناقشنا|كما تحدثنا"
    "|أدناه|بالأسفل|في الأسفل|بالأحمر|ضمن النص|ด้านล่าง|ข้างล่าง|ข้างใต้|ในเนื้อหา|สีแดง|ตามที่ตกลง|ตามที่คุย"
    "|ตามที่หารือ|下記|以下|下に|下の|本文中|インライン|赤字|青字|先日お話|先日ご相談|お話しした通り|ご相談した通り|见下|見下|如下|下面|下方|下文|文中|红字|紅字|红色|如前所述"
    "|按照讨论|按照约定|按照商量|按讨论|按约定|按商量|如讨论|如約定|如约定|如之前|아래|하단|본문|인라인|빨간|빨강|파란"
    "|말씀드린 ?대로|말씀드린 ?바와|논의한 ?대로|논의한 ?바와|합의한 ?대로|합의한 ?바와|이야기한 ?대로|이야기한 ?바와"
)
WORD = re.compile(r"[^\W_]+")
INSIDE_WORDS = re.compile(INSIDE)
BY_FIRST: dict[str, list[list[str]]] = {}
for phrase in PHRASES.split("|"):
    BY_FIRST.setdefault(phrase.split()[0], []).append(phrase.split())
STEMS = tuple(first.removesuffix("*") for first in BY_FIRST if first.endswith("*"))


def points_elsewhere(text: str) -> bool:
    """Return whether a text points to what is quoted, or to what was said before."""
    words = WORD.findall(text.lower())
    for at, word in enumerate(words):
        if word in BY_FIRST and any(fits(phrase, words[at : at + len(phrase)]) for phrase in BY_FIRST[word]):
            return True
        if word.startswith(STEMS):
            return True
    return not text.isascii() and bool(INSIDE_WORDS.search(text))


def fits(phrase: list[str], words: list[str]) -> bool:
    """Return whether words are those of a phrase, endings aside."""
    same = (
        word.startswith(want[:-1]) if want.endswith("*") else word == want
        for want, word in zip(phrase, words, strict=False)
    )
    return len(words) == len(phrase) and all(same)
