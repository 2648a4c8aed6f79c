"""Any bytes anyone ever called mail, read into one value: `tasks.parsing.read_mail.read_mail` gives a
`tasks.parsing.mail.Mail`, never an exception. `tasks.parsing.limits.Limits` bounds it,
`tasks.parsing.languages` names languages, `tasks.parsing.characters` cleans text for a model. Pure: nothing here
opens a file or a connection, and nothing knows of Prefect or pandas.
"""
