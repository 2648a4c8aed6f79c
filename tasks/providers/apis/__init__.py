"""One file for each API, and what the APIs share: requests, replies, and the mapping of errors."""
