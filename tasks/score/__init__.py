"""How good answers are: labelled mails, figures with their uncertainty, and what two candidates differ by."""
