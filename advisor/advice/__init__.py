"""Advice: which patterns fit a workload, and why the others do not."""
