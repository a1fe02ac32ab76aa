"""The live board and the workload board."""
