"""Takes mails from a source: each is read once, parsed, recorded, and claimed by one run only."""
