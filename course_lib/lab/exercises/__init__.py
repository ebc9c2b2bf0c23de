"""The exercises that want a graphics card; each also runs small on a CPU.

An exercise is a module here with

    run(scale, device, seed=0) -> dict      plain data that json can write; "table": a list of rows for the summary
    draw(result) -> Figure                  what `run` found, as a picture (matplotlib is imported inside)

`python -m course_lib.lab.gpu_suite` runs them all. They need torch only.
"""
