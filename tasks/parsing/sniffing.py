"""What bytes are, by their content; names and declarations are only believed where content tells nothing."""


def media_type_of(data: bytes, declared: str, name: str) -> str:
    """Return the MIME type; `application/octet-stream` where nothing tells."""
    if data.lstrip()[:15].upper() == b"BEGIN:VCALENDAR":
        return "text/calendar"
    return declared or "application/octet-stream"
