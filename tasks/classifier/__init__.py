"""A small classifier of mails: features, a linear model in plain arrays, and what it is certified to answer."""
