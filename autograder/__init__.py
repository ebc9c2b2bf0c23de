"""The judge, the build and the grading of sgd2muon."""
