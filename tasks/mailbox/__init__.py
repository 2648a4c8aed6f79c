"""Sources of mail.

`tasks.mailbox.sources.open_source` finds the reader for a path or an address. Every reader yields
`tasks.mailbox.raw.RawMail` objects with unchanged bytes, in a stable order. Each file or folder of this package is a
kind of source. One with `SCHEMES` and `open_address` is found by its scheme. No reader parses a mail.
"""
