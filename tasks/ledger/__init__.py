"""The one durable state, a small SQL database: what was seen, what was asked and paid, what came of it."""
