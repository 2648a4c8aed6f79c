"""Words that say nothing by themselves (greetings, closings), and words that point to what is quoted, in many languages."""

import re

GREETING = re.compile(
    r"^\W*(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|greetings|all|team|hallo|hi there|moin|servus|grüezi|grüß"
    r"|guten (?:tag|morgen|abend)|liebe[rs]?|lieber|sehr geehrte[rs]?|bonjour|bonsoir|cher|chère|salut|madame|monsieur|hola|buen[oa]s"
    r"|estimad[oa]s?|querid[oa]s?|ciao|buongiorno|buonasera|gentile|egregio|salve|olá|ola|bom dia|boa tarde|boa noite|prezad[oa]s?"
    r"|car[oa]|beste|geachte|goede(?:morgen|middag|navond)?|hoi|dag|hej|hejsan|god (?:dag|morgen|aften|morgon)|bästa|kære|kjære|hei|moi"
    r"|terve|hyvää|arvoisa|cześć|dzień dobry|witam|szanown[yaio]\w*|drog[iai]\w*|ahoj|dobrý|vážen\w+|milý|merhaba|selam|sayın|değerli"
    r"|iyi günler|günaydın|szia|sziasztok|kedves|tisztelt|jó napot|bună|salut|dragă|stimat\w*|γεια|καλημέρα|καλησπέρα|αγαπητ\w+|αξιότιμ\w+"
    r"|привет|здравствуй(?:те)?|добрый|уважаем\w+|дорог\w+|доброго|вітаю|шановн\w+|добрий|здравейте|zdravo|poštovan\w*|halo|selamat|yth"
    r"|xin chào|chào|kính gửi|thưa)\b|^\W*(?:שלום|היי|לכבוד|בוקר טוב|ערב טוב|مرحبا|السلام|أهلا|عزيزي|تحية|สวัสดี|เรียน|您好|你好|大家好|尊敬|亲爱|親愛"
    r"|早上好|こんにちは|お世話になっ|いつもお世話|お疲れ|拝啓|안녕|수고|님)",
    re.IGNORECASE,
)
CLOSING = re.compile(
    r"^\W*(?:(?:best|kind|warm|kindest|many)?\s*(?:regards|wishes)|best|cheers|sincerely|yours|br|rgds|mfg|vg|lg|hg|viele grüße|beste grüße"
    r"|(?:mit )?(?:freundlichen|besten|herzlichen|lieben) grüßen?|liebe grüße|freundliche grüsse|gruß|grüße|cordialement|bien à vous"
    r"|salutations|saludos|un saludo|atentamente|cordiali saluti|saluti|distinti saluti|atenciosamente|cumprimentos|abraços|abraço"
    r"|met vriendelijke groet\w*|groet\w*|mvg|mvh|med vänliga? hälsning\w*|vänliga? hälsning\w*|hälsningar|med venlig hilsen"
    r"|venlig hilsen|(?:med )?vennlig hilsen|hilsen|terveisin|ystävällisin terveisin|pozdrawiam|z poważaniem|s pozdravem|saygılarımla"
    r"|iyi çalışmalar|üdvözlettel|tisztelettel|cu stimă|cu respect|με εκτίμηση|χαιρετισμούς|с уважением|з повагою|srdačan pozdrav"
    r"|salam|trân trọng|thân ái)\b|^\W*(?:בברכה|مع التحية|تحياتي|ขอแสดงความนับถือ|此致|敬礼|祝好|よろしくお願い|以上|敬具|감사합니다|드림)",
    re.IGNORECASE,
)
POINTING = re.compile(
    r"\b(?:below|beneath|underneath|further down|in-?line|in line|interspersed|inserted|in (?:red|blue|green|bold|caps|colou?r)|in the text|in your text"
    r"|(?:as|like) (?:we )?(?:discussed|agreed|arranged|mentioned|said|promised|requested|talked)|per our|see (?:my )?(?:comments|answers|notes)"
    r"|unten|untenstehend\w*|nachfolgend\w*|nachstehend\w*|im text|darunter|s\. ?u\.|in (?:rot|blau|grün|fett)|rot markiert|wie (?:besprochen|vereinbart|abgesprochen|gewünscht)"
    r"|ci-dessous|plus bas|ci-après|en (?:rouge|bleu|vert|gras)|dans le texte|comme convenu|comme discuté"
    r"|abajo|más abajo|debajo|a continuación|en (?:rojo|azul|verde|negrita)|en el texto|(?:como|según lo) (?:acordado|acordamos|hablamos|hablado|conversado|comentado)"
    r"|sotto|qui sotto|di seguito|in (?:rosso|blu|verde|grassetto)|nel testo|come (?:d.accordo|concordato|discusso|convenuto)"
    r"|abaixo|a seguir|em (?:vermelho|azul|verde|negrito)|no texto|(?:como|conforme) (?:combinado|acordado|conversado|conversamos|falamos|discutido)"
    r"|hieronder|onderstaand\w*|beneden|zie onder|in het (?:rood|blauw|groen)|in de tekst|zoals (?:besproken|afgesproken)"
    r"|nedenfor|nedenstående|herunder|i teksten|med (?:rødt|blåt|blått)|i (?:rødt|blått)|som (?:aftalt|avtalt|drøftet)"
    r"|nedan|nedanstående|här under|i texten|i (?:rött|blått)|som (?:avtalat|överenskommet|diskuterat)"
    r"|alla|alempana|tekstin (?:seassa|sisällä|lomassa)|punaisella|sinisellä|kuten (?:sovittu|sovimme|puhuttiin|keskusteltiin)"
    r"|poniżej|niżej|w tekście|w treści|na (?:czerwono|niebiesko)|(?:zgodnie z|jak) (?:ustaleniami|ustaliliśmy|umową|rozmową|uzgodnieniami)"
    r"|níže|níž|dole|v textu|červeně|modře|jak jsme (?:se dohodli|mluvili)|dle dohody|nižšie|podľa dohody"
    r"|aşağıda\w*|metin içinde|metnin içinde|kırmızı\w*|mavi\w*|konuştuğumuz|anlaştığımız|görüştüğümüz"
    r"|alább|lentebb|lent|a szövegben|piros\w*|kék\w*|ahogy (?:megbeszéltük|megállapodtunk)|megbeszéltek szerint"
    r"|mai jos|în text|cu (?:roșu|roşu|albastru)|(?:așa cum|cum) (?:am discutat|am stabilit|am convenit)|conform (?:discuției|înțelegerii)"
    r"|παρακάτω|πιο κάτω|στο κείμενο|με (?:κόκκινο|μπλε)|όπως (?:συμφωνήσαμε|συζητήσαμε|είπαμε)"
    r"|ниже|внизу|в тексте|красным|синим|как (?:договорились|обсуждали|договаривались|и обсуждали|условились)"
    r"|нижче|в тексті|червоним|як (?:домовились|домовилися|обговорювали)|по-долу|в текста|както се разбрахме"
    r"|ispod|u nastavku|u tekstu|crveno|kao što smo (?:dogovorili|razgovarali)|spodaj|kot dogovorjeno"
    r"|di bawah|sesuai (?:pembicaraan|kesepakatan)|bên dưới|dưới đây|phía dưới|màu đỏ|như đã (?:trao đổi|thảo luận|thống nhất|bàn))\b"
    r"|להלן|למטה|בהמשך|בגוף|באדום|בכחול|כפי ש(?:סוכם|סיכמנו|דיברנו)|كما (?:اتفقنا|ناقشنا|تحدثنا)|أدناه|بالأسفل|في الأسفل|بالأحمر|ضمن النص"
    r"|ด้านล่าง|ข้างล่าง|ข้างใต้|ในเนื้อหา|สีแดง|ตามที่(?:ตกลง|คุย|หารือ)"
    r"|下記|以下|下に|下の|本文中|インライン|赤字|青字|先日(?:お話|ご相談)|お話しした通り|ご相談した通り"
    r"|见下|見下|如下|下面|下方|下文|以下|文中|红字|紅字|红色|如前所述|按(?:照)?(?:讨论|约定|商量)|如(?:讨论|約定|约定|之前)"
    r"|아래|하단|본문|인라인|빨간|빨강|파란|(?:말씀드린|논의한|합의한|이야기한) ?(?:대로|바와)",
    re.IGNORECASE,
)
