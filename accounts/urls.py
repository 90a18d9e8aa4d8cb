"""Addresses of our own beside django-allauth's, below accounts/."""

from django.urls import path

from accounts.views import SetupView

urlpatterns = [
    path("setup/<str:token>/", SetupView.as_view(), name="accounts_setup"),
]
