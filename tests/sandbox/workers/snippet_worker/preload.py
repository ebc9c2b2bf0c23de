from autograder.worker.preload import preload

__all__ = ["preload"]
