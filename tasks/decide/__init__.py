"""Decides what to do about a mail: ordered rules, as data, over the columns of its reading. No model is asked."""
