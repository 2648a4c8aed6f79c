"""The header of a mail, looked up by name."""

from tasks.parsing.addresses import read_addresses
from tasks.parsing.limits import Limits
from tasks.parsing.part import Part


class Fields:
    """Raw values by lower-case name, in the mail's order; made once, since the parser's own look-up is a scan."""

    def __init__(self, part: Part, limits: Limits) -> None:
        self.cut = False
        self._values: dict[str, list[str]] = {}
        self._mailboxes: dict[str, tuple[tuple[str, str], ...]] = {}
        for count, (name, value) in enumerate(part.raw_items()):
            if count >= limits.header_fields:
                self.cut = True
                break
            self._values.setdefault(name.lower(), []).append(value)

    def __bool__(self) -> bool:
        return bool(self._values)

    def first(self, name: str) -> str:
        """Return a field's first value, raw; empty where the mail has none."""
        values = self._values.get(name)
        return values[0] if values else ""

    def all(self, name: str) -> list[str]:
        """Return all values of a field, raw."""
        return self._values.get(name, [])

    def mailboxes(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return (name, address) of each mailbox in all fields of a name, read once."""
        if name not in self._mailboxes:
            self._mailboxes[name] = read_addresses(self.all(name))
        return self._mailboxes[name]
