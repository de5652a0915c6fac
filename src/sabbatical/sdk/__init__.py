"""The typed client: the same objects over HTTP, or in process on a workspace folder when no server runs."""
