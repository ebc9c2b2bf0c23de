def preload():
    pass
