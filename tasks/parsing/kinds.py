"""Tells what kind of mail it is, first by what its software said, and only then by its words."""

import re
from collections.abc import Callable

from tasks.parsing.mail import Kind

BOUNCE_SENDER = re.compile(r"^(?:post_?master|bounces?)\b", re.IGNORECASE)
# Programs of this name send nothing else.
DAEMON = re.compile(r"^(?:mailer-daemon|mail-daemon|maildaemon|mailerdaemon|mail\.delivery\.system)\b", re.IGNORECASE)
BOUNCE_SUBJECT = re.compile(
    r"undeliver|returned mail|delivery (?:status|failure|failed|report|has failed|problem)|mail delivery|failure notice"
    r"|delivery notification|failed delivery|could not send|error sending your mail"
    r"|return(?:ing)? to sender|could ?n.t be delivered|not delivered|message (?:status|delivery)|mail system error"
    r"|unzustellbar|zustellung|non remis|no se puede entregar|配信|配送不能|送信不能|エラー|недостав|退信|반송",
    re.IGNORECASE,
)
AUTO_SUBJECT = re.compile(
    r"^\s*(?:(?:re|aw|fwd?)\s*:\s*)?(?:\[?auto(?:matic)?[ -]?(?:reply|response|answer)|out of (?:the )?office|autoreply"
    r"|vacation (?:reply|message|notice)|automatische antwort|abwesenheits(?:notiz|nachricht|assistent|meldung)"
    r"|réponse automatique|(?:message d.)?absence du bureau|respuesta automática|fuera de (?:la )?oficina"
    r"|risposta automatica|resposta automática|automatisch antwoord|afwezigheids|автоответ|自動(?:返信|応答)|自动回复"
    r"|自動回覆|자동 ?(?:회신|응답)|الرد التلقائي)",
    re.IGNORECASE,
)

_LIST_FIELDS = (
    "list-id", "list-unsubscribe", "list-unsubscribe-post", "list-post", "list-help", "list-subscribe", "list-owner",
    "list-archive", "mailing-list", "x-mailing-list",
)  # fmt: skip


def kind_of(header: Callable[[str], str], types: set[str], sender: str, subject: str, calendar: bool) -> Kind:
    """Return the kind of a mail; `header` gives a field's raw value or nothing, `types` are its parts' types."""
    if "message/feedback-report" in types:
        return "feedback"
    if is_bounce(header, types, sender, subject):
        return "bounce"
    if is_auto_reply(header, types, subject):
        return "auto_reply"
    if calendar:
        return "calendar"
    bulk = header("precedence").strip().lower() in ("list", "bulk", "junk")
    listed = any(header(name) for name in _LIST_FIELDS)
    return "list" if listed or bulk else "mail"


def is_bounce(header: Callable[[str], str], types: set[str], sender: str, subject: str) -> bool:
    if "message/delivery-status" in types or header("x-failed-recipients"):
        return True
    if "delivery-status" in header("content-type").lower():
        return True
    if DAEMON.match(sender):
        return True
    nobody = "<>" in (header("return-path").strip(), header("from").strip())
    return (nobody or bool(BOUNCE_SENDER.match(sender))) and bool(BOUNCE_SUBJECT.search(subject[:300]))


def is_auto_reply(header: Callable[[str], str], types: set[str], subject: str) -> bool:
    """Return whether nobody wrote this; `auto-generated` alone is a notification, which somebody may want handled."""
    if "message/disposition-notification" in types:
        return True
    if header("auto-submitted").strip().lower().startswith("auto-replied"):
        return True
    if any(header(name) for name in ("x-autoreply", "x-autorespond", "x-autoresponder")):
        return header("x-autoreply").strip().lower() != "no"
    return header("precedence").strip().lower() == "auto_reply" or bool(AUTO_SUBJECT.match(subject[:300]))
