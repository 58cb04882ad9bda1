"""What the benchmark runs inside the processes that it measures."""
