"""Months by their names in the languages that mail programs write dates in."""

from __future__ import annotations

import unicodedata
from collections import defaultdict

ENGLISH = "jan feb mar apr may jun jul aug sep oct nov dec".split()
# One language a line, from January on. One of several forms that begin alike is enough; other forms follow a slash.
NAMES = """
january february march april may june july august september october november december
januar februar märz/maerz april mai juni juli august september oktober november dezember
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
enero febrero marzo abril mayo junio julio agosto septiembre/setiembre octubre noviembre diciembre
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
januari februari maart/mrt april mei juni juli augustus september oktober november december
januari februari mars april maj juni juli augusti september oktober november december
januar februar marts/mars april maj/mai juni juli august september oktober november december/desember
tammikuu helmikuu maaliskuu huhtikuu toukokuu kesäkuu heinäkuu elokuu syyskuu lokakuu marraskuu joulukuu
styczeń/stycznia luty/lutego marzec/marca kwiecień/kwietnia maj/maja czerwiec/czerwca lipiec/lipca sierpień/sierpnia wrzesień/września październik listopad grudzień/grudnia
leden/ledna únor března/březen duben/dubna květen/května červen/června/čvn červenec/července/čvc srpen/srpna září říjen/října listopad/listopadu prosinec
január február marec/marca apríl máj jún júl august september október november december
január február március/márc április május június július augusztus szeptember október november december
ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie
ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık
siječanj/siječnja veljača/veljače ožujak/ožujka travanj/travnja svibanj/svibnja lipanj/lipnja srpanj/srpnja kolovoz rujan/rujna listopad/listopada studeni prosinac
января февраля марта апреля мая/май июня июля августа сентября октября ноября декабря
січня/січень лютого/лютий березня/березень квітня/квітень травня/травень червня/червень липня/липень серпня/серпень вересня/вересень жовтня/жовтень листопада/листопад грудня/грудень
януари февруари март април май юни юли август септември октомври ноември декември
ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου δεκεμβρίου
januari februari maret april mei juni juli agustus/agt september oktober november desember
ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר
يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر
"""
SHORTEST = 3


def month_of(word: str) -> int | None:
    """Return the number of the month of that name or abbreviation; None where it is none, or two languages differ."""
    folded = fold(word)
    if folded in ENGLISH:
        return ENGLISH.index(folded) + 1
    months = _EXACT.get(folded) or _PREFIXES.get(folded) or set()
    return next(iter(months)) if len(months) == 1 else None


def fold(word: str) -> str:
    """Return a word without accents, dots and capital letters."""
    if word.isascii():
        return word.lower() if word.isalpha() else "".join(filter(str.isalpha, word.lower()))
    plain = unicodedata.normalize("NFKD", word.casefold().replace("ı", "i"))
    return "".join(character for character in plain if character.isalpha() and not unicodedata.combining(character))


def _tables() -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    exact, prefixes = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    for line in NAMES.strip().splitlines():
        for month, names in enumerate(line.split(), 1):
            for name in map(fold, names.split("/")):
                exact[name].add(month)
                for length in range(SHORTEST, len(name)):
                    prefixes[name[:length]].add(month)
    return dict(exact), dict(prefixes)


_EXACT, _PREFIXES = _tables()
