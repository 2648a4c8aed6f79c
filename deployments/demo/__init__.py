"""The demo, and its invented sample mails: a folder of `.eml` files, so that no mail account is needed."""
