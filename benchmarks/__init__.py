"""Measurements of the running product and of its code; none of them is a test."""
