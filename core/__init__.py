"""Infrastructure that does not know the product; imports neither chat nor accounts."""
