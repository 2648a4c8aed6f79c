"""Invented sample data that lets Mailroom be tried without a mail account: a folder of `.eml` files, one mail each."""
