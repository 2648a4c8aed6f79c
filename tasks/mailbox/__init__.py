"""Sources of mail.

`tasks.mailbox.sources.open_source` finds the reader of a path or an address. Every reader gives
`tasks.mailbox.raw.RawMail`, bytes as they were found, one after the other in a stable order. Each file or folder of
this package is a kind of source. One with `SCHEMES` and `open_address` is found by its scheme. No reader looks at what
the bytes say.
"""
