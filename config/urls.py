"""The URL configuration of the whole site."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from core.web import health
from core.web.favicon import favicon

admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("favicon.ico", favicon),
    path("accounts/", include("accounts.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("admin/start/", include("chat.admin.urls")),
    path("admin/", admin.site.urls),
    path("", include("chat.urls")),
]

handler400 = "core.web.error_views.bad_request"
handler403 = "core.web.error_views.permission_denied"
handler404 = "core.web.error_views.not_found"
handler500 = "core.web.error_views.server_error"
