"""What a mail is, says and asks for: triage, then the analyses that triage says it is worth; answers checked by code."""
