"""The signs by which a mail can be told to be marketing: how it was sent, and what it says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SENDERS = re.compile(
    r"news|market|promo|offer|deals?\b|sales?\b|shop|store|no-?reply|do-?not-?reply|mailing|campaign|hello@|info@", re.I
)
_BULK = (
    r"unsubscri|opt[ -]?out|newsletter|view (?:it |this )?(?:\w+ )?in (?:your |a )?browser|mailing list|"
    r"email preferences|abbestell|abmeld|rundschreiben|désabonn|désinscri|se désinscrire|lettre d.information|"
    r"boletín|darse de baja|cancelar (?:la |a )?(?:suscripción|inscrição)|disiscri|"
    r"cancella(?:re|ti)? l.iscrizione|uitschrijv|afmelden|nieuwsbrief|descadastr|avregistrera|nyhetsbrev|"
    r"wypis(?:ać|z) się|odhlásit|отпис|рассылк|配信停止|購読|メルマガ|退订|退訂|订阅|수신\s?거부|뉴스레터"
)
"""How a list is left, and that the mail is one of many."""
_OFFERS = (
    r"\d+ ?% ?(?:off|rabatt|de (?:réduction|descuento|desconto)|di sconto|korting)|discount|coupon|voucher|promo|"
    r"special offer|limited[ -]time|free (?:trial|shipping|demo|sample|gift)|\bsales?\b|\bdeals?\b|\boffers?\b|"
    r"bargain|clearance|black friday|save (?:up to )?[$€£]?\d|buy (?:now|one)|order now|shop now|act now|sign up|"
    r"register (?:now|today)|webinar|new arrivals|introducing|\blaunch|exclusive|sponsor|upgrade|pricing|"
    r"our (?:product|platform|solution|service|software|tool|collection|range)s?\b|book a (?:demo|call)|"
    r"quick call|case study|white ?paper|e-?book|brochure|catalog|subscri|whitelist|backlink|\bseo\b|guest post|"
    r"lottery|\bprize|winner|congratulations|casino|crypto|invest(?:ment)? opportunit|rabatt|angebot|gutschein|"
    r"kostenlos|offre|remise|soldes|promotion|gratuit|oferta|descuento|rebaja|gratis|desconto|"
    r"promoção|offerta|sconto|aanbieding|korting|erbjudande|tilbud|zniżk|promocj|slev|скидк|\bакци|предложени|"
    r"セール|割引|キャンペーン|お得|特典|优惠|折扣|促销|優惠|할인|이벤트|특가"
)
"""What is offered."""
_WORDS = re.compile(f"{_BULK}|{_OFFERS}", re.I)


def looks_like_marketing(mail: Mapping[str, Any]) -> bool:
    """Whether it was sent to many or by a machine, or speaks of an offer; `mail` has the columns of `Messages`.

    The signs are wide: a mail without any is hardly marketing, and one with some need not be.
    """
    if mail["kind"] == "list" or mail["automatic"]:
        return True
    return bool(_SENDERS.search(mail["sender"]) or _WORDS.search(f"{mail['subject']}\n{mail['text']}"))
