"""Measurements of the running product; never timed tests."""
