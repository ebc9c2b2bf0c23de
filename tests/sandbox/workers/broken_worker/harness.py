def run(job, emit):
    exec(compile(job, "snippet.py", "exec"), {"emit": emit, "__name__": "snippet"})
