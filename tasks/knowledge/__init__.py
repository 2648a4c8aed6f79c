"""An operator's own texts (answers to usual questions, prices, policies), searched on this machine by BM25."""
