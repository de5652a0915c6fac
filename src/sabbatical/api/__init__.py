"""The HTTP contract: thin routes over the stages, one request one transaction. The web process never loads torch."""
