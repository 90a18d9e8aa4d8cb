"""A site that browsers reach through a proxy, at the proxy's address."""

from collections.abc import Iterator

import pytest

from tests.browser.proxy import Proxy
from tests.fake_llm import UpstreamThread
from tests.support.site import Site


class ProxiedSite(Site):
    def __init__(self, values: dict[str, str], proxy: Proxy) -> None:
        super().__init__(values | {"SITE_URL": proxy.url})
        self.proxy = proxy
        proxy.target = self.port

    @property
    def url(self) -> str:
        return self.proxy.url


@pytest.fixture(scope="module")
def proxied_site(
    site_database: dict[str, str], upstream_server: UpstreamThread
) -> Iterator[ProxiedSite]:
    values = site_database | {"INFERENCE_BASE_URL": upstream_server.base_url}
    with Proxy() as proxy, ProxiedSite(values, proxy) as site:
        yield site


@pytest.fixture
def site(proxied_site: ProxiedSite, upstream: UpstreamThread) -> Site:
    """Takes the place of the site that browsers reach directly."""
    proxied_site.proxy.reset()
    proxied_site.ensure()
    return proxied_site


@pytest.fixture
def proxy(site: Site, proxied_site: ProxiedSite) -> Proxy:
    return proxied_site.proxy
