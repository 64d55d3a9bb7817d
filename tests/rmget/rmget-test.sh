#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# rmget against nginx, and against a server that does wrong on purpose: what it exits with, and
# that nothing but a whole file ever has the final name. RMGET names the program, NGINX nginx.
#
# One line for each case: "ok", "FAILED" or "SKIP:". rmget-test.sh NAME...: only these cases.
set -u
export LC_ALL=C
unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

nginx=${NGINX:-nginx}
rmget=${RMGET:-${top_builddir:-.}/examples/rmget/rmget}
here=$(cd "$(dirname "$0")" && pwd)
rmget=$(cd "$(dirname "$rmget")" 2>/dev/null && pwd)/$(basename "$rmget")
program=$rmget

skip_all()
{
        echo "SKIP: $*"
        exit 77
}

[ -x "$rmget" ] || skip_all "rmget isn't built (libcurl or openssl is missing)"

# ---- servers ----------------------------------------------------------------------------------

work=$(mktemp -d "${TMPDIR:-/tmp}/rmget-test.XXXXXX") || exit 1
served=$work/served
nginx_pid=
python_pid=
# shellcheck source=tests/cases.sh
. "$here/../cases.sh"

clean_up()
{
        [ -z "$nginx_pid" ] || { kill "$nginx_pid" && wait "$nginx_pid"; } 2>/dev/null
        [ -z "$python_pid" ] || { kill "$python_pid" && wait "$python_pid"; } 2>/dev/null
        [ -z "$mounted" ] || umount "$mounted"
        rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

answers()
{
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

make_certificate()
{
        command -v openssl >/dev/null || return 1
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
                -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
                -keyout "$work/key.pem" -out "$work/certificate.pem" >/dev/null 2>&1
}

# Ports: PORT plain, PORT+1 with TLS.
write_nginx_config()
{
        local tls=
        [ ! -s "$work/certificate.pem" ] || tls="
        server {
                listen 127.0.0.1:$(($1 + 1)) ssl;
                ssl_certificate $work/certificate.pem;
                ssl_certificate_key $work/key.pem;
                root $served;
                location /down/ { return 302 http://127.0.0.1:$1/odd; }
        }"
        cat >"$work/nginx.conf" <<END
daemon off;
master_process off;
pid $work/nginx.pid;
error_log $work/nginx-error.log;
events { worker_connections 256; }
http {
        access_log $work/access.log;
        default_type application/octet-stream;
        client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3;
        uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
        server {
                listen 127.0.0.1:$1;
                root $served;
                location /plain/ { alias $served/; max_ranges 0; }
        }
        $tls
}
END
}

# nginx writes nginx.pid when it has the ports; another server may have taken them meanwhile.
start_nginx()
{
        local try turn
        command -v "$nginx" >/dev/null || return 1
        for try in 1 2 3 4 5 6 7 8; do
                port=$((20000 + (RANDOM + try) % 20000))
                if answers "$port" || answers $((port + 1)); then
                        continue
                fi
                write_nginx_config "$port"
                "$nginx" -p "$work" -e "$work/nginx-error.log" -c "$work/nginx.conf" \
                        </dev/null >"$work/nginx.out" 2>&1 &
                nginx_pid=$!
                for ((turn = 0; turn < 600; turn++)); do
                        kill -0 "$nginx_pid" 2>/dev/null || break
                        [ -s "$work/nginx.pid" ] && answers "$port" && return 0
                        sleep 0.1
                done
                kill "$nginx_pid" 2>/dev/null
                wait "$nginx_pid" 2>/dev/null
                nginx_pid=
        done
        return 1
}

start_python()
{
        local turn
        command -v python3 >/dev/null || return 1
        python3 -B "$here/misbehave.py" "$served" "$work/port" </dev/null 2>"$work/python.out" &
        python_pid=$!
        for ((turn = 0; turn < 600; turn++)); do
                [ -s "$work/port" ] && break
                kill -0 "$python_pid" 2>/dev/null || return 1
                sleep 0.1
        done
        [ -s "$work/port" ] || return 1
        bad=http://127.0.0.1:$(cat "$work/port")
}

# ---- what a case is made of -------------------------------------------------------------------

# The file is there, equal to what is served, and nothing else is.
complete()
{
        cmp -s "$served/$2" "$dir/$1" || complain "$1 isn't what was served"
        there "$1"
}

# ask_bad WHAT PATH: what the bad server answers about the requests for that path
ask_bad()
{
        exec 3<>"/dev/tcp/127.0.0.1/${bad##*:}" || return
        printf 'GET /-/%s%s HTTP/1.0\r\n\r\n' "$1" "$2" >&3
        sed '1,/^\r$/d' <&3
        exec 3>&-
}

# requests PATH: how many the bad server saw
requests()
{
        ask_bad count "$1"
}

# in_the_middle PATH N: waits until N requests for it are being answered. For at most two minutes:
# then what follows fails.
in_the_middle()
{
        local turn count
        for ((turn = 0; turn < 2400; turn++)); do
                count=$(requests "$1")
                [ "${count:-0}" -lt "$2" ] || return
                sleep 0.05
        done
}

needs_more()
{
        case $1 in
        nginx) [ -n "$good" ] || reason="nginx is missing" ;;
        python) [ -n "$bad" ] || reason="python3 is missing" ;;
        tls) [ -s "$work/certificate.pem" ] || reason="openssl is missing" ;;
        esac
}

# ---- cases: a good server ---------------------------------------------------------------------

eight_connections()
{
        run 0 -n 8 --sha256 "$(digest large)" -o got "$good/large"
        complete got large
        grep -q "^$(digest large)  got\$" "$out" || complain "no digest on standard output"
        local parts
        parts=$(grep -c '"GET /large HTTP/1.1" 206 ' "$work/access.log")
        [ "$parts" -ge 8 ] || complain "only $parts requests for parts"
}

sizes()
{
        local file
        for file in none one below page above odd; do
                run 0 -n 8 --sha256 "$(digest $file)" "$good/$file"
                complete "$file" "$file"
                run 0 -f -n 3 "$good/plain/$file"
                complete "$file" "$file"
                rm -f "$dir/$file"
        done
}

no_ranges()
{
        run 0 -n 8 "$good/plain/odd"
        complete odd odd
        says 'one connection'
}

exists()
{
        echo mine >"$dir/odd"
        run 9 "$good/odd"
        [ "$(cat "$dir/odd")" = mine ] || complain "the existing file was touched"
        there odd
        run 4 -f -o odd "$good/nothing-here"
        [ "$(cat "$dir/odd")" = mine ] || complain "a failed --force touched the existing file"
        run 0 -f "$good/odd"
        complete odd odd
        mkdir "$dir/odd.d"
        ln -s /dev/null "$dir/link"
        run 11 -f -o link "$good/odd"
        [ -L "$dir/link" ] || complain "a link was replaced"
}

into_directory()
{
        mkdir "$dir/d"
        run 0 -o d "$good/odd?query=1#part"
        cmp -s "$served/odd" "$dir/d/odd" || complain "d/odd isn't what was served"
        run 2 -o d "$good/"
        run 2 "$good/a%2Fb"
        run 2 "$good/.."
        run 11 -o nowhere/file "$good/odd"
}

checksum()
{
        run 8 --sha256 "$(digest one)" "$good/odd"
        there
        says "$(digest odd)"
        run 8 --sha256 "$(digest one)" "$good/none"
        there
}

left_behind()
{
        echo of an earlier run >"$dir/odd.rmget-part"
        run 0 "$good/odd"
        complete odd odd
}

# After a kill at any moment the final name is free, or has its older file, or the whole new one;
# and the next run does its work. RMMAP_ROUNDS kills.
killed_at_random()
{
        local rounds=${RMMAP_ROUNDS:-10} round took before=0 after=0
        local seed=${TEST_SEED:-$$}
        RANDOM=$seed
        run 0 "$good/middle"
        took=${EPOCHREALTIME/./}
        run 0 -f "$good/middle"
        took=$(((${EPOCHREALTIME/./} - took) / 1000))
        for ((round = 0; round < rounds; round++)); do
                rm -f "$dir/middle"
                [ $((round % 2)) -eq 0 ] || cp "$served/odd" "$dir/middle"
                kill_once $((RANDOM * took * 5 / 4 / 32768)) middle
                if cmp -s "$served/middle" "$dir/middle"; then
                        after=$((after + 1))
                elif [ ! -e "$dir/middle" ] || cmp -s "$served/odd" "$dir/middle"; then
                        before=$((before + 1))
                else
                        complain "kill $round left a wrong file under the final name, seed $seed"
                fi
                run 0 -f "$good/middle"
                complete middle middle
                [ -z "$problems" ] || return
        done
        notes="$rounds kills, $before before the file had its name, $after after; seed $seed"
}

# kill_once MILLISECONDS FILE: starts a run that may replace the file, and kills it then.
kill_once()
{
        local pid
        (cd "$dir" && exec "$rmget" -q -f -n 4 "$good/$2") 2>/dev/null &
        pid=$!
        sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"
        kill -KILL $pid 2>/dev/null
        wait $pid 2>/dev/null
}

# by_signal NAME STATUS
by_signal()
{
        (cd "$dir" && exec env --default-signal="$1" "$rmget" "$bad/held.$1/odd" >"$out" 2>"$err") &
        local pid=$! status
        in_the_middle "/held.$1/odd" 4
        kill -"$1" $pid
        wait $pid
        status=$?
        [ $status -eq "$2" ] || complain "SIG$1: exit status $status instead of $2"
        says interrupted
        there
}

interrupted()
{
        by_signal INT 130
        by_signal TERM 143
        by_signal HUP 129
}

two_at_once()
{
        (cd "$dir" && exec "$rmget" -q -n 2 "$bad/held/middle") &
        local pid=$!
        in_the_middle /held/middle 2
        run 10 "$bad/good/middle"
        says 'another rmget'
        ask_bad release /held/middle >"$out"
        wait $pid || complain "the first rmget failed"
        complete middle middle
}

full_disk()
{
        local turn count log=$work/access.log
        dir=$mounted
        run 7 "$good/large?full"
        says 'needs 16.0 MiB, 8.0 MiB free'
        there
        run 0 -o fits "$good/below?full"
        cmp -s "$served/below" "$dir/fits" || complain "what fits isn't what was served"
        rm -f "$dir/fits"
        # nginx logs a request when it has done with it, in their order.
        for ((turn = 0; turn < 600; turn++)); do
                ! grep -q 'GET /below?full' "$log" || break
                sleep 0.1
        done
        count=$(grep -c 'GET /large?full' "$log")
        [ "$count" -eq 1 ] || complain "$count requests were made"
}

full_disk_unknown_length()
{
        dir=$mounted
        run 7 "$bad/unknown/large"
        there
}

quiet()
{
        run 0 -q "$good/odd"
        [ ! -s "$out" ] && [ ! -s "$err" ] || complain "--quiet isn't"
        complete odd odd
}

usage()
{
        run 2
        run 2 -n 0 "$good/odd"
        run 2 --sha256 12 "$good/odd"
        run 2 --limit-rate 5X "$good/odd"
        run 2 --no-such-option "$good/odd"
        run 2 "$good/odd" "$good/odd"
        run 2 ftp://127.0.0.1/odd
        run 2 odd
        run 0 --help
        grep -q '^ 129, 130, 143' "$out" || complain "--help doesn't list the exit statuses"
        run 0 --version
        there
}

rate_limit()
{
        local begin file took
        for file in odd plain/odd; do
                begin=${EPOCHREALTIME/./}
                run 0 -f -n 4 --limit-rate 20M "$good/$file"
                took=$(((${EPOCHREALTIME/./} - begin) / 1000))
                complete odd odd
                # 500 ms but for what the first moment brings
                [ $took -ge 350 ] || complain "10 MiB at 20 MiB/s in $took ms ($file)"
        done
}

certificate()
{
        local tls=127.0.0.1:$((port + 1))
        run 12 "https://$tls/odd"
        run 12 --cacert "$work/certificate.pem" "https://localhost:${tls#*:}/odd"
        there
        run 0 -k "https://$tls/odd"
        complete odd odd
        run 0 -f --cacert "$work/certificate.pem" "https://$tls/odd"
        complete odd odd
}

# From https to http only with a digest that proves the bytes.
redirect_to_http()
{
        local url=https://127.0.0.1:$((port + 1))/down/
        run 13 -o odd --cacert "$work/certificate.pem" "$url"
        there
        run 0 -o odd --cacert "$work/certificate.pem" --sha256 "$(digest odd)" "$url"
        complete odd odd
}

nobody_there()
{
        run 3 --retries 0 --timeout 3 http://127.0.0.1:1/odd
        run 3 --retries 1 --timeout 3 http://127.0.0.1:1/odd
        says 'retrying in'
        run 3 --timeout 3 http://no-such-host.invalid/odd
        there
}

# ---- cases: a bad server ----------------------------------------------------------------------

# fails STATUS MODE [OPTION...]: and nothing is left.
fails()
{
        local status=$1 mode=$2
        shift 2
        run "$status" -n 4 --retries 2 "$@" "$bad/$mode/odd"
        there
}

# works_or_fails STATUS MODE [OPTION...]: whether the first answer still goes on decides.
works_or_fails()
{
        local status=$1 mode=$2
        shift 2
        (cd "$dir" && timeout -k 5 120 "$rmget" -n 4 --retries 2 "$@" "$bad/$mode/odd") \
                </dev/null >"$out" 2>"$err"
        case $? in
        0) complete odd odd ;;
        "$status") there ;;
        *) complain "neither 0 nor $status (rmget $* $mode)" ;;
        esac
}

# works MODE [OPTION...]
works()
{
        local mode=$1
        shift
        run 0 -n 4 "$@" "$bad/$mode/odd"
        complete odd odd
}

# each: rows of STATUS|MODE|OPTIONS|TEXT from standard input: it must end so, and say so.
each()
{
        local status mode options text
        while IFS='|' read -r status mode options text; do
                # shellcheck disable=SC2086 # words
                if [ "$status" -eq 0 ]; then
                        works "$mode" $options
                else
                        fails "$status" "$mode" $options
                fi
                [ -z "$text" ] || grep -q -e "$text" "$err" ||
                        complain "$mode: it doesn't say '$text'"
                rm -f "$dir/odd"
        done
}

# Ranges that aren't to be had, end midway, or are others than was asked for.
odd_ranges()
{
        each <<'END'
0|good||
0|whole~1||one connection
0|stops~4||no longer sends parts of the file
0|star||
0|no416~1||one connection
0|shrinks~4||one connection
0|wrong~1||another part
0|liar~1||another part
0|begins_at_zero||
0|runs_on||
0|whole_206||
0|multipart||
0|identity||
0|packs_parts~1||compresses parts although asked not to
13|half_206||but all of it was requested
END
}

# Files that change meanwhile, and servers that don't tell or tell two things.
other_versions()
{
        each <<'END'
0|etag~4||another version
0|if_range~4||another version
0|size~4||another version
0|backends~1||another version
0|backends_later~12|-n 8|another version
0|nothing_known||one connection: the server sends neither ETag nor date
0|weak||one connection
END
}

odd_lengths()
{
        each <<'END'
6|short|--retries 1|
0|unknown||unknown length
0|unknown_cut||retrying in
0|until_end||told from a lost connection
0|same_length_twice||
0|stray||
13|too_long||more than
13|two_lengths||
13|length-1000000000000000000000000000000||
13|length-many||
13|length--5||
13|too_long_chunked||sent more than it announced
6|too_short_chunked|--retries 1|
END
}

# libcurl itself believes no more than six hours, from 8.14 on.
odd_answers()
{
        each <<'END'
0|resets||retrying in
0|whole_resets||retrying in
0|two~20|-n 6 --retries 1|one connection fewer
0|expires||
0|cookie||
0|header|-H X-Word:open|
4|header||
4|status-404||404 (not found)
4|status-204||204 (no content)
4|never||asks to retry after \(86400\|21600\) seconds
13|loop||
13|ftp||
13|garbage||
END
}

cut_answers() { run 0 "$bad/cuts/middle"; complete middle middle; }
gone_midway() { works_or_fails 4 gone~4; says 404; }
redirect_other() { run 0 -o odd "$bad/redirect/odd"; complete odd odd; }

server_error()
{
        local count
        fails 4 status-500.retries --retries 1
        says 'answered 500 (after 1 retries)'
        count=$(requests /status-500.retries/odd)
        [ "$count" -eq 2 ] || complain "$count requests instead of 2"
}

part_refused()
{
        local status
        for status in 204 400 401 403 404 405 406 410 416 429 500 501 502 503; do
                works "deny-$status" --retries 1
                rm -f "$dir/odd"
        done
}

# The first request is the download; those for parts use up what is left of the link.
used_up_link()
{
        works uses-1~1 -n 8
        says '410 (gone): continuing with one connection'
        rm -f "$dir/odd"
        works uses-1.one -n 1
        rm -f "$dir/odd"
        works_or_fails 4 uses-6 -n 8
        [ -e "$dir/odd" ] || says '410 (gone), after .* -n 1 sends one request only'
        rm -f "$dir/odd"
        fails 4 uses-0
        says '410 (gone)'
}

short_parts()
{
        # Asked for the rest, as long as enough comes each time.
        run 0 -n 8 --retries 1 "$bad/less-100000~12/middle"
        complete middle middle
        says 'the response was too short; retrying in'
        ! grep -q 'one connection' "$err" || complain "short parts weren't good enough"
        run 0 -f -n 8 --retries 1 "$bad/less-1000~10/middle"
        complete middle middle
        says 'the response was too short[:;] \(starting again\|continuing\)'
}

# Never under a name that doesn't say so.
packed()
{
        local mode
        for mode in packs packed; do
                fails 13 $mode
                says 'compresses the file (gzip) although asked not to; -o NAME.gz saves it compressed'
                run 0 -o odd.gz "$bad/$mode/odd"
                says 'compressed with gzip, as its name says'
                gzip -dc "$dir/odd.gz" | cmp -s - "$served/odd" ||
                        complain "$mode: odd.gz isn't odd, packed"
                rm -f "$dir/odd.gz"
        done
        run 0 "$bad/packed/odd.gz" # packed before, and described so
        gzip -dc "$dir/odd.gz" | cmp -s - "$served/odd.gz" || complain "odd.gz isn't odd.gz, packed"
        rm -f "$dir/odd.gz"
        run 13 "$bad/packs/odd.gz" # packed once more
        run 13 -o odd.br "$bad/packed/odd"
        for mode in packed_endless packed_strangely packed_twice; do
                fails 13 $mode
                run 13 -o odd.gz "$bad/$mode/odd"
        done
        there
}

cookies()
{
        local count
        works cookie_before
        count=$(requests /cookie_before/odd)
        [ "$count" -eq 1 ] || complain "the cookie was fetched $count times"
}

# No message shows it, and no list of processes.
password()
{
        local url pid with=${bad/:\/\//://user:sesame@}
        run 0 "$with/password/odd"
        complete odd odd
        shows_none
        rm -f "$dir/odd"
        run 4 "${with/sesame/sesameX}/password/odd"
        says 401
        shows_none
        run 4 --retries 1 "$with/status-500/odd"
        shows_none
        run 3 --retries 0 "$bad/to_password/odd"
        shows_none
        for url in ftp://user:sesame@h/odd user:sesame@h/odd http://user:sesame@h.invalid/ \
                http://sesame@h.invalid/ http://user:x/sesame@h/odd http://user:sesame@/odd http://user:sesame@h:port/odd \
                'http://user:x sesame@h/odd' 'http://user:x?sesame@h/odd'; do
                (cd "$dir" && timeout 60 "$rmget" --retries 0 "$url") </dev/null >"$out" 2>"$err"
                shows_none
        done
        (cd "$dir" && exec "$rmget" -q "$with/held.password/odd") 2>/dev/null &
        pid=$!
        in_the_middle /held.password/odd 4
        ! tr '\0' ' ' <"/proc/$pid/cmdline" | grep sesame ||
                complain "the password is in the list of processes"
        kill $pid
        wait $pid 2>/dev/null
}

# curl leaves the caller's secrets out where a redirect leads to another host; so must all parts.
secrets_stay_at_home()
{
        local count
        works elsewhere -H 'Authorization: Basic dXNlcjpzZXNhbWU='
        rm -f "$dir/odd"
        run 0 "${bad/:\/\//://user:sesame@}/elsewhere/odd"
        complete odd odd
        count=$(requests /leaked)
        [ "$count" -eq 0 ] || complain "the other host got the password $count times"
}

shows_none()
{
        ! grep -q sesame "$out" "$err" || complain "a message shows the password: $(cat "$err")"
}

# ---- cases: where the file goes ---------------------------------------------------------------

# What nobody opened must not become the file: messages would go into it.
closed_descriptors()
{
        local closed mode
        for closed in '<&-' '>&-' '2>&-' '<&- >&-' '>&- 2>&-' '<&- >&- 2>&-'; do
                for mode in good unknown; do
                        (cd "$dir" && eval "exec \"\$rmget\" \"\$bad/$mode/above\" $closed") \
                                </dev/null >"$out" 2>"$err" || complain "$closed: exit status $?"
                        complete above above
                        rm -f "$dir/above"
                done
        done
}

# Only the temporary name would be too long.
long_names()
{
        local length name wide
        for length in 244 245 250 255; do
                name=$(printf '%*s' "$length" '' | tr ' ' a)
                run 0 -q -o "$name" "$bad/good/odd"
                complete "$name" odd
                rm -f "$dir/$name"
        done
        wide=$(printf '%*s' 127 '')
        wide=${wide// /é}
        (cd "$dir" && exec "$rmget" -q -o "$wide" "$bad/held.name/odd") &
        in_the_middle /held.name/odd 4
        find "$dir" -type f | LC_ALL=C.UTF-8 grep -q '/é*\.[0-9a-f]*\.rmget-part$' ||
                complain "the temporary name is no text: $(ls "$dir")"
        run 10 -o "$wide" "$bad/good/odd" # it is the same temporary name
        kill -KILL $!
        wait $! 2>/dev/null
        run 0 -q -o "$wide" "$bad/good/odd"
        complete "$wide" odd
        run 11 -o "$name$name" "$bad/good/odd"
}

# 524 is ENOTSUPP, which some file systems let out of the kernel.
odd_file_systems()
{
        local error
        for error in ENOSYS ENOLCK EPERM 524; do
                echo "of another run" >"$dir/above.rmget-part"
                without "flock=$error" 0 "$bad/good/above"
                # Without locks nothing tells whether that run is still at work.
                [ "$(cat "$dir/above.rmget-part")" = "of another run" ] ||
                        complain "flock = $error: it touched another run's file"
                rm -f "$dir/above.rmget-part"
                complete above above
                rm -f "$dir/above"
                without "flock=$error" 0 -o above "$bad/unknown/above"
                complete above above
                rm -f "$dir/above"
                without "flock=$error" 4 "$bad/status-500/above" --retries 0
                there
        done
        for error in EINVAL ENOSYS EPERM; do
                without "renameat2=$error ?link,linkat=EPERM" 0 "$bad/good/above"
                complete above above
                without "renameat2=$error ?link,linkat=EPERM" 9 "$bad/good/above"
                complete above above
                rm -f "$dir/above"
        done
        for error in EOPNOTSUPP EPERM 524; do
                without "fallocate=$error" 0 "$bad/good/above"
                complete above above
                rm -f "$dir/above"
        done
        for error in EPERM 524; do
                without "sync_file_range=$error" 0 "$bad/good/above"
                complete above above
                rm -f "$dir/above"
        done
}

# Where nothing can be promised, what the file system says to be free has to do.
full_disk_unpromised()
{
        dir=$mounted
        without "fallocate=524" 7 "$bad/good/large"
        says 'needs 16.0 MiB, 8.0 MiB free'
        there
}

# ---- cases: time -----------------------------------------------------------------------------

busy_server()
{
        local begin=${EPOCHREALTIME/./} took
        works busy~2
        took=$(((${EPOCHREALTIME/./} - begin) / 1000))
        [ $took -ge 1000 ] || complain "it came back after $took ms, and was to wait a second"
        # The second is that of a part. Left to itself it would come back within 0.8 s.
        [ "$(grep -c '503 .*; retrying in 1\.[0-9] s (1 of 5)' "$err")" -eq 2 ] ||
                complain "not twice busy, or Retry-After was ignored"
        [ "$(grep -c ': 10.0 MiB$' "$err")" -eq 1 ] || complain "the file was asked for anew"
}

# Left to that one connection these two would take longer than any run may.
slow_connection() { works slow_one; }
hanging_connection() { works hangs --timeout 600; }

# For 6 s, as there is a line every 5 s.
lines_without_terminal()
{
        run 0 -n 4 --limit-rate 320K "$bad/good/middle"
        complete middle middle
        says '^rmget: *[0-9]*%, [0-9.]* [KM]iB of 1.9 MiB, [0-9.]* [KM]iB/s, [0-9:]* left$'
        ! grep -q "$(printf '\r')" "$err" || complain "a carriage return without a terminal"
}

clean_terminal()
{
        run 13 "$bad/teapot/odd"
        if LC_ALL=C grep -q "$(printf '[\033\007]')" "$err"; then
                complain "what the server sent went to the terminal"
        fi
}

few_requests()
{
        works good.few -n 2
        local count
        count=$(requests /good.few/odd)
        [ "$count" -le 50 ] || complain "$count requests for 10 MiB"
}

# ---- cases: what is shown ---------------------------------------------------------------------

# on_terminal COLUMNS ARGUMENTS...
on_terminal()
{
        terminal_of "$1" '' "${@:2}"
        grep -q '^status 0$' "$out" || complain "it doesn't end well on a terminal (rmget $*)"
}

# Percent, a bar, perhaps sizes, rate, time left, and $1 cells, which may be blank.
bar_of()
{
        local sizes='( [0-9.]+ [KM]?i?B of [0-9.]+ [KM]?i?B)'
        [ "$2" = with_sizes ] || sizes=''
        echo "^ *[0-9]+% \[=*>? *\]$sizes +[0-9.]+ [KM]?i?B/s +[0-9]+:[0-9:]+ [] .,:=+*#!-]{$1}\$"
}

bar_on_terminal()
{
        local columns cells sizes longest
        while read -r columns cells sizes; do
                # 2 s, and at most a tenth of a second's bytes between two looks at the clock.
                on_terminal "$columns" -f -n "$cells" --limit-rate 5M "$bad/good/odd"
                complete odd odd
                grep -q -E "$(bar_of "$cells" "$sizes")" "$out" || complain \
                        "no bar, rate, time and $cells cells in $columns columns:" \
                        "$(grep '%' "$out" | tail -n 1)"
                # A connection at work: how full its piece is.
                sed -n "/%/s/.*\\(.\\{$cells\\}\\)\$/\\1/p" "$out" | grep -q '[^ ]' ||
                        complain "every cell stays blank"
                longest=$(grep '%' "$out" | wc -L)
                [ "$longest" -eq $((columns - 3)) ] ||
                        complain "$longest of $columns columns are used"
        done <<END
60 7 without_sizes
100 4 with_sizes
END
        [ "$(grep -c '%' "$out")" -gt 1 ] || complain "the bar is drawn once at most"
        on_terminal 60 -f -q "$bad/good/odd"
        ! grep -q '%' "$out" || complain "--quiet shows a bar"
}

# ---- all of it --------------------------------------------------------------------------------

digest()
{
        sha256sum "$served/$1" | cut -d ' ' -f 1
}

mkdir "$served"
: >"$served/none"
head -c 1 /dev/urandom >"$served/one"
head -c 4095 /dev/urandom >"$served/below"
head -c 4096 /dev/urandom >"$served/page"
head -c 4097 /dev/urandom >"$served/above"
head -c 2000000 /dev/urandom >"$served/middle"
head -c $((10 * 1024 * 1024 + 3)) /dev/urandom >"$served/odd"
head -c $((16 * 1024 * 1024)) /dev/urandom >"$served/large"
gzip <"$served/middle" >"$served/odd.gz"
make_certificate || rm -f "$work/certificate.pem"
good='' bad=''
start_nginx && good=http://127.0.0.1:$port
start_python || bad=''
[ -n "$good$bad" ] || skip_all "neither nginx nor python3 starts"

for name in eight_connections sizes no_ranges exists into_directory \
        checksum left_behind killed_at_random quiet usage rate_limit; do
        case_ $name nginx
done
case_ full_disk nginx tmpfs
case_ certificate nginx tls
case_ redirect_to_http nginx tls
case_ nobody_there
for name in two_at_once odd_ranges other_versions odd_lengths odd_answers cut_answers gone_midway \
        redirect_other server_error busy_server part_refused used_up_link short_parts packed \
        cookies password secrets_stay_at_home closed_descriptors long_names slow_connection \
        hanging_connection clean_terminal few_requests bar_on_terminal lines_without_terminal; do
        case_ $name python
done
case_ interrupted python int
case_ full_disk_unknown_length python tmpfs
case_ odd_file_systems linux python strace
case_ full_disk_unpromised python strace tmpfs

finish_cases
