"""Mail that comes without being posted: files dropped into a folder, a mailbox that gets new mail, a Redis stream."""
