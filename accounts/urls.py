"""Addresses of our own beside and before django-allauth's, below accounts/."""

from django.urls import path

from accounts.views import EmailView, SetupView

urlpatterns = [
    path("email/", EmailView.as_view(), name="account_email"),
    path("setup/<str:token>/", SetupView.as_view(), name="accounts_setup"),
]
