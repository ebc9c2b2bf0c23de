"""A worker for tests: a job is Python source, which calls `emit`. Torch is preloaded as for real jobs."""
