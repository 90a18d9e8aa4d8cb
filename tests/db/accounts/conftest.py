"""A person who is signed in, and a Chromium."""

from tests.support.accounts import chromium, person, signed_in

__all__ = ["chromium", "person", "signed_in"]
