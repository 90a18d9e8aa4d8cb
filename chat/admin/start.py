"""The first page of a new administrator: what is set up, and what to look at next."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chat.admin.start_steps import find_steps
from chat.models import SiteSettings
from chat.services.site_settings import hide_start_page

log = logging.getLogger("chat.admin")
PERMISSION = "chat.change_chatmodel"
may_set_up = permission_required(PERMISSION, raise_exception=True)


@may_set_up
def show(request: HttpRequest) -> HttpResponse:
    """Show the steps; each one looks by itself whether it is done."""
    context = admin.site.each_context(request) | {
        "title": _("First steps"),
        "steps": find_steps(),
        "is_hidden": is_hidden(),
    }
    return TemplateResponse(request, "admin/chat/start.html", context)


@may_set_up
@require_POST
def hide(request: HttpRequest) -> HttpResponse:
    """Leave the steps out of the index, or put them back with `hidden=0`."""
    hide_start_page(hidden=request.POST.get("hidden") != "0")
    return redirect("admin:index")


@may_set_up
@require_POST
def send_test_mail(request: HttpRequest) -> HttpResponse:
    """Send a mail to the administrator who asks for it, and say whether the server took it."""
    address = str(getattr(request.user, "email", ""))
    text = _("Mail from %(site)s works.") % {"site": settings.SITE_URL}
    try:
        send_mail(_("A test mail"), text, None, [address])
    except (SMTPException, OSError) as error:
        log.warning("test mail not sent: %s", type(error).__name__)
        sentence = _("The mail server did not take the mail. Look at EMAIL_URL and the log.")
        messages.error(request, sentence)
    else:
        sentence = _("A test mail was sent to %(address)s.") % {"address": address}
        messages.success(request, sentence)
    return redirect("start_page")


def render_card(request: HttpRequest) -> str:
    """Return the card of the index that leads to the steps, "" if there is nothing left to do."""
    if not request.user.has_perm(PERMISSION) or is_hidden():
        return ""
    steps = find_steps()
    done = sum(step.is_done for step in steps)
    if done == len(steps):
        return ""
    return render_to_string("admin/chat/_start_card.html", {"done": done, "count": len(steps)})


def is_hidden() -> bool:
    """Return whether an administrator has hidden the steps."""
    return SiteSettings.objects.filter(start_page_hidden_at__isnull=False).exists()
