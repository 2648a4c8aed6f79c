"""Documents that a library opens, in a process of their own: `tasks.parsing.documents.pool.open_document` asks it.

A document is a stranger's program for a parser written in C: it may hang, take all memory or end the process. So the
process has a CPU and a memory limit, no secrets in its environment, and is replaced when it is lost. One file here is
one sort of document; its `read` gets bytes and returns what it found, or raises `NotOpened`.
"""
