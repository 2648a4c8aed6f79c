"""Where mail lies: `tasks.mailbox.sources.open_source` finds the reader of a path or an address, and every reader gives
`tasks.mailbox.raw.RawMail`, bytes as they were found, one after the other in a stable order. A file here (or a folder)
is a kind of source; one with `SCHEMES` and `open_address` is found by its scheme. What the bytes say is not looked at.
"""
