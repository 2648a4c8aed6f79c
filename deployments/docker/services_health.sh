#!/bin/bash
# Whether Prefect's services, which listen nowhere, are at work: each tells Redis every few seconds that it lives, under
# its host's name. Asked by bash's own sockets, as a Python would take a second of CPU at each look; not by TLS.
set -eu
case $PREFECT_SERVER_DOCKET_URL in redis://*) ;; *) exit 0 ;; esac
address=${PREFECT_SERVER_DOCKET_URL#redis://}
server=${address##*@} login=
case $address in *@*) login=${address%@*} ;; esac
database=${server#*/} server=${server%%/*}
exec 3<>"/dev/tcp/${server%%:*}/${server##*:}"
if [ -n "$login" ]; then printf 'AUTH %s %s\r\n' "${login%%:*}" "${login#*:}" | sed 's/AUTH  /AUTH /' >&3; fi
printf 'SELECT %s\r\nZRANGEBYSCORE prefect:workers %d +inf\r\nQUIT\r\n' "$database" $(($(date +%s) - 60)) >&3
timeout 4 grep -q "^$(hostname)#" <&3
