"""Addresses of the chat."""

from django.urls import path

from chat.realtime import ChatConsumer
from chat.views import (
    answers,
    commands,
    drafts,
    pages,
    preferences,
    printing,
    read_state,
    settings,
    sidebar,
)

urlpatterns = [
    path("", pages.new_chat, name="new_chat"),
    path("c/", commands.start, name="start"),
    path("c/<uuid:conversation_id>/", pages.conversation, name="conversation"),
    path("c/<uuid:conversation_id>/before/<uuid:message_id>/", pages.older, name="older"),
    path("c/<uuid:conversation_id>/print/", printing.print_page, name="print"),
    path("c/<uuid:conversation_id>/send/", commands.send, name="send"),
    path("c/<uuid:conversation_id>/stop/", commands.stop, name="stop"),
    path("c/<uuid:conversation_id>/rename/", commands.rename, name="rename"),
    path("c/<uuid:conversation_id>/delete/", commands.delete, name="delete"),
    path("c/<uuid:conversation_id>/restore/", commands.restore, name="restore"),
    path("m/<uuid:message_id>/regenerate/", commands.regenerate, name="regenerate"),
    path("m/<uuid:message_id>/edit/", commands.edit, name="edit"),
    path("m/<uuid:message_id>/save/", commands.save, name="save"),
    path("m/<uuid:message_id>/continue/", commands.continue_answer, name="continue"),
    path("m/<uuid:message_id>/choose/", commands.choose, name="choose"),
    path("c/<uuid:conversation_id>/draft/", drafts.draft, name="draft"),
    path("c/<uuid:conversation_id>/seen/", read_state.seen, name="seen"),
    path("c/<uuid:conversation_id>/options/", settings.options, name="options"),
    path("draft/", drafts.draft, name="new_draft"),
    path("m/<uuid:message_id>/about/", answers.about, name="about"),
    path("m/<uuid:message_id>/source/", answers.source, name="source"),
    path("m/<uuid:message_id>/thoughts/", answers.thoughts, name="thoughts"),
    path("m/<uuid:message_id>/feedback/", answers.feedback, name="feedback"),
    path("rows/", sidebar.more_rows, name="more_rows"),
    path("search/", pages.search, name="search"),
    path("settings/", preferences.show, name="settings"),
    path("settings/<slug:name>/", preferences.save, name="save_settings"),
]

websocket_urlpatterns = [
    path("ws/", ChatConsumer.as_asgi()),
    path("ws/c/<uuid:conversation_id>/", ChatConsumer.as_asgi()),
]
