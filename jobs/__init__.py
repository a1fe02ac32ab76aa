"""Background work: RQ's tasks, workers and timetable."""
