"""The app of Django's admin, with our own site in it."""

from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    """Django's app; INSTALLED_APPS names it in place of `django.contrib.admin`."""

    default_site = "core.web.admin_site.AdminSite"
