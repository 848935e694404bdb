#!/bin/bash
# Looks made-up names up in bursts, then checks in: dga_bot.sh RESOLVER URL SEED PAUSE_S REST_S. Runs until it is stopped.
RANDOM=$3
letters=abcdefghijklmnopqrstuvwxyz0123456789
while true; do
  burst=$((12 + RANDOM % 50))
  for ((turn = 0; turn < burst; turn++)); do
    name=
    length=$((10 + RANDOM % 12))
    for ((at = 0; at < length; at++)); do name+=${letters:RANDOM % 36:1}; done
    dig +short +tries=1 +time=2 "@$1" A "$name.example" >/dev/null
    sleep "$4"
  done
  curl -s -m 8 -o /dev/null "$2/gate?x=$RANDOM" && echo "got $burst"
  sleep "$5"
done
