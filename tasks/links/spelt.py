"""Finds links with a scheme, addresses with an @, handles of messengers, and hosts with spelt-out full stops.

All patterns are bounded, so that they take linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tasks.links.hosts import is_ending

_REST = r"[^\s<>\"']"
_LINK = re.compile(
    rf"""
    # any scheme, with one slash or backslash or more
    (?<![^\W_])[a-z][a-z0-9+.-]{{1,30}}:\s?[/\\]+\s?{_REST}{{1,2000}}
    # h**p : / /
  | (?<![^\W_])h\W?[tx*]\W?[tx*]\W?ps?\s{{0,2}}(?:[\[(]?:[\])]?)?\s{{0,2}}[/\\](?:\s?[/\\])+\s{{0,2}}{_REST}{{1,2000}}
    # the page's own scheme, and a Windows share
  | (?<![\w:/\\])(?://|\\\\)(?=[\w\[]){_REST}{{1,2000}}
    # schemes that need no slash
  | (?<![^\W_])(?:https?|ftps?|sftp|ssh|telnet|wss?|mailto|javascript|vbscript|livescript|view-source|callto|tel|sms|
      smsto|mms|skype|facetime|facetime-audio|sips?|xmpp|ircs?|whatsapp|tg|viber|sgnl|threema|weixin|wechat|alipays?|
      upi|magnet|bitcoin|bitcoincash|ethereum|litecoin|dogecoin|monero|lightning|lnurl[pwc]?|
      itms(?:-apps?|-services)?|ms-[a-z]+(?:-[a-z]+)?|zoommtg|zoomus|msteams|slack|discord|webcal|ldaps?|smb|nfs|cifs|
      intent|market|search-ms|jar|gopher)
      :(?={_REST}){_REST}{{1,2000}}
  | (?<![^\W_])data:[a-z]+/[a-z0-9.+-]+[;,]{_REST}{{0,2000}} | (?<![^\W_])data:[;,]{_REST}{{1,2000}}
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LINK_NEAR = re.compile(r":\s?[/\\]|:[^\s<>\"']|[/\\]\s?[/\\]")
_ADDRESS = re.compile(
    r"""
    # an address, or an attempt at one
    [^\s@<>()"',;:]{1,64}@[^\s@<>()"',;:]{1,255}
    # a handle
  | (?<![\w@])@(?=[\w.-]{0,63}[^\W\d])[\w.:-]{2,64}
    """,
    re.VERBOSE,
)
# Full stops and @ in brackets, as characters or as words of several languages.
_DOT_WORDS = (
    "dot|punkt|punto|ponto|point|punt|prik|kropka|nokta|tečka|tecka|piste|точка|тчк|點|点|ドット|점|닷|نقطة|נקודה"
)
_AT_WORDS = (
    "at|ät|arroba|arobase|arobas|chiocciola|klammeraffe|affenschwanz|apenstaart(?:je)?|apestaart(?:je)?|snabel-?a|małpa|malpa|"
    "kukac|zavináč|zavinac|собака|собачка|σε|アットマーク|アット|골뱅이|앳|艾特|آت|שטרודל|kanelbulle|miukumauku|crollo"
)
_ODD_AT_WORDS = _AT_WORDS.removeprefix("at|ät|")
_IN_BRACKETS = rf"[\[({{<|*]\s?(?:[.@]|{_DOT_WORDS}|{_AT_WORDS})\s?[\])}}>|*]"
_BRACKETED_NEAR = re.compile(_IN_BRACKETS, re.IGNORECASE)
_BRACKETED = re.compile(rf"[\w.+@-]{{0,64}}\s{{0,2}}{_IN_BRACKETS}\s{{0,2}}[\w.@/-]{{1,255}}", re.IGNORECASE)
_SPOKEN_DOT = re.compile(r"([\w-]{1,63}(?:\s(?:dot|DOT|Dot)\s[\w-]{1,63})+)((?:\sslash\s|/)[\w/-]{1,255})?")
_SPOKEN_AT = re.compile(
    rf"\b[\w.+-]{{1,64}}\s(?:(?:at|ät)\s[\w-]{{1,63}}\s(?:dot|punkt)"
    rf"|(?:{_ODD_AT_WORDS})\s[\w-]{{1,63}}\s?(?:{_DOT_WORDS}|\.))\s?[\w-]{{2,63}}",
    re.IGNORECASE,
)
# Words that follow the noun `dot` in sentences and happen to be top-level domains.
_WORDS = frozenset(
    "is in it at to be by my me so us no as am do the and or on of for was are has here there now".split()
)
_MESSENGERS = (
    r"telegram|whats\s?app|skype|wechat|weixin|微信|viber|discord|snapchat|instagram|threema|kakao\s?(?:talk)?|zalo|icq"
    "|qq|kik|signal|line|imo|session|wickr|matrix|element|facebook|messenger|tiktok|twitter|mastodon|bluesky|paypal|venmo"
    r"|cash\s?app|zelle|revolut"
)
_HANDLE_WORDS = (
    r"id|user\s?name|user|nick(?:name)?|handle|benutzername|kennung|usuario|nom\sd.utilisateur|identifiant|utente|usuário"
    "|号|號|帐号|アカウント"
)
_HANDLE = re.compile(
    rf"""
    # Skype ID eve88
    \b(?:{_MESSENGERS})\s?[-(]?(?:{_HANDLE_WORDS})\)?\s?(?:[:=]|is|ist|est|es|è)?\s{{0,2}}[\w.#+-]{{2,64}}
    # Telegram: eve88
  | \b(?:telegram|whats\s?app|skype|wechat|weixin|微信|viber|discord|snapchat|instagram|threema|kakao\s?talk|zalo|icq
      |qq|kik|paypal|venmo|cash\s?app)\s?(?:[:=：]|->|→)\s{{0,2}}[\w.#+-]{{2,64}}
    # on Telegram as eve88
  | \b(?:on|via|by|auf|über|per|par|sur|por|en|su|tramite|op|no|в)\s(?:{_MESSENGERS})\s
      (?:as|at|under|als|unter|comme|sous|como|come|как)\s[\w.#+-]{{2,64}}
  | \bdiscord\b.{{0,20}}?\b[\w.]{{2,32}}\#\d{{4}}\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
# How the names begin: to look for plain words takes a tenth of the time that a pattern takes.
_MESSENGERS_BEGIN = tuple(re.split(r"[\\(]", name)[0] for name in _MESSENGERS.split("|"))
_SPOKEN_BEGIN = ("dot", "ät", "punkt", *(re.split(r"[(?-]", word)[0] for word in _ODD_AT_WORDS.split("|")))
# For texts in small letters: patterns that ignore case take several times as long.
_HANDLE_NEAR = re.compile(
    rf"\b(?:{_MESSENGERS})(?:\s?[-(]?(?:{_HANDLE_WORDS})|\s?(?:[:=：]|->|→)|\s(?:as|at|under|als|unter|comme|sous|como|come|как)\s)"
    rf"|\bdiscord\b"
)
_SPOKEN_NEAR = re.compile(rf"\b(?:dot|{_ODD_AT_WORDS}|ät|punkt)\b")
_TAG_WITH_VALUES = re.compile(r"<[A-Za-z/!?][^<>=]{0,200}=[^<>]{0,2000}>")
TAG = re.compile(r"<(?=[A-Za-z/!?])")


def find_spelt(text: str) -> Iterator[tuple[int, int]]:
    """The spans (start, end) of links, addresses and handles in `text`."""
    if (":" in text or "/" in text or "\\" in text) and _LINK_NEAR.search(text):
        yield from (found.span() for found in _LINK.finditer(text))
    if "@" in text:
        yield from (found.span() for found in _ADDRESS.finditer(text))
    if "<" in text:
        yield from (found.span() for found in _TAG_WITH_VALUES.finditer(text))
    if _BRACKETED_NEAR.search(text):
        yield from (found.span() for found in _BRACKETED.finditer(text))
    # A dotless i counts as an i where case is ignored.
    small = text.lower().replace("ı", "i").replace("i̇", "i")
    if any(word in small for word in _SPOKEN_BEGIN) and _SPOKEN_NEAR.search(small):
        yield from _spoken(text)
    if any(_HANDLE_NEAR.match(small, at) for name in _MESSENGERS_BEGIN for at in _places(small, name)):
        yield from (found.span() for found in _HANDLE.finditer(text))


def _places(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _spoken(text: str) -> Iterator[tuple[int, int]]:
    yield from (found.span() for found in _SPOKEN_AT.finditer(text))
    for found in _SPOKEN_DOT.finditer(text):
        last = found[1].split()[-1]
        if found[2] or (is_ending(last) and last.lower() not in _WORDS):
            yield found.span()
