def preload():
    raise ImportError("no torch here")
