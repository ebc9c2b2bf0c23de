"""One file per implementation task: its scenarios, its conventions and its misconceptions, as `TASK`."""
