"""Tests of the benchmark: its figures and tables."""
