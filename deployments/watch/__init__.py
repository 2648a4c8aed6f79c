"""Mail that arrives by other ways than HTTP: files dropped into a folder, new mail in a mailbox, a Redis stream."""
