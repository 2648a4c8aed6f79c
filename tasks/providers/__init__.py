"""The models: one small interface, one file an API, and what stands between a question and its bill."""
