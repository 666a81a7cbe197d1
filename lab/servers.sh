# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# servers.sh: the lab's real servers. Sourced by up.

# configure copies conf/ and puts the run folder in.
configure() {
	local file
	mkdir -p "$run"/{conf,log,tls,dovecot,nginx,slapd,kamailio,radicale,postfix/{queue,data}}
	for file in "$home"/conf/*; do
		sed "s|@RUN@|$run|g" "$file" >"$run/conf/${file##*/}"
	done
	# dovecot and nginx drop root, and postfix logs as its own user.
	chmod 0755 "$run" "$run/log"
}

# provision makes the domain once per Samba version, with a user for logins;
# later runs copy it.
provision() {
	local version cache
	version=$(dpkg-query -W -f '${Version}' samba)
	cache=$store/domain-${version//[^0-9A-Za-z.]/_}
	if [[ ! -e $cache/done ]]; then
		rm -rf "$store"/domain-*
		mkdir -p "$cache"
		inside ex-srv samba-tool domain provision --targetdir="$cache/dc" --realm=LAB.TEST --domain=LAB \
			--server-role=dc --dns-backend=SAMBA_INTERNAL --host-name=dc01 \
			--host-ip=10.77.3.20 --host-ip6=fd77:3::20 \
			--adminpass="Aa1-$(openssl rand -hex 12)" >"$run/log/provision.log" 2>&1
		add_user "$cache" alice "Aa1-$(openssl rand -hex 12)" >>"$run/log/provision.log" 2>&1
		touch "$cache/done"
	fi
	cp -a "$cache/dc" "$run/dc"
	cp -p "$cache/credentials" "$run/credentials"
	mkdir -p "$run"/dc/{pid,ncalrpc}
}

# add_user FOLDER NAME PASSWORD makes a user of the domain in that folder, and
# writes the login down for exreach.
add_user() {
	inside ex-srv samba-tool user create "$2" "$3" -s "$1/dc/etc/smb.conf"
	(umask 077 && printf 'user: LAB\\%s\npassword: %s\n' "$2" "$3" >"$1/credentials")
}

# start NAMESPACE HOST COMMAND... runs a server that stays in the foreground, under
# a host name that its resolver knows: slapd asks for it before it listens.
start() {
	local namespace=$1 host=$2
	shift 2
	setsid ip netns exec "$namespace" unshare --uts --mount sh -c 'hostname "$0" && exec "$@"' "$host" "$@" \
		</dev/null >>"$run/log/$namespace-${1##*/}.out" 2>&1 &
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

# start_dovecot needs Postfix's queue folder, where the two meet for logins.
# The user of the domain can log in here, too; dovecot looks for the name with
# the backslash doubled.
start_dovecot() {
	local user password
	{ read -r _ user && read -r _ password; } <"$run/credentials"
	echo "${user//\\/\\\\}:{PLAIN}$password::::::" >"$run/dovecot/users"
	chmod 0644 "$run/dovecot/users"
	start ex-srv mail01 dovecot -F -c "$run/conf/dovecot.conf"
}

# nnrpd serves readers without the rest of a news server. It becomes the user
# news, and reports a fault if the overview has no index.
start_nnrpd() {
	local spool=$run/nnrpd
	install -d -o news "$spool" "$spool/overview"
	install -m 0644 -t "$spool" "$run"/conf/{readers,storage}.conf
	install -o news -m 0600 -t "$spool" "$run/tls/mail01.key"
	touch "$spool"/{active,newsgroups,overview/group.index}
	INNCONF=$run/conf/inn.conf start ex-srv mail01 /usr/lib/news/bin/nnrpd -D -f -n -p 119
	INNCONF=$run/conf/inn.conf start ex-srv mail01 /usr/lib/news/bin/nnrpd -D -f -n -p 563 -S
}

# The machine's clock is not the lab's to set.
start_ntpd() {
	start ex-srv mail01 setpriv --bounding-set=-sys_time ntpd -n -c "$run/conf/ntp.conf"
}

start_servers() {
	start_samba
	start_postfix
	start_nnrpd
	start_ntpd
	start_dovecot
	start ex-srv mail01 nginx -e "$run/log/nginx.log" -c "$run/conf/nginx.conf"
	start ex-srv mail01 slapd -d 256 -f "$run/conf/slapd.conf" -h 'ldap://:50389 ldaps://:50636'
	start ex-srv mail01 slapd -d 256 -f "$run/conf/doctored-slapd.conf" -h 'ldap://:7401 ldaps://:7402'
	start ex-srv mail01 kamailio -DD -E -Y "$run/kamailio" -f "$run/conf/kamailio.cfg"
	start ex-srv mail01 xrdp -n -c "$run/conf/xrdp.ini"
	start ex-srv mail01 radicale -C "$run/conf/radicale.conf"
	start ex-srv mail01 ngircd -n -f "$run/conf/ngircd.conf"
	start ex-srv mail01 microsocks -i :: -p 1081
	start ex-srv mail01 socat TCP6-LISTEN:23,fork,reuseaddr,ipv6only=0 EXEC:/usr/sbin/telnetd,nofork
	start ex-fw fw /usr/bin/python3 -B "$home/peers.py"
}
