"""What a mail is, says and asks for: triage, then the analyses it is worth. Code checks the answers."""
