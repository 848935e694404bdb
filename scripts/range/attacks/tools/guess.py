"""Guesses passwords with Python's own clients: ssh (paramiko), imap, smtp or an HTTP form. Never finds any."""
import imaplib
import random
import smtplib
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor


def ssh(host: str, user: str, word: str) -> None:
    import logging
    import paramiko
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    try:
        client.connect(host, username=user, password=word, allow_agent=False, look_for_keys=False, timeout=10, banner_timeout=10)
    finally:
        client.close()


def imap(host: str, user: str, word: str) -> None:
    client = imaplib.IMAP4(host, 143, timeout=10)
    try:
        client.login(user, word)
    finally:
        client.shutdown()


def smtp(host: str, user: str, word: str) -> None:
    with smtplib.SMTP(host, 587, timeout=10) as client:
        client.login(user, word)


def form(host: str, user: str, word: str) -> None:
    body = urllib.parse.urlencode({"user": user, "password": word}).encode()
    with urllib.request.urlopen(f"http://{host}/login", body, timeout=10) as answer:
        if b"wrong" in answer.read():
            raise PermissionError("wrong")


def main() -> None:
    service, host, users, words, width, low_ms, high_ms, seed = sys.argv[1:9]
    chance = random.Random(int(seed))
    guess = {"ssh": ssh, "imap": imap, "smtp": smtp, "form": form}[service]
    names, secrets = (open(name, encoding="utf8").read().split() for name in (users, words))
    pairs = [(name, secret) for secret in secrets for name in names]
    refusals: dict[str, int] = {}

    def attempt(pair: tuple[str, str]) -> None:
        time.sleep(chance.uniform(int(low_ms), int(high_ms)) / 1000)
        try:
            guess(host, *pair)
        except Exception as error:  # A refusal has another class in every client.
            kind = type(error).__name__
            refusals[kind] = refusals.get(kind, 0) + 1

    with ThreadPoolExecutor(int(width)) as pool:
        list(pool.map(attempt, pairs))
    print("guessed", len(pairs), refusals)


main()
