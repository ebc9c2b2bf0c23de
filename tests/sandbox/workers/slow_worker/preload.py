import time


def preload():
    time.sleep(1)
