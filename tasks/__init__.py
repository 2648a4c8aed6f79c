"""What Mailroom does to mail: verb folders are stages, noun folders are things outside us, files are rules for everyone."""
