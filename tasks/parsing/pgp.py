"""PGP armour written into a text body (RFC 9580, 6 and 7)."""

from typing import NamedTuple

DASHES = "-----"
SIGNED, SIGNATURE = "-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNATURE-----"
SEALED, SEALED_END = "-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----"


class PgpText(NamedTuple):
    """`text` is what can be read: the signed text without its armour, nothing of an encrypted one."""

    text: str
    encrypted: bool
    signed: bool


def unwrap_pgp(text: str) -> PgpText:
    """Return `text` without PGP armour; a line that only mentions it changes nothing."""
    if DASHES + "BEGIN PGP " not in text:
        return PgpText(text, False, False)
    out: list[str] = []
    encrypted = signed = False
    state = ""
    for line in text.split("\n"):
        mark = line.rstrip()
        if state == "" and mark in (SIGNED, SEALED):
            signed, encrypted = signed or mark == SIGNED, encrypted or mark == SEALED
            state = "head" if mark == SIGNED else "sealed"
        elif state == "sealed":
            state = "" if mark == SEALED_END else state
        elif state == "head":  # `Hash: SHA256` lines, up to an empty one
            state = "text" if not mark else state
        elif state == "text" and mark == SIGNATURE:
            state = "signature"
        elif state == "signature":
            state = "" if mark == "-----END PGP SIGNATURE-----" else state
        else:
            out.append(line.removeprefix("- ") if state == "text" else line)
    if state == "head":  # an armour that never comes to its text
        return PgpText(text, encrypted, signed)
    return PgpText("\n".join(out), encrypted, signed)
