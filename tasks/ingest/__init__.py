"""Takes mails from a source. Each is read once, parsed, recorded, and claimed by one run only."""
