"""Prompt assembly, token counts and model servers."""
