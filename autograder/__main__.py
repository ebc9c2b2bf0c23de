"""`python -m autograder` is `sgd2muon`."""

from autograder.cli import main

main()
