"""Reads any bytes as a mail.

`tasks.parsing.read_mail.read_mail` gives a `tasks.parsing.mail.Mail` and raises no exception.
`tasks.parsing.limits.Limits` bounds the work, `tasks.parsing.languages` names languages, and
`tasks.parsing.characters` cleans text for a model. Nothing here opens a file or a connection, or knows of Prefect or
pandas.
"""
