"""Addresses of our own pages in the administration."""

from django.contrib import admin
from django.urls import path

from chat.admin import start

urlpatterns = [
    path("", admin.site.admin_view(start.show), name="start_page"),
    path("mail/", admin.site.admin_view(start.send_test_mail), name="start_page_mail"),
    path("hide/", admin.site.admin_view(start.hide), name="start_page_hide"),
]
