"""Our own URLs below accounts/; they precede, and partly replace, django-allauth's."""

from django.urls import path

from accounts.views import EmailView, PasswordChangeView, PasswordSetView, SetupView

urlpatterns = [
    path("email/", EmailView.as_view(), name="account_email"),
    path("password/change/", PasswordChangeView.as_view(), name="account_change_password"),
    path("password/set/", PasswordSetView.as_view(), name="account_set_password"),
    path("setup/<str:token>/", SetupView.as_view(), name="accounts_setup"),
]
