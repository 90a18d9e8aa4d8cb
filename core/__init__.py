"""What any Django project here could use; imports neither chat nor accounts."""
