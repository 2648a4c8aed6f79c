"""One file an API, and what the APIs share: requests, replies, and errors in our words."""
