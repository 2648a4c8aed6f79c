"""Replaces identifiers of people in text by placeholders, which can be replaced back.

Known identifiers are mail addresses, international phone numbers, IBANs, card numbers, and the names in a mail's
headers. A name that is in no header is not recognised and stays.
"""
