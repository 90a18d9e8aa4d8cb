"""Refuse unsafe settings on a site that others than the owner can reach."""

from collections.abc import Iterator, Sequence

from django.core.exceptions import ImproperlyConfigured

from core.web.site import Site, is_loopback

# The minimum of Django's own check security.W009.
SECRET_KEY_LENGTH = 50
SECRET_KEY_UNIQUE = 5


def check_public_site(
    site: Site,
    *,
    debug: bool,
    secret_key: str,
    extra_hosts: Sequence[str],
    extra_origins: Sequence[str],
) -> None:
    """Raise ImproperlyConfigured, with every unsafe setting, unless the site is private."""
    if site.private:
        return
    faults = list(
        unsafe_settings(
            debug=debug,
            secret_key=secret_key,
            extra_hosts=extra_hosts,
            extra_origins=extra_origins,
        )
    )
    if faults:
        all_addresses = "HOST listens on all addresses"
        where = all_addresses if is_loopback(site.hostname) else site.url
        raise ImproperlyConfigured(
            f"Others can reach this site ({where}), so it does not start. {' '.join(faults)}"
        )


def unsafe_settings(
    *, debug: bool, secret_key: str, extra_hosts: Sequence[str], extra_origins: Sequence[str]
) -> Iterator[str]:
    """Yield one sentence for each unsafe setting: its name, the danger, and the remedy."""
    if debug:
        yield "DEBUG is on, and its error pages show settings and private text. Set DEBUG=off."
    if len(secret_key) < SECRET_KEY_LENGTH or len(set(secret_key)) < SECRET_KEY_UNIQUE:
        yield (
            f"SECRET_KEY is too easy to guess. Set it to at least {SECRET_KEY_LENGTH} random "
            "characters, for example from `openssl rand -hex 32`."
        )
    if "*" in extra_hosts:
        yield "ALLOWED_HOSTS is *, which accepts any host. List the hosts instead."
    if "*" in extra_origins:
        yield "CSRF_TRUSTED_ORIGINS is *, which trusts any origin. List the origins instead."
