from django.test import Client


def test_browsers_that_ask_for_an_icon_by_themselves_get_it(client: Client) -> None:
    response = client.get("/favicon.ico")
    assert response.status_code == 302
    assert response["Location"].startswith("/static/favicon")
    assert response["Location"].endswith(".ico")
    assert response["Cache-Control"] == "public, max-age=86400"
