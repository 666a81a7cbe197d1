# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# servers.sh: the lab's certificates and servers. Sourced by up.

# configure copies conf/ and puts the run folder in.
configure() {
	local file
	mkdir -p "$run"/{conf,log,tls,dovecot,nginx,slapd,postfix/{queue,data}}
	for file in "$home"/conf/*; do
		sed "s|@RUN@|$run|g" "$file" >"$run/conf/${file##*/}"
	done
	# dovecot and nginx leave root behind, and postfix logs as its own user.
	chmod 0755 "$run" "$run/log"
}

# certify NAME ADDRESS... makes a key and a certificate that the lab's CA signs.
certify() {
	local name=$1 names="DNS:$1.lab.test" address tls=$run/tls
	shift
	for address; do names+=",IP:$address"; done
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/CN=$name.lab.test" -keyout "$tls/$name.key" -out "$tls/$name.csr" 2>/dev/null
	openssl x509 -req -in "$tls/$name.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -CAcreateserial -days 365 \
		-extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$names") \
		-out "$tls/$name.pem" 2>/dev/null
}

certificates() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj '/CN=exreach lab CA' \
		-addext keyUsage=critical,keyCertSign,cRLSign -keyout "$run/tls/ca.key" -out "$run/tls/ca.pem" 2>/dev/null
	certify mail01 10.77.3.10 fd77:3::10
	certify dc01 10.77.3.20 fd77:3::20
}

# provision makes the domain once per Samba version; later runs copy it.
provision() {
	local version cache
	version=$(dpkg-query -W -f '${Version}' samba)
	cache=$store/dc-${version//[^0-9A-Za-z.]/_}
	if [[ ! -e $cache/done ]]; then
		rm -rf "$store"/dc-*
		mkdir -p "$cache"
		inside ex-srv samba-tool domain provision --targetdir="$cache/dc" --realm=LAB.TEST --domain=LAB \
			--server-role=dc --dns-backend=SAMBA_INTERNAL --host-name=dc01 \
			--host-ip=10.77.3.20 --host-ip6=fd77:3::20 \
			--adminpass="Aa1-$(openssl rand -hex 12)" >"$run/log/provision.log" 2>&1
		touch "$cache/done"
	fi
	cp -a "$cache/dc" "$run/dc"
	mkdir -p "$run"/dc/{pid,ncalrpc}
}

# start NAMESPACE HOST COMMAND... runs a server that stays in the foreground, under
# a host name that its resolver knows: slapd asks for it before it listens.
start() {
	local namespace=$1 host=$2
	shift 2
	setsid ip netns exec "$namespace" unshare --uts --mount sh -c 'hostname "$0" && exec "$@"' "$host" "$@" \
		</dev/null >"$run/log/${1##*/}.out" 2>&1 &
}

# smbd finds winbindd under the compiled-in /run/samba only.
start_samba() {
	start ex-srv dc01 sh -c 'mount -t tmpfs tmpfs /run && mkdir /run/samba && exec "$@"' samba \
		samba -F --no-process-group -s "$run/conf/smb.conf"
}

start_postfix() {
	local queue=$run/postfix/queue
	mkdir -p "$run/postfix/etc" "$queue"/{active,bounce,corrupt,defer,deferred,flush,hold,incoming,maildrop,pid,private,public,saved,trace}
	cp "$run/conf/main.cf" "$run/conf/master.cf" "$run/postfix/etc"
	chown postfix "$run/postfix/data" "$queue"/*
	chown root "$queue/pid"
	chgrp postdrop "$queue/public" "$queue/maildrop"
	chmod 0700 "$run/postfix/data" "$queue"/*
	chmod 0710 "$queue/public"
	chmod 0730 "$queue/maildrop"
	chmod 0755 "$queue/pid"
	start ex-srv mail01 /usr/lib/postfix/sbin/master -c "$run/postfix/etc" -s
}

start_servers() {
	start_samba
	start_postfix
	start ex-srv mail01 dovecot -F -c "$run/conf/dovecot.conf"
	start ex-srv mail01 nginx -e "$run/log/nginx.log" -c "$run/conf/nginx.conf"
	start ex-srv mail01 slapd -d 256 -f "$run/conf/slapd.conf" -h 'ldap://:50389 ldaps://:50636'
	start ex-fw fw /usr/bin/python3 "$home/peers.py"
}
