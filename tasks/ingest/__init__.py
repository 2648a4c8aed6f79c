"""From a source to claimed mails: read once, parsed, written down, and taken on by this run alone."""
