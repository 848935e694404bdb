#!/bin/bash
# Mails to many sites: spam_bot.sh PAUSE_S AT_ONCE SITE... with SITE the number of a site. Looks its MX up first, as any mailer must.
# Prints `got 1` for each message that was taken. Runs until it is stopped.
pause=$1 limit=$2
shift 2
for site in "$@"; do
  (
    mx=$(dig +short +tries=1 +time=3 MX "site$site.example" | awk '{ print $2; exit }')
    [ -n "$mx" ] && timeout --foreground 15 swaks --silent 3 --server "${mx%.}:25" --helo "pc$RANDOM.example" --from "win$RANDOM@lucky.example" \
      --to "u$RANDOM@site$site.example" --header 'Subject: you won' --body "$(head -c $((400 + RANDOM % 6000)) /usr/share/common-licenses/GPL-3)" \
      >/dev/null 2>&1 && echo 'got 1'
  ) &
  while [ "$(jobs -rp | wc -l)" -ge "$limit" ]; do sleep 0.1; done
  sleep "$pause"
done
wait
