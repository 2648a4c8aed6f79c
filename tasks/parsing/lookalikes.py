"""Domains that are written to be taken for others (Unicode Technical Standard 39, in short)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

# Letters of other alphabets, and a few Latin ones, that look like ASCII letters in the fonts of mail programs.
CONFUSABLE = dict(
    zip(
        "аеорсухіјѕһԁԛԝӏѵгпкмтвнзьαβγεηικνορτυχωϲϳաոսցօհյզıɩɑɡɪʟɴʀʏᴄᴏᴠᴡᴢɵɾſłøđħŧ",
        "aeopcyxijshdqwlvrnkmtbh3babyenikvoptuxwcjwnugohjqiiagilnrycovwzorflodht",
        strict=True,
    )
)
# Letters that are common in words of their own languages: these mislead only beside the domain that they look like.
ORDINARY = set("łøđħŧıгкмтвнзьβγηκντυω")
# Pairs and digits that are taken for a letter.
MISREAD = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("5", "s"))
EAST_ASIAN = {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO", "FULLWIDTH", "HALFWIDTH"}


def is_lookalike(domain: str, known: Iterable[str] = ()) -> bool:
    """Return whether a domain mixes alphabets, imitates Latin letters, or looks like one of the known domains."""
    shown = decoded(domain)
    others = {decoded(other) for other in known} - {shown}
    if not shown.isascii() and has_misleading_label(shown):
        return True
    return bool(others) and skeleton(shown) in {skeleton(other) for other in others}


def has_misleading_label(shown: str) -> bool:
    """Return whether a part of a domain, as programs show it, is written to deceive."""
    top = shown.rpartition(".")[2]
    return any(is_misleading(label, top.isascii()) for label in shown.split("."))


def decoded(domain: str) -> str:
    """Return a domain as programs show it: punycode decoded, in lower case."""
    lower = domain.lower()
    return ".".join(map(decoded_label, lower.split("."))) if "xn--" in lower else lower


def decoded_label(label: str) -> str:
    if not label.startswith("xn--") or len(label) > 63:
        return label
    try:
        return label.removeprefix("xn--").encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def is_misleading(label: str, top_is_ascii: bool) -> bool:
    """Return whether a label has invisible characters, mixes alphabets, or is made of letters that look like Latin."""
    if label.isascii():
        return False
    letters = {character for character in label if character.isalpha()}
    invisible = any(unicodedata.category(character) in ("Cf", "Cc") for character in label)
    if mixes(letters) or (invisible and any(map(is_latin, letters))):
        return True
    misleading = {character for character in letters if character in CONFUSABLE} - ORDINARY
    foreign = {character for character in letters if not is_latin(character)}
    return bool(misleading - foreign) or (top_is_ascii and bool(foreign) and foreign <= misleading)


def mixes(letters: set[str]) -> bool:
    """Return whether letters are of several alphabets that no language writes together."""
    scripts = {script(character) for character in letters}
    return len(scripts - EAST_ASIAN) > 1 or (bool(scripts & EAST_ASIAN) and not scripts <= EAST_ASIAN | {"LATIN"})


def script(character: str) -> str:
    """Return the alphabet that a letter's Unicode name begins with."""
    return unicodedata.name(character, "UNKNOWN").partition(" ")[0]


def is_latin(character: str) -> bool:
    return script(character) == "LATIN"


def skeleton(domain: str) -> str:
    """Return what all domains have in common that look like this one."""
    text = domain
    if not domain.isascii():
        plain = (c for c in unicodedata.normalize("NFKD", domain) if not unicodedata.combining(c))
        text = "".join(CONFUSABLE.get(character, character) for character in plain)
    for written, read in MISREAD:
        text = text.replace(written, read)
    return text.replace("i", "l")
