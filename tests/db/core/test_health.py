"""What a supervisor hears."""

import pytest
from django.test import Client

from chat.models import ChatModel


def test_healthz_asks_nobody(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_readyz_names_each_part(client: Client) -> None:
    assert ChatModel.objects.exists()
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"database": "ok", "cache": "ok"}
