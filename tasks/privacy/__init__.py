"""What tells who somebody is, found in text and put behind placeholders that can be taken away again.

Known identifiers: mail addresses, international phone numbers, IBANs, card numbers, and the names in a mail's headers.
A name that stands in no header is not known and stays.
"""
