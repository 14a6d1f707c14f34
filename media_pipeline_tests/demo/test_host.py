"""The loopback host: bodies by the whole URL, connections kept, requests counted."""

from __future__ import annotations

import requests

from media_pipeline.demo.host import Answer, MediaHost

URL = "https://pbs.twimg.com/media/Abc?format=jpg&name=orig"


def test_a_medium_is_had_by_its_whole_address_over_one_connection():
    with MediaHost({URL: Answer(b"bytes", "image/jpeg")}) as host, requests.Session() as session:
        addresses = [host.template.replace("{url}", url) for url in (URL, URL, URL.replace("orig", "small"))]
        answers = [session.get(address, stream=False) for address in addresses]
        assert [answer.status_code for answer in answers] == [200, 200, 404]
        assert answers[0].content == b"bytes"
        assert not any(answer.headers.get("Connection") == "close" for answer in answers)
        assert host.requests() == {URL: 2, URL.replace("orig", "small"): 1}


def test_two_hosts_live_beside_each_other():
    with MediaHost({}) as one, MediaHost({}) as other:
        assert one.address != other.address
