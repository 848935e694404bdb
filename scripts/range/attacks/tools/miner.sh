#!/bin/bash
# A miner's talk with its pool: miner.sh ADDRESS PORT SEED PAUSE_S. Runs until it is stopped.
RANDOM=$3
hex() { for ((at = 0; at < $1; at++)); do printf %02x $((RANDOM % 256)); done; }
exec 3<>"/dev/tcp/$1/$2" || exit 1
cat <&3 >/dev/null &
printf '{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"%s","pass":"x","agent":"sh/1"}}\n' "$(hex 47)" >&3
for ((number = 2; ; number++)); do
  sleep "$(($4 / 2 + RANDOM % $4))"
  printf '{"id":%d,"jsonrpc":"2.0","method":"submit","params":{"id":"a1","job_id":"0","nonce":"%s","result":"%s"}}\n' \
    "$number" "$(hex 4)" "$(hex 32)" >&3 || exit 1
done
